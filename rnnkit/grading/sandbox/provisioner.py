"""Kernels for students' notebooks: confined and supervised, reached over unix sockets."""

from __future__ import annotations

import asyncio
import contextlib
import shutil
import signal
import socket
import sys
import time
from dataclasses import asdict
from importlib.metadata import EntryPoint
from pathlib import Path
from typing import Any

import zmq.asyncio
from jupyter_client.asynchronous import AsyncKernelClient
from jupyter_client.kernelspec import KernelSpec
from jupyter_client.manager import AsyncKernelManager
from jupyter_client.provisioning import KernelProvisionerBase, KernelProvisionerFactory
from traitlets import Bool, Dict, Instance, Unicode, default

from rnnkit.common.places import clone_root
from rnnkit.grading.sandbox import confine as sandbox
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.handle import Own, Supervised
from rnnkit.grading.sandbox.nursery import Nest, Nursery, short_folder
from rnnkit.grading.sandbox.runtime import student_runtime

NAME = "rnnkit-bwrap"
GROUP = "jupyter_client.kernel_provisioners"
ARGV = ["-m", "ipykernel_launcher", "-f", "{connection_file}"]
NO_HISTORY = "--HistoryManager.hist_file=:memory:"
SOCKETS = 5  # of a kernel
PATIENCE = 180  # seconds until a kernel has its sockets; one that ends before is noticed at once
LARGEST_MESSAGE = 6 << 20  # bytes
MOST_WAITING = 20  # messages that wait to be read, per socket


class BwrapProvisioner(KernelProvisionerBase):
    """Starts a kernel under a supervisor, by default confined."""

    stage = Unicode(None, allow_none=True, config=True, help="folder with the files that the notebook finds")
    runtime = Unicode(config=True, help="folder with rnnkit as students have it")
    limits = Dict(config=True, help="limits by their names, where they are not the default ones")
    confined = Bool(True, config=True, help="False for submissions that are trusted")

    nursery = Instance(Nursery, None, allow_none=True, config=True, help="has the sandbox; else each kernel its own")

    _job: Supervised | None = None
    _nest: Nest | None = None
    _base: Path | None = None
    _last_why: str | None = None
    _last_report: dict[str, Any] | None = None
    _last_own = Own()

    @default("runtime")
    def _default_runtime(self) -> str:
        return str(student_runtime(clone_root()))

    @property
    def has_process(self) -> bool:
        """Whether there is a process to take care of."""
        return self._job is not None

    async def poll(self) -> int | None:
        """The exit status; None while the kernel runs."""
        return 0 if self._job is None else self._job.process.poll()

    async def wait(self) -> int | None:
        """Waits until the kernel has ended, with everything that it started."""
        if self._job is None:
            return 0
        while self._job.process.poll() is None:
            await asyncio.sleep(0.02)
        return self._let_go()

    async def send_signal(self, signum: int) -> None:
        """Interrupts the kernel's own process; any other signal ends the whole tree."""
        if self._job is None or signum == 0:
            return
        if signum == signal.SIGINT:
            self._job.interrupt()
        else:
            self._job.stop()

    async def kill(self, restart: bool = False) -> None:
        """Ends the whole tree, or of a sandbox that serves others, too, all but its launcher."""
        if self._nest is not None and self.nursery.keep(self._nest):
            self._job = self._nest = self._base = None
        else:
            await self.send_signal(signal.SIGKILL)

    async def terminate(self, restart: bool = False) -> None:
        """Ends it as `kill` does."""
        await self.kill(restart)

    async def pre_launch(self, **kwargs: Any) -> dict[str, Any]:
        """Makes the folder of the sockets and the whole command."""
        self._remove()
        self._nest = self.nursery.take(Path(self.runtime)) if self.nursery is not None and self.confined else None
        self._base = self._nest.base if self._nest else short_folder()
        sockets = self._base / "s"
        sockets.mkdir(0o700, exist_ok=True)
        manager = self.parent
        manager.cache_ports = False
        manager.cleanup_random_ports()
        limits, stage = Limits(**self.limits), None if self.stage is None else Path(self.stage)
        extra = [*kwargs.pop("extra_arguments", [])]
        manager.transport, manager.connection_file = "ipc", f"{sockets}/k.json"
        manager.ip = f"{sandbox.SOCKETS if self.confined else sockets}/k"
        manager.write_connection_file()
        self.connection_info = manager.get_connection_info()
        if self._nest:
            return {"cmd": [*extra, NO_HISTORY]}
        argv = manager.format_kernel_cmd(extra_arguments=extra if NO_HISTORY in extra else [*extra, NO_HISTORY])
        if self.confined:
            argv = [sandbox.CONNECTION if word == manager.connection_file else word for word in argv]
            connection = Path(manager.connection_file).read_text(encoding="utf-8")
            known = {"stage": stage, "runtime": Path(self.runtime), "limits": limits, "base": self._base}
            words, watched = sandbox.command(argv, connection=connection, **known)
            variables, cwd = dict(sandbox.OUTSIDE), Path("/")
        else:
            words, variables, cwd = sandbox.plain(
                argv, stage=stage, base=self._base, runtime=Path(self.runtime), limits=limits
            )
            watched = asdict(limits)
        return {"cmd": words, "env": variables, "cwd": cwd, "limits": watched}

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> dict[str, Any]:
        """Starts the supervisor with the kernel below it."""
        self._last_why = self._last_report = None
        if self._nest:
            self._job = self._nest.job
            self._nest.start(Path(self.parent.connection_file).read_text(encoding="utf-8"), cmd)
            return self.connection_info
        self._job = Supervised(cmd, self._base, kwargs["limits"], environment=kwargs["env"], cwd=kwargs["cwd"])
        return self.connection_info

    async def post_launch(self, **kwargs: Any) -> None:
        """Waits until the kernel listens: clients connect once, and never again.

        Raises:
            SandboxError: it ended before.
        """
        if self.confined:
            self.parent.ip = f"{self._job.sockets()}/k"
        deadline = time.monotonic() + PATIENCE
        while not all(_listens(f"{self.parent.ip}-{number}") for number in range(1, SOCKETS + 1)):
            ended = self._job is None or self._job.process.poll() is not None
            if ended or time.monotonic() > deadline:
                if self._job is not None:
                    self._job.stop()
                    self._let_go()
                report = self._last_report or {}
                got = self._last_why or "no reason given"
                stderr = report.get("stderr", "").strip()[-2000:]
                raise sandbox.SandboxError(f"expected a kernel, it did not start: {got}\n{stderr}".rstrip())
            await asyncio.sleep(0.01)

    async def cleanup(self, restart: bool = False) -> None:
        """Ends what is left, and removes the folder of the sockets."""
        if self._job is not None:
            self._job.stop()
            self._let_go()
        self._remove()

    def why(self) -> str | None:
        """Why the last kernel was killed or ended by a signal; None where it runs or was stopped as it should be."""
        return self._last_why if self._job is None else self._job.why()

    def own(self) -> Own:
        """The own clock of the kernel, or of the last one."""
        return self._last_own if self._job is None else self._job.own()

    def _let_go(self) -> int:
        code = self._job.wait()
        stopped = self._job.stopped_by_grader()
        self._last_own = self._job.own()
        self._last_report, self._last_why = self._job.report(), None if stopped else self._job.why()
        if self._nest is not None:
            self._nest.end()
        self._job = self._nest = None
        return code

    def _remove(self) -> None:
        if self._base is not None:
            shutil.rmtree(self._base, ignore_errors=True)
            self._base = None


def _careful() -> zmq.asyncio.Context:
    """A context whose sockets take no huge messages, keep few waiting, and never connect a second time."""
    context = zmq.asyncio.Context()
    context.setsockopt(zmq.MAXMSGSIZE, LARGEST_MESSAGE)
    context.setsockopt(zmq.RCVHWM, MOST_WAITING)
    context.setsockopt(zmq.RECONNECT_IVL, -1)
    return context


class ConfinedClient(AsyncKernelClient):
    """A client that is careful with what comes; it has no heartbeat, which would connect again and again."""

    @default("context")
    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        return _careful()

    def start_channels(self, **channels: bool) -> None:
        """Connects, by default all but the heartbeat."""
        super().start_channels(**({"hb": False} | channels))


class ConfinedManager(AsyncKernelManager):
    """A manager with such clients, and a control socket of that kind."""

    @default("context")
    def _context_default(self) -> zmq.asyncio.Context:
        self._created_context = True
        return _careful()

    @default("client_factory")
    def _default_client_factory(self) -> type[ConfinedClient]:
        return ConfinedClient


def kernel_manager(
    *,
    stage: Path | None,
    runtime: Path,
    limits: Limits | None = None,
    confined: bool = True,
    nursery: Nursery | None = None,
) -> ConfinedManager:
    """A manager that is ready for ``await manager.start_kernel()``; no kernel specification needs to be installed.

    Take clients from ``manager.client()`` after each start and restart, and end with
    ``await manager.shutdown_kernel(now=True)``. Arguments as for `sandbox.run`, and the submission's nursery, where
    kernels share sandboxes.
    """
    KernelProvisionerFactory.provisioners[NAME] = EntryPoint(NAME, f"{__name__}:{BwrapProvisioner.__name__}", GROUP)
    settings = {
        "stage": None if stage is None else str(Path(stage).resolve()),
        "runtime": str(Path(runtime).resolve()),
        "limits": asdict(limits or Limits()),
        "confined": confined,
        "nursery": nursery,
    }
    manager = ConfinedManager(kernel_name="python3", shutdown_wait_time=1)
    manager._kernel_spec = KernelSpec(
        argv=[sys.executable, *ARGV],
        display_name="Python 3 (confined)",
        language="python",
        interrupt_mode="signal",
        metadata={"kernel_provisioner": {"provisioner_name": NAME, "config": settings}},
    )
    return manager


def why(manager: AsyncKernelManager) -> str | None:
    """Why the kernel of a manager was killed or ended by a signal, in words; None where nothing like that happened."""
    return manager.provisioner.why() if isinstance(manager.provisioner, BwrapProvisioner) else None


def own(manager: AsyncKernelManager) -> Own:
    """The own clock of a manager's kernel; nothing of it while there is none."""
    return manager.provisioner.own() if isinstance(manager.provisioner, BwrapProvisioner) else Own()


def _listens(path: str) -> bool:
    with socket.socket(socket.AF_UNIX) as probe, contextlib.suppress(OSError):
        probe.connect(path)
        return True
    return False
