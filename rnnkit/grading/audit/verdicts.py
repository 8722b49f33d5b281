"""What was found out about records, kept in ``grading/audit.json`` by the sha256 of each."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from rnnkit.common.names import BadValue
from rnnkit.common.text import one_line
from rnnkit.common.whole import save_text
from rnnkit.runs.replay import DIFFERS, REPRODUCED, UNREPLAYED

FILE = "audit.json"
OWN = "done again by the student's own cells"


@dataclass
class Verdict:
    """What doing a record's training again has shown.

    Fields:
        run: its name, of a named run the short one.
        verdict: reproduced, differs, or not replayable.
        at: the first update that is not the record's; 0 where that is none, or the network that it begins with.
        said: what differs, why it cannot be done again, or from where on nothing can be said.
        done: first and last update of each stretch that was done again.
        exact: whether every bit of them is the record's.
        same: whether it says that it was made with the versions of everything that are here.
        doubts: what looks made up in the record itself.
        prints, settings: by which it is compared with all others, see `together`.
        cells: the sha256 of the cells that trained it, where they are not the built-in ones. Which matrix the spectral
            radius is of is their word, also where the formulas train.
        seconds, seed, audited: how long it was looked at most, what the stretches were drawn with, and when; UTC.
    """

    run: str
    verdict: str = UNREPLAYED
    at: int = 0
    said: str = ""
    done: list[list[int]] = field(default_factory=list)
    exact: bool = False
    same: bool = False
    doubts: list[str] = field(default_factory=list)
    prints: dict[str, str] = field(default_factory=dict)
    settings: str = ""
    cells: str = ""
    seconds: float = 0.0
    seed: int = 0
    audited: str = ""

    @property
    def differs(self) -> bool:
        """Whether the training came out otherwise."""
        return self.verdict == DIFFERS

    @property
    def updates(self) -> int:
        """How many were done again."""
        return len({update for begin, end in self.done for update in range(begin, end + 1)})

    @property
    def text(self) -> str:
        """The verdict in a line."""
        bits = "bit for bit" if self.exact else "up to the last digits"
        how = {
            REPRODUCED: f"{REPRODUCED}, {self.updates} updates {bits}",
            DIFFERS: f"{DIFFERS} from update {self.at} on" if self.at else f"{DIFFERS} from the beginning",
        }.get(self.verdict, UNREPLAYED)
        return f"{how}: {self.said}" if self.said else how


def verdict_of(line: Mapping[str, Any], **about: Any) -> Verdict:
    """A line of the process that does records again, of which nothing is trusted, as a `Verdict`."""
    words: dict[str, Any] = {name: one_line(line.get(name, ""), 400) for name in ("run", "said", "cells")}
    known = line.get("verdict") in (REPRODUCED, DIFFERS, UNREPLAYED)
    done = [[int(begin), int(end)] for begin, end in list(line.get("done", []))[:8]]
    if any(not 0 <= begin <= end + 1 < 1 << 26 for begin, end in done):
        raise BadValue("expected updates, got others")
    return Verdict(
        **words,
        verdict=line["verdict"] if known else UNREPLAYED,
        at=max(0, int(line.get("at", 0))),
        done=done,
        exact=line.get("exact") is True,
        same=line.get("same") is True,
        doubts=[one_line(doubt, 200) for doubt in list(line.get("doubts", []))[:10]],
        prints={one_line(k, 60): one_line(v, 20) for k, v in [*dict(line.get("prints", {})).items()][:40]},
        settings=one_line(line.get("settings", ""), 4000),
        **about,
    )


class Verdicts:
    """All of an assignment's; `save` writes them, whole or not at all."""

    def __init__(self, path: Path, assignment: str) -> None:
        self.path, self.assignment = path, assignment
        self.content: dict[str, Any] = {}
        try:
            if path.exists():
                self.content = json.loads(path.read_text(encoding="utf-8"))
            stored = self.content.get(assignment, {})
            self.known = {sha256: Verdict(**kept) for sha256, kept in stored.items()}
        except (OSError, ValueError, TypeError, AttributeError) as error:
            raise BadValue(
                f"{path}: expected the verdicts of an audit, got something else ({type(error).__name__}); move it "
                "away, and every record is done again"
            ) from None

    def settled(self, sha256: str, seconds: float) -> bool:
        """Whether a record need not be done again: it was, or was looked at for as long as is asked."""
        one = self.known.get(sha256)
        return one is not None and (one.verdict != UNREPLAYED or one.seconds >= seconds)

    def save(self) -> None:
        """Writes them."""
        self.content[self.assignment] = {sha256: asdict(self.known[sha256]) for sha256 in sorted(self.known)}
        save_text(self.path, json.dumps(self.content, indent=1, ensure_ascii=False) + "\n")


@dataclass(frozen=True)
class OfStudent:
    """One student's records: ``(sha256, verdict)`` in the order of their runs, and why there is nothing to say."""

    student: str
    records: list[tuple[str, Verdict]]
    why: str = ""

    @property
    def suspicious(self) -> bool:
        """Whether a person should look at it."""
        return any(one.differs or one.doubts for _, one in self.records)


def together(students: Iterable[OfStudent]) -> dict[str, list[str]]:
    """Doubts that only show beside other records: by sha256, what one has in common with another that it cannot have.

    Times are nobody else's; a curve of another seed is none of this one's. Copies of whole files are told elsewhere.
    """
    seen: dict[tuple[str, str], list[tuple[str, str, Verdict]]] = {}
    for one in students:
        for sha256, verdict in one.records:
            for name, print_ in verdict.prints.items():
                seen.setdefault((name, print_), []).append((one.student, sha256, verdict))
    found: dict[str, list[str]] = {}
    for (name, _), several in seen.items():
        for student, sha256, verdict in several:
            for other, its, theirs in several:
                if its != sha256 and (name == "wall_time" or _seeds(verdict) != _seeds(theirs)):
                    whose = f"{other}'s {theirs.run}" if other != student else f"{theirs.run}, too"
                    how = "" if name == "wall_time" else ", which has another seed"
                    found.setdefault(sha256, []).append(f"{name} is that of {whose}{how}")
    return {sha256: [*dict.fromkeys(said)] for sha256, said in found.items()}


def _seeds(verdict: Verdict) -> dict[str, Any]:
    try:
        settings = json.loads(verdict.settings)
        return {name: value for name, value in settings.items() if "seed" in name}
    except (ValueError, AttributeError):
        return {}
