"""The document's figures: ``python3 visualize_rnn_pathological.py``, after rnn_pathological.py --all."""

from rnnkit.assignments.orthogonal_init.show import visualize

if __name__ == "__main__":
    raise SystemExit(visualize())
