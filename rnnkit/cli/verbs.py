"""The command ``rnnkit``: a few verbs. Nothing of torch or Jupyter is imported before a verb needs it."""

from __future__ import annotations

import difflib
import sys
import time
from collections.abc import Callable
from importlib import import_module


def _setup(arguments: list[str]) -> int:
    from rnnkit.clone.setup_env import main

    return main(arguments)


def _run(arguments: list[str]) -> int:
    begun = time.perf_counter()
    from rnnkit.cli.run import run

    return run(arguments, begun)


def _sweep(arguments: list[str]) -> int:
    from rnnkit.cli.sweep import main

    return main(arguments)


def _lengths(arguments: list[str]) -> int:
    from rnnkit.cli.lengths import main

    return main(arguments)


def _report(arguments: list[str]) -> int:
    begun = time.perf_counter()
    from rnnkit.cli.run import report

    return report(arguments, begun)


def _doctor(arguments: list[str]) -> int:
    from rnnkit.clone.doctor import main

    return main(arguments)


def _instructor(verb: str, module: str) -> Callable[[list[str]], int]:
    """A verb of the instructor's side, which students do not have."""

    def run(arguments: list[str]) -> int:
        try:
            main = import_module(f"rnnkit.{module}").main
        except ModuleNotFoundError as error:
            print(f"rnnkit {verb}: only for instructors, in a clone of rnnkit ({error})", file=sys.stderr)
            return 2
        return main(arguments)

    return run


def _pack(arguments: list[str]) -> int:
    from rnnkit.hand_in.pack import main

    return main(arguments)


def _bench(arguments: list[str]) -> int:
    from rnnkit.bench.verb import main

    return main(arguments)


def _test(arguments: list[str]) -> int:
    from rnnkit.clone.workshop import test

    return test(arguments)


def _test_all(arguments: list[str]) -> int:
    from rnnkit.clone.workshop import test_all

    return test_all(arguments)


def _lab(arguments: list[str]) -> int:
    from rnnkit.clone.workshop import lab

    return lab(arguments)


VERBS: dict[str, tuple[Callable[[list[str]], int], str]] = {
    "run": (_run, "train regimes through papermill: rnnkit run A1 B1 --profile smoke"),
    "report": (_report, "one HTML page: of DIR, or of nine regimes, trained at smoke size first"),
    "sweep": (_sweep, "train every combination of settings times seeds, into one table: rnnkit sweep FILE.toml"),
    "lengths": (_lengths, "try a trained network on longer sequences: rnnkit lengths RECORD"),
    "pack": (_pack, "students: collect the hand-in into one zip, or say what is missing"),
    "release": (
        _instructor("release", "grading.release.release"),
        "instructors: derive release/ and dist/student.zip from notebooks/",
    ),
    "grade": (_instructor("grade", "cli.grade"), "instructors: grade the submissions that came in, in a sandbox"),
    "feedback": (
        _instructor("feedback", "grading.report.feedback"),
        "instructors: one page of feedback for each student",
    ),
    "export": (_instructor("export", "grading.report.export"), "instructors: the grades of the class as CSV"),
    "bench": (_bench, "time the engines against each other, in one run, as ratios"),
    "doctor": (_doctor, "say whether everything is in place, and what to do where it is not"),
    "setup": (_setup, "make .venv, with everything the kit needs (python3 -m rnnkit setup in a bare clone)"),
    "test": (_test, "run the tests, but for the slow ones"),
    "test-all": (_test_all, "run all the tests"),
    "lab": (_lab, "open JupyterLab on the notebooks"),
}


def usage() -> str:
    """The verbs, one a line."""
    lines = [f"  {verb:<10}{text}" for verb, (_, text) in VERBS.items()]
    return "\n".join(["usage: rnnkit VERB [...]", "", *lines, "", "rnnkit VERB --help says more."])


def main(argv: list[str] | None = None) -> int:
    """Runs one verb; 2 for an unknown one."""
    arguments = sys.argv[1:] if argv is None else list(argv)
    if not arguments or arguments[0] in ("-h", "--help", "help"):
        print(usage())
        return 0
    verb, *rest = arguments
    if verb == "--version":
        from rnnkit import __version__

        print(__version__)
        return 0
    if verb not in VERBS:
        near = difflib.get_close_matches(verb, VERBS, n=1, cutoff=0.6)
        hint = f"; did you mean {near[0]!r}?" if near else ""
        print(f"rnnkit: unknown verb {verb!r}: expected one of {', '.join(VERBS)}{hint}", file=sys.stderr)
        return 2
    return VERBS[verb][0](rest)


if __name__ == "__main__":
    raise SystemExit(main())
