"""Whether the fast engine may stand in for a cell that somebody wrote."""
