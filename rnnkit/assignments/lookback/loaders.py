"""Sentences from the coursework's files and from Linzen's table, which users bring along: none of them is part of this.

They are read line by line, and no further than needed.
"""

from __future__ import annotations

import csv
import gzip
import re
import zlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BufferedReader
from itertools import islice
from pathlib import Path
from typing import NamedTuple

import numpy as np

from rnnkit.assignments.lookback.corpus import DEV, TEST, Sentences, Splits, number, words
from rnnkit.assignments.lookback.vocabulary import PLURAL, SINGULAR, Vocabulary
from rnnkit.common.names import BadValue
from rnnkit.tasks.agreement import Parsed

VOCABULARY = "vocab.wiki.txt"
TRAIN_FILE, DEV_FILE, TEST_FILE = "wiki-train.txt", "wiki-dev.txt", "wiki-test.txt"
LABELS = {"VBZ": SINGULAR, "VBP": PLURAL}


class Layout(NamedTuple):
    """A kind of table: separated by tabs, the first line names the columns.

    Fields:
        subject, verb: columns with the places of the two in the sentence.
        first: what the first word's place is called, 0 or 1.
        attractors: column with their number; empty if there is none.
        verbs: columns with the verb, and the verb for the other number.
        quoted: whether a field may stand in quotation marks, as Python's own csv writes some.
    """

    subject: str
    verb: str
    first: int
    attractors: str = ""
    verbs: tuple[str, ...] = ()
    quoted: bool = False

    @property
    def columns(self) -> list[str]:
        """All that have to be there."""
        more = [self.attractors] if self.attractors else []
        return ["sentence", self.subject, self.verb, "verb_pos", *more, *self.verbs]


WIKI = Layout("subj_idx", "verb_idx", 0, verbs=("verb", "inflected_verb"))
LINZEN = Layout("subj_index", "verb_index", 1, attractors="n_diff_intervening", quoted=True)


class Row(NamedTuple):
    """One sentence of a table: its words, the places of subject and verb from 0, and what else is known (-1: not)."""

    words: list[str]
    subject: int
    verb: int
    label: int
    attractors: int
    verbs: Sequence[str]


class Place:
    """A line of a file, to complain about."""

    def __init__(self, path: Path) -> None:
        self.path, self.line = path, 0

    def wrong(self, expected: str, got: str) -> BadValue:
        """An error that says where, what was expected and what came."""
        got = got if len(got) <= 60 else f"{got[:57]}..."
        return BadValue(
            f"{self.path}, line {self.line}: expected {expected}, got {got}; put the line right, or leave it out"
        )

    def whole(self, text: str, column: str, least: int, most: int) -> int:
        """A whole number in a column."""
        if not re.fullmatch(r"[0-9]{1,9}", text) or not least <= int(text) <= most:
            raise self.wrong(f"{column} to be a whole number from {least} to {most}", repr(text))
        return int(text)


def _open(path: Path) -> gzip.GzipFile | BufferedReader:
    if not path.is_file():
        raise BadValue(f"expected a file {path}, found none: it is yours to bring along; without it, use the grammar")
    return gzip.open(path) if path.suffix == ".gz" else path.open("rb")


def lines(path: Path, quoted: bool = False) -> Iterator[tuple[Place, list[str]]]:
    """Each line that is not empty, as its fields between tabs, with its place."""
    place = Place(path)
    with _open(path) as file:
        try:
            for place.line, line in enumerate(file, 1):
                text = line.decode("utf-8-sig").strip("\r\n")
                if text.strip():
                    yield place, next(csv.reader([text], delimiter="\t")) if quoted else text.split("\t")
        except (UnicodeDecodeError, csv.Error, gzip.BadGzipFile, EOFError, zlib.error) as error:
            raise place.wrong("text in UTF-8", str(error)) from None


def rows(path: str | Path, layout: Layout = WIKI) -> Iterator[Row]:
    """The sentences of a table, one after the other.

    Arguments:
        path: of the file, which may be compressed with gzip.
        layout: which columns it has; what else stands there is not read.

    Raises:
        BadValue: there is no such file, or a line is none of such a table: says which line and what was expected.
    """
    header: list[str] = []
    for place, fields in lines(Path(path), layout.quoted):
        if not header:
            header = [one.strip() for one in fields]
            missing = [one for one in layout.columns if one not in header]
            if missing:
                raise place.wrong(f"the columns {', '.join(layout.columns)}, with tabs between", f"no {missing[0]}")
            continue
        if len(fields) != len(header):
            raise place.wrong(f"{len(header)} columns with tabs between", str(len(fields)))
        yield _row(place, dict(zip(header, fields, strict=True)), layout)
    if not header:
        raise BadValue(f"{path}: expected a first line with the columns {', '.join(layout.columns)}, got an empty file")


def _row(place: Place, found: Mapping[str, str], layout: Layout) -> Row:
    sentence = found["sentence"].split()
    if len(sentence) < 2:
        raise place.wrong("a sentence of at least 2 words", repr(found["sentence"]))
    last = len(sentence) - 1 + layout.first
    verb = place.whole(found[layout.verb], layout.verb, layout.first + 1, last)
    subject = place.whole(found[layout.subject], layout.subject, layout.first, verb - 1)
    if found["verb_pos"] not in LABELS:
        raise place.wrong("verb_pos to be VBZ or VBP", repr(found["verb_pos"]))
    attractors = place.whole(found[layout.attractors], layout.attractors, 0, last) if layout.attractors else -1
    verbs = [found[one].strip() for one in layout.verbs]
    if "" in verbs:
        raise place.wrong(" and ".join(layout.verbs), "an empty one")
    label = LABELS[found["verb_pos"]]
    return Row(sentence, subject - layout.first, verb - layout.first, label, attractors, verbs)


def parsed(found: Sequence[Row], known: Vocabulary) -> Parsed:
    """Rows in the words of a vocabulary."""
    verb = np.array([row.verb for row in found])
    verbs = [known.encode(row.verbs) if row.verbs else np.array([-1, -1]) for row in found]
    return Parsed(
        [known.encode(row.words) for row in found], verb, np.array([row.label for row in found]),
        verb - [row.subject for row in found], np.array([row.attractors for row in found]), np.stack(verbs),
    )  # fmt: skip


def load_vocabulary(path: str | Path, V: int = 2000) -> Vocabulary:
    """The first V words of the coursework's ``vocab.wiki.txt``: a word, its count and its frequency on each line.

    Raises:
        BadValue: there is no such file, or a line is none of it.
    """
    listed, counts = [], []
    for place, fields in lines(Path(path)):
        parts = " ".join(fields).split()
        if len(parts) != 3:
            raise place.wrong("a word, its count and its frequency", f"{len(parts)} of them")
        listed.append(parts[0])
        counts.append(place.whole(parts[1], "the count", 0, 10**9))
    return Vocabulary(listed, counts, V)


def _some(path: Path, found: Iterator[Row], n: int) -> list[Row]:
    if n < 1:
        raise BadValue(f"expected at least 1 sentence, got {n}")
    some = list(islice(found, n))
    if len(some) < n:
        raise BadValue(f"{path}: expected {n} sentences, found {len(some)}: ask for so many, or bring the whole file")
    return some


def _wiki(folder: Path, head: Callable[[Parsed], Sentences], sizes: Sequence[int], V: int) -> Splits:
    known = load_vocabulary(folder / VOCABULARY, V)
    parts = []
    for name, n in zip((TRAIN_FILE, DEV_FILE, TEST_FILE), sizes, strict=True):
        parts.append(head(parsed(_some(folder / name, rows(folder / name), n), known)))
    return Splits(parts[0], parts[1], parts[2], known)


def load_wiki_np(
    folder: str | Path, n_train: int = 10000, n_dev: int = DEV, n_test: int = TEST, V: int = 2000
) -> Splits:
    """Number prediction on the coursework's files: the words before the verb, without ``<s>``.

    The files do not say how many attractors there are.

    Arguments:
        folder: where ``vocab.wiki.txt``, ``wiki-train.txt``, ``wiki-dev.txt`` and ``wiki-test.txt`` are.
        n_train, n_dev, n_test: sentences, the first ones of each file.
        V: words that are known.

    Raises:
        BadValue: a file is not there, too short, or not as it should be: says which, which line, and what was expected.

    *Source:* the coursework's `load_np_dataset`.
    """
    return _wiki(Path(folder), number, (n_train, n_dev, n_test), V)


def load_wiki_lm(
    folder: str | Path, n_train: int = 1000, n_dev: int = DEV, n_test: int = TEST, V: int = 2000
) -> Splits:
    """The language model on the coursework's files, between ``<s>`` and ``</s>``; see `load_wiki_np`.

    *Source:* the coursework's `load_lm_dataset`.
    """
    return _wiki(Path(folder), words, (n_train, n_dev, n_test), V)


def load_linzen(
    path: str | Path,
    n_train: int = 10000,
    n_dev: int = DEV,
    n_test: int = TEST,
    V: int = 2000,
    vocabulary: Vocabulary | None = None,
    head: Callable[[Parsed], Sentences] = number,
) -> Splits:
    """The first sentences of Linzen's ``agr_50_mostcommon_10K.tsv``: for dev, then for test, then for training.

    A sentence that comes again is left out, so that none is in two splits. The table does not say what the verb's other
    number is.

    Arguments:
        path: of the table, which may be compressed with gzip.
        n_train, n_dev, n_test: sentences.
        V: words that are known.
        vocabulary: its words; by default those of the training sentences, counted.
        head: `corpus.number`, or `corpus.words` for the language model.

    Raises:
        BadValue: there is no such file, it is too short, or a line is none of such a table.

    *Source:* Linzen, Dupoux, Goldberg 2016.
    """
    path, found = Path(path), _once(rows(path, LINZEN))
    dev, test, train = (_some(path, found, n) for n in (n_dev, n_test, n_train))
    known = vocabulary or Vocabulary.counted((row.words for row in train), V)
    return Splits(head(parsed(train, known)), head(parsed(dev, known)), head(parsed(test, known)), known)


def _once(found: Iterator[Row]) -> Iterator[Row]:
    seen = set()
    for row in found:
        key = " ".join(row.words)
        if key not in seen:
            seen.add(key)
            yield row
