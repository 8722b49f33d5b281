"""A student's kernel, seen from outside: code goes in, bounded outputs come out, and whatever it does ends in a word.

Nothing that the kernel sends is believed or executed; it is read, counted and cut.
"""

from __future__ import annotations

import asyncio
import json
import secrets
from collections.abc import Callable
from queue import Empty
from time import monotonic
from typing import Any

import zmq
import zmq.asyncio
from jupyter_client.manager import AsyncKernelManager
from nbformat.v4 import new_output

from rnnkit.grading.room import no_room
from rnnkit.names import BadValue

READY_S = 60  # seconds for a kernel to answer at first
POLL_S = 0.5
SEND_S = 2  # seconds for a message to leave: a kernel that has closed its sockets takes none
REVIVE_S = 1.5  # seconds for an interrupted kernel to answer again
DRAIN_S = 10  # seconds for reading what a cell that has ended still shows
GRACE_S = 1.0  # seconds without a message after which a cell that has ended shows nothing more
MOST_MALFORMED = 100  # messages
MOST_VALUES = 200_000  # of a message
MOST_LINES = 200  # of a traceback
SHOWN = ("stream", "display_data", "execute_result", "error")
KEPT = ("text/plain", "image/png", "image/jpeg")
Take = Callable[[str, dict[str, Any]], None]
CUT = "[output cut by the grader]\n"


class Stopped(Exception):
    """A kernel that gives no answer any more; the message says why."""


class TimedOut(Stopped):
    """Code that took too long; `alive` says whether an interrupt ended it."""

    def __init__(self, reason: str, alive: bool) -> None:
        super().__init__(reason)
        self.alive = alive


class Outputs:
    """What a cell shows, within a budget of bytes and messages that the cells of a notebook share."""

    def __init__(self, most_bytes: int = 200_000, budget: dict[str, int] | None = None) -> None:
        self.shown: list[Any] = []
        self.left = most_bytes
        self.budget = {"bytes": 2_000_000, "messages": 2000} if budget is None else budget
        self.cut = False

    def take(self, kind: str, content: dict[str, Any]) -> None:
        """Keeps one message; drops it, with a note, where the budget is spent."""
        if kind == "clear_output":
            self.shown.clear()
        elif kind in SHOWN:
            output = _output(kind, content)
            size = _size(output)
            self.budget["messages"] -= 1
            if size > self.left or size > self.budget["bytes"] or self.budget["messages"] < 0:
                if not self.cut:
                    self.cut = True
                    self.shown.append(new_output("stream", name="stdout", text=CUT))
                return
            self.left -= size
            self.budget["bytes"] -= size
            self._add(output)

    def _add(self, output: Any) -> None:
        last = self.shown[-1] if self.shown else None
        streams = last is not None and last.output_type == output.output_type == "stream"
        if streams and last.name == output.name and not self.cut:
            last.text += output.text
        else:
            self.shown.append(output)


def _output(kind: str, content: dict[str, Any]) -> Any:
    """A message's content as an output, whatever was in it."""
    if kind == "stream":
        name = "stderr" if content.get("name") == "stderr" else "stdout"
        return new_output("stream", name=name, text=_text(content.get("text")))
    if kind == "error":
        lines = content.get("traceback")
        traceback = [_text(line) for line in lines[:MOST_LINES]] if isinstance(lines, list) else []
        return new_output(
            "error", ename=_text(content.get("ename")), evalue=_text(content.get("evalue")), traceback=traceback
        )
    data = content.get("data")
    bundle = data if isinstance(data, dict) else {}
    texts = {mime: bundle[mime] for mime in KEPT if isinstance(bundle.get(mime), str)}
    return new_output("display_data", data=texts)


def _text(value: Any) -> str:
    return value if isinstance(value, str) else ""


def _size(output: Any) -> int:
    texts = output.get("data", {}).values() if output.output_type == "display_data" else output.get("traceback", [])
    named = (output.get(name, "") for name in ("text", "ename", "evalue"))
    return sum(map(len, [*texts, *named]))


def careful_json(text: bytes) -> Any:
    """The content of a message; one of very many small values, which would fill the memory, is none.

    Raises:
        ValueError: it is no JSON, or has too many values.
    """
    if sum(text.count(sign) for sign in (b"[", b"{", b",")) > MOST_VALUES:
        raise ValueError(f"a message of more than {MOST_VALUES} values")
    return json.loads(text)


class Kernel:
    """Starts kernels, and puts code to the one that runs.

    Arguments:
        make: a manager that is ready to be started, for every start a new one.
        why: what the supervisor says of a manager's kernel that it killed; None where it did not.
    """

    def __init__(self, make: Callable[[], AsyncKernelManager], why: Callable[[AsyncKernelManager], str | None]) -> None:
        self._make, self._why = make, why
        self._loop = asyncio.new_event_loop()
        self._manager: AsyncKernelManager | None = None
        self._client: Any = None
        self._bad = 0

    def start(self) -> None:
        """Starts a kernel, in the place of an earlier one.

        Raises:
            Stopped: it gives no sign of life.
        """
        self._do(self._start())

    def execute(self, code: str, seconds: float, outputs: Outputs | None = None) -> bool:
        """Runs code; False where it raised.

        Raises:
            TimedOut: it was interrupted after that many seconds.
            Stopped: the kernel is dead.
        """
        reply = self._do(self._execute(code, seconds, (outputs or Outputs()).take))
        return reply.get("status") == "ok"

    def ask(self, code: str, expression: str, mime: str, seconds: float) -> str:
        """Runs code, and returns the text that an expression then shows under a MIME type of the grader's.

        The answer comes with the reply, which cannot get lost, whatever else the kernel shows meanwhile.

        Raises:
            TimedOut, Stopped: as `execute`; `NoReply` where nothing comes.
        """
        reply = self._do(self._execute(code, seconds, lambda kind, content: None, {"answer": expression}))
        found = reply.get("user_expressions")
        answer = found.get("answer") if isinstance(found, dict) else None
        data = answer.get("data") if isinstance(answer, dict) else None
        text = data.get(mime) if isinstance(data, dict) else None
        if not isinstance(text, str):
            raise NoReply("your code stopped the check from answering")
        return text

    def close(self) -> None:
        """Ends the kernel and everything that it started."""
        try:
            self._do(self._stop())
        except Stopped:
            pass
        finally:
            self._loop.close()

    def _do(self, work: Any) -> Any:
        """Whatever goes wrong while reading from a hostile kernel ends its run, never the grader's."""
        try:
            return self._loop.run_until_complete(work)
        except (Stopped, KeyboardInterrupt):
            raise
        except Exception as error:
            if no_room(error):
                raise
            raise Stopped(f"the kernel cannot be read ({type(error).__name__})") from error

    async def _start(self) -> None:
        await self._stop()
        self._manager = self._make()
        try:
            await self._manager.start_kernel()
        except BadValue as error:
            raise Stopped(str(error)) from None
        self._client, self._bad = self._manager.client(), 0
        self._client.session.unpack = careful_json
        self._client.start_channels(stdin=False, hb=False)
        for channel in (self._client.shell_channel, self._client.control_channel):
            channel.socket.setsockopt(zmq.SNDTIMEO, 1000 * SEND_S)
        try:
            await self._client.wait_for_ready(timeout=READY_S)
        except RuntimeError as error:
            raise Stopped(await self._death() or f"the kernel did not start ({error})") from None

    async def _stop(self) -> None:
        if self._client is not None:
            self._client.stop_channels()
            self._client = None
        if self._manager is not None:
            manager, self._manager = self._manager, None
            await manager.shutdown_kernel(now=True)

    async def _death(self) -> str | None:
        """Why there is no kernel any more; None where it is alive."""
        if self._manager is None:
            return "there is no kernel"
        if await self._manager.is_alive():
            return None
        return self._why(self._manager) or "the kernel died"

    async def _execute(
        self, code: str, seconds: float, take: Take, expressions: dict[str, str] | None = None
    ) -> dict[str, Any]:
        """Runs code; its end is the reply on the shell channel, and what it shows comes on the other one."""
        if self._client is None:
            raise Stopped("there is no kernel")
        how = {"store_history": False, "allow_stdin": False, "stop_on_error": False}
        id = self._send(code, user_expressions=expressions, **how)
        end, reply = monotonic() + seconds, None
        while (left := end - monotonic()) > 0:
            found = await self._messages(id, min(left, GRACE_S if reply is not None else POLL_S))
            for kind, content in found:
                if kind == "execute_reply":
                    reply, end = content, monotonic() + DRAIN_S
                elif kind != "status":
                    take(kind, content)
                elif reply is not None and content.get("execution_state") == "idle":
                    return reply
            if not found and reply is not None:
                return reply
            if not found and (reason := await self._death()):
                raise Stopped(reason)
        if reply is not None:
            return reply
        raise TimedOut(f"took longer than {seconds:.0f} s", alive=await self._revive())

    def _send(self, code: str, **how: Any) -> str:
        """Puts code to the kernel; the name of the request."""
        try:
            return self._client.execute(code, **how)
        except zmq.Again:
            raise Stopped("the kernel takes no messages any more") from None

    async def _messages(self, id: str, seconds: float) -> list[tuple[str, dict[str, Any]]]:
        """The next messages that answer a request, replies first; none where nothing comes for so long."""
        channels = (self._client.shell_channel, self._client.iopub_channel)
        poller = zmq.asyncio.Poller()
        for channel in channels:
            poller.register(channel.socket, zmq.POLLIN)
        ready = dict(await poller.poll(1000 * seconds))
        found = []
        for channel in (channel for channel in channels if channel.socket in ready):
            try:
                message = await channel.get_msg(timeout=0)
                if message["parent_header"].get("msg_id") == id and isinstance(message["content"], dict):
                    found.append((str(message["msg_type"]), message["content"]))
                    continue
            except Empty:
                pass
            except (ValueError, TypeError, KeyError, AttributeError) as error:  # malformed or badly signed
                self._bad += 1
                if self._bad > MOST_MALFORMED:
                    raise Stopped(f"the kernel cannot be read ({type(error).__name__})") from None
            found.append(("", {}))
        return found

    async def _revive(self) -> bool:
        """Interrupts until the kernel runs code again, three times at most."""
        for _ in range(3):
            if await self._death():
                return False
            await self._manager.interrupt_kernel()
            id, end = self._send("pass", silent=True, stop_on_error=False), monotonic() + REVIVE_S
            while (left := end - monotonic()) > 0:
                if any(kind == "execute_reply" for kind, _ in await self._messages(id, left)):
                    return True
        return False


class NoReply(Stopped):
    """A kernel that lives on and did not show what it was asked for."""


def random_mime() -> str:
    """A MIME type that no other output has by accident."""
    return f"application/x-rnnkit-{secrets.token_hex(8)}"
