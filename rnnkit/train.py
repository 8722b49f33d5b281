"""``python -m rnnkit.train``: trains one regime, with the handout's flags, and writes its log and record."""

from rnnkit.cli.train import main, parse
from rnnkit.runs.training import can_resume, train
from rnnkit.trainer import content

__all__ = ["can_resume", "content", "main", "parse", "train"]

if __name__ == "__main__":
    raise SystemExit(main())
