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

from jupyter_client.manager import AsyncKernelManager
from nbformat.v4 import new_output

from rnnkit.names import BadValue

READY_S = 60  # seconds for a kernel to answer at first
POLL_S = 0.5
REVIVE_S = 1.5  # seconds for an interrupted kernel to answer again
MOST_MALFORMED = 100  # messages
SHOWN = ("stream", "display_data", "execute_result", "error")
KEPT = ("text/plain", "image/png", "image/jpeg")
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
            return
        if kind not in SHOWN:
            return
        size = len(json.dumps(content, default=str))
        self.budget["messages"] -= 1
        if size > self.left or size > self.budget["bytes"] or self.budget["messages"] < 0:
            if not self.cut:
                self.cut = True
                self.shown.append(new_output("stream", name="stdout", text=CUT))
            return
        self.left -= size
        self.budget["bytes"] -= size
        last = self.shown[-1] if self.shown else None
        if kind == "stream":
            name = "stderr" if content.get("name") == "stderr" else "stdout"
            if last is not None and last.output_type == "stream" and last.name == name and not self.cut:
                last.text += str(content.get("text", ""))
                return
            self.shown.append(new_output("stream", name=name, text=str(content.get("text", ""))))
        elif kind == "error":
            lines = content.get("traceback")
            traceback = [str(line) for line in lines] if isinstance(lines, list) else []
            about = {"ename": str(content.get("ename", "")), "evalue": str(content.get("evalue", ""))}
            self.shown.append(new_output("error", traceback=traceback, **about))
        else:
            data = content.get("data")
            bundle = data if isinstance(data, dict) else {}
            texts = {mime: bundle[mime] for mime in KEPT if isinstance(bundle.get(mime), str)}
            self.shown.append(new_output("display_data", data=texts))


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
        outputs = outputs or Outputs()
        self._do(self._execute(code, seconds, outputs.take))
        return not any(output.output_type == "error" for output in outputs.shown)

    def ask(self, code: str, mime: str, seconds: float) -> str:
        """Runs code that displays one text under a MIME type of the grader's, and returns the text.

        Raises:
            TimedOut, Stopped: as `execute`; Stopped too where nothing comes.
        """
        found: list[str] = []

        def take(kind: str, content: dict[str, Any]) -> None:
            data = content.get("data")
            if kind == "display_data" and isinstance(data, dict) and isinstance(data.get(mime), str):
                found.append(data[mime])

        self._do(self._execute(code, seconds, take))
        if not found:
            raise NoReply("your code stopped the check from answering")
        return found[0]

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
            raise Stopped(f"the kernel cannot be read ({type(error).__name__})") from error

    async def _start(self) -> None:
        await self._stop()
        self._manager = self._make()
        try:
            await self._manager.start_kernel()
        except BadValue as error:
            raise Stopped(str(error)) from None
        self._client = self._manager.client()
        self._client.start_channels(stdin=False, hb=False)
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

    async def _execute(self, code: str, seconds: float, take: Callable[[str, dict[str, Any]], None]) -> None:
        if self._client is None:
            raise Stopped("there is no kernel")
        id = self._client.execute(code, store_history=False, allow_stdin=False, stop_on_error=False)
        end, bad = monotonic() + seconds, 0
        while (left := end - monotonic()) > 0:
            try:
                message = await self._client.iopub_channel.get_msg(timeout=min(left, POLL_S))
            except Empty:
                if reason := await self._death():
                    raise Stopped(reason) from None
                continue
            except (ValueError, TypeError, KeyError) as error:  # malformed or badly signed: dropped, but not for ever
                if (bad := bad + 1) > MOST_MALFORMED:
                    raise Stopped(f"the kernel cannot be read ({type(error).__name__})") from None
                continue
            content = message.get("content")
            if message["parent_header"].get("msg_id") != id or not isinstance(content, dict):
                continue
            if message["msg_type"] == "status" and content.get("execution_state") == "idle":
                return
            take(message["msg_type"], content)
        raise TimedOut(f"took longer than {seconds:.0f} s", alive=await self._revive())

    async def _revive(self) -> bool:
        """Interrupts until the kernel answers again, three times at most."""
        for _ in range(3):
            if await self._death():
                return False
            await self._manager.interrupt_kernel()
            id, end = self._client.kernel_info(), monotonic() + REVIVE_S
            while monotonic() < end:
                try:
                    message = await self._client.shell_channel.get_msg(timeout=0.3)
                except Empty:
                    continue
                if message["parent_header"].get("msg_id") == id:
                    return True
        return False


class NoReply(Stopped):
    """A kernel that lives on and did not show what it was asked for."""


def random_mime() -> str:
    """A MIME type that no other output has by accident."""
    return f"application/x-rnnkit-{secrets.token_hex(8)}"
