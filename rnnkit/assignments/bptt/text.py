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
SHA256 = {"3.11.7": "37d06970fc926e60c16dff401e441b84752446a36b6b64516c229fdec77e992c"}  # of the topics, by version
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
    """The help's topics by their names, and what their hash says: they are another text in each version."""
    from pydoc_data.topics import topics as found

    parts, version = [found[name] for name in sorted(found)], platform.python_version()
    text, digest = "\n".join(parts), hashlib.sha256("".join(parts).encode()).hexdigest()
    if version not in SHA256:
        return text, f"Python {version}: hash {digest[:8]}, not compared: figures elsewhere are of {', '.join(SHA256)}"
    said = "as expected" if digest == SHA256[version] else f"not {SHA256[version][:8]}, as expected"
    return text, f"Python {version}: hash {digest[:8]}, {said}"


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
