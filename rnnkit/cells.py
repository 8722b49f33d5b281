"""The recurrent cells, written from the equations, and the contract that every cell keeps.

A cell of one's own (in a notebook or in ``model.py``) subclasses `Cell`, or any ``nn.Module`` with the same
parameters and methods; tests and regimes run it through the same trainer as the cells below.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, ClassVar

import torch
from torch import Tensor, nn

from rnnkit.common.shapes import READOUT, RECURRENT, shape_of

if TYPE_CHECKING:
    from jaxtyping import Float

    Output = Float[Tensor, "T B O"] | Float[Tensor, "B O"]

PHI: dict[str, Callable[[Tensor], Tensor]] = {"tanh": torch.tanh, "sigmoid": torch.sigmoid, "identity": lambda a: a}


class Cell(nn.Module):
    r"""One step of a recurrent network with a linear readout: the contract.

    .. math:: h_t = \mathrm{step}(x_t, h_{t-1}), \quad o_t = h_t W_{ho} + b_o, \quad h_0 = 0

    Row convention throughout: a weight from a layer of size m to one of size n has shape ``(m, n)``, and a state
    is a row, ``(B, H)``. The handout's column form is the transpose.

    Arguments:
        n_in: input channels I.
        n_hid: hidden units H.
        n_out: outputs O.
        phi: ``tanh``, ``sigmoid`` or ``identity``.
        head: ``softmax`` (outputs at every step), ``lastSoftmax`` or ``lastLinear`` (outputs after the last step).
        dtype: of the parameters.

    Subclasses list their weights in ``shapes``, by the equations' names and with the letters I, H, O for the sizes (for
    the RNN ``{"W_xh": "IH", "W_hh": "HH", "b_h": "H"}``), and implement `step`. ``W_ho`` and ``b_o`` are common to all.
    A class of one's own that is no subclass must have the same parameters, attributes, `step` and `forward`.

    *Source:* handout section 2.1.
    """

    # name -> shape, in letters
    shapes: ClassVar[dict[str, str]] = {}
    readout_shapes: ClassVar[dict[str, str]] = READOUT
    W_hh: nn.Parameter  # (H, H)
    W_ho: nn.Parameter  # (H, O)
    b_o: nn.Parameter  # (O,)

    def __init__(
        self,
        n_in: int,
        n_hid: int,
        n_out: int,
        *,
        phi: str = "tanh",
        head: str = "softmax",
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__()
        if phi not in PHI:
            raise ValueError(f"{type(self).__name__}: expected phi to be one of {', '.join(PHI)}, got {phi!r}")
        self.n_in, self.n_hid, self.n_out = n_in, n_hid, n_out
        self.phi, self.head = phi, head
        size = {"I": n_in, "H": n_hid, "O": n_out}
        for name, letters in (self.shapes | self.readout_shapes).items():
            setattr(self, name, nn.Parameter(torch.zeros(shape_of(letters, size), dtype=dtype)))

    def step(
        self, x_t: Float[Tensor, "B I"], h_prev: Float[Tensor, "B H"]
    ) -> Float[Tensor, "B H"] | tuple[Float[Tensor, "B H"], dict[str, Float[Tensor, "B H"]]]:
        """One time step.

        Arguments:
            x_t: ``(B, I)`` input of this step.
            h_prev: ``(B, H)`` state before it.

        Returns:
            ``h_t`` ``(B, H)``; a gated cell returns ``h_t, {"z": (B, H), "r": (B, H)}``.
        """
        raise NotImplementedError(f"{type(self).__name__}.step: write the recurrence h_t = step(x_t, h_prev)")

    def forward(
        self, x: Float[Tensor, "T B I"]
    ) -> tuple[Output, Float[Tensor, "T B H"], dict[str, Float[Tensor, "T B H"]] | None]:
        """The whole sequence, from h_0 = 0.

        Arguments:
            x: ``(T, B, I)``.

        Returns:
            output ``(T, B, O)`` for the head ``softmax``, else ``(B, O)``; hidden ``(T, B, H)``, that is h_1 .. h_T;
            gate traces ``{"z": (T, B, H), "r": (T, B, H)}`` after the sigmoid, or None.
        """
        hidden, traces = unroll(self, x)
        return readout(self, hidden, self.head), hidden, traces

    def recurrent_weight_for_rho(self) -> Float[Tensor, "H H"]:
        """``(H, H)``: the matrix whose spectral radius is logged as rho_Whh.

        *Source:* handout sections 2.1 and 2.2 (for the GRU, the candidate's recurrent matrix).
        """
        return self.W_hh

    def extra_repr(self) -> str:
        return f"{self.n_in}, {self.n_hid}, {self.n_out}, phi={self.phi!r}, head={self.head!r}"


class RNN(Cell):
    r"""The vanilla RNN.

    .. math:: h_t = \phi(x_t W_{xh} + h_{t-1} W_{hh} + b_h)

    *Source:* handout section 2.1.
    """

    shapes: ClassVar[dict[str, str]] = RECURRENT["RNN"]
    W_xh: nn.Parameter  # (I, H)
    W_hh: nn.Parameter  # (H, H)
    b_h: nn.Parameter  # (H,)

    def step(self, x_t: Float[Tensor, "B I"], h_prev: Float[Tensor, "B H"]) -> Float[Tensor, "B H"]:
        ### BEGIN SOLUTION
        phi = PHI[self.phi]
        h_t = phi(x_t @ self.W_xh + h_prev @ self.W_hh + self.b_h)  # (B, H)
        return h_t
        ### END SOLUTION


class GRU(Cell):
    r"""The gated recurrent unit.

    .. math::
        z_t &= \sigma(x_t W_{xz} + h_{t-1} W_{hz} + b_z) \\
        r_t &= \sigma(x_t W_{xr} + h_{t-1} W_{hr} + b_r) \\
        \tilde h_t &= \tanh(x_t W_{xh} + (r_t \odot h_{t-1}) W_{hh} + b_h) \\
        h_t &= (1 - z_t) \odot h_{t-1} + z_t \odot \tilde h_t

    z_t is the share of the *new* state, and the reset gate acts before the product with W_hh (``torch.nn.GRU`` does
    neither).

    *Source:* handout section 2.2.
    """

    shapes: ClassVar[dict[str, str]] = RECURRENT["GRU"]
    W_xz: nn.Parameter  # (I, H)
    W_hz: nn.Parameter  # (H, H)
    b_z: nn.Parameter  # (H,)
    W_xr: nn.Parameter  # (I, H)
    W_hr: nn.Parameter  # (H, H)
    b_r: nn.Parameter  # (H,)
    W_xh: nn.Parameter  # (I, H)
    W_hh: nn.Parameter  # (H, H)
    b_h: nn.Parameter  # (H,)

    def step(
        self, x_t: Float[Tensor, "B I"], h_prev: Float[Tensor, "B H"]
    ) -> tuple[Float[Tensor, "B H"], dict[str, Float[Tensor, "B H"]]]:
        ### BEGIN SOLUTION
        z_t = torch.sigmoid(x_t @ self.W_xz + h_prev @ self.W_hz + self.b_z)  # (B, H)
        r_t = torch.sigmoid(x_t @ self.W_xr + h_prev @ self.W_hr + self.b_r)  # (B, H)
        h_new = torch.tanh(x_t @ self.W_xh + (r_t * h_prev) @ self.W_hh + self.b_h)  # (B, H)
        h_t = (1 - z_t) * h_prev + z_t * h_new  # (B, H)
        return h_t, {"z": z_t, "r": r_t}
        ### END SOLUTION


def unroll(
    cell: Cell, x: Float[Tensor, "T B I"], probe: Float[Tensor, "T B H"] | None = None
) -> tuple[Float[Tensor, "T B H"], dict[str, Float[Tensor, "T B H"]] | None]:
    """Drives ``cell.step`` over a sequence, from h_0 = 0.

    Arguments:
        cell: any cell of the contract.
        x: ``(T, B, I)``.
        probe: ``(T, B, H)`` or None; row t is added to h_t *on the recurrent path*, so that with zeros in it the
            derivative with respect to row t is the total dL/dh_t.

    Returns:
        hidden ``(T, B, H)`` and the gates' traces, each ``(T, B, H)``, or None for a cell without gates.
    """
    h_t = x.new_zeros(x.shape[1], cell.W_hh.shape[0])  # (B, H)
    probes = (None,) * len(x) if probe is None else probe.unbind(0)
    hidden: list[Tensor] = []
    traces: dict[str, list[Tensor]] = {}
    for x_t, probe_t in zip(x.unbind(0), probes, strict=True):
        stepped = cell.step(x_t, h_t)
        h_t, gates_t = stepped if isinstance(stepped, tuple | list) else (stepped, {})
        for gate, value in gates_t.items():
            traces.setdefault(gate, []).append(value)
        if probe_t is not None:
            h_t = h_t + probe_t
        hidden.append(h_t)
    stacked = {gate: torch.stack(values) for gate, values in traces.items()}
    return torch.stack(hidden), stacked or None  # (T, B, H)


def readout(cell: Cell, hidden: Float[Tensor, "T B H"], head: str) -> Output:
    r"""Outputs :math:`o_t = h_t W_{ho} + b_o`: ``(T, B, O)`` for ``softmax``, else ``(B, O)`` after the last step."""
    h = hidden if head == "softmax" else hidden[-1]
    return h @ cell.W_ho + cell.b_o


MODELS: dict[str, type[Cell]] = {"rnn": RNN, "gru": GRU}  # the handout's --model
CLASS_NAMES = {name: cls.__name__ for name, cls in MODELS.items()}  # what a model.py must define
