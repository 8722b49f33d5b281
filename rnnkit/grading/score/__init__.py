"""From replies to points."""
