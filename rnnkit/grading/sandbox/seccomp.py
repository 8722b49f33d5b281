"""A filter of system calls for confined code: what no course needs, and what would hold memory that nobody counts."""

from __future__ import annotations

import platform
import struct

LOAD, AND, EQUAL, AT_LEAST, ANY_BIT, RETURN = 0x20, 0x54, 0x15, 0x35, 0x45, 0x06  # instructions of classic BPF
NUMBER, MACHINE, FIRST_ARGUMENT, SECOND_ARGUMENT, FOURTH_ARGUMENT = 0, 4, 16, 24, 40  # where they stand in seccomp_data
ALLOW, KILL, ERROR = 0x7FFF0000, 0x80000000, 0x00050000
NOT_PERMITTED, INVALID, NO_SUCH_CALL, NO_SUCH_FAMILY = 1, 22, 38, 97  # EPERM, EINVAL, ENOSYS, EAFNOSUPPORT
FAMILIES = (1, 2, 10, 16)  # AF_UNIX, AF_INET, AF_INET6, AF_NETLINK: the others do not all stay in the namespace
NEWEST = 447  # from here on (Linux 5.14) no program may rely on a call; the same number everywhere
SHARED_AND_NAMELESS, HUGE_PAGES = 0x21, 0x40000  # MAP_SHARED | MAP_ANONYMOUS: kept when no process has it; MAP_HUGETLB
SECCOMP, NEWEST_OPTION, NAME_OF_MEMORY = 22, 66, 0x53564D41  # of prctl: PR_FUTEX_HASH takes gigabytes, for one

Line = tuple[int, int, int, int]
MACHINES = {"x86_64": (0xC000003E, 0), "aarch64": (0xC00000B7, 1)}  # its name for seccomp, its place in these tables
SOCKET, MMAP, PRCTL, FCNTL, FLOCK = (41, 198), (9, 222), (157, 167), (72, 25), (73, 32)
LOCKS, NOTICES = (5, 6, 7, 36, 37, 38), (1024, 1025, 1026)  # of fcntl: locks of files; leases, and who opens what
REFUSED = {
    # into other processes
    "ptrace": (101, 117), "process_vm_readv": (310, 270), "process_vm_writev": (311, 271), "kcmp": (312, 272),
    "pidfd_getfd": (438, 438),
    # into the kernel
    "bpf": (321, 280), "perf_event_open": (298, 241), "userfaultfd": (323, 282), "seccomp": (317, 277),
    "landlock": (444, 444), "landlock_add_rule": (445, 445), "landlock_restrict_self": (446, 446),
    "io_uring_setup": (425, 425), "io_uring_enter": (426, 426), "io_uring_register": (427, 427), "io_setup": (206, 0),
    "add_key": (248, 217), "request_key": (249, 218), "keyctl": (250, 219),
    # memory that is no process's, and what holds pages that a process has let go of
    "memfd_create": (319, 279), "vmsplice": (278, 75),
    "shmget": (29, 194), "shmat": (30, 196), "shmctl": (31, 195), "shmdt": (67, 197),
    "semget": (64, 190), "semop": (65, 193), "semctl": (66, 191), "semtimedop": (220, 192),
    "msgget": (68, 186), "msgsnd": (69, 189), "msgrcv": (70, 188), "msgctl": (71, 187),
    "mq_open": (240, 180), "mq_unlink": (241, 181), "mq_timedsend": (242, 182), "mq_timedreceive": (243, 183),
    "mq_notify": (244, 184), "mq_getsetattr": (245, 185),
    # watches, of which a user has a limited number
    "inotify_init": (253, 26), "inotify_init1": (294, 26), "fanotify_init": (300, 262),
    # mounts and namespaces
    "mount": (165, 40), "umount2": (166, 39), "pivot_root": (155, 41), "unshare": (272, 97), "setns": (308, 268),
    "open_tree": (428, 428), "move_mount": (429, 429), "fsopen": (430, 430), "fsconfig": (431, 431),
    "fsmount": (432, 432), "fspick": (433, 433), "mount_setattr": (442, 442),
    "name_to_handle_at": (303, 264), "open_by_handle_at": (304, 265),
    # the machine, and the place on it that is given
    "sched_setaffinity": (203, 122),
    "kexec_load": (246, 104), "kexec_file_load": (320, 294), "reboot": (169, 142), "syslog": (103, 116),
    "init_module": (175, 105), "finit_module": (313, 273), "delete_module": (176, 106),
    "swapon": (167, 224), "swapoff": (168, 225), "acct": (163, 89), "quotactl": (179, 60), "quotactl_fd": (443, 443),
}  # fmt: skip


def program(*, narrower: bool = False) -> bytes | None:
    """The filter as bubblewrap takes it; None for a machine whose numbers are not known here.

    It may be narrower: a process gives itself a filter beside it, and ends that for its own children.
    """
    if platform.machine() not in MACHINES:
        return None
    name, place = MACHINES[platform.machine()]
    allow, none = (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, ERROR | NO_SUCH_CALL)
    lines = [(LOAD, 0, 0, MACHINE), (EQUAL, 1, 0, name), (RETURN, 0, 0, KILL), (LOAD, 0, 0, NUMBER)]
    lines += [(AT_LEAST, 0, 1, NEWEST), none]  # those of x86-64's other calling convention, too
    for numbers in REFUSED.values():
        lines += [(EQUAL, 0, 1, numbers[place]), none]
    known = [(EQUAL, len(FAMILIES) - place, 0, family) for place, family in enumerate(FAMILIES)]
    mapped = [(ANY_BIT, 2, 0, HUGE_PAGES), (AND, 0, 0, SHARED_AND_NAMELESS), (EQUAL, 0, 1, SHARED_AND_NAMELESS)]
    option = [(EQUAL, 3 if narrower else 2, 0, SECCOMP), (EQUAL, 2, 0, NAME_OF_MEMORY), (AT_LEAST, 0, 1, NEWEST_OPTION)]
    rest = {
        SOCKET[place]: _refused_unless(known, FIRST_ARGUMENT, NO_SUCH_FAMILY),
        MMAP[place]: _refused_unless(mapped, FOURTH_ARGUMENT, NOT_PERMITTED),
        PRCTL[place]: _refused_unless(option, FIRST_ARGUMENT, INVALID),
        FCNTL[place]: _controls(),
        FLOCK[place]: [(RETURN, 0, 0, ERROR)],
    }
    for number, rule in rest.items():
        lines += [(EQUAL, 0, len(rule), number), *rule]
    return b"".join(struct.pack("HBBI", *line) for line in [*lines, allow])


def _refused_unless(judge: list[Line], argument: int, error: int) -> list[Line]:
    """Refuses a call with an error, unless a jump out of the judge of one of its arguments goes past that."""
    return [(LOAD, 0, 0, argument), *judge, (RETURN, 0, 0, ERROR | error), (RETURN, 0, 0, ALLOW)]


def _controls() -> list[Line]:
    """Says yes to locks and sets none: one on a file that all sandboxes have would carry numbers between them."""
    kinds = [*LOCKS, *NOTICES]
    judge = [(EQUAL, len(kinds) - place + (kind in NOTICES), 0, kind) for place, kind in enumerate(kinds)]
    done, refuse = (RETURN, 0, 0, ERROR), (RETURN, 0, 0, ERROR | INVALID)
    return [(LOAD, 0, 0, SECOND_ARGUMENT), *judge, (RETURN, 0, 0, ALLOW), done, refuse]
