"""The coursework's runner: ``python3 runner.py train-np-gru grammar 50 5 0.5``; see ``--help``."""

from rnnkit.assignments.lookback.script import main

if __name__ == "__main__":
    raise SystemExit(main())
