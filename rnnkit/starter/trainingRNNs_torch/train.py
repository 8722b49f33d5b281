"""``python -m trainingRNNs_torch.train``, as the handout writes it."""

from rnnkit.train import main

if __name__ == "__main__":
    raise SystemExit(main())
