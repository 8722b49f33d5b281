"""Python runs this before anything else where a student's answers are asked for; what it takes away stays away.

torch's recurrent kernels are replaced in its dispatcher, through which every way to them goes: names, ``torch.ops``,
compiled text, threads. And no other program can be started, in which they would be as they were.
"""

from __future__ import annotations

import _posixsubprocess
import ctypes
import os
import re
import struct
import subprocess
import sys
import traceback
import warnings
from typing import NoReturn

RECURRENT = re.compile("gru|lstm|rnn")
REGISTERED = re.compile(r"^(\w+)(?:\[alias\])?: registered", re.M)
ALWAYS = {"CompositeImplicitAutograd", "CPU", "Meta"}  # keys that get a refusal, whatever was there
LOAD, EQUAL, RETURN, ALLOW, DENY = 0x20, 0x15, 0x06, 0x7FFF0000, 0x00050001  # classic BPF; denied with EPERM
SET_NO_NEW_PRIVILEGES, SET_FILTER, BY_PROGRAM = 38, 22, 2  # of prctl(2)
FIRST_ARGUMENT = 16  # its place in what a filter sees
CALLS = {"x86_64": (157, 59, 322), "aarch64": (167, 221, 281)}  # prctl, execve, execveat
PROGRAMS = {"subprocess.Popen", "os.exec", "os.posix_spawn", "os.spawn", "os.system"}
BELOW = re.compile("^(exec|fork|posix_spawn|system|popen|syscall|dlsym|dlopen)")  # of the C library
OUTSIDE = ("/tmp/", "/home/", "/submission/", "/in/", "/dev/", "/proc/")  # where a student's own libraries could be


def _refuse(*arguments: object, **named: object) -> NoReturn:
    raise RuntimeError("torch's recurrent cells are left out while answers are scored: write the equations")


def _no_program(*arguments: object, **named: object) -> NoReturn:
    raise PermissionError("programs are not started while answers are scored")


def _no_kernels() -> None:
    """Puts a refusal in the place of every recurrent kernel; nobody has a handle to take it away again."""
    import torch

    warnings.filterwarnings("ignore", "Warning only once for all operators", UserWarning)  # of what is done here
    names = [name for name in torch._C._dispatch_get_all_op_names() if RECURRENT.search(name)]
    for space in {name.split("::")[0] for name in names}:
        library = torch._C._dispatch_library("IMPL", space, "")
        for name in (name for name in names if name.startswith(f"{space}::")):
            for key in ALWAYS | (set(REGISTERED.findall(torch._C._dispatch_dump(name))) - {"schema", "debug"}):
                library.impl(name, key, _refuse, False)  # type: ignore[call-arg]
        ctypes.pythonapi.Py_IncRef(ctypes.py_object(library))  # its end would bring the kernels back


def _no_programs() -> None:
    """Lets this process and its children start no program, nor add another filter, where that can be had."""
    if os.uname().machine not in CALLS:
        return
    prctl, *execs = CALLS[os.uname().machine]
    lines = [(LOAD, 0, 0, 0), (EQUAL, 5, 0, execs[0]), (EQUAL, 4, 0, execs[1]), (EQUAL, 0, 2, prctl)]
    lines += [(LOAD, 0, 0, FIRST_ARGUMENT), (EQUAL, 1, 0, SET_FILTER), (RETURN, 0, 0, ALLOW), (RETURN, 0, 0, DENY)]
    code = ctypes.create_string_buffer(b"".join(struct.pack("HBBI", *line) for line in lines))
    program = ctypes.create_string_buffer(struct.pack("HxxxxxxP", len(lines), ctypes.addressof(code)))
    call = ctypes.CDLL(None).prctl
    call(SET_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
    call(SET_FILTER, BY_PROGRAM, ctypes.c_void_p(ctypes.addressof(program)), 0, 0)


def _no_ways_round() -> None:
    """Refuses programs, libraries that a student has brought, and addresses of torch's kernels; for good.

    Where the system's own filter cannot be had, this is all there is against programs.
    """
    _posixsubprocess.fork_exec = subprocess._fork_exec = _no_program  # type: ignore[attr-defined]

    def watch(event: str, arguments: tuple) -> None:
        if event in PROGRAMS:
            _no_program()
        if event in ("ctypes.dlopen", "import"):
            path = arguments[0 if event == "ctypes.dlopen" else 1]
            if isinstance(path, str | bytes) and os.fsdecode(path).startswith(OUTSIDE) and _is_library(path):
                raise ImportError("libraries of one's own are left out while answers are scored")
            if arguments[0] == _posixsubprocess.__name__:
                _no_program()
        elif event == "ctypes.dlsym" and RECURRENT.search(str(arguments[1])):
            _refuse()
        elif event == "ctypes.dlsym" and BELOW.match(str(arguments[1])):
            _no_program()

    sys.addaudithook(watch)


def _is_library(path: str | bytes) -> bool:
    """Whether a file is compiled code of a student's; the packages of this Python may well lie in such a folder."""
    real = os.path.realpath(os.fsdecode(path))
    return not real.startswith((f"{sys.prefix}/", f"{sys.base_prefix}/")) and not real.endswith((".py", ".pyc"))


if __name__ == "sitecustomize":  # as Python itself names it
    os.environ["TORCH_COMPILE_DISABLE"] = "1"  # torch.compile would need a compiler: a function stays as it is
    try:
        _no_kernels()
        _no_programs()
        _no_ways_round()
    except BaseException:  # Python would go on without
        traceback.print_exc()
        os._exit(1)
    sys.modules[__name__] = type(sys)(__name__)  # what the hook reads is not to be had by its name
