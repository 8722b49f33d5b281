"""The document's trainer: ``python3 rnn_pathological.py --all --seed 0``; see ``--help``."""

from rnnkit.assignments.orthogonal_init.script import main

if __name__ == "__main__":
    raise SystemExit(main())
