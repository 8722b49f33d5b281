"""What a trained character model says: samples by temperature, and whether its verbs agree with their subjects."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from torch import Tensor

from rnnkit.assignments.bptt.networks import States, at_rest, hidden, named
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.assignments.bptt.text import ALPHABET, TEXTS, corpus, decode, encode, probes, topics

TEMPERATURES = (0.2, 0.7, 1.2)


class Speaker:
    """A trained network ``(P,)``, one symbol after the other."""

    def __init__(self, settings: Trial, weights: np.ndarray) -> None:
        self.settings = settings
        self.w = named(torch.from_numpy(np.asarray(weights)).unsqueeze(0), settings.shapes)

    def at_rest(self, batch: int = 1) -> States:
        """Before the first symbol."""
        like = self.w["b_h"].new_zeros(1, batch, self.settings.H)
        return at_rest(self.settings.network, like, self.settings.link)

    def read(self, symbols: np.ndarray, before: States) -> tuple[Tensor, States]:
        """Log probabilities ``(T, B, V)`` of what comes after each of ``(T, B)`` symbols, and the last states."""
        x = torch.eye(len(ALPHABET), dtype=self.w["b_h"].dtype)[torch.from_numpy(symbols)].unsqueeze(1)
        states, after = hidden(self.settings.network, self.w, x, before, self.settings.phi)
        return (states[:, 0] @ self.w["W_ho"][0] + self.w["b_o"][0]).log_softmax(-1), after


def held_out(settings: Trial, weights: np.ndarray, batch: int = 50) -> float:
    """Nats a character of the text that was not learnt from, read in so many pieces."""
    _, rest = corpus(settings.task)
    pieces = rest[: len(rest) // batch * batch].reshape(batch, -1).T[:1001]
    speaker = Speaker(settings, weights)
    said, _ = speaker.read(pieces[:-1], speaker.at_rest(batch))
    return float(-said.gather(-1, torch.from_numpy(pieces[1:]).unsqueeze(-1)).mean())


def sample(
    settings: Trial, weights: np.ndarray, temperature: float, begin: str = "The ", count: int = 200, seed: int = 0
) -> str:
    r"""Text that a network goes on with, character by character.

    .. math:: p_i \propto \exp(o_i / \mathrm{temperature})

    Arguments:
        temperature: 1 for the network's own odds, towards 0 for its favourite, above 1 for surprises.
        begin: what it has read.
    """
    rng, speaker, symbols = np.random.default_rng(seed), Speaker(settings, weights), [*encode(begin)]
    said, states = speaker.read(np.array(symbols)[:, None], speaker.at_rest())
    for _ in range(count):
        odds = (said[-1, 0].double() / temperature).softmax(-1).numpy()
        symbols.append(int(rng.choice(len(ALPHABET), p=odds / odds.sum())))
        said, states = speaker.read(np.array([[symbols[-1]]]), states)
    return decode(np.array(symbols))


def agreement(settings: Trial, weights: np.ndarray) -> dict[int, tuple[int, int]]:
    """By the number of attractors: how often the right verb is more probable than the wrong one, and of how many."""
    speaker = Speaker(settings, weights)

    def odds(prefix: str, verb: str) -> float:
        symbols = encode("\n" + prefix + verb + " ")
        said, _ = speaker.read(symbols[:-1, None], speaker.at_rest())
        rows = range(len(prefix), len(symbols) - 1)
        return float(sum(said[t, 0, symbols[t + 1]] for t in rows))

    return {
        n: (sum(odds(one.prefix, one.right) > odds(one.prefix, one.wrong) for one in found), len(found))
        for n, found in probes().items()
    }


def said(settings: Trial, weights: np.ndarray, temperature: float) -> str:
    """A sample that begins as the text that was learnt does."""
    return sample(settings, weights, temperature, "The " if settings.task == "text" else "\nthe ").lstrip("\n")


def samples(settings: Trial, weights: np.ndarray, temperatures: Sequence[float] = TEMPERATURES) -> str:
    """One sample for each temperature, with what the text's hash says; for other tasks a line that says so."""
    if settings.task not in TEXTS:
        return f"{settings.task} is no text"
    told = [f"temperature {one:g}:\n{said(settings, weights, one)}" for one in temperatures]
    return "\n\n".join([*([topics()[1]] if settings.task == "text" else []), *told])
