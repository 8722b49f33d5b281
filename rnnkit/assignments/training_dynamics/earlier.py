"""What earlier releases of the notebooks had: a class that was handed in then is graded all the same."""

from __future__ import annotations

from rnnkit.checks.assignment import Earlier

# The report had an answer for each run and question before it compared them.
ANSWERS = {
    "gradient_mem": {
        "A1": "a1_grad_time",
        "A2": "a2_grad_time",
        "A3": "a3_grad_time",
        "A4": "a4_grad_time",
        "A5": "a5_grad_time",
    },
    "gradient_mul": {"B1": "b1_grad_time", "B2": "b2_grad_time"},
    "saturation_mem": {
        "A1": "a1_sat_time",
        "A2": "a2_sat_time",
        "A3": "a3_sat_time",
        "A4": "a4_sat_time",
        "A5": "a5_sat_time",
    },
    "saturation_mul": {"B1": "b1_sat_time", "B2": "b2_sat_time"},
    "rho_mem": {"A1": "a1_rho", "A2": "a2_rho", "A3": "a3_rho", "A4": "a4_rho", "A5": "a5_rho"},
    "rho_mul": {"B1": "b1_rho", "B2": "b2_rho"},
    "clip_rnn": {"A1 and A2": "a2_clip", "A1 to A3": "a3_clip"},
    "clip_gru": {"A4 and A5": "a5_clip"},
    "gates_mem": {"A1 and A4": "a4_gates", "A2 and A5": "a5_gates"},
    "gates_mul": {"B1 and B2": "b2_gates"},
    "sigmoid": {"tanh and sigmoid": "a1s_sigmoid"},
}
# Setup and imports before the house was laid out in folders; what stood around the report's 27 answers.
TEXTS = [
    "996355504a36bdf6",
    "a5cd9654f5990499",
    "a8c36af9eb7b9f9f",
    "ba779f396bf0926c",
    "48c051483c954b5b",
    "bc5611ae657d3631",
    "731b6de67ac4633a",
    "18cfbda0827a7157",
    "f1d1bd3724b45768",
    "522f0857220f772a",
    "6d305891f1db6fd8",
    "0cda61f4c36391fd",
]
EARLIER = Earlier(frozenset(TEXTS), ANSWERS)
