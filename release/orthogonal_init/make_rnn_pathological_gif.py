"""The document's animation: ``python3 make_rnn_pathological_gif.py``; see ``--help``."""

from rnnkit.assignments.orthogonal_init.show import animate

if __name__ == "__main__":
    raise SystemExit(animate())
