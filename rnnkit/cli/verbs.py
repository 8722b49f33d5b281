"""The command ``rnnkit``: one table of verbs. Nothing of torch or Jupyter is imported before a verb needs it."""

from __future__ import annotations

import pkgutil
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from rnnkit.cli import guard
from rnnkit.common.extras import need
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.places import PACKAGE

EVERYONE, STUDENTS, INSTRUCTORS, CLONE = "", "students: ", "instructors: ", "in a clone: "


class Verb(NamedTuple):
    """One verb: its function as ``module:name``, what it does, and who has it. Others lack the module's file.

    ``extra`` is what it needs in any case. What needs one for some of its work asks `rnnkit.common.extras.need` then.
    """

    function: str
    line: str
    who: str = EVERYONE
    extra: str = ""

    @property
    def file(self) -> Path:
        """The module's file, below the package."""
        return Path(*self.function.partition(":")[0].split(".")[1:]).with_suffix(".py")

    @property
    def is_here(self) -> bool:
        """Whether this copy of rnnkit has it."""
        return (PACKAGE / self.file).is_file()

    def load(self) -> Callable[[list[str]], int]:
        """The function: takes what stands after the verb and returns the exit code."""
        return pkgutil.resolve_name(self.function)


VERBS: dict[str, Verb] = {
    "run": Verb("rnnkit.cli.run:run", "train regimes through papermill: rnnkit run A1 B1 --profile smoke"),
    "report": Verb(
        "rnnkit.cli.run:report", "one HTML page: of DIR, or of the report's runs, trained at smoke size first"
    ),
    "sweep": Verb("rnnkit.cli.sweep:main", "train every combination of settings times seeds: rnnkit sweep FILE.toml"),
    "lengths": Verb("rnnkit.cli.lengths:main", "try a trained network on longer sequences: rnnkit lengths RECORD"),
    "pack": Verb("rnnkit.cli.pack:main", "collect the hand-in into one zip, or say what is missing", STUDENTS),
    "release": Verb(
        "rnnkit.cli.release:main", "derive release/ and dist/student.zip from notebooks/", INSTRUCTORS, "grading"
    ),
    "grade": Verb("rnnkit.cli.grade:main", "grade the submissions that came in, in a sandbox", INSTRUCTORS, "grading"),
    "mark": Verb(
        "rnnkit.cli.mark:main", "mark written answers in the browser, question by question", INSTRUCTORS, "grading"
    ),
    "audit": Verb("rnnkit.cli.audit:main", "do parts of the submitted runs again, and compare", INSTRUCTORS, "grading"),
    "feedback": Verb("rnnkit.cli.feedback:main", "one page of feedback for each student", INSTRUCTORS, "grading"),
    "export": Verb("rnnkit.cli.export:main", "the grades of the class as CSV", INSTRUCTORS, "grading"),
    "class": Verb(
        "rnnkit.cli.class_:main",
        "what the class got wrong, who needs attention: one page, one table",
        INSTRUCTORS,
        "grading",
    ),
    "alike": Verb("rnnkit.cli.alike:main", "what hand-ins have in common that others have not", INSTRUCTORS, "grading"),
    "doctor": Verb("rnnkit.cli.doctor:main", "say whether everything is in place, and what to do where it is not"),
    "bench": Verb("rnnkit.cli.bench:main", "time the engines against each other, in one run, as ratios", CLONE),
    "setup": Verb("rnnkit.clone.setup_env:main", "make .venv, with everything the kit needs", CLONE),
    "test": Verb("rnnkit.clone.workshop:test", "run the tests, but for the slow ones", CLONE, "dev"),
    "test-all": Verb("rnnkit.clone.workshop:test_all", "run all the tests", CLONE, "dev"),
    "test-newest": Verb("rnnkit.clone.newest:main", "run the tests with the newest versions that are allowed", CLONE),
    "lab": Verb(
        "rnnkit.cli.lab:main",
        "open JupyterLab on the notebooks; without a clone they are laid out here",
        EVERYONE,
        "lab",
    ),
    "site": Verb(
        "rnnkit.clone.site.build:main", "build the documentation as a site, dist/site/index.html", CLONE, "docs"
    ),
}


def usage() -> str:
    """The verbs that are here, one a line."""
    lines = [f"  {name:<12}{verb.who}{verb.line}" for name, verb in VERBS.items() if verb.is_here]
    return "\n".join(["usage: rnnkit VERB [...]", "", *lines, "", "rnnkit VERB --help says more."])


def main(argv: list[str] | None = None) -> int:
    """Runs one verb; 2 for an unknown one."""
    guard.began = time.process_time()
    name, *rest = (sys.argv[1:] if argv is None else argv) or ["--help"]
    return guard.guarded(f"rnnkit {name}" if name in VERBS else "rnnkit", lambda: _run(name, rest))


def _run(name: str, rest: list[str]) -> int:
    if name in ("-h", "--help", "help"):
        print(usage())
        return 0
    if name == "--version":
        from rnnkit import __version__

        print(__version__)
        return 0
    if name not in VERBS:
        raise BadValue(unknown(name, [known for known, verb in VERBS.items() if verb.is_here], "verb"))
    if not VERBS[name].is_here:
        raise BadValue(f"only {'for instructors, ' if VERBS[name].who == INSTRUCTORS else ''}in a clone of rnnkit")
    if VERBS[name].extra:
        need(VERBS[name].extra)
    return VERBS[name].load()(rest)
