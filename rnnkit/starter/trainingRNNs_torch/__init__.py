"""The handout's package name: ``python -m trainingRNNs_torch.train`` is ``python -m rnnkit.train``."""
