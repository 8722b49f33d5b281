"""``rnnkit bench``: engines timed side by side; only in a clone."""
