"""The answer key: draws, reference, hints. Never in what students have."""
