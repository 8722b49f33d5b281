"""What the checks say to a file of wrong answers: ``python -m tests.bank.measure FILE [--show] [--only WORD]``.

The file has ``WRONG``, a list of dicts: ``name``, ``question``, ``text`` (the whole cell), ``says`` (regular expressions,
one of which a true diagnosis matches) and ``not`` (those that would be false); and ``RIGHT``, with name, question, text.

Without a file: all pairs of known mistakes, each of which is to be told one of the two, and nothing else but observations.
"""

from __future__ import annotations

import argparse
import importlib.util
import re
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import torch

from rnnkit.assignments.training_dynamics.questions import QUESTIONS
from rnnkit.checks import generate
from rnnkit.checks.report import Report
from rnnkit.checks.runner import examine

BARE = re.compile(r"^\d+ of \d+ entries differ|^also different: |^the same as above|^they differ as well|^missing: |"
                  r"^[^:]{1,40}: expected -?[\d.]+(e[-+]?\d+)?, got (-?[\d.]+(e[-+]?\d+)?|nan|-?inf)$")  # fmt: skip


def told(report: Report) -> list[str]:
    """The sentences of a report, without details that are numbers alone."""
    details = [detail for case in report.cases for detail in case.details if not BARE.search(detail)]
    return list(dict.fromkeys([*report.messages, *details]))


def verdict(entry: dict[str, Any], report: Report) -> str:
    """passed, false, true, clue or silent."""
    if report.points == report.most:
        return "passed"
    sentences = told(report)
    for word, patterns in (("false", entry["not"]), ("true", entry["says"])):
        if any(re.search(pattern, text, re.IGNORECASE) for pattern in patterns for text in sentences):
            return word
    return "clue" if sentences else "silent"


def of_pair(one: Any, other: Any, report: Report) -> str:
    """The same of two known mistakes at once; true where a message is that of either."""
    if report.points == report.most:
        return "passed"
    said = " ".join(told(report))
    if one.message in said or other.message in said:
        return "true"
    others = [mistake.message for mistake in generate.bank() if mistake.question == one.question]
    return "other" if any(message in said for message in others) else "clue" if told(report) else "silent"


def _module(path: Path) -> Any:
    sys.path.insert(0, str(path.resolve().parent))
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _report(question: str, text: str) -> Report:
    return examine(QUESTIONS[question], generate.student_object(question, text))


def main() -> None:
    """Prints a word for each answer that is not true, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("file", type=Path, nargs="?")
    parser.add_argument("--show", action="store_true", help="with the reports")
    parser.add_argument("--only", default="", help="answers whose name has this in it")
    chosen, counts = parser.parse_args(), Counter()
    torch.set_num_threads(1)
    if chosen.file:
        module = _module(chosen.file)
        answers = [(entry["name"], entry["question"], entry["text"], entry) for entry in module.WRONG]
        answers = [one for one in answers if one[1] in QUESTIONS]
    else:
        answers = [
            (f"{id}: {one.name} + {other.name}", id, text, (one, other))
            for id in QUESTIONS
            for one, other, text in generate.pairs(id)
        ]
    for name, question, text, about in answers:
        if chosen.only in name:
            report = _report(question, text)
            word = verdict(about, report) if chosen.file else of_pair(*about, report)
            counts[word] += 1
            if word != "true":
                print(f"{word:7}{name}")
                if chosen.show:
                    print("\n".join(f"       | {line}" for line in report.text().split("\n")))
    print(f"{sum(counts.values())}: {', '.join(f'{count} {word}' for word, count in counts.items())}")
    if chosen.file:
        refused = [entry["name"] for entry in module.RIGHT if entry["question"] in QUESTIONS and _partly(entry)]
        print(f"right ones refused: {len(refused)} of {len(module.RIGHT)} {'; '.join(refused)}")


def _partly(entry: dict[str, Any]) -> bool:
    report = _report(entry["question"], entry["text"])
    return report.points < report.most


if __name__ == "__main__":
    main()
