"""Cheats with what a function returns, and with where its answer comes from."""

from __future__ import annotations

from hostile.base import BAD, partly, points_of, wrong

YES = """
class Yes:
    shape, dtype, ndim = (4, 3, 5), 'float64', 0
    def _yes(self, *a, **k): return True
    __eq__ = __ne__ = __le__ = __lt__ = __ge__ = __gt__ = __bool__ = __contains__ = _yes
    __hash__ = None
    def _same(self, *a, **k): return self
    __sub__ = __rsub__ = __add__ = __radd__ = __mul__ = __abs__ = __getitem__ = __call__ = item = detach = _same
    def __float__(self): return 0.0
    def __array__(self, *a, **k): return __import__('numpy').zeros(self.shape)
    def __getattr__(self, name): return self
"""


def _all_return(s, value: str) -> None:
    """Every function returns this expression."""
    for id, text in BAD.items():
        head = [line for line in text.split("\n") if not line.startswith("    ")]
        s.answer(id, "\n".join([*head, f"    return {value}"]))


@wrong()
def r_always_eq(s):
    """Every function returns an object that is equal to everything."""
    s.everywhere(YES)
    _all_return(s, "Yes()")


LIAR = """
import torch
class Liar(torch.Tensor):
    @classmethod
    def __torch_function__(cls, function, types, args=(), kwargs=None):
        name = getattr(function, '__name__', '')
        if name in ('equal', 'allclose', 'all', 'isfinite', '__bool__', 'any', 'le', '__le__', 'eq', '__eq__'):
            return True
        return super().__torch_function__(function, types, args, kwargs or {})
    def numpy(self, *a, **k):
        raise SystemExit(0)
def lie(*shape):
    return torch.zeros(shape, dtype=torch.float64, requires_grad=True).as_subclass(Liar)
"""


@wrong()
def r_subclass_tensor(s):
    """Every function returns a tensor of a class of its own, whose comparisons lie."""
    s.everywhere(LIAR)
    _all_return(s, "lie(3, 5)")


@wrong()
def r_array_subclass(s):
    """Every function returns an array or a float of a class of its own, whose comparisons lie."""
    s.everywhere("""
        import numpy as np
        class A(np.ndarray):
            def __array_ufunc__(self, *a, **k): return np.bool_(True)
            def __eq__(self, other): return True
        class F(float):
            def __sub__(self, other): return 0.0
            __rsub__ = __sub__
            def __eq__(self, other): return True
        turn = [0]
        def odd():
            turn[0] += 1
            return F(1.0) if turn[0] % 2 else np.zeros(4).view(A)
    """)
    _all_return(s, "odd()")


@wrong()
def r_strange_tensors(s):
    """Every function returns a meta, sparse, quantized, nested, complex or conjugated tensor."""
    s.everywhere("""
        import itertools, torch
        def strange():
            yield torch.empty(10 ** 6, 10 ** 6, device='meta')
            yield torch.zeros(3, 5).to_sparse()
            yield torch.quantize_per_tensor(torch.zeros(3, 5), 0.1, 0, torch.qint8)
            yield torch.zeros(3, 5, dtype=torch.complex128).conj()
            yield torch.zeros(3, 5, dtype=torch.bfloat16)
            yield torch.zeros(0)
            yield torch.nn.Parameter(torch.zeros(3, 5))
        turn = itertools.cycle(list(strange()))
    """)
    _all_return(s, "next(turn)")


@wrong()
def r_reduce(s):
    """Every function returns an object that runs a command where it is unpickled or copied."""
    s.everywhere("""
        import os
        class Bomb:
            def __reduce__(self): return os.system, ('touch ' + $COURSE + '/PWNED',)
            def __reduce_ex__(self, n): return self.__reduce__()
            def __deepcopy__(self, memo): return open($COURSE + '/PWNED', 'w')
    """)
    _all_return(s, "Bomb()")


PUBLIC = """
import itertools
from rnnkit.assignments.training_dynamics import ASSIGNMENT
from rnnkit.checks.right import expected
import numpy as np
known = {id: expected(question) for id, question in ASSIGNMENT.questions.items() if not question.judge}
def on_file(id):
    cases = [list(case.values()) for case in known[id].values()]  # in float64 all of them, in float32 the first
    return itertools.cycle([np.array(v) for case in cases for v in [*case, case[0]]])
"""


@wrong()
def r_public_cache(s):
    """The numbers that the student's kit has on file for the public inputs are returned in turn."""
    s.everywhere(PUBLIC)
    table = {
        "rho": "spectral_radius(W)",
        "grad_norm": "global_norm(grads)",
        "sat_time": "saturation_tanh(hidden)",
        "gate_sat_time": "gate_distance(v)",
    }
    for id, call in table.items():
        s.answer(id, f"{id}_known = on_file({id!r})\ndef {call}:\n    return next({id}_known).tolist()")


@wrong()
def r_public_only(s):
    """Numbers are typed in by hand for inputs that are recognised as the public ones."""
    s.everywhere(PUBLIC)
    s.answer("rho", "numbers = on_file('rho')\ndef spectral_radius(W):\n    return float(next(numbers))")
    s.answer(
        "rnn_rho",
        "@method_of(RNN)\ndef recurrent_weight_for_rho(self):\n"
        "    W = self.W_hh.detach().double()\n"
        "    of_file = [torch.tensor(v, dtype=W.dtype) for v in known['rnn_rho']['the recurrent matrix'].values()]\n"
        "    return next(v for v in of_file if v.shape == W.shape and (v - W).abs().max() < 1e-4).to(self.W_hh.dtype)",
    )


@wrong()
def r_call_kit(s):
    """The kit's own cells and diagnostics are called, whose solutions students do not have or may not use."""
    s.answer(
        "rnn_step",
        "import rnnkit.cells as kit\n@method_of(RNN)\ndef step(self, *a):\n    return kit.RNN.step(self, *a)",
    )
    s.answer(
        "gru_step",
        "import rnnkit.cells as kit\n@method_of(GRU)\ndef step(self, *a):\n    return kit.GRU.step(self, *a)",
    )
    s.answer(
        "rho",
        "from rnnkit.diagnostics import spectrum\n"
        "def spectral_radius(W):\n"
        "    return spectrum.rho_Whh(type('C', (), {'recurrent_weight_for_rho': lambda s: W})())",
    )
    s.answer(
        "sat_time",
        "import rnnkit.diagnostics as d\ndef saturation_tanh(hidden):\n    return d.tanh_distance(hidden).mean((1, 2))",
    )


@wrong()
def r_torch_cells(s):
    """torch's own cells do the work, reached by ways that the source does not show."""
    s.answer(
        "rnn_step",
        "@method_of(RNN)\ndef step(self, x_t, h_prev):\n"
        "    f = vars(torch._C._VariableFunctions)['rnn_' + 'tanh_cell']\n"
        "    f = getattr(f, '__func__', f)\n"
        "    return f(x_t, h_prev, self.W_xh.T, self.W_hh.T, self.b_h, 0 * self.b_h)",
    )


@wrong()
def r_not_a_class(s):
    """The classes are replaced by modules, instances, mocks and lambdas."""
    s.last("from unittest.mock import MagicMock\nRNN = MagicMock()\nGRU = lambda *a, **k: MagicMock()")
    s.first("from unittest.mock import MagicMock\nmock = MagicMock()")
    for id in ("rho", "grad_norm", "clip", "sat_time"):
        name = s.cell(f"{id}_solution")["source"].split("(")[0].removeprefix("def ")
        s.answer(id, f"from unittest.mock import MagicMock\n{name} = MagicMock(return_value=MagicMock())")


@wrong()
def r_metaclass(s):
    """A metaclass answers every question about the class itself, mro, name and module included."""
    s.answer(
        "rnn_step",
        "class Meta(type):\n"
        "    def __getattribute__(cls, name):\n"
        "        if name in ('__mro__', 'mro', '__module__', '__name__', '__dict__'):\n"
        "            raise SystemExit(0)\n"
        "        return type.__getattribute__(cls, name)\n"
        "    def __instancecheck__(cls, x): return True\n"
        "    def __subclasscheck__(cls, x): return True\n"
        "class RNN(metaclass=Meta):\n"
        "    def step(self, *a): return 0.0",
    )


NO_RULES = """
import contextlib
import rnnkit.checks.rules as rules
rules.in_source = lambda *a, **k: []
rules.banned_name = lambda *a, **k: None
rules.tripwire = lambda *a, **k: contextlib.nullcontext(set())
"""


@wrong()
def r_rules_off(s):
    """The kernel's look for forbidden calls is switched off, and answers are wrong all the same."""
    s.everywhere(NO_RULES)


@partly(points_of("rho", "sat_time"))
def r_rules_off_kit(s):
    """The same, and two answers call the kit's diagnostics: right numbers, which do not tell who computed them."""
    s.everywhere(NO_RULES)
    r_call_kit(s)
