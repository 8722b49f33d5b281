"""A student's kernel, seen from outside: code goes in, bounded outputs come out, and whatever it does ends in a word.

Nothing that the kernel sends is believed or executed; it is read, counted and cut.
"""

from __future__ import annotations

import contextlib
import math
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty
from typing import Any

import zmq
from jupyter_client import BlockingKernelClient
from jupyter_client.connect import KernelConnectionInfo

from rnnkit.common.names import BadValue
from rnnkit.grading.sandbox.allowance import TIME_IS_UP, Allowance, Limit
from rnnkit.grading.sandbox.clocks import BEAT
from rnnkit.grading.sandbox.handle import Own
from rnnkit.grading.sandbox.nursery import Nest, Nursery
from rnnkit.grading.sandbox.outputs import Outputs, careful_json
from rnnkit.grading.sandbox.room import no_room

READY_S = 180  # seconds on the wall for a kernel to answer at first; nothing of the student's runs before
POLL_S = 0.5
SEND_S = 2  # seconds for a message to leave: a kernel that has closed its sockets takes none
REVIVE_S = 1.5  # seconds of its own for an interrupted kernel to answer again
DRAIN_S = 10  # seconds of its own for showing what a cell that has ended still shows
GRACE_S = 1.0  # seconds of its own without a message after which a cell that has ended shows nothing more
BUSY_S = 30  # seconds on the wall for each of these three
LARGEST_MESSAGE = 6 << 20  # bytes
MOST_WAITING = 20  # messages that wait to be read, per socket
MOST_MALFORMED = 100  # messages
Take = Callable[[str, dict[str, Any]], None]


class Stopped(Exception):
    """A kernel that gives no answer any more; the message says why."""


class TimedOut(Stopped):
    """Code that took too long; `alive` says whether an interrupt ended it."""

    def __init__(self, reason: str, alive: bool) -> None:
        super().__init__(reason)
        self.alive = alive


class Kernel:
    """Starts kernels in the nests of a nursery, and puts code to the one that runs."""

    def __init__(self, nursery: Nursery, runtime: Path, allowance: Allowance) -> None:
        self._nursery, self._runtime, self._allowance = nursery, runtime, allowance
        self._nest: Nest | None = None
        self._client: Any = None
        self._bad = 0

    def start(self) -> None:
        """Starts a kernel, in the place of an earlier one; `Stopped` where it gives no sign of life."""
        with _careful():
            self._start()

    def execute(self, code: str, seconds: float, outputs: Outputs | None = None) -> bool:
        """Runs code; False where it raised, `TimedOut` after so many seconds of its own, `Stopped` where it died."""
        return self._execute(code, seconds, (outputs or Outputs()).take).get("status") == "ok"

    def ask(self, code: str, expression: str, mime: str, seconds: float) -> str:
        """Runs code, and returns the text that an expression then shows under a MIME type of the grader's.

        The answer comes with the reply, which cannot get lost, whatever else the kernel shows; `NoReply` without one.
        """
        text: Any = self._execute(code, seconds, lambda kind, content: None, {"answer": expression})
        for name in ("user_expressions", "answer", "data", mime):
            text = text.get(name) if isinstance(text, dict) else None
        if not isinstance(text, str):
            raise NoReply("your code stopped the check from answering")
        return text

    def close(self) -> None:
        """Ends the kernel and everything that it started."""
        with contextlib.suppress(Stopped), _careful():
            self._stop()

    def _own(self) -> Own:
        """The own clock of the kernel that runs."""
        return Own() if self._nest is None else self._nest.job.own()

    def _start(self) -> None:
        if self._allowance.used_up():
            raise Stopped(TIME_IS_UP)
        self._stop()
        self._nest, self._bad = self._nursery.take(self._runtime), 0
        try:
            self._client = _client(self._nest.start())
        except BadValue as error:
            raise Stopped(str(error)) from None
        limit = Limit(self._own, math.inf, READY_S)
        # what it shows is subscribed to when a request shows something, too
        while limit.left() > 0 and not self._death():
            if self._answers({"execute_reply", "status"}, Limit(self._own, math.inf, min(1, limit.left()))):
                return
        raise Stopped(self._death() or f"the kernel did not start (no answer in {READY_S} seconds)")

    def _stop(self) -> None:
        if self._client is not None:
            self._client.context.destroy(linger=0)
            self._client = None
        if self._nest is not None:
            nest, self._nest = self._nest, None
            self._nursery.put_back(nest)

    def _death(self) -> str | None:
        """Why there is no kernel any more; None where it is alive."""
        if self._nest is None:
            return "there is no kernel"
        if self._nest.job.process.poll() is None:
            return None
        return self._nest.job.why() or "the kernel died"

    def _execute(
        self, code: str, seconds: float, take: Take, expressions: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Runs code within its time, and within what is left to the submission."""
        if self._allowance.used_up():
            raise Stopped(TIME_IS_UP)
        limit, reply = self._allowance.limit(self._own, seconds), None
        how = {"store_history": False, "allow_stdin": False, "stop_on_error": False}
        try:
            with _careful():
                id = self._client.execute(code, user_expressions=expressions, **how)
                if (reply := self._reply(id, limit, take)) is None:
                    raise TimedOut(self._allowance.over(limit), alive=self._revive())
                return reply
        finally:
            spent = limit.spent()
            # one that has answered may have waited for the grader
            self._allowance.spend(spent if reply is None else Own(spent.cpu))

    def _reply(self, id: str, limit: Limit, take: Take) -> dict[str, Any] | None:
        """What ends a request comes on the shell channel, what it shows on the other one; None where time runs out."""
        reply: dict[str, Any] | None = None
        quiet, idle = limit, False
        while True:
            left = limit.left()
            # read once more where time has run out: the grader may have been the slow one
            messages = self._messages(id, min(max(left, 0) + BEAT, POLL_S))
            for kind, content in messages:
                if kind == "execute_reply":
                    reply, limit = content, Limit(self._own, DRAIN_S, BUSY_S)
                elif kind != "status":
                    take(kind, content)
                else:
                    idle = idle or content.get("execution_state") == "idle"
            if reply is not None and idle:
                return reply
            if messages:
                quiet = Limit(self._own, GRACE_S, BUSY_S)
            elif reason := self._death():
                if reply is None:
                    self._allowance.note(reason)
                    raise Stopped(reason)
                return reply
            elif reply is not None and quiet.left() <= 0:
                return reply
            if left <= 0 and limit.left() <= 0:
                return reply

    def _messages(self, id: str, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        """The next messages that answer a request, replies first; none where nothing comes for so long."""
        channels = (self._client.shell_channel, self._client.iopub_channel)
        poller = zmq.Poller()
        for channel in channels:
            poller.register(channel.socket, zmq.POLLIN)
        ready = dict(poller.poll(int(1000 * seconds)))
        messages = []
        for channel in (channel for channel in channels if channel.socket in ready):
            try:
                message = channel.get_msg(timeout=0)
                if message["parent_header"].get("msg_id") == id and isinstance(message["content"], dict):
                    messages.append((str(message["msg_type"]), message["content"]))
                    continue
            except Empty:
                pass
            except (ValueError, TypeError, KeyError, AttributeError) as error:  # malformed or badly signed
                self._bad += 1
                if self._bad > MOST_MALFORMED:
                    raise Stopped(f"the kernel cannot be read ({type(error).__name__})") from None
            messages.append(("", {}))
        return messages

    def _revive(self) -> bool:
        """Interrupts until the kernel runs code again, three times at most."""
        for _ in range(3):
            if self._nest is None or self._death():
                return False
            self._nest.job.interrupt()
            if self._answers({"execute_reply"}, Limit(self._own, REVIVE_S, BUSY_S)):
                return True
        return False

    def _answers(self, kinds: set[str], limit: Limit) -> bool:
        """Whether these kinds of messages answer code that does nothing."""
        id, missing = self._client.execute("pass", silent=True, stop_on_error=False), set(kinds)
        while missing and (left := limit.left()) > 0 and not self._death():
            missing -= {kind for kind, _ in self._messages(id, min(left + BEAT, POLL_S))}
        return not missing


@contextlib.contextmanager
def _careful() -> Iterator[None]:
    """Whatever goes wrong while reading from a hostile kernel ends its run, never the grader's."""
    try:
        yield
    except Stopped:
        raise
    except zmq.Again:
        raise Stopped("the kernel takes no messages any more") from None
    except Exception as error:
        if no_room(error):
            raise
        raise Stopped(f"the kernel cannot be read ({type(error).__name__})") from error


def _client(connection: KernelConnectionInfo) -> BlockingKernelClient:
    """A client that takes no huge messages, keeps few waiting, and never connects a second time."""
    context = zmq.Context()
    context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
    context.setsockopt(zmq.RCVHWM, MOST_WAITING)
    context.setsockopt(zmq.RECONNECT_IVL, -1)
    context.setsockopt(zmq.SNDTIMEO, 1000 * SEND_S)
    client = BlockingKernelClient(context=context)
    client.load_connection_info(connection)
    client.session.unpack = careful_json
    client.start_channels(stdin=False, hb=False, control=False)
    return client


class NoReply(Stopped):
    """A kernel that lives on and did not show what it was asked for."""


def random_mime() -> str:
    """A MIME type that no other output has by accident."""
    return f"application/x-rnnkit-{secrets.token_hex(8)}"
