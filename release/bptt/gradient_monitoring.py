"""The document's second example, ``python3 gradient_monitoring.py``: why it stops, and what runs instead."""

from rnnkit.assignments.bptt.examples import gradient_monitoring, why_it_stops

if __name__ == "__main__":
    why_it_stops()
    gradient_monitoring()
