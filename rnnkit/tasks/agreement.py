"""A small grammar of English whose verbs agree with their subjects, over any distance and any number of attractors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from typing import NamedTuple

import numpy as np

from rnnkit.common.names import BadValue

# A word's frequency among those of its kind falls with its place, so the order matters. The first twelve nouns, six
# places and three verbs are those of the character model's sentences: what is new goes to the end.
WORDS = {
    kind: words.split()
    for kind, words in {
        "noun": "cat dog key book bird farmer king letter river teacher window doctor author banker bridge brother "
        "building camera car castle chair coach cousin desk driver engine field flower forest garden guest hat island "
        "jacket judge lamp lawyer leader machine market neighbor novel painter paper park pilot planet player poet "
        "road sailor ship singer sister table tower train village wall writer",
        "place": "near behind beside under above with from beyond without past against toward",
        "verb": "is was has needs sees makes helps knows shows remains wants likes remembers",
        "verbs": "are were have need see make help know show remain want like remember",
        "owner": "the my their our her his your its no some",
        "quality": "old new red small cold young tall dark quiet green famous strange heavy bright local empty poor "
        "blue early simple proud clean wild soft narrow rich calm round gentle broken modern distant silver wooden "
        "lonely golden hidden noisy ancient tiny",
        "manner": "often still never always now really also usually seldom clearly perhaps rarely hardly gladly",
        "deed": "saw met found heard knew followed called liked watched painted missed praised",
        "syllable": "ba de fi go ka le mi no pa re si to va we zi ru la me ni so",
        "end": ". , that",
    }.items()
}
HISSING = ("s", "x", "z", "ch", "sh")  # ends after which a plural has an e
NAMES = len(WORDS["syllable"]) ** 3  # many more than a vocabulary has
FALL, FALL_OF_NAMES = 1.0, 0.5  # frequency of the n-th word is n to the power of minus this

ABSENT = -1
MOST = 8  # phrases before the subject, and pieces between subject and verb
BLOCK = 1000  # sentences for which numbers are drawn at once
OWNER, SUBJECT_OWNER, QUALITY = 0.7, 0.8, 0.35  # how often a noun has one before it
OPENING, OPENING_MORE, NAME = 0.55, 0.6, 0.35  # a phrase before the subject, another one, and a name in it
MANNER, CLAUSE = 0.22, 0.2  # of the pieces between subject and verb; all others begin with a place
P_PLURAL = 15849 / 50000  # of the training sentences of the coursework
P_ADJACENT = 0.659  # verbs that come just after their subject
P_ATTRACTOR = 0.5
P_MORE = 0.28


class Parsed(NamedTuple):
    """Sentences as places in a list of words, and what is known of their subjects and verbs.

    Fields:
        sentences: n arrays of int64, the verb among them.
        verb: ``(n,)`` the verb's place in its sentence; the subject's is ``verb - distance``.
        label: ``(n,)`` 0 for a singular subject, 1 for a plural one.
        distance: ``(n,)`` steps from the subject to its verb, 1 where nothing is between them.
        attractors: ``(n,)`` nouns of the other number between the two; -1 where that is not known.
        verbs: ``(n, 2)`` the verb as it has to be, and the same verb for the other number; -1 where that is not known.
    """

    sentences: list[np.ndarray]
    verb: np.ndarray
    label: np.ndarray
    distance: np.ndarray
    attractors: np.ndarray
    verbs: np.ndarray

    def part(self, start: int, stop: int | None = None) -> Parsed:
        """The sentences from ``start`` up to ``stop``."""
        cut = slice(start, stop)
        known = self.label[cut], self.distance[cut], self.attractors[cut], self.verbs[cut]
        return Parsed(self.sentences[cut], self.verb[cut], *known)


class Kind(NamedTuple):
    """Words of one kind: the first one's place in the list of all words, and the odds of each, added up."""

    start: int
    odds: np.ndarray

    def draw(self, rng: np.random.Generator, present: np.ndarray) -> np.ndarray:
        """``(n,)`` places of words, ``ABSENT`` where there is to be none."""
        words = self.start + np.searchsorted(self.odds, rng.random(len(present)), side="right")
        return np.where(present, words, ABSENT)


def plural_of(noun: str) -> str:
    """The plural of a noun of the grammar, which has none that is irregular."""
    return noun + ("es" if noun.endswith(HISSING) else "s")


@cache
def lexicon() -> tuple[list[str], dict[str, Kind]]:
    """All words, and the kinds they are of; a noun's or verb's other number is as far behind it as those kinds are."""
    numbers = range(1, 7919 * NAMES, 7919)  # neighbours in the list have little in common
    names = ["".join(WORDS["syllable"][n // 20**place % 20] for place in range(3)) for n in numbers]
    kinds: dict[str, Sequence[str]] = {
        **{kind: those for kind, those in WORDS.items() if kind not in ("end", "syllable")},
        **{end: [end] for end in WORDS["end"]},
        **{"nouns": [plural_of(one) for one in WORDS["noun"]], "name": names},
    }
    words: list[str] = []
    found = {}
    for kind, those in kinds.items():
        fall = FALL_OF_NAMES if kind == "name" else FALL
        odds = np.cumsum(np.arange(1.0, len(those) + 1) ** -fall)
        found[kind] = Kind(len(words), odds / odds[-1])
        words += those
    return words, found


class Draw:
    """A block of sentences in the making: a column of words after the other, with holes where a sentence has none."""

    def __init__(self, rng: np.random.Generator, n: int) -> None:
        self.rng, self.n, self.columns, self.words = rng, n, [], lexicon()[1]

    def happens(self, p: float) -> np.ndarray:
        """``(n,)``: whether it does, with this probability."""
        return self.rng.random(self.n) < p

    def add(self, kind: str, present: np.ndarray, plural: np.ndarray | int = 0) -> np.ndarray:
        """A column of words of a kind, which is given back."""
        shift = self.words[f"{kind}s"].start - self.words[kind].start if f"{kind}s" in self.words else 0
        drawn = self.words[kind].draw(self.rng, present)
        self.columns.append(np.where(present, drawn + shift * plural, ABSENT))
        return self.columns[-1]

    def noun(self, present: np.ndarray, plural: np.ndarray, owner: float = OWNER, name: float = 0.0) -> None:
        """A noun with what stands before it, or a name."""
        named = present & self.happens(name)
        present = present & ~named
        self.add("owner", present & self.happens(owner))
        self.add("quality", present & self.happens(QUALITY))
        self.add("noun", present, plural)
        self.add("name", named)

    def opening(self, p_plural: float) -> None:
        """Phrases before the subject, with a comma."""
        begun = more = self.happens(OPENING)
        for _ in range(MOST):
            self.add("place", more)
            self.noun(more, self.happens(p_plural), name=NAME)
            more = more & self.happens(OPENING_MORE)
        self.add(",", begun)

    def between(self, plural: np.ndarray, p_adjacent: float, p_attractor: float, p_more: float) -> np.ndarray:
        """What parts subject and verb; ``(n,)``: how many attractors are in it."""
        attractors, more = np.zeros(self.n, dtype=np.int64), ~self.happens(p_adjacent)
        for _ in range(MOST):
            kind = self.rng.random(self.n)
            manner, clause = more & (kind < MANNER), more & (kind >= MANNER) & (kind < MANNER + CLAUSE)
            self.add("manner", manner)
            self.add("that", clause)
            self.add("deed", clause)
            self.add("place", more & ~manner & ~clause)
            other = self.happens(p_attractor)
            self.noun(more & ~manner, plural ^ other)
            attractors += more & ~manner & other
            more = more & self.happens(p_more)
        return attractors

    def rest(self, p_plural: float) -> None:
        """What comes after the verb."""
        always = np.ones(self.n, dtype=bool)
        self.noun(always, self.happens(p_plural), name=NAME)
        place = self.happens(0.5)
        self.add("place", place)
        self.noun(place, self.happens(p_plural), name=NAME)
        self.add(".", always)

    def before(self, columns: int) -> np.ndarray:
        """``(n,)``: words in the first so many columns."""
        return (np.stack(self.columns[:columns]) != ABSENT).sum(axis=0)

    def sentences(self) -> list[np.ndarray]:
        """The words of each, without the holes."""
        table = np.stack(self.columns, axis=1)
        there = table != ABSENT
        return np.split(table[there], np.cumsum(there.sum(axis=1))[:-1])


def _block(rng: np.random.Generator, n: int, p_plural: float, *odds: float) -> Parsed:
    draw, always = Draw(rng, n), np.ones(n, dtype=bool)
    plural = draw.happens(p_plural).astype(np.int64)
    draw.opening(p_plural)
    draw.noun(always, plural, owner=SUBJECT_OWNER)
    subject = len(draw.columns) - 1  # the last column has names, of which a subject is none
    attractors = draw.between(plural, *odds)
    verb = len(draw.columns)
    right = draw.add("verb", always, plural)
    draw.rest(p_plural)
    wrong = right + len(WORDS["verb"]) * (1 - 2 * plural)
    place = draw.before(verb)
    distance = place - draw.before(subject) + 1
    return Parsed(draw.sentences(), place, plural, distance, attractors, np.stack([right, wrong], axis=1))


def different(blocks: Iterable[Parsed], n: int) -> Parsed:
    """The first n sentences of some blocks, each of which stands once.

    Raises:
        BadValue: there are not so many.
    """
    seen: set[bytes] = set()
    parts: list[Parsed] = []
    for block in blocks:
        new = []
        for i, sentence in enumerate(block.sentences):
            key = sentence.tobytes()
            if key not in seen and len(seen) < n:
                seen.add(key)
                new.append(i)
        parts.append(Parsed([block.sentences[i] for i in new], *(field[new] for field in block[1:])))
        if len(seen) == n:
            break
    else:
        raise BadValue(f"expected {n} different sentences, found {len(seen)}: ask for fewer, or allow more words")
    rest = [np.concatenate(fields) for fields in list(zip(*parts, strict=True))[1:]]
    return Parsed([one for part in parts for one in part.sentences], *rest)


def sentence_blocks(
    seed: int,
    n: int,
    *,
    p_plural: float = P_PLURAL,
    p_adjacent: float = P_ADJACENT,
    p_attr: float = P_ATTRACTOR,
    p_more: float = P_MORE,
) -> Iterator[Parsed]:
    """Blocks of 1000 sentences, some of which may be alike: more than enough for n that are not; see below."""
    odds = {"p_plural": p_plural, "p_adjacent": p_adjacent, "p_attr": p_attr, "p_more": p_more}
    for name, p in odds.items():
        if not 0 <= p <= 1:
            raise BadValue(f"{name}: expected a probability, 0 to 1, got {p}")
    if n < 1:
        raise BadValue(f"expected at least 1 sentence, got {n}")
    for number in range(10 + 3 * n // BLOCK):
        yield _block(np.random.default_rng([seed, number]), BLOCK, *odds.values())


def agreement_grammar(n: int, seed: int = 2018, **odds: float) -> Parsed:
    """Sentences of a small grammar, no two of them alike: ``near my cars , the king behind the keys is cold .``

    With the same seed and odds, fewer sentences are the first ones of more.

    Arguments:
        n: sentences.
        seed: of the draws.
        odds: ``p_plural`` (.317) of subjects; ``p_adjacent`` (.659) of verbs that come just after their subject, while
            all others have a chain of pieces before them; ``p_attr`` (.5) of nouns in the chain whose number is not the
            subject's; ``p_more`` (.28) of chains that go on after each of their pieces, of which there are 8 at most.

    Returns:
        places in ``lexicon()[0]``.

    Raises:
        BadValue: no sentence, or odds that are no probability.

    *Source:* Linzen, Dupoux, Goldberg 2016, whose sentences it stands for.
    """
    return different(sentence_blocks(seed, n, **odds), n)
