"""A filter of system calls for confined code: what no course needs, and what would hold memory that nobody counts."""

from __future__ import annotations

import hashlib
import os
import platform
import struct
from pathlib import Path

from rnnkit.grading.runtime import cache_folder

LOAD, EQUAL, AT_LEAST, RETURN = 0x20, 0x15, 0x35, 0x06  # instructions of classic BPF
NUMBER, MACHINE, FIRST_ARGUMENT = 0, 4, 16  # where they stand in seccomp_data
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
NO_SUCH_CALL, NO_SUCH_FAMILY = 38, 97  # ENOSYS, EAFNOSUPPORT
FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: the others do not all stay in the namespace
X32 = 0x40000000  # added to the numbers of another calling convention

# machine: its name for seccomp, the number of socket(2), and those of
#   ptrace process_vm_readv process_vm_writev kcmp · add_key request_key keyctl · bpf perf_event_open userfaultfd ·
#   memfd_create memfd_secret shmget · io_uring_setup _enter _register · mount umount2 pivot_root unshare setns ·
#   open_by_handle_at kexec_load syslog quotactl swapon swapoff reboot · init_module finit_module delete_module acct ·
#   sched_setaffinity: a place on the machine is given
MACHINES = {
    "x86_64": (
        0xC000003E,
        41,
        (
            *(101, 310, 311, 312, 248, 249, 250, 321, 298, 323, 319, 447, 29, 425, 426, 427, 165, 166, 155, 272, 308),
            *(304, 246, 103, 179, 167, 168, 169, 175, 313, 176, 163, 203),
        ),
    ),
    "aarch64": (
        0xC00000B7,
        198,
        (
            *(117, 270, 271, 272, 217, 218, 219, 280, 241, 282, 279, 447, 194, 425, 426, 427, 40, 39, 41, 97, 268),
            *(265, 104, 116, 60, 224, 225, 142, 105, 273, 106, 89, 122),
        ),
    ),
}
EVERYWHERE = (428, 429, 430, 431, 432, 433, 442)  # the newer way to mount


def program(machine: str | None = None) -> bytes | None:
    """The filter as bubblewrap takes it; None for a machine whose numbers are not known here."""
    if (machine or platform.machine()) not in MACHINES:
        return None
    name, socket, refused = MACHINES[machine or platform.machine()]
    refused = (*refused, *EVERYWHERE)
    lines = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, name), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    # the end: allow, refuse, then the families of socket(2)
    after = len(refused)
    lines.append((AT_LEAST, after + 2, 0, X32))
    for place, number in enumerate(refused):
        lines.append((EQUAL, after - place + 1, 0, number))
    lines += [(EQUAL, 2, 0, socket), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ERROR | NO_SUCH_CALL)]
    lines.append((LOAD, 0, 0, FIRST_ARGUMENT))
    for place, family in enumerate(FAMILIES):
        lines.append((EQUAL, len(FAMILIES) - place, 0, family))
    lines += [(RETURN, 0, 0, ERROR | NO_SUCH_FAMILY), (RETURN, 0, 0, ALLOW)]
    return b"".join(struct.pack("HBBI", *line) for line in lines)


def filter_file() -> Path | None:
    """The filter of system calls, in a file of this user's cache; None where there is none for this machine."""
    if (content := program()) is None:
        return None
    path = cache_folder() / f"seccomp-{hashlib.sha256(content).hexdigest()[:16]}.bpf"
    if not path.is_file() or path.read_bytes() != content:
        path.parent.mkdir(parents=True, exist_ok=True)
        part = path.with_name(f".{path.name}.{os.getpid()}.part")
        part.write_bytes(content)
        part.replace(path)
    return path
