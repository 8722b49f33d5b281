"""The cases of the nine questions: what a student's function is asked for, and what each part is worth."""

from __future__ import annotations

from typing import Any

from rnnkit.assignments.lookback.asked import asks, at, sentences, whole_numbers
from rnnkit.checks.case import Case, Run, form

BINS = ("1", "2-3", "4-5", "6+")
RATES: dict[str, Any] = dict.fromkeys((*BINS, "all", "balanced", "majority"), ())
GRADIENTS: dict[str, Any] = {"dU": "HH", "dV": "KH", "dW": "HO"}
BACK: dict[str, Any] = {"s_prev": "H", "Ur": "HH", "Uz": "HH", "Uh": "HH"}


def _network(*kept: str, x: str = "x") -> Run:
    shapes: dict[str, Any] = {"s": "TH", "y": "TO"} if x != "x_1" else {"s": "1H", "y": "1O"}
    return asks(f"x={x}:i U V W", shapes, *kept)


def _gradient(tau: str, *kept: str, one: str = "") -> Run:
    return asks(f"x=x{one}:i d=d{one}:i s=s{one} y=y{one} U V W tau={tau}:i", GRADIENTS, *kept)


def _gru(*kept: str, s: str = "s", update: str = "Uz Vz") -> Run:
    return asks(f"x:i s={s} Ur Vr {update} Uh Vh", dict.fromkeys(("s_t", "r", "z", "c"), "H"), *kept)


def _back(*kept: str, s: str = "s", c_prev: str = "c_prev", keys: bool = False) -> Run:
    return asks(f"ds s={s} c_prev={c_prev} r z c Ur Uz Uh", BACK, *kept, parts=dict, keys=keys)


def _losses(*kept: str, of: str = "") -> Run:
    return asks(f"ys={of}y* ds={of}d*:i", {"nats": (), "perplexity": ()}, *kept)


def _norms(*kept: str, of: tuple[int, ...] = (0, 1, 2, 3), keys: bool = False) -> Run:
    return asks(sentences(*of), {"per_tau": None, "accumulated": None}, *kept, parts=dict, keys=keys)


def _rates(*kept: str, label: str = "label", keys: bool = False) -> Run:
    return asks(f"distance:i predicted:i label={label}:i", RATES, *kept, parts=dict, keys=keys)


def _updates(kept: str, n: str = "n") -> Run:
    return whole_numbers(f"n={n}:i batch_size=batch:i", "indices", "divisors", kept=kept)


def _cases() -> dict[str, tuple[Case, ...]]:
    return {
        "rnn_forward": (
            Case("states", 1.0, _network("s")),
            Case("outputs", 0.75, _network("y")),
            form("shapes", 0.25, Case("", 0, _network())),
            Case("one word", 0.5, _network(x="x_1")),
            Case("the same word all along", 0.5, _network(x="alike")),
        ),
        "mean_loss": (
            Case("nats per word", 0.75, _losses("nats")),
            Case("perplexity", 0.5, _losses("perplexity")),
            Case("one sentence", 0.25, _losses(of="one_")),
            Case("one word", 0.25, _losses(of="word_")),
            Case("nothing lost", 0.25, _losses(of="sure_")),
        ),
        "lookback_gradient": (
            Case("tau 0: dU and dV", 1.0, _gradient("none", "dU", "dV")),
            Case("dW", 0.5, _gradient("two", "dW")),
            Case("tau 2: dU and dV", 1.5, _gradient("two", "dU", "dV")),
            Case("tau beyond the sentence", 1.0, _gradient("beyond", "dU", "dV")),
            form("shapes", 0.5, Case("", 0, _gradient("two"))),
            Case("one word", 0.5, _gradient("two", one="_1")),
        ),
        "gru_step": (
            Case("new state", 0.75, _gru("s_t")),
            Case("gates", 0.5, _gru("r", "z")),
            Case("candidate", 0.5, _gru("c")),
            form("shapes", 0.25, Case("", 0, _gru())),
            Case("z near 1: all is kept", 0.25, _gru("s_t", update="Uz=no_U Vz=open")),
            Case("z near 0: all is new", 0.25, _gru("s_t", update="Uz=no_U Vz=shut")),
            Case("the first word", 0.5, _gru("s_t", "r", "z", "c", s="first")),
        ),
        "gru_backward": (
            Case("s_prev", 1.5, _back("s_prev")),
            Case("Uh", 0.75, _back("Uh")),
            Case("Uz", 0.75, _back("Uz")),
            Case("Ur", 1.0, _back("Ur")),
            Case("keys", 0.25, _back(keys=True)),
            Case("the first word", 0.5, _back(s="first", c_prev="no_c")),
            Case("another candidate before", 0.25, _back(c_prev="c")),
        ),
        "learning_rate": (
            Case("annealed", 0.5, at("one", "epoch")),
            Case("the first epoch", 0.25, at("first")),
            Case("anneal 0", 0.25, at("first", "epoch", anneal="none")),
        ),
        "contribution_norms": (
            Case("keys", 0.5, _norms(keys=True)),
            Case("per_tau", 0.75, _norms("per_tau")),
            Case("accumulated", 0.75, _norms("accumulated")),
            Case("one sentence", 0.5, _norms(of=(2,))),
            Case("a word, and two", 0.5, _norms(of=(3, 1))),
        ),
        "by_distance": (
            Case("keys", 0.5, _rates(keys=True)),
            Case("by distance", 0.5, _rates(*BINS)),
            Case("all and balanced", 0.5, _rates("all", "balanced")),
            Case("majority", 0.25, _rates("majority")),
            Case("one class alone", 0.25, _rates("all", "balanced", "majority", label="alone")),
        ),
        "update_after": (
            Case("indices", 0.25, _updates("indices")),
            Case("divisors", 0.25, _updates("divisors")),
            Case("no rest", 0.25, _updates("divisors", n="whole")),
            Case("a rest of one", 0.25, _updates("divisors", n="single")),
        ),
    }


CASES = _cases()
