"""The questions of the assignment: one table; notebooks, checks, test markers and CSV columns take their ids from it.

A question's id is the grade_id of its locked check cell; the student's cell before it is called ``{id}_solution``.
"""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Any

from rnnkit.assignments.training_dynamics import pictures
from rnnkit.assignments.training_dynamics.called import RETURNS
from rnnkit.assignments.training_dynamics.cases import cells, functions
from rnnkit.assignments.training_dynamics.inputs import of_cell, of_function
from rnnkit.assignments.training_dynamics.probes import PROBED, PROBES
from rnnkit.checks.forbidden import Forbidden
from rnnkit.checks.functions import tries_of
from rnnkit.checks.question import Question
from rnnkit.checks.report import Judged, Report

LESSON = "0_why_gradients_vanish.ipynb"  # to be read and run
CELLS = "1_cells.ipynb"
DIAGNOSTICS = "2_diagnostics.ipynb"
REPORT = "4_report.ipynb"  # its answers are marked by a person
EXTRA = "5_extra_credit.ipynb"  # what is to be had there comes on top: the cells say 0 points
TRIES = "rnnkit.assignments.training_dynamics.tries"  # where answers are scored it is left out

FOR_CELLS = Forbidden(
    modules=("rnnkit.engines", "rnnkit.starter", "trainingRNNs_torch"), cells=True, instead="from the equations"
)
FOR_FUNCTIONS = Forbidden(
    modules=("rnnkit.diagnostics", "rnnkit.optim", "rnnkit.engines", "rnnkit.trainer", "rnnkit.omega"), clipping=True
)


def _cells(
    id: str, points: float, target: str, method: str, arguments: str, result: str, minutes: int, needs: str = ""
) -> Question:
    return Question(
        id, points, CELLS, target, method, tuple(arguments.split()), result, minutes, tuple(needs.split()),
        cases=cells.CASES[id], given=partial(of_cell, target, method), forbids=FOR_CELLS,
        probes=PROBES.get(id, ()), probed=PROBED.get(id, ()),
    )  # fmt: skip


def _function(
    id: str, points: float, target: str, arguments: str, result: str, minutes: int, needs: str = "", extra: bool = False
) -> Question:
    return Question(
        id, points, EXTRA if extra else DIAGNOSTICS, target, None, tuple(arguments.split()), result, minutes,
        tuple(needs.split()), extra, cases=functions.CASES[id], given=partial(of_function, id), forbids=FOR_FUNCTIONS,
        probes=PROBES.get(id, ()), probed=PROBED.get(id, ()), clue=_of_clipping if id == "clip" else None,
        tries=partial(tries_of, TRIES, id), returns=RETURNS.get(id),
    )  # fmt: skip


def _of_clipping(*given: Any) -> str | None:
    from rnnkit.assignments.training_dynamics.clues import factor  # left out where answers are scored

    return factor(*given)


def _of_cell_test(test: Any) -> Report:
    from rnnkit.assignments.training_dynamics.cell_tests import judged  # left out where answers are scored

    return judged(TESTS[0], test)


def _of_own_setting(name: Any) -> Report:
    from rnnkit.assignments.training_dynamics.own_setting import of_run  # it loads records

    return of_run(name)


def _of_predictions(folder: Path, sources: list[str]) -> Judged:
    from rnnkit.checks.predictions import judged, own_in

    return judged(PREDICTIONS, folder, own_in(sources))


def _of_own_predictions(own: Any) -> Report:
    from rnnkit.checks.predictions import judged, own_here

    return judged(PREDICTIONS, Path.cwd(), own if isinstance(own, str) else own_here()).report


def _of_pictures(obj: Any) -> Report:
    return pictures.of_answers(PICTURES, obj)


GATED = 'h_t (B, H), {"z": (B, H), "r": (B, H)}'
RHO = "recurrent_weight_for_rho"

CODE = (
    _cells("rnn_step", 3, "RNN", "step", "x_t h_prev", "h_t (B, H)", 10),
    _cells("rnn_forward", 3, "RNN", "forward", "x", "output, hidden (T, B, H), None", 20, "rnn_step"),
    _cells("rnn_rho", 1, "RNN", RHO, "", "W_hh (H, H)", 2),
    _cells("gru_update_gate", 2, "GRU", "update_gate", "x_t h_prev", "z_t (B, H)", 5),
    _cells("gru_reset_gate", 2, "GRU", "reset_gate", "x_t h_prev", "r_t (B, H)", 3),
    _cells("gru_candidate", 3, "GRU", "candidate", "x_t h_prev r_t", "the candidate (B, H)", 8),
    _cells("gru_step", 3, "GRU", "step", "x_t h_prev", GATED, 8, "gru_update_gate gru_reset_gate gru_candidate"),
    _cells("gru_forward", 3, "GRU", "forward", "x", "output, hidden (T, B, H), gates", 15, "gru_step"),
    _cells("gru_rho", 1, "GRU", RHO, "", "W_hh (H, H)", 2),
    _function("grad_time", 4, "gradient_through_time", "loss hs", "g (T,)", 20),
    _function("sat_time", 2, "saturation_tanh", "hidden", "s (T,)", 8),
    _function("gate_sat_time", 3, "gate_distance", "v", "d (T,)", 8),
    _function("rho", 2, "spectral_radius", "W", "a float", 8),
    _function("grad_norm", 2, "global_norm", "grads", "a float", 5),
    _function("clip", 3, "clip_rescale", "grads cutoff", "new grads, norm before", 12, "grad_norm"),
    _function(
        "diagnostic_keys", 2, "diagnostics", "loss hs gates", "dict of (T,)", 8, "grad_time sat_time gate_sat_time"
    ),
    _function("omega", 3, "omega", "flow slope W_hh bound", "Omega, steps in the past, (H, H)", 25, extra=True),
)

# A test that students write: it is called with GRUs, and must raise where one is wrong.
TESTS = (
    Question(
        "cell_tests", 4, CELLS, "check_gru", None, ("cell",), "nothing; raises where the cell is wrong", 20,
        needs=("gru_update_gate", "gru_reset_gate", "gru_candidate", "gru_step"), judge=_of_cell_test,
        tries=partial(tries_of, TRIES, "cell_tests"),
    ),
)  # fmt: skip

# Letters, whose key is the instructor's: a student's check says only whether they can be read.
PICTURES: Question = Question(
    "pictures", 4, DIAGNOSTICS, "made_by", None, (), "dict of letters", 15,
    cases=pictures.CASES, given=pictures.given, judge=_of_pictures,
)  # fmt: skip

# Also extra credit, but no code: a run, judged by its record.
OWN = Question(
    "own_setting", 4, EXTRA, "your own setting", None, ("name",), "a record", 30, extra=True, judge=_of_own_setting
)
OWN_SETTING = OWN.id

# Not code either: whether there is a prediction for each run, by a file of the student's.
PREDICTIONS = Question(
    "predictions", 4, REPORT, "predictions", None, (), "a prediction for each run", 10,
    judge=_of_own_predictions, handed_in=_of_predictions,
)  # fmt: skip

# Those whose right numbers everybody's check knows.
QUESTIONS: dict[str, Question] = {question.id: question for question in CODE}
ASKED: dict[str, Question] = QUESTIONS | {question.id: question for question in (PICTURES, *TESTS)}
