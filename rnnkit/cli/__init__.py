"""The command ``rnnkit``: a file for each verb, one table of verbs, one guard."""

from rnnkit.cli.verbs import main

__all__ = ["main"]
