"""The fast engine's compiled loops, and what packs for them."""
