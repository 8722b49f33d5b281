"""An error in a student's file: which line it was, which question that line belongs to, and how it is said."""

from __future__ import annotations

import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import torch

from rnnkit.common.names import Untraced

QUESTION_MARK = "# question "  # stands before each solution in a file that a notebook wrote
RAISED = (Exception, SystemExit)  # what a student's code may raise: sys.exit in it is a fault like any other
ENGINES = ("engines", "contract.py", "own_diagnostics.py")  # what runs a student's code and uses what it returns


class BrokenCell(Untraced, RuntimeError):
    """A student's code that broke in the middle of a run: the message names its line and the question to go back to."""


@dataclass(frozen=True)
class Fault:
    """Where a student's file broke, the error in one line, and the question to go back to, where the file marks one.

    Line 0 is outside: the error came up from what the file had returned.
    """

    file: str
    reason: str
    line: int = 0
    code: str = ""
    question: str = ""

    @property
    def place(self) -> str:
        """File, line and what stands there."""
        where = f", line {self.line}" if self.line else ""
        code = f", `{self.code}`" if self.code else ""
        return f"{self.file}{where}{code}"

    def __str__(self) -> str:
        return f"{self.place}: {self.reason}"


def question_at(text: str, line: int) -> str:
    """The question whose code stands at a line of a file; empty where none is marked."""
    above = [mark for mark in text.split("\n")[:line] if mark.startswith(QUESTION_MARK)]
    return above[-1].removeprefix(QUESTION_MARK).strip() if above else ""


def left_out_line(name: str, question: str, notebook: str) -> str:
    """What a file says, at its top, of something that is not in it before a question is solved."""
    return f"# without {name} until question {question} of {notebook} is solved\n"


def why_left_out(text: str, name: str) -> str:
    """What such a line says of a class or function, and what to do; empty where there is none."""
    line = re.search(rf"^# (without {name} until question \S+ of (.+) is solved)$", text, re.MULTILINE)
    return f"{line[1]}; solve it there, save, and run the last cell of {line[2]} again" if line else ""


def is_marked(text: str, question: str) -> bool:
    """Whether a file marks this question's code."""
    return f"{QUESTION_MARK}{question}\n" in text


def go_back(text: str, question: str, file: str = "model.py") -> str:
    """The advice to go back to a question, where the file marks it; empty where it does not."""
    if not question or not is_marked(text, question):
        return ""
    return f"; go back to question {question} in the notebook, then write {file} again"


def reason_of(error: BaseException) -> str:
    """An error in one line: its class and the first line of its message, without torch's hints."""
    lines = str(error).strip().splitlines() or ["no message"]
    return f"{type(error).__name__}: {lines[0].split('. Hint:')[0]}"


def why_not_run(error: BaseException, file: str, text: str, name: str) -> str:
    """What to say of a file that does not run: its line, the error, and the question to go back to; see `fault_of`."""
    fault = fault_of(error, file, text)
    line = fault.line if fault else 0
    if isinstance(error, SyntaxError) and error.filename == file:
        line = error.lineno or 1
    where = f", line {line}" if line else ""
    advice = go_back(text, question_at(text, line), name) or "; mend it first"
    return f"{file}{where}: the file does not run ({reason_of(error)}){advice}"


def fault_of(
    error: BaseException, file: str, text: str, default: str = "", again: Callable[[], object] | None = None
) -> Fault | None:
    """Where and in which question of a file an error came up; None where it is not the file's.

    The innermost line of the file counts, also where torch broke in what it called. An error that came up in an engine,
    from what the file had returned, belongs to the question ``default``, or to the one whose operation autograd names.

    Arguments:
        file, text: its name, as it was compiled, and its content.
        again: does once more what failed, to ask autograd for the line.
    """
    frames = [(frame.f_code.co_filename, line) for frame, line in traceback.walk_tb(error.__traceback__)]
    lines = [line for path, line in frames if path == file]
    if not lines:
        if not any(name in ENGINES for path, _ in frames for name in (Path(path).parent.name, Path(path).name)):
            return None
        lines = (again and _lines_named_by_autograd(again, file)) or [_line_of(text, default)]
    marked = [question for line in reversed(lines) if (question := question_at(text, line))]
    question = marked[0] if marked else default if is_marked(text, default) else ""
    code = text.split("\n")[lines[-1] - 1].strip() if lines[-1] else ""
    return Fault(file, reason_of(error), lines[-1], code, question)


def _line_of(text: str, question: str) -> int:
    """Where a question's first ``def`` stands; 0 where the file does not mark it."""
    begins = text.find(f"{QUESTION_MARK}{question}\n")
    first = re.compile(r"^ *def ", re.MULTILINE).search(text, begins) if begins >= 0 else None
    return text.count("\n", 0, first.start()) + 1 if first else 0


def _lines_named_by_autograd(again: Callable[[], object], file: str) -> list[int]:
    """The lines of a file whose operation has no way back, from autograd's own search for it."""
    with warnings.catch_warnings(record=True) as said, torch.autograd.set_detect_anomaly(True):
        warnings.simplefilter("always")
        try:
            again()
        except Exception:
            text = "".join(str(warning.message) for warning in said)
            return [int(line) for line in re.findall(rf'File "{re.escape(file)}", line (\d+)', text)]
    return []
