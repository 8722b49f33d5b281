"""The document's claims, each with a verdict that is computed from the sweeps' tables.

``python -m rnnkit.assignments.bptt.key.claims notebooks/bptt`` renews the table in the notes there, INSTRUCTORS.md.
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from statistics import median

import torch

from rnnkit.assignments.bptt.examples import CLASSES
from rnnkit.assignments.bptt.settings import Trial
from rnnkit.assignments.bptt.tables import learnt, longest, numbers, parted
from rnnkit.assignments.bptt.training import gradient
from rnnkit.assignments.bptt.vanilla import VanillaRNN
from rnnkit.runs.claims import Claim, Finding, Judge, Tables, claims_table, counted, denied, every, mostly, renew
from rnnkit.runs.rows import Row, grouped, spread

SPAN = 20  # steps that the document gives a vanilla RNN
NOTHING = 0.02  # of accuracy around 1/2


def _told(rows: Sequence[Row]) -> str:
    return f"{counted(learnt(rows), len(rows))}, accuracy {spread(numbers(rows, 'metric'), '.3f')}"


def shared(tables: Tables) -> Finding:
    """A network reads 500 steps and their first 5: with as many parameters, and with the same first outputs."""
    model, generator = VanillaRNN(10, 64, CLASSES).double(), torch.Generator().manual_seed(0)
    x, counts, outputs = torch.randn(32, 500, 10, generator=generator, dtype=torch.float64), [], []
    with torch.no_grad():
        for one in model.parameters():
            one.uniform_(-0.125, 0.125, generator=generator)
        for steps in (5, 500):
            outputs.append(model(x[:, :steps])[0])
            counts.append(sum(one.numel() for one in model.parameters()))
    apart = float((outputs[0] - outputs[1][:, :5]).abs().max())
    same = apart < 1e-12
    value = f"{counts[0]} parameters at 5 steps, {counts[1]} at 500; the first 5 outputs "
    return Finding(value + ("are the same" if same else f"differ by {apart:.0e}"), counts[0] == counts[1] and same)


def only_so_far(arm: str, table: str = "echo") -> Judge:
    """Most seeds do not learn a lag beyond the span."""

    def judge(tables: Tables) -> Finding:
        rows = tables.rows(table, arm=arm)
        found = longest(rows)
        return Finding(
            f"longest lag {spread(found, '.0f')}, {len(found)} seeds",
            mostly(sum(one <= SPAN for one in found), len(found)),
        )

    return judge


def vanilla_only_so_far(table: str) -> Judge:
    """For the default start and for the orthogonal one."""

    def judge(tables: Tables) -> Finding:
        found = {arm: only_so_far(arm, table)(tables) for arm in ("default", "ortho")}
        value = "; ".join(f"{arm}: {one.value}" for arm, one in found.items())
        return Finding(value, every([one.holds for one in found.values()]))

    return judge


def better(one: str, than: str, table: str = "echo") -> Judge:
    """More seeds with a longer longest lag than the other has in the same seed."""

    def judge(tables: Tables) -> Finding:
        first, second = (longest(tables.rows(table, arm=arm)) for arm in (one, than))
        apart = [a > b for a, b in zip(first, second, strict=True) if a != b]
        value = f"longest lag {one} {spread(first, '.0f')}, {than} {spread(second, '.0f')}"
        return Finding(value, mostly(sum(apart), len(apart)) if apart else False)

    return judge


def far(arm: str, lag: str = "50") -> Judge:
    """Most seeds learn the longest lag of the table."""

    def judge(tables: Tables) -> Finding:
        rows = tables.rows("echo", arm=arm, lag=lag)
        return Finding(f"lag {lag}: {_told(rows)}", mostly(learnt(rows), len(rows)))

    return judge


def both(*judges: Judge) -> Judge:
    """All of several."""

    def judge(tables: Tables) -> Finding:
        found = [one(tables) for one in judges]
        return Finding("; ".join(one.value for one in found), every([one.holds for one in found]))

    return judge


def clipping_no_cure(tables: Tables) -> Finding:
    """With it, most seeds still do not learn."""
    without, with_it = tables.rows("clipping", arm="default"), tables.rows("echo", arm="default", lag="50")
    value = f"lag 50, default: without {_told(without)}; with {_told(with_it)}"
    return Finding(value, denied(mostly(learnt(with_it), len(with_it))))


def explodes_to_nan(**only: str) -> Judge:
    """Most seeds are lost without clipping."""

    def judge(tables: Tables) -> Finding:
        rows = tables.rows("explosion", clip_by="nothing", **only)
        lost = numbers(rows, "lost_at")
        at = f", at update {spread(lost, '.3g')}" if lost else ""
        norm = max(numbers(rows, "largest_norm"), default=float("nan"))
        value = f"{only['phi']}, gain {only['gain']}: {counted(len(lost), len(rows))}{at}, largest norm {norm:.2g}"
        return Finding(value, mostly(len(lost), len(rows)))

    return judge


def clipping_cures(by: str) -> Judge:
    """No number is lost in most seeds of each network that is lost without."""

    def judge(tables: Tables) -> Finding:
        said, found = [], []
        for kind, without in grouped(tables.rows("explosion", clip_by="nothing"), ["phi", "gain"]):
            if not numbers(without, "lost_at"):
                continue
            rows = tables.rows("explosion", clip_by=by, **kind)
            kept = len(rows) - len(numbers(rows, "lost_at"))
            loss, turned = spread(numbers(rows, "loss"), ".3g"), median(numbers(rows, "turned"))
            said.append(f"{kind['phi']}: {counted(kept, len(rows))} go on, loss {loss}, turned by {turned:.1f} degrees")
            found.append(mostly(kept, len(rows)))
        return Finding("; ".join(said) or "none is lost", every(found) if found else None)

    return judge


def memory_is_the_chunk(tables: Tables) -> Finding:
    """Most seeds of the orthogonal arm do not learn a lag beyond their chunk."""
    found = grouped([row for row in tables.rows("chunks", arm="ortho") if int(row["chunk"]) < SPAN], ["chunk"])
    said = "; ".join(f"chunk {kind['chunk']}: {_told(rows)}" for kind, rows in found)
    return Finding(
        f"lag {SPAN}, ortho, {said}", every([mostly(len(rows) - learnt(rows), len(rows)) for _, rows in found])
    )


def state_is_cut(tables: Tables) -> Finding:
    """The same weights lose more on the same sequences, read in chunks of one step."""
    trial = Trial(arm="ortho", lag=SPAN, dtype="float64")
    drawn = trial.kind.draw(trial.data_stream(), trial.lag, trial.K, trial.batch)
    x, y = torch.from_numpy(drawn.x).double().unsqueeze(1), torch.from_numpy(drawn.y).unsqueeze(1)
    whole, cut = (
        float(gradient(trial.replace(chunk=chunk), trial.first_weights()[None], x, y)[0][0]) for chunk in (0, 1)
    )
    return Finding(f"loss {whole:.5f} in one piece, {cut:.5f} in chunks of 1", abs(cut - whole) > 1e-9)


def cheaper(column: str, unit: str) -> Judge:
    """Half or less at a chunk of a tenth."""

    def judge(tables: Tables) -> Finding:
        rows = tables.rows("costs")
        whole, tenth = float(rows[0][column]), float(next(row[column] for row in rows if row["chunk"] == "100"))
        return Finding(f"1000 steps {whole:.3g} {unit}, in chunks of 100 {tenth:.3g} {unit}", tenth <= whole / 2)

    return judge


def stable(tables: Tables) -> Finding:
    """The part of the gradient at lag 20 is at least half of that at lag 0, untrained."""
    near, distant = (
        float(tables.rows("map", arm="ortho", stage="first weights", lag=lag)[0]["norm"]) for lag in ("0", "20")
    )
    return Finding(f"parts of dL/dW_hh: lag 0 {near:.2g}, lag 20 {distant:.2g}", distant >= near / 2)


def default_vanishes(tables: Tables) -> Finding:
    """The part at lag 20 is below a hundredth of that at lag 0, untrained."""
    near, distant = (
        float(tables.rows("map", arm="default", stage="first weights", lag=lag)[0]["norm"]) for lag in ("0", "20")
    )
    return Finding(f"parts of dL/dW_hh: lag 0 {near:.2g}, lag 20 {distant:.2g}", distant < near / 100)


def forecasts(tables: Tables) -> Finding:
    """Most seeds have a smaller error than persistence."""
    rows = tables.rows("sine", arm="default")
    value = f"mean squared error {spread(numbers(rows, 'loss'), '.3g')}, persistence {float(rows[0]['plateau']):.3g}"
    return Finding(f"{counted(learnt(rows), len(rows))}: {value}", mostly(learnt(rows), len(rows)))


def characters(tables: Tables) -> Finding:
    """Most seeds of each arm lose less on held-out text than who knows how frequent characters are."""
    said, found = [], []
    for kind, rows in grouped(tables.rows("text", task="text"), ["arm"]):
        plateau = float(rows[0]["plateau"])
        below = sum(one < plateau for one in numbers(rows, "held_out"))
        nats = f"held out {spread(numbers(rows, 'held_out'), '.3f')} nats, by frequency {plateau:.3f}"
        said.append(f"{kind['arm']} {counted(below, len(rows))}: {nats}")
        found.append(mostly(below, len(rows)))
    return Finding("; ".join(said), every(found))


def agrees(*columns: str) -> Judge:
    """Most seeds of each arm give the right verb more often than by chance: their own interval is above a half."""

    def judge(tables: Tables) -> Finding:
        said, found = [], []
        for kind, rows in grouped(tables.rows("text", task="grammar"), ["arm"]):
            pairs = [[parted(row[name]) for name in columns] for row in rows]
            counts = [(sum(good for good, _ in one), sum(count for _, count in one)) for one in pairs]
            above = sum(mostly(good, count) is True for good, count in counts)
            shares = spread([100 * good / count for good, count in counts], ".0f")
            said.append(f"{kind['arm']}: {shares} % right, above chance in {counted(above, len(rows))}")
            found.append(mostly(above, len(rows)))
        return Finding("; ".join(said), every(found))

    return judge


CLAIMS = (
    Claim("the same parameters are shared across all time steps", "one count for all lengths", shared),
    Claim("vanilla RNNs can only learn dependencies spanning about 10-20 steps",
          f"most seeds learn no echo beyond lag {SPAN}, whatever the start", vanilla_only_so_far("echo")),
    Claim("the same, where 100 symbols are read and the last ones written",
          f"most seeds write no more than the last {SPAN}, whatever the start", vanilla_only_so_far("recall")),
    Claim("GRU handles long-range dependencies much better", "a longer lag than default in most seeds",
          better("gru", "default")),
    Claim("LSTM handles long-range dependencies much better", "a longer lag than default in most seeds",
          better("lstm", "default")),
    Claim("GRU and LSTM, where 100 symbols are read and the last ones written",
          "each has a longer lag than default in most seeds",
          both(better("gru", "default", "recall"), better("lstm", "default", "recall"))),
    Claim("skip connections are a solution", "most seeds learn lag 50 with either kind",
          both(far("skip"), far("link"))),
    Claim("orthogonal initialization is a solution", "most seeds learn lag 50", far("ortho")),
    Claim("even with clipping, vanilla RNNs struggle with long-range dependencies",
          "most seeds of the default start still fail at lag 50", clipping_no_cure),
    Claim("gradients of a default RNN vanish", "lag 20 below a hundredth of lag 0", default_vanishes),
    Claim("sigma = 1: gradients are stable", "lag 20 at least half of lag 0", stable),
    Claim("explosion: the loss becomes NaN, linear", "most seeds", explodes_to_nan(phi="identity", gain="1.1")),
    Claim("explosion: the loss becomes NaN, ReLU", "most seeds", explodes_to_nan(phi="relu", gain="2.0")),
    Claim("explosion: the loss becomes NaN, tanh", "most seeds", explodes_to_nan(phi="tanh", gain="3.0")),
    Claim("solution: clipping by norm", "most seeds that were lost go on", clipping_cures("norm")),
    Claim("solution: clipping by value", "most seeds that were lost go on", clipping_cures("value")),
    Claim("truncation limits the memory to the chunk: what is learnt", "most seeds fail at a lag beyond it",
          memory_is_the_chunk),
    Claim("truncation limits the memory to the chunk: what the state holds", "cut, the same weights lose more",
          state_is_cut),
    Claim("truncation reduces computation: time", "half or less at a tenth", cheaper("seconds", "s")),
    Claim("truncation reduces computation: memory", "half or less at a tenth", cheaper("kept_mb", "MB")),
    Claim("simple forecasting works", "better than persistence in most seeds", forecasts),
    Claim("character-level modelling works", "better than frequencies in most seeds of each arm", characters),
    Claim("exercise 5: verbs agree with their subjects, no attractor between",
          "right more often than by chance in most seeds of each arm", agrees("right_0")),
    Claim("exercise 5: verbs agree with their subjects over attractors",
          "right more often than by chance in most seeds of each arm", agrees("right_1", "right_2")),
)  # fmt: skip


def main(folder: Path) -> None:
    """Renews the notes of a folder of notebooks."""
    renew(folder / "INSTRUCTORS.md", claims_table(CLAIMS, Tables(folder / "sweeps")))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
