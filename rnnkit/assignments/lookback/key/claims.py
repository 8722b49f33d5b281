"""The document's seven predictions and what else it says, each with a verdict that is computed from the tables.

``python -m rnnkit.assignments.lookback.key.claims notebooks/lookback`` renews the table in the notes there,
INSTRUCTORS.md.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from rnnkit.assignments.lookback.key.comparisons import (
    LOOKBACK,
    SAME,
    TENTH,
    Rows,
    after,
    at,
    changes,
    fades,
    higher,
    learns,
    lower,
    takes_longer,
    unchanged,
    usual,
    vanishes,
)  # fmt: skip
from rnnkit.common.statistics import mean_interval
from rnnkit.runs.claims import Claim, Finding, Tables, claims_table, denied, renew

MODELS = ("rnn", "gru")
LOWER, HIGHER, STILL = "the mean change is below 0", "the mean change is above 0", f"the mean change is within {SAME:g}"
NEAR, MIDDLE, FAR = "1", "5", "15"  # lookbacks at which what else is turned is compared


def turned(what: str, model: str, lookback: str) -> tuple[Rows, Rows]:
    """Networks of one kind at one lookback, before and after something else was turned up."""
    here = {"model": model, "lookback": lookback}
    return {
        "5,000 to 50,000 sentences": (at("figure3a", train="5000", **here), at("figure3a", train="50000", **here)),
        "10 to 40 epochs": (after("10", **here), after("40", **here)),
        "10 to 50 units": (at("figure4b", H="10", **here), at(LOOKBACK, **here)),
        "batches of 500 to 10": (at("figure5ab", batch="500", **here), at("figure5ab", batch="10", **here)),
        "rates of .1 to .8": (at("figure5c", lr="0.1", **here), at("figure5c", lr="0.8", **here)),
    }[what]


MORE = ("5,000 to 50,000 sentences", "10 to 40 epochs", "10 to 50 units")
TUNED = ("batches of 500 to 10", "rates of .1 to .8")


def slower(tables: Tables) -> Finding:
    """The GRU's factor per step is larger than the RNN's."""
    found = mean_interval([*changes(tables, usual("rnn", "20"), usual("gru", "20"), "fall").values()])
    return Finding(found.said("+.3f"), True if found.low > 0 else False if found.high < 0 else None)


def kept(tables: Tables) -> Finding:
    """The GRU's terms do not fade."""
    found = fades("gru")(tables)
    return Finding(found.value, denied(found.holds))


def of_gradients() -> Iterator[Claim]:
    """Predictions 1 and 2."""
    a_tenth = f"the factor per lag of the trained networks' terms is below {TENTH:.2f}: a tenth of five lags"
    yield Claim("1. the RNN's gradients vanish", a_tenth, fades("rnn"))
    yield Claim("1. at high lookback there are essentially no weight updates",
                "all terms together are less than half of those of lags 0 and 1", vanishes("rnn"))  # fmt: skip
    yield Claim("2. the GRU mitigates this", "its factor per lag is above the RNN's", slower)
    yield Claim("2. the GRU's gradients stay", f"its factor per lag is above {TENTH:.2f}", kept)


def of_lookback() -> Iterator[Claim]:
    """Predictions 3 to 5."""
    for model in MODELS:
        for tau in ("0", NEAR):
            here = lower(usual(model, tau), usual(model, MIDDLE))
            yield Claim(f"3. both improve within small ranges: {model}, {tau} to {MIDDLE}", LOWER, here)
    yield Claim("3. the RNN stagnates beyond: 5 to 10", STILL, unchanged(usual("rnn", "5"), usual("rnn", "10")))
    yield Claim("3. the GRU goes on gaining: 5 to 10", LOWER, lower(usual("gru", "5"), usual("gru", "10")))
    yield Claim("4. the RNN does not deteriorate: 5 to 20", STILL, unchanged(usual("rnn", "5"), usual("rnn", "20")))
    yield Claim("4. the GRU deteriorates: 10 to 20", HIGHER, higher(usual("gru", "10"), usual("gru", "20")))
    for model in MODELS:
        yield Claim(f"5. looking back takes time: {model}, 0 to 20", "a tenth more an epoch", takes_longer(model))
    yield Claim("5. the GRU's time grows more: 0 to 20", "a tenth more is added", takes_longer("gru", "rnn"))


def of_settings() -> Iterator[Claim]:
    """Predictions 6 and 7."""
    for what in MORE:
        for model in MODELS:
            here = lower(*turned(what, model, NEAR))
            yield Claim(f"6. at low lookback both gain from {what}: {model}, lookback {NEAR}", LOWER, here)
        few, many = turned(what, "rnn", MIDDLE)[1], turned(what, "rnn", FAR)[1]
        yield Claim(f"6. with more steps the RNN stagnates all the same, after {what}: {MIDDLE} to {FAR}", STILL,
                    unchanged(few, many))  # fmt: skip
        few, many = turned(what, "gru", MIDDLE)[1], turned(what, "gru", FAR)[1]
        yield Claim(f"6. with more steps the GRU improves, after {what}: {MIDDLE} to {FAR}", LOWER, lower(few, many))
    for what in TUNED:
        for model in MODELS:
            yield Claim(f"7. {what} have the same effect at all lookbacks: {model}, at {FAR} as at {NEAR}",
                        f"the two mean changes differ by no more than {SAME:g}",
                        unchanged(*turned(what, model, NEAR), *turned(what, model, FAR)))  # fmt: skip
    for model in MODELS:
        yield Claim(f"7. smaller batches are better, 500 to 10: {model}, lookback {MIDDLE}",
                    f"{LOWER}; as many epochs, 50 times as many updates",
                    lower(*turned("batches of 500 to 10", model, MIDDLE)))  # fmt: skip


def of_tables() -> Iterator[Claim]:
    """What else it says."""
    for H in ("25", "50"):
        runs = [at("table1", H=H, lr="0.5", lookback=tau) for tau in ("0", "2", "5")]
        yield Claim(f"table 1: looking back hardly changes the loss: {H} units, 0 to 2", STILL, unchanged(*runs[:2]))
        yield Claim(f"table 1: no steps back are best: {H} units, 0 to 5", HIGHER, higher(runs[0], runs[2]))
    for tau in ("0", "2", "5"):
        small, large = (at("table1", H=H, lr="0.5", lookback=tau) for H in ("25", "50"))
        yield Claim(f"table 1: 50 units are better than 25: {tau} steps back", LOWER, lower(small, large))
    for rate in ("0.5", "0.1", "0.05"):
        yield Claim(f"table 1: at the rate {rate} something is learnt", "the loss is below a unigram model's",
                    learns(at("table1", lr=rate)))  # fmt: skip
    best = at("table7", lookback="3")
    yield Claim("table 7: 3 steps back are best: 0 to 3", LOWER, lower(at("table7", lookback="0"), best))
    yield Claim("table 7: more are worse: 3 to 8", HIGHER, higher(best, at("table7", lookback="8")))
    for H in ("10", "25", "50"):
        plain, gated = (at("table2", H=H, model=model) for model in MODELS)
        yield Claim(f"table 2: the GRU is better without looking back: {H} units", LOWER, lower(plain, gated))
    for tau in ("0", "5"):
        tanh = at("gates", phi="tanh", lookback=tau)
        yield Claim(f"the GRU's tanh is what is better: an RNN with it, lookback {tau}", LOWER,
                    lower(usual("rnn", tau), tanh))  # fmt: skip
        yield Claim(f"the GRU's gates are what is better: than an RNN with tanh, lookback {tau}", LOWER,
                    lower(tanh, usual("gru", tau)))  # fmt: skip
    for gates, said in (("no_r", "r"), ("no_z", "z"), ("none", "r and z")):
        yield Claim(f"the GRU's gates are what is better: worse without {said}, lookback 5", HIGHER,
                    higher(usual("gru", "5"), at("gates", gates=gates, lookback="5")))  # fmt: skip
    yield Claim("figure 4a: too many epochs raise the GRU's loss: the best of 10 against the last of 40, lookback 15",
                HIGHER, higher(after("10", "gru", FAR), after("40", "gru", FAR), last="last_loss"))  # fmt: skip


CLAIMS = (*of_gradients(), *of_lookback(), *of_settings(), *of_tables())


def main(folder: Path) -> None:
    """Renews the notes of a folder of notebooks."""
    renew(folder / "INSTRUCTORS.md", claims_table(CLAIMS, Tables(folder / "sweeps")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
