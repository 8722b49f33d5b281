"""Sandboxes that begin as copies of a process which has imported all that is slow to import: for root alone.

Others cannot: what enters the namespaces of a sandbox has to give up more than an ordinary user ever has.
"""

from __future__ import annotations

import json
import os
import resource
import select
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import Any

from rnnkit.grading.sandbox import confine, enclosure, launcher, zygote
from rnnkit.grading.sandbox.confine import Limits
from rnnkit.grading.sandbox.handle import NICE, Supervised
from rnnkit.grading.sandbox.mounts import Places

READY_S = 120  # seconds on the wall to have everything imported
SOCKET = f"{confine.SOCKETS}/z"  # among its own mounts
INHERITED = ("data", "stack", "memlock", "rss", "msgqueue")  # limits that a command has from the grader's process
# The first process of a sandbox ends what has lost its parent, and lets nobody look into it or interrupt it.
FIRST = f"""
import ctypes, signal
for number in (signal.SIGCHLD, signal.SIGINT): signal.signal(number, signal.SIG_IGN)
call = ctypes.CDLL(None).prctl
call({launcher.SET_DUMPABLE}, 0, 0, 0, 0)
call({launcher.SET_NAME}, {enclosure.FIRST.encode()!r}, 0, 0, 0)
while True: signal.pause()
"""


def possible() -> bool:
    """Whether sandboxes can begin as copies here."""
    return os.geteuid() == 0 and hasattr(os, "pidfd_open") and confine.program() is not None


def supervised(
    settings: Mapping[str, Any], base: Path, *, address: str, stage: Path | None, runtime: Path, limits: Limits
) -> Supervised:
    """As `confine.supervised`: a launcher with these settings, copied from the zygote that listens at an address.

    Raises:
        OSError: nobody listens there.
    """
    words, told = confine.enclosed(stage=stage, runtime=runtime, limits=limits, base=base)
    told["copied"] = {
        "folder": confine.SUBMISSION,
        "user": confine.USER,
        "limits": _inherited() | confine.rlimits(limits) | confine.of_user(limits),
        "filter": (confine.filter_of(runtime) or b"").hex(),
        "cores": limits.cores,
        "nice": NICE,
        "settings": json.dumps(settings),
    }
    words += ["--as-pid-1", "--", "python", "-I", "-S", "-c", FIRST]
    watched = asdict(limits) | {"enclosure": told}
    return Supervised(words, base, watched, environment=confine.OUTSIDE, zygote=address)


def _inherited() -> dict[str, tuple[int, int]]:
    return {name: resource.getrlimit(getattr(resource, f"RLIMIT_{name.upper()}")) for name in INHERITED}


class Preloaded:
    """The process for one runtime, below bubblewrap with the mounts of a sandbox; it ends with this one, or `close`."""

    def __init__(self, runtime: Path) -> None:
        life, self._life = os.pipe()
        nothing, writer = os.pipe()
        os.close(writer)
        mounts = os.open("/proc/self/ns/mnt", os.O_RDONLY)
        places = Places(runtime)
        places.other = False
        bubblewrap = shutil.which("bwrap", path=confine.OUTSIDE["PATH"]) or "bwrap"
        words = [bubblewrap, "--cap-add", "ALL", "--die-with-parent"]
        words += confine.inside(places, runtime, Limits(), nothing)
        told = {"socket": SOCKET, "life": life, "mounts": mounts}
        told["launcher"] = Path(launcher.__file__).read_text(encoding="utf-8")
        own = confine.environment(confine.HOME, confine.RUNTIME)
        del own["PYTHONPATH"]  # as a launcher, which imports nothing of the runtime
        source = Path(zygote.__file__).read_text(encoding="utf-8")
        try:
            self._process = subprocess.Popen(
                [*words, *confine.FINISHED, "--", "python", "-c", source, json.dumps(told)],
                env=own,
                cwd="/",
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
                pass_fds=(life, nothing, mounts),
            )
        except BaseException:
            os.close(self._life)
            raise
        finally:
            for number in (life, nothing, mounts):
                os.close(number)

    def address(self) -> str:
        """Where it listens, when it has everything imported; empty where it does not."""
        out = self._process.stdout
        assert out is not None
        pid = out.readline().decode().strip() if select.select([out], [], [], READY_S)[0] else ""
        return f"/proc/{pid}/root{SOCKET}" if pid else ""

    def close(self) -> None:
        """Ends it; the sandboxes that began as its copies go on."""
        os.close(self._life)
        self._process.kill()
        self._process.wait()
        if self._process.stdout:  # copies that begin may hold its other end
            self._process.stdout.close()
