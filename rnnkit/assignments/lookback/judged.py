"""What there is to know of a trained network, sentence by sentence and lag by lag."""

from __future__ import annotations

from typing import Any

import numpy as np

from rnnkit.assignments.lookback.batches import shelve, take
from rnnkit.assignments.lookback.corpus import Sentences
from rnnkit.assignments.lookback.data import splits_of
from rnnkit.assignments.lookback.lookback import contributions
from rnnkit.assignments.lookback.models import Model, forward, read
from rnnkit.assignments.lookback.settings import Net
from rnnkit.assignments.lookback.vocabulary import UNK
from rnnkit.record.keys import Key

LAGS = 21  # whose terms are measured: 0 to 20
SAMPLE = 300  # sentences of dev that they are measured on
SIDE = 100  # sentences read at once
OFF = (-np.inf, np.inf)
JUDGED = {
    "losses": Key("N", "nats", "loss of each dev sentence, of the best weights; of words their mean"),
    "predicted": Key("N", "class", "number that is predicted for its verb: 0, 1; -1 where that cannot be asked", OFF),
    "label": Key("N", "class", "the number that it has to have", dtype=np.int64),
    "distance": Key("N", "steps", "from the subject to the verb", dtype=np.int64),
    "attractors": Key("N", "1", "nouns of the other number between them; -1 for not known", OFF, dtype=np.int64),
    "norms_initial": Key("GK", "nats", "norm of each lag's term of dL/dU before training, by gate"),
    "norms": Key("GK", "nats", "the same of the best weights"),
    "accumulated": Key("GK", "nats", "norm of all terms up to a lag, of the best weights"),
}


def nothing_yet() -> dict[str, Any]:
    """The same arrays, empty."""
    return {name: np.zeros((0,) * len(key.shape)) for name, key in JUDGED.items()}


def judgement(settings: Net, model: Model, best: np.ndarray) -> dict[str, Any]:
    """All arrays of `JUDGED` by name, of the weights ``(P,)`` with the smallest loss on dev."""
    dev = splits_of(settings).dev
    losses, predicted = sentence_by_sentence(settings, model, best, dev)
    kept = {"losses": losses, "predicted": predicted}
    kept |= {name: np.asarray(getattr(dev, name)) for name in ("label", "distance", "attractors")}
    shelf = shelve(dev.x[:SAMPLE], dev.d[:SAMPLE])
    batch = take([shelf], np.arange(len(shelf))[None])
    untrained = model.drawn(np.random.RandomState(settings.seed)).astype(best.dtype)
    for name, row in (("norms_initial", untrained), ("norms", best)):
        found = contributions(model, row, batch, LAGS, settings.legacy_coursework_grad)
        kept[name] = np.stack([found.per_tau[gate] for gate in model.named_gates])
    return kept | {"accumulated": np.stack([found.accumulated[gate] for gate in model.named_gates])}


def sentence_by_sentence(
    settings: Net, model: Model, row: np.ndarray, sentences: Sentences
) -> tuple[np.ndarray, np.ndarray]:
    """Of each sentence the loss ``(n,)``, and the number that is predicted for its verb ``(n,)``.

    A language model predicts the number of whichever form of the verb it finds more probable where the verb stands;
    -1 where either form is not known.
    """
    w, shelf = model.blocks(row[None]), shelve(sentences.x, sentences.d)
    losses, predicted = np.zeros(len(shelf)), np.full(len(shelf), -1)
    order = np.argsort(-shelf.lengths, kind="stable")
    for begin in range(0, len(order), SIDE):
        mine = order[begin : begin + SIDE]
        batch = take([shelf], mine[None])
        run = forward(model, w, batch)
        said = read(w["W"], run, learn=False)
        if settings.task == "agreement":
            losses[mine], predicted[mine] = said.losses[0, 0], said.classes[0, 0]
            continue
        losses[mine] = said.losses[:, 0].sum(0) / shelf.lengths[mine]
        at = len(batch.x) - shelf.lengths[mine] + sentences.at[mine] + 1  # of the states
        states, verbs = run.s[at, 0, np.arange(len(mine))], sentences.verbs[mine]
        odds = np.einsum("bh,hbk->bk", states, w["W"][0][:, verbs])
        asked = ((verbs >= 0) & (verbs != UNK)).all(1)
        wrong = odds[:, 1] > odds[:, 0]
        predicted[mine] = np.where(asked, np.where(wrong, 1 - sentences.label[mine], sentences.label[mine]), -1)
    return losses, predicted
