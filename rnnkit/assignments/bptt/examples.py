"""The document's two examples: the first as it is, the second with what it needs to run."""

from __future__ import annotations

import torch
from torch import nn

from rnnkit.assignments.bptt.vanilla import VanillaRNN, monitor_gradients

CLASSES, MAX_NORM = 5, 1.0


def _weights(model: nn.Module, generator: torch.Generator) -> None:
    """torch's usual first weights, from a seed of their own."""
    with torch.no_grad():
        for one in model.parameters():
            edge = one.shape[-1] ** -0.5
            one.uniform_(-edge, edge, generator=generator)


def vanilla_rnn(seed: int = 0) -> None:
    """The first example: shapes, and how many parameters there are."""
    generator = torch.Generator().manual_seed(seed)
    model = VanillaRNN(input_size=10, hidden_size=64, output_size=5)
    outputs, h_final = model(torch.randn(32, 20, 10, generator=generator))  # 32 sequences of 20 steps
    print(f"Output shape: {tuple(outputs.shape)}")
    print(f"Final hidden state: {tuple(h_final.shape)}")
    print(f"Parameters: {sum(one.numel() for one in model.parameters())}")


def why_it_stops(seed: int = 0) -> None:
    """What the second example does as the document has it: its network has no outputs, only states."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.RNN(input_size=10, hidden_size=64, num_layers=2, batch_first=True)
    output, _ = model(torch.randn(32, 50, 10, generator=generator))
    print(f"output: {tuple(output.shape)}; contiguous: {output.is_contiguous()}")
    try:
        output.view(-1, CLASSES)
    except RuntimeError as error:
        print(f"output.view(-1, {CLASSES}): {type(error).__name__}: {str(error).split('.')[0]}")
    print(f"output.reshape(-1, {CLASSES}): {len(output.reshape(-1, CLASSES))} rows, for {32 * 50} targets")


def gradient_monitoring(epochs: int = 10, seed: int = 0) -> None:
    """The second example with a head of five outputs, and with its norms taken before clipping and after."""
    generator = torch.Generator().manual_seed(seed)
    model = nn.ModuleDict({
        "rnn": nn.RNN(input_size=10, hidden_size=64, num_layers=2, batch_first=True),
        "head": nn.Linear(64, CLASSES),  # what is missing in the document
    })  # fmt: skip
    _weights(model, generator)
    optimizer = torch.optim.SGD(model.parameters(), lr=0.01)
    x = torch.randn(32, 50, 10, generator=generator)
    target = torch.randint(0, CLASSES, (32, 50), generator=generator)
    for epoch in range(epochs):
        output = model["head"](model["rnn"](x)[0])  # (32, 50, 5)
        loss = nn.functional.cross_entropy(output.reshape(-1, CLASSES), target.reshape(-1))
        optimizer.zero_grad()
        loss.backward()
        print(f"\nEpoch {epoch}: Loss={loss.item():.4f}")
        monitor_gradients(model)  # before clipping: afterwards all one sees is the limit
        total = nn.utils.clip_grad_norm_(model.parameters(), max_norm=MAX_NORM)
        print(f"total before clipping: {float(total):.6f}; after: {min(float(total), MAX_NORM):.6f}")
        optimizer.step()
