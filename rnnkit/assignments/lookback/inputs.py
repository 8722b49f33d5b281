"""The inputs of the questions: one maker for the public ones, which are waves, and for random ones.

What a set of inputs can hide, and is shown by another array of the same question or a later round:

==================  ==================================================================================================
all questions       all sizes equal; one unit
rnn_forward         one word; one word all along
mean_loss           sentences of different lengths, one sentence, one word; no loss at all
lookback_gradient   tau 0, 2 and beyond the sentence; one word; words that occur twice
gru_step            an update gate that is open, shut; the first word, where the state before is 0
gru_backward        the first word, where the state before is 0; a candidate before that is another array
learning_rate       no annealing; the first epoch
contribution_norms  sentences of different lengths, one sentence, sentences of one word and of two
by_distance         other counts of labels than of predictions; every border of the bins; labels of one class alone
update_after        no rest; a rest of one; a batch of one; a batch larger than the epoch
==================  ==================================================================================================
"""

from __future__ import annotations

import numpy as np

from rnnkit.checks.inputs import Arrays, Inputs
from rnnkit.checks.makers import Make, Makers, Rounds, Sizes, in_sizes, until, whole

SIZES = {"T": 6, "H": 4, "K": 5, "O": 3, "N": 7, "1": 1}  # words, units, vocabulary, classes, sentences
SMALL, EQUAL = {"T": 4, "H": 1}, {"T": 3, "H": 3, "K": 3, "O": 3}
GATES = ("r", "z", "h")  # of the weights; the candidate's are called h
BORDERS = (1, 2, 3, 4, 5, 6, 7, 12)  # distances, each bin's ends among them

# The net that the coursework publishes for tests, its matrices transposed: states are rows here.
V = np.array([[0.7, 0.6], [0.3, 0.9], [0.4, 0.7]])
U = np.array([[0.9, 0.5], [0.8, 0.3]])
W = np.array([[0.6, 0.2, 0.4], [0.5, 0.6, 0.2]])
X, D = np.array([0.0, 1, 2, 1, 1, 0, 2]), np.array([1.0, 2, 1, 1, 1, 1, 1])
GOLDEN = {"T": 7, "H": 2, "K": 3, "O": 3, "1": 1}
THE_NET = "the coursework's net"
GRU = {
    "Ur": np.array([[0.1, 0.4], [0.9, 0.6]]), "Vr": np.array([[0.2, 0.9], [0.7, 0.6], [0.1, 0.5]]),
    "Uz": np.array([[0.9, 0.9], [0.5, 0.3]]), "Vz": np.array([[0.6, 0.3], [0.8, 0.2], [0.9, 0.7]]),
    "Uh": np.array([[0.6, 0.3], [0.4, 0.8]]), "Vh": V,
}  # fmt: skip


def _number(value: float) -> np.ndarray:
    return np.array(float(value))


def _softmax(scores: np.ndarray) -> np.ndarray:
    powers = np.exp(scores)
    return np.asarray(powers / powers.sum(-1, keepdims=True))


def _words(make: Make, T: int, K: int) -> np.ndarray:
    """Words, of which the last but one comes a second time at the end, and the first a second time."""
    x = whole(make, (T,), 0, K)
    x[T // 2], x[-1] = x[0], x[max(T - 2, 0)]
    return x


# ---- the network -----------------------------------------------------------------------------------------------------


def _network(sizes: Sizes, make: Make) -> Arrays:
    T, H, K, O = (sizes[letter] for letter in "THKO")  # noqa: E741
    words = _words(make, T, K)
    return {
        "x": words, "x_1": words[:1], "alike": np.full(T, words[-1]), "U": make((H, H), -1.5, 1.5),
        "V": make((K, H), -1.5, 1.5), "W": make((H, O), -1.5, 1.5),
    }  # fmt: skip


def _networks(sizes: Sizes, make: Make) -> Rounds:
    golden = {"x": X, "x_1": X[:1], "alike": np.full(7, 2.0), "U": U, "V": V, "W": W}
    return in_sizes(_network, SMALL, EQUAL, small=False)(sizes, make) | {THE_NET: Inputs(GOLDEN, golden)}


def _losses(sizes: Sizes, make: Make) -> Arrays:
    T, O = sizes["T"], sizes["O"]  # noqa: E741
    found = {}
    for k, length in enumerate((T, max(T - 3, 1), 1)):
        found |= {f"y{k}": _softmax(make((length, O), -2, 2)), f"d{k}": whole(make, (length,), 0, O)}
    sure = np.zeros((T, O))
    sure[np.arange(T), found["d0"].astype(int)] = 1  # nothing is lost
    return found | {"one_y0": found["y1"], "one_d0": found["d1"], "sure_y0": sure, "sure_d0": found["d0"],
                    "word_y0": found["y2"], "word_d0": found["d2"]}  # fmt: skip


def _states(x: np.ndarray) -> np.ndarray:
    """The states of the coursework's net (T, H)."""
    states, s = [], np.zeros(2)
    for word in x.astype(int):
        s = 1 / (1 + np.exp(-(V[word] + s @ U)))
        states.append(s)
    return np.array(states)


def _more_losses(sizes: Sizes, make: Make) -> Rounds:
    sentences = ((X, D), (np.array([1.0, 1, 0]), np.array([1.0, 0, 2])),
                 (np.array([1.0, 1, 2, 1, 2]), np.array([1.0, 2, 1, 2, 1])))  # fmt: skip
    golden = _losses(GOLDEN, make)
    for k, (x, d) in enumerate(sentences):
        golden |= {f"y{k}": _softmax(_states(x) @ W), f"d{k}": d}
    return in_sizes(_losses, EQUAL, small=False)(sizes, make) | {THE_NET: Inputs(GOLDEN, golden)}


def _gradient(sizes: Sizes, make: Make) -> Arrays:
    T, H, O = (sizes[letter] for letter in "THO")  # noqa: E741
    given = {"x": _words(make, T, sizes["K"]), "d": whole(make, (T,), 0, O), "s": make((T, H), 0.1, 0.9)}
    given |= {"y": _softmax(make((T, O), -2, 2))}
    given |= {f"{name}_1": value[:1] for name, value in given.items()}
    weights = {"U": make((H, H), -1.5, 1.5), "V": make((sizes["K"], H), -1.5, 1.5), "W": make((H, O), -1.5, 1.5)}
    return given | weights | {"none": _number(0), "two": _number(2), "beyond": _number(T + 2)}


def _gradients(sizes: Sizes, make: Make) -> Rounds:
    s = _states(X)
    its = {"x": X, "d": D, "s": s, "y": _softmax(s @ W), "U": U, "V": V, "W": W}
    golden = Inputs(GOLDEN, _gradient(GOLDEN, make) | its)
    return in_sizes(_gradient, SMALL, EQUAL, small=False)(sizes, make) | {THE_NET: golden}


# ---- the gated unit --------------------------------------------------------------------------------------------------


def _step(sizes: Sizes, make: Make) -> Arrays:
    H, K = sizes["H"], sizes["K"]
    weights = {f"{letter}{gate}": make((n, H), -1.5, 1.5) for gate in GATES for letter, n in (("U", H), ("V", K))}
    return weights | {
        "x": whole(make, (), 1, K), "s": make((H,), -0.9, 0.9), "first": np.zeros(H), "no_U": np.zeros((H, H)),
        "open": np.full((K, H), 30.0), "shut": np.full((K, H), -30.0),
    }  # fmt: skip


def _steps(sizes: Sizes, make: Make) -> Rounds:
    golden = _step(GOLDEN, make) | GRU | {"x": _number(2), "s": np.array([0.5, 0.75])}
    return in_sizes(_step, SMALL, EQUAL, small=False)(sizes, make) | {THE_NET: Inputs(GOLDEN, golden)}


def _back(sizes: Sizes, make: Make) -> Arrays:
    H = sizes["H"]
    given = {name: make((H,), -0.9, 0.9) for name in ("ds", "s", "c_prev", "c")}
    given |= {name: make((H,), 0.1, 0.9) for name in ("r", "z")}
    weights = {f"U{gate}": make((H, H), -1.5, 1.5) for gate in GATES}
    return given | weights | {"first": np.zeros(H), "no_c": np.zeros(H)}


# ---- what is done with it --------------------------------------------------------------------------------------------


def _rate(sizes: Sizes, make: Make) -> Arrays:
    return {
        "lr0": make((), 0.3, 0.9), "anneal": whole(make, (), 2, 8), "none": _number(0), "first": _number(0),
        "one": _number(1), "epoch": whole(make, (), 3, 12),
    }  # fmt: skip


def _rates(sizes: Sizes, make: Make) -> Rounds:
    named = {"lr0": _number(0.5), "anneal": _number(5), "epoch": _number(3)}
    return {"the document's": Inputs(sizes, _rate(sizes, make) | named)}


def _norms(sizes: Sizes, make: Make) -> Arrays:
    """Sentences of several lengths; ``delta1_2`` is that of the second sentence at tau 2."""
    T, H = sizes["T"], sizes["H"]
    found = {}
    for n, length in enumerate((T, 2, max(T - 2, 2), 1)):
        found[f"s{n}"] = make((length, H), 0.1, 0.9)
        found |= {f"delta{n}_{tau}": make((length - tau, H), -1, 1) for tau in range(length)}
    return found


def _distances(sizes: Sizes, make: Make) -> Arrays:
    """Predictions that are right more often for one class, and more often near; labels of one class alone."""
    N = 3 * sizes["N"]
    distance = np.concatenate([BORDERS, BORDERS, whole(make, (N - 16,), 1, 9) if N > 16 else []])

    def fits(found: np.ndarray) -> bool:
        label, predicted = (found > 0.15).astype(int)
        right = label == predicted
        bins = [right[(distance >= low) & (distance <= high)].mean() for low, high in ((1, 1), (2, 3), (4, 5), (6, 99))]
        recalls = [right[label == one].mean() if (label == one).any() else 0.0 for one in (0, 1)]
        precise = [right[predicted == one].mean() if (predicted == one).any() else 0.0 for one in (0, 1)]
        shares = [max(one.mean(), 1 - one.mean()) for one in (label, predicted)]
        apart = (right.mean(), np.mean(recalls), np.mean(precise), *shares, label.mean(), predicted.mean(), recalls[0])
        return len({round(one, 6) for one in apart}) == len(apart) and len({round(one, 6) for one in bins}) > 2

    found = until(make, (2, len(distance)), fits)
    label, predicted = (found > 0.15).astype(float)
    return {"distance": distance.astype(float), "label": label, "predicted": predicted, "alone": np.ones(len(label))}


def _epoch(sizes: Sizes, make: Make) -> Arrays:
    """Whole batches and a rest of 2 or more; whole batches alone; a rest of one."""
    batch = int(whole(make, (), 4, 8))
    times = int(whole(make, (), 2, 5))
    rest = 2 + int(whole(make, (), 0, batch - 2))
    numbers = {
        "n": batch * times + rest, "batch": batch, "whole": batch * times, "single": batch * times + 1,
    }  # fmt: skip
    return {name: _number(value) for name, value in numbers.items()}


def _epochs(sizes: Sizes, make: Make) -> Rounds:
    def epoch(n: int, batch: int) -> Inputs:
        numbers = {"n": n, "batch": batch, "whole": 2 * batch, "single": 2 * batch + 1}
        return Inputs(sizes, {name: _number(value) for name, value in numbers.items()})

    return {"n = 10, batch_size = 4": epoch(10, 4), "fewer than a batch": epoch(3, 4), "batch_size = 1": epoch(5, 1)}


MAKERS = Makers(
    SIZES,
    {
        "rnn_forward": (_network, _networks),
        "mean_loss": (_losses, _more_losses),
        "lookback_gradient": (_gradient, _gradients),
        "gru_step": (_step, _steps),
        "gru_backward": (_back, in_sizes(_back, SMALL, {"H": 3}, small=False)),
        "learning_rate": (_rate, _rates),
        "contribution_norms": (_norms, in_sizes(_norms, SMALL, EQUAL, small=False)),
        "by_distance": (_distances, in_sizes(_distances, {"N": 10}, small=False)),
        "update_after": (_epoch, _epochs),
    },
)
