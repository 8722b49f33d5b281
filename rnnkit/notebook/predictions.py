"""What a student foretold of runs, and when their figures were first opened: ``predictions.json`` beside the notebooks.

Each entry holds run, choices, sentence and time, and a hash of these and of the hash before. So the file shows what was
changed by the calls of this kit, and edits after which the hashes were not made anew. It cannot show that its end was
cut off, or that somebody wrote all of it: it is a student's word, and its points are for having said something.
"""

from __future__ import annotations

import hashlib
import json
import shutil
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from rnnkit.common.lock import locked
from rnnkit.common.names import BadValue, unknown
from rnnkit.common.small import read_small
from rnnkit.common.text import one_line, shown
from rnnkit.common.whole import free_name, save_text

if TYPE_CHECKING:
    from rnnkit.record.asked import Asked

FILE = "predictions.json"
KINDS = PREDICTED, SKIPPED, OPENED, MENDED = "predicted", "skipped", "opened", "mended"
MOST_BYTES, MOST_ENTRIES = 1 << 18, 2000  # of the file
MOST_CHOICES, MOST_NAME, MOST_TEXT = 20, 100, 500  # of an entry; characters
WORDS = 3  # that a sentence has at least
CHANGED, LATE = "changed after its figure was opened", "made after its figure was opened"
FORETOLD = {"rnnkit_foretold": True}  # of a picture of predictions in a notebook, which is not due


@dataclass(frozen=True)
class Entry:
    """One thing that happened.

    Fields:
        what: ``predicted``; ``skipped``, its figures may open without; ``opened``, a figure of it was, first; or
            ``mended``, the file before was edited or damaged, and is kept.
        run: a named run's short name, else the run's own; of a mended file the name of the kept one.
        choices: answers by question, of a prediction.
        because: the sentence, of a prediction; of a mended file what was wrong.
        time: in UTC, to the second.
        hash: sha256 of all this and of the hash before.
    """

    what: str
    run: str
    choices: Mapping[str, str] = field(default_factory=dict)
    because: str = ""
    time: str = ""
    hash: str = ""

    def chained(self, before: str) -> Entry:
        """This entry behind one of that hash."""
        content = [before, self.what, self.run, dict(sorted(self.choices.items())), self.because, self.time]
        return replace(self, hash=hashlib.sha256(json.dumps(content).encode()).hexdigest())

    @property
    def said(self) -> tuple[dict[str, str], str]:
        """What was foretold."""
        return dict(self.choices), self.because

    @property
    def answers(self) -> str:
        """The choices in words."""
        return ", ".join(f"{name} {answer}" for name, answer in self.choices.items())


@dataclass(frozen=True)
class Standing:
    """What a chain says of one run.

    Fields:
        first: what it was when a figure of the run was first opened, which counts; else the first after that.
        last: what it is now.
        late: whether the first was made after a figure of the run was opened.
        changed: whether another one was made after that.
        passed: whether its figures open: there is a prediction, or it was skipped.
        opened: whether a figure of it was opened.
    """

    first: Entry | None
    last: Entry | None
    late: bool
    changed: bool
    passed: bool
    opened: bool

    @property
    def note(self) -> str:
        """What every view of the prediction says; mostly nothing."""
        return LATE if self.late else f"{CHANGED}; before: {self.first.answers}" if self.changed and self.first else ""


def standing(entries: Sequence[Entry], run: str) -> Standing:
    """What entries say of a run."""
    of_run = [one for one in entries if one.run == run and one.what != MENDED]
    kinds = [one.what for one in of_run]
    opened = kinds.index(OPENED) if OPENED in kinds else len(kinds)
    before, after = ([one for one in part if one.what == PREDICTED] for part in (of_run[:opened], of_run[opened:]))
    return Standing(
        first=next(iter([*before[-1:], *after]), None),
        last=next(iter([*after[::-1], *before[-1:]]), None),
        late=bool(after) and not before,
        changed=bool(after) and bool(before),
        passed=PREDICTED in kinds or SKIPPED in kinds,
        opened=OPENED in kinds,
    )


def refusal(asked: Iterable[Asked], choices: Mapping[str, Any], because: Any) -> str:
    """Why this is no whole prediction; empty where it is one."""
    known = {one.name: one for one in asked}
    for name in choices:
        if name not in known:
            return unknown(name, known, "question")
    for name, one in known.items():
        if (answer := choices.get(name, "")) not in one.answers:
            return f"{name}: expected one of {', '.join(map(repr, one.answers))}, got {shown(repr(answer))}"
    if not isinstance(because, str) or len(because.split()) < WORDS:
        return f"because: expected a sentence of {WORDS} words or more, got {shown(repr(because))}"
    return ""


def read(path: Path) -> tuple[list[Entry], str]:
    """The entries of a file as far as they are some, and where its chain is broken; empty where it is whole.

    Raises:
        OSError: there is no such file, or it is none to be read.
        ValueError: it is too large, or not such a file.
    """
    stored = read_small(path, MOST_BYTES).get("entries")
    if not isinstance(stored, list) or len(stored) > MOST_ENTRIES:
        raise ValueError(f"{path.name} holds no entries, or too many")
    entries, before, broken = [], "", 0
    for number, one in enumerate(stored, 1):
        entry = _entry(one)
        if entry is None or entry != entry.chained(before):
            broken = broken or number
        if entry is not None:
            entries.append(entry)
            before = entry.hash
    return entries, f"entry {broken} does not follow from the one before: edited by hand, or damaged" if broken else ""


def _entry(stored: Any) -> Entry | None:
    """An entry, where it is one and of a size that the kit writes."""
    if not isinstance(stored, dict) or stored.keys() != Entry.__dataclass_fields__.keys():
        return None
    choices, texts = stored["choices"], [text for name, text in stored.items() if name != "choices"]
    if not isinstance(choices, dict) or len(choices) > MOST_CHOICES or stored["what"] not in KINDS:
        return None
    texts += [*choices, *choices.values()]
    whole = all(isinstance(text, str) and text == one_line(text, MOST_TEXT) for text in texts)
    return Entry(**stored) if whole else None


def append(path: Path, new: Iterable[Entry]) -> str:
    """Puts entries at the end, with the time; the file is written whole or not at all.

    One that is broken or cannot be read is kept aside, and what can be read of it goes on in a new one.

    Returns:
        what there is to say of it; mostly nothing.

    Raises:
        BadValue: the file cannot be written, or would become too large.
    """
    try:
        with locked(path.with_name(f".{path.name}.lock"), BadValue(f"{path.name} is being written; try again"), 5):
            entries, said = _so_far(path)
            for one in new:
                entries.append(_now(one).chained(entries[-1].hash if entries else ""))
            text = json.dumps({"entries": [asdict(one) for one in entries]}, indent=1) + "\n"
            if len(text) > MOST_BYTES or len(entries) > MOST_ENTRIES:
                raise BadValue(f"{path.name} would become too large; nothing is stored")
            save_text(path, text)
    except OSError as error:
        raise BadValue(f"{path.name} could not be written: {error.strerror or error}; nothing is stored") from None
    return said


def _so_far(path: Path) -> tuple[list[Entry], str]:
    """The entries until now, and what there is to say where the file had to be begun again."""
    try:
        entries, broken = read(path)
    except FileNotFoundError:
        return [], ""
    except ValueError as error:
        entries, broken = [], one_line(error, MOST_TEXT)
    if not broken:
        return entries, ""
    kept = free_name(path, path.suffix)
    shutil.copyfile(path, kept)
    again = [_now(Entry(MENDED, kept.name, because=broken)).chained("")]
    for one in entries:
        again.append(one.chained(again[-1].hash))
    return again, f"{path.name}: {broken}; it is kept as {kept.name}, and what can be read of it goes on in a new one"


def _now(entry: Entry) -> Entry:
    return replace(entry, time=datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
