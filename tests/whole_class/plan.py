"""Who is in the class, and what is wrong with whose hand-in: drawn from a seed, and kept in ``truth.json``."""

from __future__ import annotations

import random
from dataclasses import asdict, dataclass, field
from typing import Any

from forgeries import KINDS

from rnnkit.checks.generate import Mistake, bank
from rnnkit.regimes import HANDOUT_REGIMES
from whole_class.names import FIRST, LAST

LEAST = 12  # students: below it not every group has two
HONEST, PARTIAL, MISTAKEN, COPY, FORGED, HOSTILE = GROUPS = (
    "honest", "partial", "mistaken", "copy", "forged", "hostile",
)  # fmt: skip
LACKS = ("questions", "runs", "report", "cells", "diagnostics", "all but one run")  # what a partial one does without
COPIED = ("all", "code", "prose", "all, and records")
ATTACKS = (
    "m_skip_tag", "r_copy_peer", "r_sabotage", "f_verdict", "m_delete_tests", "r_gradebook", "r_checks_patched",
    "f_nan", "r_fake_rnnkit", "m_edit_test", "r_plant", "m_raw_type", "r_systemexit", "f_types", "h_startup_files",
    "r_reply_ok", "m_old_outputs", "r_always_eq", "r_kill_parent", "f_other_question", "r_input_transform",
    "m_dup_test", "r_fake_result", "m_grade_false",
)  # fmt: skip
LATE = (("two hours", 2 * 3600), ("a day and a bit", 26 * 3600), ("three days", 71 * 3600))
# Of these at most one question has a mistake: a right answer to one calls the answer to another.
TOGETHER = (
    {"rnn_step", "rnn_forward"},
    {"gru_update_gate", "gru_reset_gate", "gru_candidate", "gru_step", "gru_forward"},
    {"grad_time", "sat_time", "gate_sat_time", "diagnostic_keys"},
    {"grad_norm", "clip"},
)


@dataclass
class Student:
    """One student, and what was injected.

    Fields:
        id: as the platform counts.
        group: one of `GROUPS`.
        seed: of all that is drawn for this one; the seed of the runs.
        runs: the runs that are trained and handed in.
        lacks: what is left out, of `LACKS`.
        empty: questions that are left as they were given out.
        mistakes: question -> name of the known mistake in it.
        source, copied: whose work this is, and what of it.
        forged: run -> kind of forgery.
        attack: the hostile case.
        late_s: how long after the due date it came; negative before it.
    """

    id: str
    first_name: str
    last_name: str
    group: str
    seed: int
    runs: list[str] = field(default_factory=list)
    lacks: str = ""
    empty: list[str] = field(default_factory=list)
    mistakes: dict[str, str] = field(default_factory=dict)
    source: str = ""
    copied: str = ""
    forged: dict[str, str] = field(default_factory=dict)
    attack: str = ""
    late_s: float = 0.0

    @property
    def name(self) -> str:
        return f"{self.first_name} {self.last_name}"

    @property
    def email(self) -> str:
        return f"s{self.id}@example.org"


def sizes(count: int) -> dict[str, int]:
    """How many there are of each group.

    Raises:
        ValueError: too few for all groups.
    """
    if count < LEAST:
        raise ValueError(f"expected at least {LEAST} students, got {count}")
    some = {PARTIAL: count // 8, MISTAKEN: count // 5, COPY: count // 10, FORGED: count // 6, HOSTILE: count // 12}
    some = {group: max(2, size) for group, size in some.items()}
    some[COPY] = max(some[COPY], min(len(COPIED), count // 6))
    some[FORGED] = min(some[FORGED], len(KINDS))
    return {HONEST: count - sum(some.values())} | some


def draw(count: int, seed: int) -> list[Student]:
    """The class."""
    rng = random.Random(f"class {seed}")
    groups = [group for group, size in sizes(count).items() for _ in range(size)]
    rng.shuffle(groups)
    names = rng.sample([(first, last) for first in FIRST for last in LAST], count)
    ids = rng.sample(range(100_000, 1_000_000), count)
    students = [
        Student(str(id), *name, group, rng.randrange(1, 2**31 - 1))
        for id, name, group in zip(ids, names, groups, strict=True)
    ]
    of: dict[str, list[Student]] = {group: [one for one in students if one.group == group] for group in GROUPS}
    for one in students:
        one.runs = list(HANDOUT_REGIMES)
        one.late_s = -rng.uniform(600, 5 * 86400)
    for number, one in enumerate(of[PARTIAL]):
        _leave_out(one, LACKS[number % len(LACKS)], rng)
    _mistaken(of[MISTAKEN], rng)
    _copies(of[COPY], rng.sample(of[HONEST], min(len(of[HONEST]), len(of[COPY]))))
    _forged(of[FORGED], rng)
    attacks = rng.sample(ATTACKS, len(ATTACKS))
    for number, one in enumerate(of[HOSTILE]):
        one.attack, one.runs = attacks[number % len(attacks)], []
    in_time = [one for one in students if one.group not in (HOSTILE, COPY)]
    for one in rng.sample(in_time, max(2, count // 8)):
        one.late_s = rng.choice(LATE)[1] + rng.uniform(0, 1800)
    return students


def _leave_out(one: Student, what: str, rng: random.Random) -> None:
    one.lacks = what
    if what == "questions":
        one.empty = rng.sample(["rnn_rho", "gru_rho", "grad_norm", "rho", "gate_sat_time", "pictures", "clip"], 3)
    if what in ("runs", "cells"):
        one.runs = []
    if what == "all but one run":
        one.runs = [rng.choice(HANDOUT_REGIMES)]


def _mistaken(students: list[Student], rng: random.Random) -> None:
    """Several known mistakes each; no mistake twice before all were had."""
    left: list[Mistake] = []
    for one in students:
        wanted, taken = rng.randint(2, 4), set[str]()
        one.runs = ["A1", "B2"]
        while len(one.mistakes) < wanted:
            if not any(mistake.question not in taken for mistake in left):
                left = rng.sample(list(bank()), len(bank()))
            mistake = left.pop(next(k for k, some in enumerate(left) if some.question not in taken))
            one.mistakes[mistake.question] = mistake.name
            taken |= next((group for group in TOGETHER if mistake.question in group), {mistake.question})


def _copies(students: list[Student], sources: list[Student]) -> None:
    for number, one in enumerate(students):
        one.source, one.copied = sources[number % len(sources)].id, COPIED[number % len(COPIED)]


def _forged(students: list[Student], rng: random.Random) -> None:
    """Every kind once, as far as there are records for it."""
    for number, kind in enumerate(KINDS):
        one = students[number % len(students)]
        free = [run for run in _fit(kind) if run not in one.forged]
        if free:
            one.forged[rng.choice(free)] = kind


def _fit(kind: str) -> list[str]:
    """The runs whose records have what a kind of forgery changes."""
    return [run for run in HANDOUT_REGIMES if "gate" not in kind or run in ("A4", "A5", "B2")]


def known(question: str, name: str) -> Mistake:
    """A known mistake."""
    return next(one for one in bank() if (one.question, one.name) == (question, name))


def truth(students: list[Student], count: int, seed: int) -> dict[str, Any]:
    """As it is stored."""
    return {"count": count, "seed": seed, "students": {one.id: asdict(one) for one in students}}


def read(stored: dict[str, Any]) -> list[Student]:
    """The class that is stored."""
    return [Student(**about) for about in stored["students"].values()]
