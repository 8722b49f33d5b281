"""What a record holds: the name, shape, unit, range and meaning of each of its arrays, written once, here.

Numpy alone: whoever reads records that nobody vouches for starts without torch.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

INF = np.inf


class Key(NamedTuple):
    """One array of the record.

    Fields:
        shape: in letters: N updates, C checkpoints, D steps of time, B bins, A anchors, R the 624 words of a stream.
        unit: of its numbers.
        meaning: of the array, in words.
        range: the smallest and the largest that a number in it can be.
        dtype: of its numbers.
    """

    shape: str
    unit: str
    meaning: str
    range: tuple[float, float] = (0, INF)
    dtype: type = np.float32


# Slot 0 is the untrained network, slot k the network after k * checkFreq + 1 updates; unfilled is NaN (or -1).
KEYS: dict[str, Key] = {
    "train_nll": Key("N", "nats", "training loss of each update (squared error for regression)"),
    "gradient_norm": Key("N", "nats", "global gradient norm before clipping"),
    "gradient_norm_clipped": Key("N", "nats", "global gradient norm after clipping"),
    "Omega": Key("N", "1", "the paper's regulariser, of what omega_on says; NaN where alpha is 0"),
    "steps_in_past": Key("N", "1", "share of steps and sequences that Omega looks at; NaN where alpha is 0", (0, 1)),
    "check_updates": Key("C", "updates", "updates seen by this check", (-1, INF), np.int64),
    "wall_time": Key("C", "s", "seconds of training until this check, validation included", dtype=np.float64),
    "valid_nll": Key("C", "nats", "validation loss"),
    "valid_error": Key("C", "percent", "wrong validation sequences, by the task's strict rule", (0, 100)),
    "valid_mae": Key("C", "1", "regression: mean absolute error"),
    "valid_err_005": Key("C", "percent", "regression: answers further off than 0.05", (0, 100)),
    "valid_err_010": Key("C", "percent", "regression: answers further off than 0.10", (0, 100)),
    "valid_maxae": Key("C", "1", "regression: largest absolute error"),
    "rho_Whh": Key("C", "1", "spectral radius of the recurrent matrix"),
    "sigma_max_Whh": Key("C", "1", "largest singular value of the recurrent matrix"),
    "diag_loss": Key("C", "nats", "loss on the diagnostic batch"),
    "diag_err": Key("C", "fraction", "wrong sequences of the diagnostic batch", (0, 1)),
    "grad_time": Key("CD", "nats", "g_t, from the total derivative dL/dh_t"),
    "grad_time_direct": Key("CD", "nats", "the same from the direct term alone: not gradient through time"),
    "act_time": Key("CD", "1", "mean slope of the hidden nonlinearity", (0, 1)),
    "sat_time": Key("CD", "1", "mean distance of the hidden units from saturation", (0, 1)),
    "unit_sat_time": Key("CD", "fraction", "share of hidden units nearer to saturation than satThresh", (0, 1)),
    "gate_z_sat_time": Key("CD", "1", "mean distance of the update gate from 0 and 1", (0, 0.5)),
    "gate_r_sat_time": Key("CD", "1", "mean distance of the reset gate from 0 and 1", (0, 0.5)),
    "gate_z_mean_time": Key("CD", "1", "mean value of the update gate", (0, 1)),
    "gate_r_mean_time": Key("CD", "1", "mean value of the reset gate", (0, 1)),
    "sat_units": Key("CB", "fraction", "histogram over units and steps of the distance from saturation", (0, 1)),
    "gate_z_units": Key("CB", "fraction", "histogram over units and steps of the update gate, from 0 to 1", (0, 1)),
    "gate_r_units": Key("CB", "fraction", "histogram over units and steps of the reset gate, from 0 to 1", (0, 1)),
}
PER_UPDATE, PER_CHECK, OVER_TIME, OVER_UNITS = (
    tuple(name for name, key in KEYS.items() if key.shape == shape) for shape in ("N", "C", "CD", "CB")
)
# Not in older records: whoever reads one does without, and a run that goes on from one fills them from there.
NEWER = ("gate_z_mean_time", "gate_r_mean_time", "sat_units", "gate_z_units", "gate_r_units")
REGRESSION_ONLY = ("valid_mae", "valid_err_005", "valid_err_010", "valid_maxae")
# What stands beside the arrays, one text or one whole number each.
TEXTS = ("regime", "profile", "engine", "cells_sha256", "versions", "status", "act_name", "classif_type", "model_type")
OTHERS_TEXTS = ("settings",)  # of other experiments' records, in the place of the regime
NUMBERS = ("updates", "checkFreq", "diag_len", "diag_bs")
# Where the training stream stands: with the weights, all that is needed to go on.
RNG_WORDS = 624
RNG_KEYS: dict[str, Key] = {
    "rng_keys": Key("R", "1", "the training stream's state", dtype=np.uint32),
    "rng_position": Key("", "1", "its place in these keys", (0, RNG_WORDS), np.int64),
    "rng_has_gauss": Key("", "1", "whether a normal number is left over", (0, 1), np.int64),
    "rng_cached_gaussian": Key("", "1", "that number", (-INF, INF), np.float64),
}
# Beside these, each weight W as anchor_W: (A, ...) float32. Row 0 is the untrained network, the last filled row of a
# run that has ended its final weights; unfilled is NaN (-1 in anchor_updates, 0 in the random stream).
SUMMED = ("train_nll", "gradient_norm", "gradient_norm_clipped")  # an anchor has their sums since the one before
ANCHOR_KEYS: dict[str, Key] = {
    "anchor_updates": Key("A", "updates", "updates seen by this anchor", (-1, INF), np.int64),
    **{
        f"anchor_{name}": Key("A", KEYS[name].unit, f"sum of {name} over the updates since the anchor before",
                              dtype=np.float64)
        for name in SUMMED
    },
    **{f"anchor_{name}": key._replace(shape=f"A{key.shape}") for name, key in RNG_KEYS.items()},
}  # fmt: skip
# The handout's spelling of a key, where its starter has another one; both are in the file.
ALIASES = {"gate_z.sat_time": "gate_z_sat_time", "gate_r.sat_time": "gate_r_sat_time"}
# The starter's names of the weights; the file has both.
WEIGHT_ALIASES = {
    "rnn": {"W_uh": "W_xh", "W_hy": "W_ho", "b_hh": "b_h", "b_hy": "b_o"},
    "gru": {"W_uz": "W_xz", "W_ur": "W_xr", "W_uh": "W_xh", "W_hy": "W_ho", "b_y": "b_o"},
}

STATE = "_state.npz"  # the ending of a record on its way; also that of a final one
FINAL = f"_final{STATE}"
