"""Wrong formulas that no table holds as they stand here: a question, what is changed, and what is to be said of it."""

from __future__ import annotations

FORMULAS = {
    "a leaky unit": ("rnn_step", "h_t = phi(x_t", "h_t = 0.7 * h_prev + 0.3 * phi(x_t", r"0.7 of it with 0.3 of the new state"),
    "a gate's square": ("gru_step", "+ z_t * h_new", "+ z_t * z_t * h_new", r"candidate's share is z_t squared"),
    "rows normalised": ("gru_candidate", "x_t @", "torch.nn.functional.normalize(x_t, dim=-1) @", r"row of x_t is divided by its norm"),
    "a bias for h_0": ("gru_forward", "x.new_zeros(x.shape[1], self.W_hh.shape[0])", "self.b_h + x.new_zeros(x.shape[1], 1)", r"h_0 is the bias b_h"),
    "another matrix": ("gru_rho", "self.W_hh", "self.W_hz + self.W_hh", r"W_hh and W_hz are added"),
    "another norm": ("grad_time", "norm(dim=-1)", "norm(p=3, dim=-1)", r"over the units it is the 3-norm"),
    "two at once": ("grad_time", "flow.norm(dim=-1).mean(-1)", "flow.square().sum(-1).mean(-1).log10()", r"the sum of squares.*And the logarithm to base 10"),
    "distances that are clamped": ("sat_time", "1 - hidden.abs()", "(1 - hidden.abs()).clamp(min=0.1)", r"kept from going below 0\.1"),
    "entropy": ("gate_sat_time", "torch.minimum(v, 1 - v)", "torch.distributions.Bernoulli(v, validate_args=False).entropy()", r"this is the entropy|special inputs"),
    "another part": ("rho", "np.abs(eigenvalues)", "np.maximum(abs(eigenvalues.real), abs(eigenvalues.imag))", r"larger of real and imaginary part"),
    "roots on the way": ("grad_norm", "sum((g.double() ** 2).sum() for g in grads)", "(grads[0].double() ** 2).sum() * 0\n    for g in grads:\n        squares = (squares + (g.double() ** 2).sum()).sqrt()", r"within the loop"),
    "a largest entry": ("clip", "global_norm(grads)", "max(g.abs().max().item() for g in grads)", r"the largest entry stands where the global norm should"),
    "logarithms": ("diagnostic_keys", "saturation_tanh(hidden),", "saturation_tanh(hidden).log(),", r"sat_time holds logarithms"),
    "fourth powers": ("omega", "off.square().sum()", "(off * off).square().sum()", r"fourth powers of R - 1"),
}  # fmt: skip
