"""The cells, under the handout's module name."""

from rnnkit.cells import GRU, RNN, Cell

__all__ = ["GRU", "RNN", "Cell"]
