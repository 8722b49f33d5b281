"""Accidents: files that are no notebooks, or not quite, and honest code that does odd things."""

from __future__ import annotations

import json

from hostile.base import FULL, GRADED, WITHOUT_CELLS, WITHOUT_STEP, Submission, cases, code_cell, right, wrong
from rnnkit.assignments.training_dynamics.questions import CELLS, DIAGNOSTICS


def _text(s) -> str:
    return json.dumps(s.notebooks[CELLS])


@right(WITHOUT_CELLS)
def b_truncated(s):
    """1_cells is cut off in the middle."""
    s.files[CELLS] = _text(s)[: len(_text(s)) // 2].encode()


@right(WITHOUT_CELLS)
def b_empty(s):
    """1_cells has no bytes."""
    s.files[CELLS] = b""


@right(WITHOUT_CELLS)
def b_binary(s):
    """1_cells is a renamed PDF."""
    s.files[CELLS] = b"%PDF-1.7\n" + bytes(range(256)) * 50


@right()
def b_utf16(s):
    """1_cells is in UTF-16 with a byte order mark."""
    s.files[CELLS] = _text(s).encode("utf-16")


@right()
def b_utf8bom(s):
    """1_cells is in UTF-8 with a byte order mark."""
    s.files[CELLS] = _text(s).encode("utf-8-sig")


@right()
def b_wrong_name(s):
    """1_cells is called '1_cells (1).ipynb'."""
    s.notebooks["1_cells (1).ipynb"] = s.notebooks.pop(CELLS)


@right()
def b_two_copies(s):
    """Beside 1_cells lies an untouched '1_cells (1).ipynb', and what editors and file managers leave."""
    s.files["1_cells (1).ipynb"] = b'{"cells": [], "metadata": {}, "nbformat": 4, "nbformat_minor": 5}'
    s.files[".ipynb_checkpoints/1_cells-checkpoint.ipynb"] = b"{"
    s.files |= {"._1_cells.ipynb": b"\0\5\x16\7", "__MACOSX/._1_cells.ipynb": b"\0", "Thumbs.db": b"\xd0\xcf"}


@right(0, rejected=True)
def b_no_nb(s):
    """There is no notebook."""
    s.notebooks.clear()
    s.files["readme.txt"] = b"sorry"


@right()
def b_only_the_graded(s):
    """3_regime and 4_report are not handed in."""
    s.notebooks = {name: s.notebooks[name] for name in GRADED}


@right(WITHOUT_CELLS)
def b_dir_nb(s):
    """1_cells.ipynb is a folder."""
    del s.notebooks[CELLS]
    s.finish.append(lambda folder: (folder / CELLS).mkdir())


@right(WITHOUT_CELLS)
def b_v3(s):
    """1_cells is a notebook of format 3 with other cells."""
    cell = {
        "cell_type": "code", "collapsed": False, "input": "x=1", "language": "python", "metadata": {}, "outputs": [],
    }  # fmt: skip
    worksheets = [{"metadata": {}, "cells": [cell]}]
    s.notebooks[CELLS] = {"nbformat": 3, "nbformat_minor": 0, "metadata": {"name": "x"}, "worksheets": worksheets}


@right(WITHOUT_CELLS)
def b_list(s):
    """1_cells is JSON, but a list."""
    s.files[CELLS] = b"[]"


@right(WITHOUT_CELLS)
def b_deep(s):
    """1_cells is 100,000 nested lists."""
    s.files[CELLS] = b"[" * 100_000 + b"]" * 100_000


@right(least=WITHOUT_CELLS)
def b_odd_types(s):
    """1_cells has cells that are numbers, sources that are dicts and metadata that are texts."""
    cells = s.notebooks[CELLS]["cells"]
    cells[0] = 7
    cells[1]["source"], cells[1]["metadata"], cells[2]["cell_type"] = {"a": 1}, "none", ["code"]


@right(WITHOUT_CELLS)
def b_huge_number(s):
    """1_cells has a format number of 10,000 digits, NaN and the same key twice."""
    s.files[CELLS] = b'{"nbformat": ' + b"4" * 10_000 + b', "nbformat": NaN, "cells": [], "metadata": Infinity}'


@right(WITHOUT_STEP)
def b_syntax(s):
    """There is a syntax error in one solution, the others are right."""
    s.answer("rnn_step", "@method_of(RNN)\ndef step(self, x_t:\n  return")


@right()
def b_warn(s):
    """A right answer warns."""
    s.answer("rho", "import warnings\n" + _with(s, "rho", "warnings.warn('overflow, maybe')"))


@right()
def b_print_stderr(s):
    """A right answer prints a progress bar on stderr."""
    s.answer("rnn_step", "import sys\n" + _with(s, "rnn_step", "print('50 %', file=sys.stderr)"))


def _with(s, id: str, line: str) -> str:
    """A right answer with one more line after its docstring."""
    lines = s.cell(f"{id}_solution")["source"].split("\n")
    place = next(k for k, text in enumerate(lines) if '"""' in text) + 1
    return "\n".join([*lines[:place], f"    {line}", *lines[place:]])


@right(WITHOUT_CELLS)
def b_no_submission_cells(s):
    """1_cells has no cells."""
    s.notebooks[CELLS]["cells"] = []


@right()
def b_capture(s):
    """Honest cell magics stand over a right answer."""
    s.answer("rho", "%%time\n" + s.cell("rho_solution")["source"])
    s.answer("grad_norm", "%%capture out\n" + s.cell("grad_norm_solution")["source"])


@right()
def b_own_names(s):
    """An honest student uses names that the grader may need itself."""
    s.everywhere("""
        str = type = input = id = print = open = "mine"
        json = remote = answer = request = reply = check = display = get_ipython = 3
        rnnkit = score = rng = question = expected = np_ = "mine"
    """)


@right()
def x_ns_shadow(s):
    """An honest student calls a variable np, after the last question."""
    s.last("x = 1; np = 3; torch = 'mine'", DIAGNOSTICS)


cases(
    right(),
    Submission.first,
    b_input="""
        A cell asks for input.
        n = input('n?')
    """,
    x_thread_print="""
        A thread keeps printing.
        import threading, time
        def tick():
            while True:
                print('tick'); time.sleep(0.01)
        threading.Thread(target=tick, daemon=True).start()
    """,
    x_surrogate=r"""
        Prints a lone surrogate, NUL and terminal codes, and displays JSON with NaN.
        print('\ud800 \x00 \x1b[31mred\x1b[0m \x1b]0;title\x07 \u202egnp.exe')
        from IPython.display import display
        display({'text/plain': 'x', 'application/json': {'a': float('nan')}}, raw=True)
    """,
)


@right()
def r_quit(s):
    """quit() in the last cell but one."""
    s.last("quit()")
    s.last("1 + 1")


@wrong()
def b_untouched(s):
    """The release as it was given out."""
    for cell in s.all():
        id = cell["metadata"].get("nbgrader", {}).get("grade_id", "")
        if id.endswith("_solution"):
            cell["source"] = "\n".join(
                [*cell["source"].split("\n")[:2], f'    raise NotImplementedError("question {id[:-9]}")']
            )


@right()
def b_swapped(s):
    """1_cells and 2_diagnostics are under each other's name."""
    s.notebooks[CELLS], s.notebooks[DIAGNOSTICS] = s.notebooks[DIAGNOSTICS], s.notebooks[CELLS]


@right(WITHOUT_CELLS)
def x_many_cells(s):
    """1_cells has 5000 more cells."""
    s.notebooks[CELLS]["cells"] += [code_cell("pass", f"own-{k}") for k in range(5000)]


@right(FULL)
def x_cell_timeouts(s):
    """Twelve cells at the end sleep for 4 s each."""
    for _ in range(12):
        s.last("import time; time.sleep(4)")
