"""Texts that break whoever reads them: sources, names of files and students, answers with numbers, texts in records."""

from __future__ import annotations

import io
import json
import os
from pathlib import Path

import numpy as np

from hostile.base import FULL, WITHOUT_CELLS, points_of, right
from rnnkit.assignments.training_dynamics.questions import CELLS

RECORD = "runs/full/A1/A1_final_state.npz"
REGIME_JSON = '{"name": "A1", "task": "<script>window.PWNED=1</script>", "model": "../../x", "hidden": 1e999}'


@right()
def h_source_nul(s):
    """A cell of its own has NUL, a lone surrogate and bidirectional controls in its source."""
    s.first("x = 1\0\n")
    s.first("y = '\ud800'")
    s.first("z = 'a\u202e\u2066'; \u00b5 = 1; \ufeff")


@right(FULL - points_of("gru_rho"))
def h_source_deep(s):
    """A solution begins with a sum of 100,000 terms, brackets within brackets and a long chain of attributes."""
    source = s.cell("gru_rho_solution")["source"]
    s.answer("gru_rho", "\n".join(["n = 1" + " + 1" * 100_000, source]))
    s.first("n = " + "(" * 5000 + ")" * 5000)
    s.first("n = x" + ".a" * 100_000)
    s.first("n = " + "not " * 100_000 + "x")


@right(least=WITHOUT_CELLS, rejected=True)
def x_source_huge(s):
    """A cell has 500,000 statements."""
    s.first("x=1\n" * 500_000)


@right()
def x_source_long(s):
    """A cell is one line of 5 MB."""
    s.first("x = '" + "a" * 5_000_000 + "'")


@right()
def h_names_flagged(s):
    """Pipes and links have names with terminal codes, line breaks, tags, formulas and bytes that are no text."""
    names = (
        "\x1b[2J\x1b]0;x\x07",
        "a\nb: graded, 39 of 39 points",
        "<script>window.PWNED=1<!--",
        "=1+1",
        "\u202egnp",
        " ",
    )

    def make(folder: Path) -> None:
        for number, name in enumerate(names):
            os.mkfifo(folder / f"{number}{name}")
            os.symlink("/etc", folder / f"link{number}{name}")
        os.mkfifo(os.fsencode(folder) + b"/\xff\xfe")
        os.symlink(b"/etc", os.fsencode(folder) + b"/link\xff\xfe")

    s.finish.append(make)


@right()
def h_notebook_names(s):
    """1_cells lies there four times, under names that are terminal codes, line breaks, tags and no text."""
    notebook = json.dumps(s.notebooks.pop(CELLS)).encode()
    for name in (b"\xff\xfe.ipynb", b"\x1b[2J.ipynb", b"a\nb.ipynb", b"<script>window.PWNED=1<!--.ipynb"):
        s.files[os.fsdecode(name)] = notebook


@right(0, rejected=True, student=os.fsdecode(b"\xff\xfe"))
def h_name_bytes(s):
    """The student's folder has a name that is no text."""


@right(0, rejected=True, student="\x1b[2J\x1b]0;x\x07")
def h_name_terminal(s):
    """The student's folder is named by codes that a terminal obeys."""


@right()
def h_answer_numbers(s):
    """Answers quote numbers of 10,000 digits, powers beyond all limits, digits of other scripts and 20,000 numbers."""
    s.cell("gradient_mem")["source"] = f"{'9' * 10_000} and 1e999 and -1e400 and 5 · 10^999 and {'1,000' * 500}"
    s.cell("rho_mem")["source"] = "٣٫١٤ \u0661\u0662 ² ½ 1_000 0x10 1e 1e+ −−4 nan inf -inf 1.2.3.4"
    s.cell("rho_mul")["source"] = " ".join(f"{k}.{k}" for k in range(20_000))
    s.cell("clip_gru")["source"] = "0" * 100_000 + ".5 " + "1e" * 50_000 + " " + "," * 50_000


@right()
def h_answer_slow(s):
    """Answers repeat what patterns begin with, 50,000 times each."""
    answers = [cell for cell in s.all("4_report.ipynb") if cell["metadata"].get("nbgrader", {}).get("solution")]
    starts = ("<", "![", "&#", "`", "[a](", "$", "\\href{", "<!--", "> ", "*a_", "]:", "|a", "\n#")
    for cell, start in zip(answers, starts, strict=False):
        cell["source"] = start * 50_000


@right()
def x_npz_values(s):
    """A run's record has all the right names, and under them texts, NaN, wrong shapes and huge numbers."""
    names = {
        "check_updates": np.array([np.nan, -1, np.inf]), "updates": np.array(-(2**62)), "checkFreq": np.array(0),
        "train_nll": np.full(10, np.inf), "gradient_norm": np.zeros((2, 2, 2)), "gradient_norm_clipped": np.zeros(0),
        "valid_error": np.full(3, -5e300), "wall_time": np.array([3.0, 2.0, 1.0]), "rho_Whh": np.array(["a"]),
        "grad_time": np.zeros((3, 100_000)), "sat_time": np.full((1, 1), np.nan), "anchor_W_hh": np.zeros((3, 2, 1)),
        "regime": np.array(REGIME_JSON), "status": np.array("<script>window.PWNED=1</script>\x1b[2J" * 100),
        "profile": np.array("full\n\u202e"), "versions": np.array("[" * 4000), "engine": np.array("\ud800"),
        "cells_sha256": np.array(7), "diag_len": np.array([[1]]), "sigma_max_Whh": np.zeros(3, dtype=complex),
    }  # fmt: skip
    out = io.BytesIO()
    np.savez(out, **names)
    s.files[RECORD] = out.getvalue()
    s.files[RECORD.replace("A1", "A2")] = out.getvalue()
    s.files[RECORD.replace("A1", "<b>")] = out.getvalue()
