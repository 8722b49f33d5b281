"""Right answers but for one question, whose code hangs, kills the kernel or floods the grader when it is called."""

from __future__ import annotations

from hostile.base import FULL, WITHOUT_CELLS, WITHOUT_RHO, WITHOUT_STEP, points_of, right

RHO = "def spectral_radius(W):\n"
UNTIL_RHO = WITHOUT_RHO - points_of("grad_norm", "clip", "diagnostic_keys")  # where the notebook ends with rho


@right(WITHOUT_RHO)
def h_loop_in_fn(s):
    """spectral_radius never returns, and SIGINT is ignored."""
    s.answer("rho", f"import signal\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\n{RHO}    while True: pass")


@right(WITHOUT_RHO)
def h_loop_in_fn_polite(s):
    """spectral_radius never returns, and can be interrupted."""
    s.answer("rho", f"{RHO}    while True: pass")


@right(WITHOUT_STEP, least=WITHOUT_CELLS)
def x_loop_in_step(s):
    """RNN.step never returns; forward and the figures call it."""
    s.answer("rnn_step", "@method_of(RNN)\ndef step(self, x_t, h_prev):\n    while True: pass")


@right(WITHOUT_RHO)
def x_rpc_kill(s):
    """spectral_radius kills the kernel."""
    s.answer("rho", f"import os\n{RHO}    os.kill(os.getpid(), 9)")


@right(WITHOUT_STEP, least=WITHOUT_CELLS)
def x_step_kills(s):
    """RNN.step kills the kernel; forward and the figures call it."""
    s.answer("rnn_step", "import os\n@method_of(RNN)\ndef step(self, x_t, h_prev):\n    os._exit(1)")


@right(WITHOUT_RHO)
def x_segfault_in_fn(s):
    """spectral_radius reads address 0."""
    s.answer("rho", f"import ctypes\n{RHO}    return ctypes.string_at(0)")


@right(WITHOUT_RHO)
def x_recursion_in_fn(s):
    """spectral_radius calls itself through C until the stack is full."""
    s.answer(
        "rho",
        f"import sys\n{RHO}    sys.setrecursionlimit(10 ** 9)\n    f = lambda n: max([n], key=f)\n    return f(1)",
    )


@right(FULL, least=WITHOUT_RHO)
def x_rpc_slow(s):
    """spectral_radius is right and takes 4 s."""
    lines = s.cell("rho_solution")["source"].split("\n")
    s.answer("rho", "\n".join(["import time", *lines[:2], "    time.sleep(4)", *lines[2:]]))


@right(WITHOUT_RHO)
def x_expand_bomb(s):
    """spectral_radius returns one number seen as a billion."""
    s.answer("rho", f"{RHO}    return torch.zeros(1, dtype=torch.float64).expand(10 ** 9)")


@right(WITHOUT_RHO)
def x_giant_int(s):
    """spectral_radius returns an integer of ten million digits, in a list that contains itself."""
    s.answer("rho", f"{RHO}    loop = [10 ** 10_000_000]\n    loop.append(loop)\n    return loop")


@right(WITHOUT_RHO)
def x_deep_list(s):
    """spectral_radius returns a list nested 100,000 deep."""
    s.answer("rho", f"{RHO}    nest = 1.0\n    for _ in range(100_000):\n        nest = [nest]\n    return nest")


@right(FULL - points_of("diagnostic_keys"))
def x_endless_mapping(s):
    """diagnostics returns a dict whose items never end."""
    s.answer(
        "diagnostic_keys",
        "import itertools\n"
        "class Endless(dict):\n"
        "    def items(self): return ((str(k), 1.0) for k in itertools.count())\n"
        "    def keys(self): return map(str, itertools.count())\n"
        "    __iter__ = keys\n"
        "    def __len__(self): return 4\n"
        "    def __contains__(self, key): return True\n"
        "def diagnostics(loss, hs, gates):\n    return Endless()",
    )


@right(WITHOUT_RHO)
def x_error_str_hangs(s):
    """spectral_radius raises an error whose text never ends."""
    s.answer(
        "rho",
        "class Endless(Exception):\n    def __str__(self):\n        while True: pass\n    __repr__ = __str__\n"
        f"{RHO}    raise Endless",
    )


@right(WITHOUT_RHO)
def x_error_huge(s):
    """spectral_radius raises an error with 50 MB of HTML and terminal codes."""
    s.answer("rho", f"{RHO}    raise ValueError('<script>window.PWNED=1</script>\\x1b[2J' * 1_500_000)")


@right(WITHOUT_RHO)
def x_error_odd(s):
    """spectral_radius raises a GeneratorExit subclass without a module, whose class name is HTML."""
    s.answer(
        "rho",
        f"Odd = type('<b onclick=alert(1)>', (GeneratorExit,), {{'__module__': None}})\n{RHO}    raise Odd('\\ud800')",
    )


@right(WITHOUT_RHO)
def x_prints_in_fn(s):
    """spectral_radius prints 100 MB, and opens and closes stdout, when it is called."""
    s.answer(
        "rho", f"import os, sys\n{RHO}    os.write(1, b'x' * (100 << 20))\n    sys.stdout.close()\n    os.close(1)"
    )


@right(WITHOUT_RHO, least=UNTIL_RHO)
def x_forks_in_fn(s):
    """spectral_radius forks, and the child answers as well."""
    s.answer("rho", f"import os\n{RHO}    os.fork()\n    return 1.0")


@right(WITHOUT_RHO)
def x_memory_in_fn(s):
    """spectral_radius takes 700 MB in each of eight children."""
    s.answer(
        "rho",
        "import os, time\n"
        f"{RHO}    for _ in range(8):\n"
        "        if os.fork() == 0:\n"
        "            kept = b'x' * (700 << 20)\n"
        "            time.sleep(20)\n"
        "            os._exit(0)\n"
        "    time.sleep(20)\n    return -1.0",
    )


@right(WITHOUT_RHO)
def x_async_fn(s):
    """spectral_radius is a coroutine function."""
    s.answer("rho", "async def spectral_radius(W):\n    return 1.0")


@right(WITHOUT_RHO)
def x_changes_inputs(s):
    """spectral_radius works on W in place and returns what is left."""
    s.answer("rho", f"{RHO}    W *= 0\n    return float(W.abs().max())")


@right(WITHOUT_RHO)
def x_closes_loop(s):
    """spectral_radius stops the kernel's event loop and closes its sockets."""
    s.answer(
        "rho",
        "import asyncio\n"
        f"{RHO}    kernel = get_ipython().kernel\n"
        "    kernel.io_loop.stop()\n"
        "    for name in ('shell_socket', 'control_socket', 'iopub_socket'):\n"
        "        getattr(getattr(kernel, name, None), 'close', print)()\n"
        "    return 1.0",
    )
