"""Text for the character model: topics of CPython's own help, and sentences whose verbs agree with their subjects."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

import numpy as np

from rnnkit.common.names import lookup
from rnnkit.tasks.agreement import WORDS

ALPHABET = "\n" + "".join(map(chr, range(32, 127)))  # any other character becomes a question mark
SHA256 = {  # of the topics, by the version of Python they come with: each release has a text of its own
    "3.11.2": "cec54c2700dcedd6196a9a5ea13103824975d5029b93f7e09c805e9ae1838772",
    "3.11.7": "37d06970fc926e60c16dff401e441b84752446a36b6b64516c229fdec77e992c",
    "3.12.1": "64a4b3fd3c33d73d0d6368b5fba69d5086fa75e6f73f091235eab317fe823719",
    "3.13.0": "a68b7f5ba5e4f20a336cdc120f82b2921abdbdf57087aa6603ec52f342ce5a1c",
}
TABLES = "3.11.7"  # whose text the tables in sweeps/ are of
HELD_OUT = 0.1  # of the text, at its end
SENTENCES = 8000
NOUNS, PLACES = WORDS["noun"][:12], WORDS["place"][:6]  # with more of them the sentences would be others
VERBS = tuple(zip(WORDS["verb"], WORDS["verbs"], strict=True))[:3]
ENDS = ("old", "new", "here", "gone", "red", "cold")
MOST = 2  # nouns between subject and verb


class Probe(NamedTuple):
    """The beginning of a sentence, and how it may go on.

    Fields:
        attractors: nouns of the other number between subject and verb.
    """

    prefix: str
    right: str
    wrong: str
    attractors: int


def encode(text: str) -> np.ndarray:
    """``(N,)``: each character's place in the alphabet."""
    places = {one: n for n, one in enumerate(ALPHABET)}
    return np.array([places.get(one, places["?"]) for one in text])


def decode(symbols: np.ndarray) -> str:
    """The text of places in the alphabet."""
    return "".join(ALPHABET[one] for one in symbols)


def topics() -> tuple[str, str]:
    """The help's topics by their names, and what their hash says, see `said_of`."""
    from pydoc_data.topics import topics as found

    parts = [found[name] for name in sorted(found)]
    return "\n".join(parts), said_of(hashlib.sha256("".join(parts).encode()).hexdigest(), platform.python_version())


def said_of(digest: str, version: str) -> str:
    """Which text a hash is of, in a line for the record: any will do, but figures are compared on equal ones only."""
    known = next((name for name, one in SHA256.items() if one == digest), "")
    whose = f"the text of Python {known}" if known else f"a text that is none of {', '.join(SHA256)}"
    own = "" if known == TABLES else f"; the tables are of {TABLES}'s, so its figures are others"
    return f"Python {version}, hash {digest[:8]}: {whose}{own}"


def probe(rng: np.random.Generator) -> Probe:
    """A random sentence up to its verb: ``the key near the cats`` goes on with ``is``, not ``are``."""
    plural = int(rng.integers(2))
    words, attractors = ["the", NOUNS[rng.integers(len(NOUNS))] + "s" * plural], 0
    for _ in range(rng.integers(MOST + 1)):
        other = int(rng.integers(2))
        attractors += other != plural
        words += [PLACES[rng.integers(len(PLACES))], "the", NOUNS[rng.integers(len(NOUNS))] + "s" * other]
    verb = VERBS[rng.integers(len(VERBS))]
    return Probe(" ".join(words) + " ", verb[plural], verb[1 - plural], attractors)


def sentences(seed: int = 0, count: int = SENTENCES) -> str:
    """So many sentences, a line each."""
    rng = np.random.default_rng(seed)
    begun = [probe(rng) for _ in range(count)]
    return "\n".join(f"{one.prefix}{one.right} {ENDS[rng.integers(len(ENDS))]}" for one in begun)


TEXTS = {"text": lambda: topics()[0], "grammar": sentences}


@cache
def corpus(name: str) -> tuple[np.ndarray, np.ndarray]:
    """The places in the alphabet of a text, ``text`` or ``grammar``: what is learnt from, and what is held out."""
    symbols = encode(lookup(TEXTS, name, "text")())
    cut = int(len(symbols) * (1 - HELD_OUT))
    return symbols[:cut], symbols[cut:]


@cache
def unigram(name: str) -> float:
    """Nats a character of who knows how frequent each is, and nothing else."""
    train, _ = corpus(name)
    share = np.bincount(train, minlength=len(ALPHABET)) / len(train)
    share = share[share > 0]
    return float(-(share * np.log(share)).sum())


def probes(count: int = 600, seed: int = 1) -> Mapping[int, list[Probe]]:
    """Beginnings of sentences by their number of attractors."""
    rng = np.random.default_rng(seed)
    found: dict[int, list[Probe]] = {n: [] for n in range(MOST + 1)}
    for _ in range(count):
        one = probe(rng)
        found[one.attractors].append(one)
    return found
