"""What the main assignment trains: the handout's regimes, through its notebook; what its page sets side by side."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rnnkit.assignments.training_dynamics.foretold import ASKED
from rnnkit.regimes import HANDOUT_REGIMES, SIGMOID_REGIMES
from rnnkit.runs.experiment import Record
from rnnkit.runs.training import RegimeExperiment

PAIRS: dict[str, Any] = {  # see `rnnkit.plots.page_sections.page_of`
    "clipping": (("A1", "A2", "A3"), ("A4", "A5")),
    "gated": (("A1", "A4"), ("B1", "B2")),
    "sigmoid": (("A1", "A1s"), ("B1", "B1s")),
    "direct": "B2",
}


class TrainingDynamics(RegimeExperiment):
    """The handout's runs."""

    def page(self, records: Mapping[str, Record]) -> dict[str, Any]:
        """The comparison that the handout's section 6 asks for."""
        from rnnkit.plots.page_sections import page_of

        return page_of({label: dict(record) for label, record in records.items()}, PAIRS)


EXPERIMENT = TrainingDynamics(
    assignment="training_dynamics",
    due=HANDOUT_REGIMES,
    on_page=(*HANDOUT_REGIMES, *SIGMOID_REGIMES),
    notebook="3_regime.ipynb",
    asked=ASKED,
)
