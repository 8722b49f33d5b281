"""What solves temporal order at 50 to 200 steps. Stays with instructors: students are asked for a setting."""

from __future__ import annotations

from typing import Any

# By name, what differs from the configuration that the handout calls stuck. The 10,000 validation sequences come in a
# hundred chunks, each of its own length: a network may solve ten lengths and fail between them.
SETTINGS: dict[str, dict[str, Any]] = {
    "C1": {
        "name": "C1_torder_omega2_clip03",
        "alpha": 2.0,
        "cutoff": 0.3,
        "seed": 2,
        "maxiters": 400000,
        "checkFreq": 1000,
        "cbs": 100,
        "stop_error": 1.0,
    }
}
