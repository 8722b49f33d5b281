"""What students foretell of a run, and the rule by which its record decides: all at its last check, or its best one."""

from __future__ import annotations

import math

from rnnkit.diagnostics.saturation import farthest
from rnnkit.record.asked import Asked, Outcome
from rnnkit.record.facts import CLOSE, Record, facts_of, floors_of
from rnnkit.trainer import phi_of

VANISHED, EXPLODED = -8.0, 0.0  # the median log10 g_t: the handout calls -8 to -12 vanished
NOTHING = "nothing that can be said"  # of a run whose numbers are none


def gradient(record: Record) -> Outcome:
    """By the median over time steps of log10 g_t at the last check: below −8, above 0, or between.

    *Source:* handout section 2.3, item 3.
    """
    median = facts_of(record).log10_grad.p50
    answer = "vanishes" if median < VANISHED else "explodes" if median > EXPLODED else "keeps"
    limit = {"vanishes": "below −8", "explodes": "above 0", "keeps": "between −8 and 0"}[answer]
    return _outcome(answer, median, f"median log10 g_t {median:.2f}, {limit}")


def saturation(record: Record) -> Outcome:
    """By the mean distance to saturation at the last check: below half of the largest that there can be, or not.

    *Source:* handout section 2.3, item 4.
    """
    facts = facts_of(record)
    mean, half = facts.sat.mean, farthest(phi_of(facts.regime)) / 2
    answer, limit = ("saturates", "below") if mean < half else ("stays linear", "not below")
    return _outcome(answer, mean, f"mean distance {mean:.3f}, {limit} {half:g}")


def learns(record: Record) -> Outcome:
    """By the best validation loss: 10 % below what is reached without memory, within 10 % of the marginal, or above.

    *Source:* handout section 6, whose floors are `rnnkit.record.facts.floors_of`.
    """
    best, floors = facts_of(record).best_nll, floors_of(record)
    memoryless, marginal = floors["memoryless"].nll, floors["marginal"].nll
    if best < (1 - CLOSE) * memoryless:
        return _outcome("the task", best, f"best loss {best:.4f}, below {memoryless:.4f} (without memory)")
    answer = "the marginal" if best <= (1 + CLOSE) * marginal else "nothing"
    return _outcome(answer, best, f"best loss {best:.4f}, marginal {marginal:.4f}")


def _outcome(answer: str, value: float, number: str) -> Outcome:
    if not math.isfinite(value):
        return Outcome(NOTHING, "the number is no number any more")
    return Outcome(answer, number.replace("-", "−"))


ALL, BOTH = ("numbers",), ("overlaid", "overview")  # figures that show all of it, and the first two
ASKED = (
    Asked(
        "gradient", ("vanishes", "explodes", "keeps"), gradient,
        ("gradient_histogram", "gradient_histograms", "gradient_profile", *BOTH, *ALL),
    ),
    Asked(
        "saturation", ("saturates", "stays linear"), saturation,
        ("saturation_histogram", "saturations", *BOTH, *ALL),
    ),
    Asked("learns", ("the task", "the marginal", "nothing"), learns, ("validation", "validations", *ALL)),
)  # fmt: skip
