"""All pairs of a class: how much of code and of prose two students have in common, and which records and pictures."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import combinations

import numpy as np

from rnnkit.grading.alike.rare import Common, Scale, common
from rnnkit.grading.alike.usual import Background
from rnnkit.grading.alike.work import PASTED, Work
from rnnkit.grading.ledger import Entry
from rnnkit.grading.notebooks.copied import copies

THRESHOLD = 0.74  # of a score; honest students' pairs stay below it, see the tests
# Of code all are asked for the same pieces; of prose one may have added to what was another's.
CODE, PROSE = Scale(least=15.0, evened=1.0, both=True), Scale(least=40.0, evened=0.5, both=False)
SAME_RUN, SAME_PICTURE, SAME_NUMBERS = 1.0, 0.8, 0.3  # scores of what two hand-ins share beside texts
FEW = 6  # students; what more of them have tells no pair
MOST_SHOWN, LEAST_SHOWN = 150, 20  # pairs
BINS = 50  # of the scores of all pairs


@dataclass(frozen=True)
class Pair:
    """Two students, the parts of their score, and what they share beside texts, in words."""

    left: int
    right: int
    code: float
    prose: float
    records: float
    said: tuple[str, ...] = ()

    @property
    def score(self) -> float:
        """The largest of the parts."""
        return max(self.code, self.prose, self.records)


@dataclass
class Compared:
    """A class, compared.

    Fields:
        works: by number, as pairs name them.
        pairs: the most alike first: those above the threshold, and some of the others.
        above: how many are above the threshold; not all of them may be in `pairs`.
        groups: students whom pairs above the threshold hold together.
        counts: how many pairs have a score in each of `BINS` bins from 0 to 1.
        code, prose: what all have in common.
    """

    works: list[Work]
    pairs: list[Pair]
    above: int
    groups: list[list[int]]
    counts: list[int]
    code: Common = field(repr=False)
    prose: Common = field(repr=False)


def compare(
    works: Sequence[Work], entries: Mapping[str, Entry], usual: Background, threshold: float = THRESHOLD
) -> Compared:
    """Compares all pairs of a class.

    Arguments:
        works: of the students.
        entries: of the ledger: which records each of them has.
        usual: what tells nothing.
        threshold: of a score, from which on a pair is worth a look.
    """
    code = common([one.prints(True) for one in works], usual.code, CODE)
    prose = common([one.prints(False) for one in works], usual.prose, PROSE)
    shared = _shared(works, entries, usual)
    scores = np.maximum(code.share, prose.share)
    for (left, right), found in shared.items():
        scores[left, right] = max(scores[left, right], *(score for score, _ in found))
    lefts, rights = np.triu_indices(len(works), 1)
    values = scores[lefts, rights]
    counts, _ = np.histogram(values, BINS, (0, 1))
    order = np.argsort(-values, kind="stable")
    above = int((values >= threshold).sum())
    pairs = []
    for number in order[: min(max(above, LEAST_SHOWN), MOST_SHOWN)]:
        left, right = int(lefts[number]), int(rights[number])
        found = shared.get((left, right), [])
        parts = float(code.share[left, right]), float(prose.share[left, right])
        records = max((score for score, _ in found), default=0.0)
        pairs.append(Pair(left, right, *parts, records, tuple(text for _, text in found)))
    pairs.sort(key=lambda one: (-one.score, -(one.code + one.prose + one.records)))
    edges = [(int(lefts[number]), int(rights[number])) for number in order[:above]]
    return Compared([*works], pairs, above, _groups(edges), counts.tolist(), code, prose)


def _shared(
    works: Sequence[Work], entries: Mapping[str, Entry], usual: Background
) -> dict[tuple[int, int], list[tuple[float, str]]]:
    """What pairs share beside texts: (smaller, larger number) -> scores and words, the weightiest first."""
    number = {work.student: place for place, work in enumerate(works)}
    known = {student: entries[student] for student in number if student in entries}
    found: dict[tuple[int, int], list[tuple[float, str]]] = defaultdict(list)

    def pairs_of(students: Sequence[str]) -> Iterator[tuple[int, int]]:
        yield from combinations(sorted(number[student] for student in students), 2)

    for keys, students in copies(known):
        for left, right in pairs_of(students):
            files = [{*known[works[one].student].records.values()} for one in (left, right)]
            same = f"the same record of {keys}" if files[0] & files[1] else f"the same run of {keys}, saved again"
            found[left, right].append((SAME_RUN, same))
    told = {*found}
    for (key, _), students in _shared_by_few((entry.curves.items(), student) for student, entry in known.items()):
        for pair in {*pairs_of(students)} - told:
            found[pair].append((SAME_NUMBERS, f"the same curves of {key}, as machines of one kind give them"))
    pictures = ((((hash, "") for hash in one.pictures if hash not in usual.pictures), one.student) for one in works)
    for (hash, _), students in _shared_by_few(pictures):
        name = works[number[students[0]]].pictures[hash]
        score = SAME_PICTURE if PASTED in name else SAME_NUMBERS
        for pair in pairs_of(students):
            found[pair].append((score, f"the same picture: {name}"))
    return {pair: sorted(texts, key=lambda one: -one[0]) for pair, texts in found.items()}


def _shared_by_few(
    lists: Iterable[tuple[Iterable[tuple[str, str]], str]],
) -> Iterator[tuple[tuple[str, str], list[str]]]:
    """What a few students have, and who."""
    owners: dict[tuple[str, str], list[str]] = defaultdict(list)
    for items, student in lists:
        for item in items:
            owners[item].append(student)
    yield from ((item, students) for item, students in owners.items() if 1 < len(students) <= FEW)


def _groups(edges: Sequence[tuple[int, int]]) -> list[list[int]]:
    """Who hangs together, the largest groups first."""
    group: dict[int, set[int]] = {}
    for left, right in edges:
        both = group.get(left, {left}) | group.get(right, {right})
        group |= dict.fromkeys(both, both)
    groups = {tuple(sorted(one)) for one in group.values()}
    return [[*one] for one in sorted(groups, key=lambda one: (-len(one), one))]
