"""Right answers but for one question, whose code hangs, kills the kernel or floods the grader when it is called."""

from __future__ import annotations

from hostile.base import FULL, WITHOUT_CELLS, WITHOUT_RHO, WITHOUT_STEP, answer_of, cases, points_of, right

RHO = "def spectral_radius(W):\n"
UNTIL_RHO = WITHOUT_RHO - points_of("grad_norm", "clip", "diagnostic_keys")  # where the notebook ends with rho


@right(WITHOUT_STEP, least=WITHOUT_CELLS)
def x_loop_in_step(s):
    """RNN.step never returns; forward and the figures call it."""
    s.answer("rnn_step", "@method_of(RNN)\ndef step(self, x_t, h_prev):\n    while True: pass")


@right(WITHOUT_STEP, least=WITHOUT_CELLS)
def x_step_kills(s):
    """RNN.step kills the kernel; forward and the figures call it."""
    s.answer("rnn_step", "import os\n@method_of(RNN)\ndef step(self, x_t, h_prev):\n    os._exit(1)")


@right(FULL, least=WITHOUT_RHO)
def x_rpc_slow(s):
    """spectral_radius is right and takes 4 s."""
    lines = s.cell("rho_solution")["source"].split("\n")
    s.answer("rho", "\n".join(["import time", *lines[:2], "    time.sleep(4)", *lines[2:]]))


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


@right(WITHOUT_RHO, least=UNTIL_RHO)
def x_forks_in_fn(s):
    """spectral_radius forks, and the child answers as well."""
    s.answer("rho", f"import os\n{RHO}    os.fork()\n    return 1.0")


cases(
    right(WITHOUT_RHO),
    answer_of("rho"),
    h_loop_in_fn="""
        spectral_radius never returns, and SIGINT is ignored.
        import signal
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        def spectral_radius(W):
            while True: pass
    """,
    h_loop_in_fn_polite="""
        spectral_radius never returns, and can be interrupted.
        def spectral_radius(W):
            while True: pass
    """,
    x_rpc_kill="""
        spectral_radius kills the kernel.
        import os
        def spectral_radius(W):
            os.kill(os.getpid(), 9)
    """,
    x_segfault_in_fn="""
        spectral_radius reads address 0.
        import ctypes
        def spectral_radius(W):
            return ctypes.string_at(0)
    """,
    x_recursion_in_fn="""
        spectral_radius calls itself through C until the stack is full.
        import sys
        def spectral_radius(W):
            sys.setrecursionlimit(10 ** 9)
            f = lambda n: max([n], key=f)
            return f(1)
    """,
    x_expand_bomb="""
        spectral_radius returns one number seen as a billion.
        def spectral_radius(W):
            return torch.zeros(1, dtype=torch.float64).expand(10 ** 9)
    """,
    x_giant_int="""
        spectral_radius returns an integer of ten million digits, in a list that contains itself.
        def spectral_radius(W):
            loop = [10 ** 10_000_000]
            loop.append(loop)
            return loop
    """,
    x_deep_list="""
        spectral_radius returns a list nested 100,000 deep.
        def spectral_radius(W):
            nest = 1.0
            for _ in range(100_000):
                nest = [nest]
            return nest
    """,
    x_error_str_hangs="""
        spectral_radius raises an error whose text never ends.
        class Endless(Exception):
            def __str__(self):
                while True: pass
            __repr__ = __str__
        def spectral_radius(W):
            raise Endless
    """,
    x_error_huge=r"""
        spectral_radius raises an error with 50 MB of HTML and terminal codes.
        def spectral_radius(W):
            raise ValueError('<script>window.PWNED=1</script>\x1b[2J' * 1_500_000)
    """,
    x_error_odd=r"""
        spectral_radius raises a GeneratorExit subclass without a module, whose class name is HTML.
        Odd = type('<b onclick=alert(1)>', (GeneratorExit,), {'__module__': None})
        def spectral_radius(W):
            raise Odd('\ud800')
    """,
    x_prints_in_fn="""
        spectral_radius prints 100 MB, and opens and closes stdout, when it is called.
        import os, sys
        def spectral_radius(W):
            os.write(1, b'x' * (100 << 20))
            sys.stdout.close()
            os.close(1)
    """,
    x_memory_in_fn="""
        spectral_radius takes 700 MB in each of eight children.
        import os, time
        def spectral_radius(W):
            for _ in range(8):
                if os.fork() == 0:
                    kept = b'x' * (700 << 20)
                    time.sleep(20)
                    os._exit(0)
            time.sleep(20)
            return -1.0
    """,
    x_async_fn="""
        spectral_radius is a coroutine function.
        async def spectral_radius(W):
            return 1.0
    """,
    x_changes_inputs="""
        spectral_radius works on W in place and returns what is left.
        def spectral_radius(W):
            W *= 0
            return float(W.abs().max())
    """,
    x_closes_loop="""
        spectral_radius stops the kernel's event loop and closes its sockets.
        import asyncio
        def spectral_radius(W):
            kernel = get_ipython().kernel
            kernel.io_loop.stop()
            for name in ('shell_socket', 'control_socket', 'iopub_socket'):
                getattr(getattr(kernel, name, None), 'close', print)()
            return 1.0
    """,
)
