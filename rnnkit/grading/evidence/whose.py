"""Whose variant submitted runs and figures are of, where settings are drawn from each student's id: flags, no score."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.common.text import listed, one_line
from rnnkit.common.variant import DRAWN, OWNER, Variants, owner
from rnnkit.grading.variants import put_into
from rnnkit.notebook.cells import name_of
from rnnkit.record.find import Runs


@dataclass(frozen=True)
class Whose:
    """One student's variant among the class's.

    Fields:
        variants: what was given out.
        student: whose submission it is, by the platform.
        others: the ids of everybody who is known in the class.
        said: the id that came with the submission, where that is another one.
    """

    variants: Variants
    student: str
    others: tuple[str, ...] = ()
    said: str = ""

    @cached_property
    def own(self) -> dict[str, int]:
        """The student's settings, by name."""
        return dict(self.variants.of(self.student).values)

    @cached_property
    def _owners(self) -> dict[tuple[int, ...], str]:
        """Who has which values; of the student's own nobody else."""
        everybody = (*([self.said] if self.said else ()), *self.others)
        return {tuple(dict(self.variants.of(id).values).values()): id for id in everybody if id != self.student}

    def staged(self, stage: Path) -> tuple[Whose, list[str]]:
        """Reads ``student.txt`` among the staged files, and puts what the course knows in its place.

        Returns:
            this, with what the file said; flags where it is not the student's id.
        """
        said, flags = "", []
        try:
            said = owner(stage)
            if said.casefold() != self.student.casefold():
                flags = [f"{OWNER} says {said}, it was handed in by {self.student}"]
        except BadValue as why:
            there = (stage / OWNER).exists()
            flags = [one_line(f"{OWNER}: no id can be read in it" if there else str(why).split(";")[0], 160)]
            flags = flags if there else [f"{OWNER}: expected the student's id, the file was not handed in"]
        put_into(stage, self.variants, self.student)
        return replace(self, said=said if flags else ""), flags

    def looked_at(self, settings: Any, known: Runs) -> tuple[Any, list[str]]:
        """A run's settings with what varies put back to what the assignment has, and what is said of it.

        A run that does not vary stays as it is; of that only another's draw is told.
        """
        got = {name: getattr(settings, name, None) for name in self.own}
        for run in self.variants.runs:
            due = known.get(run)
            back = self._put_back(settings, {name: getattr(due, name) for name in self.own})
            if known.key_of(settings.name)[0] == run or known.named(back)[0] == run:
                return back, self._told(got, {name: getattr(due, name) for name in self.own})
        return settings, self._told(got) if tuple(got.values()) in self._owners else []

    def _put_back(self, settings: Any, values: Mapping[str, int]) -> Any:
        try:
            return settings.replace(**values)
        except BadValue:  # beside other settings that it cannot have
            return settings

    def _told(self, got: Mapping[str, Any], usual: Mapping[str, Any] | None = None) -> list[str]:
        """What is said of values that are not the student's own."""
        if dict(got) == self.own:
            return []
        shown, own = (one_line(", ".join(f"{n} {v!r}" for n, v in one.items()), 80) for one in (got, self.own))
        another = self._owners.get(tuple(got.values()))
        if another is not None:
            whose = f"that of {another}" + (f", whom {OWNER} names" if another == self.said else "")
        else:
            whose = "the handout's" if got == usual else "nobody's in the class"
        return [f"{shown} is {whose}; {self.student} has {own}"]

    def of_figures(self, notebooks: Mapping[str, Mapping[str, Any]]) -> list[str]:
        """What is said of figures in submitted notebooks that say which values their runs have."""
        told: dict[tuple[str, str], list[str]] = defaultdict(list)
        for name, notebook in notebooks.items():
            for cell in (one for one in notebook["cells"] if isinstance(one, dict)):
                for run, values in _drawn_in(cell):
                    got = {key: values.get(key) for key in self.own}
                    foreign = run in self.variants.runs or tuple(got.values()) in self._owners
                    for text in self._told(got) if foreign else ():
                        told[name, text].append(f"{one_line(name_of(cell) or 'a cell', 40)} ({one_line(run, 40)})")
        return [f"{name}: figures: {text}: {listed([*dict.fromkeys(places)])}" for (name, text), places in told.items()]


def _drawn_in(cell: Mapping[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    """Runs, and what varies of them, that the outputs of a cell say to show; of anything else nothing."""
    outputs = cell.get("outputs")
    marks = [one.get("metadata") for one in outputs if isinstance(one, dict)] if isinstance(outputs, list) else []
    drawn = [one.get(DRAWN) for one in marks if isinstance(one, dict)]
    runs = [run for one in drawn if isinstance(one, dict) for run in one.items()]
    return [
        (name, {key: value for key, value in values.items() if type(value) is int and abs(value) < 1 << 63})
        for name, values in runs
        if isinstance(values, dict)
    ]
