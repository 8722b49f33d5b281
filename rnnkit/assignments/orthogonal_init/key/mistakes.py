"""The known mistakes: one small textual patch of a solution each, and what a student who makes it is told.

A row is the question, a name, what stands exactly once in the solution's cell, what makes the mistake, the sentence.
"""

from __future__ import annotations

Row = tuple[str, str, str, str, str]
Short = tuple[str, str, str, str]  # without the question


def _of(question: str, *rows: Short) -> tuple[Row, ...]:
    return tuple((question, *row) for row in rows)


BOTH = "values[rows, i1] + values[rows, i2]"
ADDITION = _of(
    "addition_batch",
    ("product", BOTH, "values[rows, i1] * values[rows, i2]", "the target is the product of the two values; that is the multiplication task. Here it is their sum."),
    ("mean", BOTH, f"({BOTH}) / 2", "the target is the mean of the two values; it is their sum."),
    ("difference", BOTH, "values[rows, i1] - values[rows, i2]", "the target is the difference of the two values; it is their sum."),
    ("first value", BOTH, "values[rows, i1]", "the target is the first marked value alone; it is the sum of both."),
    ("second value", BOTH, "values[rows, i2]", "the target is the second marked value alone; it is the sum of both."),
    ("everything summed", BOTH, "values.sum(1)", "the target sums the whole sequence; only the two marked values count."),
    ("places summed", BOTH, "(i1 + i2).to(values.dtype)", "the target is the sum of the places; it is the sum of the values that stand there."),
    ("one marker", "    markers[rows, i2] = 1\n", "", "only the first step is marked; the second one is marked, too."),
    ("all between", "markers[rows, i2] = 1", "markers[(torch.arange(values.shape[1]) >= i1[:, None]) & (torch.arange(values.shape[1]) <= i2[:, None])] = 1", "all steps between the two places are marked; only these two are."),
    ("every row", "markers[rows, i1] = 1", "markers[:, i1] = 1", "the first markers of all sequences are set in every sequence: each row has its own place, markers[rows, i1]."),
    ("every row, second", "markers[rows, i2] = 1", "markers[:, i2] = 1", "the second markers of all sequences are set in every sequence: each row has its own place, markers[rows, i2]."),
    ("late by one", "markers[rows, i1] = 1", "markers[rows, (i1 + 1) % values.shape[1]] = 1", "the first marker is one step late: places are counted from 0."),
    ("places counted from 1", "markers[rows, i2] = 1", "markers[rows, i2 - 1] = 1", "the second marker is one step early: places are counted from 0."),
    ("two and one", "markers[rows, i2] = 1", "markers[rows, i2] = 2", "the second marker is 2; both are 1."),
    ("minus one", "markers[rows, i2] = 1", "markers[rows, i2] = -1", "the second marker is -1; both are 1."),
    ("channels swapped", "[values, markers]", "[markers, values]", "the channels are swapped: the values are channel 0, the markers channel 1."),
    ("values under the markers alone", "[values, markers]", "[values * markers, markers]", "channel 0 has values at the marked steps alone; it has one at every step: the rest is the noise to be ignored."),
    ("ones for zeros", "torch.zeros_like(values)", "torch.ones_like(values)", "every step is marked; the markers are 0 but for two steps."),
    ("channels first", "dim=-1)", "dim=1)", "the channels stand on axis 1; they come last, (B, T, 2)."),
    ("time first", "torch.stack([values, markers], dim=-1)", "torch.stack([values.T, markers.T], dim=-1)", "time comes first; here sequences do, (B, T, 2)."),
    ("order", "return torch.stack([values, markers], dim=-1), y", "return y, torch.stack([values, markers], dim=-1)", "the order is swapped: first x, then y."),
    ("y with an axis", "return torch.stack([values, markers], dim=-1), y", "return torch.stack([values, markers], dim=-1), y[:, None]", "y has an axis too many; it is (B,)."),
)  # fmt: skip

ORTHOGONAL = _of(
    "orthogonal",
    ("no signs", "return Q * signs", "return Q", "the signs are missing: Q is orthogonal, but not uniform among all rotations; its columns are multiplied by sign(diag R)."),
    ("signs on rows", "return Q * signs", "return Q * signs[:, None]", "the signs multiply the rows of Q; they belong to its columns."),
    ("signs of Q", "torch.diagonal(R)", "torch.diagonal(Q)", "the signs are taken from the diagonal of Q; they are those of R's."),
    ("signs of A", "torch.diagonal(R)", "torch.diagonal(A)", "the signs are taken from the diagonal of A; they are those of R's."),
    ("sizes of R", "torch.sign(torch.diagonal(R))", "torch.diagonal(R)", "the columns are multiplied by R's diagonal itself: their lengths change. Only its signs are wanted."),
    ("minus", "torch.sign(torch.diagonal(R))", "-torch.sign(torch.diagonal(R))", "every sign is the opposite: the diagonal of R becomes negative; it is to be positive."),
    ("transposed", "return Q * signs", "return (Q * signs).T", "Q is transposed: its columns are made from the columns of A."),
    ("transpose of A", "torch.linalg.qr(A)", "torch.linalg.qr(A.T)", "the transpose of A is factored; factor A itself."),
    ("R for Q", "return Q * signs", "return R * signs[:, None]", "R comes back; the orthogonal factor is Q."),
    ("normalised columns", "return Q * signs", "return A / A.norm(dim=0)", "the columns of A are normalised, but not at right angles to one another: that needs the QR factors."),
    ("polar factor", "return Q * signs", "return torch.linalg.svd(A)[0] @ torch.linalg.svd(A)[2]", "this is the polar factor U V^T of the singular value decomposition: orthogonal and uniform as well, but not the Q of A = QR that is asked for."),
    ("left singular vectors", "return Q * signs", "return torch.linalg.svd(A)[0]", "these are the left singular vectors; the factor Q of A = QR is asked for."),
    ("scaled", "return Q * signs", "return 0.1 * Q * signs", "the result is scaled by 0.1; an orthogonal matrix has columns of length 1."),
    ("by the norm of A", "return Q * signs", "return A / torch.linalg.matrix_norm(A, 2)", "A is divided by its norm: the largest singular value is 1, not all of them."),
)  # fmt: skip

LARGEST = "eigenvalues.abs().max()"
RADIUS = _of(
    "to_radius",
    ("spectral norm", LARGEST, "torch.linalg.matrix_norm(A, 2)", "A is divided by its largest singular value, the norm; the radius is the largest modulus of an eigenvalue, which is never larger."),
    ("Frobenius", LARGEST, "A.norm()", "A is divided by its Frobenius norm; the radius is the largest modulus of an eigenvalue."),
    ("real part", LARGEST, "eigenvalues.real.max()", "the largest real part is taken; the modulus counts, and eigenvalues may be complex."),
    ("absolute real part", LARGEST, "eigenvalues.real.abs().max()", "the imaginary parts are left out: the modulus of a + bi is sqrt(a^2 + b^2)."),
    ("symmetric solver", "torch.linalg.eigvals(A)", "torch.linalg.eigvalsh(A)", "eigvalsh is for symmetric matrices; A is none: use eigvals."),
    ("largest entry", LARGEST, "A.abs().max()", "A is divided by its largest entry; divide by the largest modulus of an eigenvalue."),
    ("determinant", LARGEST, "torch.linalg.det(A).abs()", "A is divided by its determinant, the product of the eigenvalues; the largest modulus is wanted."),
    ("smallest", LARGEST, "eigenvalues.abs().min()", "the smallest modulus is taken; the spectral radius is the largest."),
    ("mean", LARGEST, "eigenvalues.abs().mean()", "the mean of the moduli is taken; the spectral radius is the largest."),
    ("first", LARGEST, "eigenvalues.abs()[0]", "the first eigenvalue is taken: they come in no order; take the largest modulus."),
    ("last", LARGEST, "eigenvalues.abs()[-1]", "the last eigenvalue is taken: they come in no order; take the largest modulus."),
    ("squared", LARGEST, "eigenvalues.abs().square().max()", "the squared modulus is taken; take the modulus itself."),
    ("radius 1", f"rho / {LARGEST}", f"1 / {LARGEST}", "the radius of the result is 1; it is to be rho."),
    ("times rho alone", f"(rho / {LARGEST})", "rho", "A is multiplied by rho alone: divide by the radius it has."),
    ("upside down", f"rho / {LARGEST}", f"{LARGEST} / rho", "the factor is upside down: rho divided by the radius that A has."),
    ("divided by rho", f"rho / {LARGEST}", f"1 / (rho * {LARGEST})", "A is divided by rho as well; it is multiplied by it."),
    ("multiplied", f"rho / {LARGEST}", f"rho * {LARGEST}", "A is multiplied by its radius; divide by it."),
    ("root", f"rho / {LARGEST}", f"(rho / {LARGEST}) ** 0.5", "the root of the factor is taken: eigenvalues grow as the matrix does, so the factor is rho / radius itself."),
    ("the eigenvalues", "return A * (rho", "return eigenvalues.abs() * (rho", "the eigenvalues come back; the matrix is wanted."),
    ("shifted", f"return A * (rho / {LARGEST})", f"return A + (rho - {LARGEST}) * torch.eye(len(A), dtype=A.dtype)", "a multiple of the identity is added; the matrix is scaled by one factor."),
    ("sum", LARGEST, "eigenvalues.abs().sum()", "the sum of the moduli is taken; the spectral radius is the largest."),
    ("transposed", "return A * (rho", "return A.T * (rho", "the result is transposed."),
)  # fmt: skip

SLOPE = "dh * (1 - hidden[t] ** 2)"
BPTT = _of(
    "bptt",
    ("no slope", SLOPE, "dh", "the slope of tanh is missing: da_t = dh_t * (1 - h_t^2)."),
    ("slope of the state before", SLOPE, "dh * (1 - hidden[t - 1] ** 2)", "the slope is taken at h_{t-1}; it is 1 - h_t^2, of the state that the step made."),
    ("one minus h", SLOPE, "dh * (1 - hidden[t])", "the slope is taken as 1 - h; for tanh it is 1 - h^2."),
    ("sigmoid's slope", SLOPE, "dh * hidden[t] * (1 - hidden[t])", "h (1 - h) is the slope of the sigmoid; for tanh it is 1 - h^2."),
    ("tanh once more", SLOPE, "dh * (1 - torch.tanh(hidden[t]) ** 2)", "tanh is applied to the states once more: h_t is tanh(a_t) already."),
    ("slope squared", SLOPE, "dh * (1 - hidden[t] ** 2) ** 2", "the slope is there twice."),
    ("not transposed", "da @ W_hh.T", "da @ W_hh", "W_hh is not transposed on the way back: forwards h_{t-1} is multiplied by W_hh, backwards da by its transpose."),
    ("no recurrent matrix", "da @ W_hh.T", "da", "on the way back the gradient goes through W_hh: dh_{t-1} = da_t W_hh^T."),
    ("dh for da", "da @ W_hh.T", "dh @ W_hh.T", "dh is handed back without the slope: dh_{t-1} = da_t W_hh^T."),
    ("loss at every step", "dh = da @ W_hh.T", "dh = da @ W_hh.T + dh_T", "dh_T is added at every step; the loss looks at the last step only."),
    ("never handed back", "        dh = da @ W_hh.T\n", "", "the gradient is never handed back: dh stays dh_T at every step."),
    ("state of its own step", "hidden[t - 1].T @ da", "hidden[t].T @ da", "dW_hh pairs da_t with h_t; the step multiplied h_{t-1} by W_hh."),
    ("input of the next step", "x[:, t - 1].T @ da", "x[:, t % x.shape[1]].T @ da", "dW_ih pairs da_t with the input of the next step: x_t is x[:, t - 1], because hidden begins with h_0."),
    ("last step left out", "range(x.shape[1], 0, -1)", "range(x.shape[1] - 1, 0, -1)", "the last step is left out: t goes from T down to 1."),
    ("first step left out", "range(x.shape[1], 0, -1)", "range(x.shape[1], 1, -1)", "the first step is left out: t goes from T down to 1."),
    ("last step alone", "range(x.shape[1], 0, -1)", "range(x.shape[1], x.shape[1] - 1, -1)", "only the last step counts; the sums run over all steps."),
    ("forwards", "range(x.shape[1], 0, -1)", "range(1, x.shape[1] + 1)", "time runs forwards: the gradient begins at t = T and goes back."),
    ("W_hh of the last round", "dW_hh = dW_hh + hidden", "dW_hh = hidden", "dW_hh is not summed over the steps: each step overwrites the one before."),
    ("W_ih of the last round", "dW_ih = dW_ih + x", "dW_ih = x", "dW_ih is not summed over the steps: each step overwrites the one before."),
    ("b_h of the last round", "db_h = db_h + da", "db_h = da", "db_h is not summed over the steps: each step overwrites the one before."),
    ("mean for b_h", "da.sum(0)", "da.mean(0)", "db_h averages over the batch; it is the sum: dh_T has the mean in it, where there is one."),
    ("dh for b_h", "da.sum(0)", "dh.sum(0)", "db_h sums dh; the bias stands inside the tanh, so it is da."),
    ("W_hh transposed", '"W_hh": dW_hh', '"W_hh": dW_hh.T', "dW_hh is transposed: with states as rows it is h_{t-1}^T da_t."),
    ("W_ih transposed", '"W_ih": dW_ih', '"W_ih": dW_ih.T', "dW_ih is transposed: it has the shape of W_ih, (I, H)."),
    ("dh for da in W_hh", "hidden[t - 1].T @ da", "hidden[t - 1].T @ dh", "dW_hh is made from dh; it is made from da, inside the tanh."),
    ("dh for da in W_ih", "x[:, t - 1].T @ da", "x[:, t - 1].T @ dh", "dW_ih is made from dh; it is made from da, inside the tanh."),
    ("handed back first, W_hh", "hidden[t - 1].T @ da", "hidden[t - 1].T @ (da @ W_hh.T)", "dW_hh is made after the gradient went through W_hh^T; it is made from da_t, before that."),
    ("handed back first, W_ih", "x[:, t - 1].T @ da", "x[:, t - 1].T @ (da @ W_hh.T)", "dW_ih is made after the gradient went through W_hh^T; it is made from da_t, before that."),
    ("handed back first, b_h", "da.sum(0)", "(da @ W_hh.T).sum(0)", "db_h is made after the gradient went through W_hh^T; it is made from da_t, before that."),
    ("added up on the way", "da @ W_hh.T", "(dh + da) @ W_hh.T", "dh is added to da on the way back: dh_{t-1} = da_t W_hh^T alone."),
    ("descent direction", 'return {"W_ih": dW_ih, "W_hh": dW_hh, "b_h": db_h}', 'return {"W_ih": -dW_ih, "W_hh": -dW_hh, "b_h": -db_h}', "every sign is the opposite: the gradient is wanted, not the direction of descent."),
    ("mean over the batch", 'return {"W_ih": dW_ih, "W_hh": dW_hh, "b_h": db_h}', 'return {"W_ih": dW_ih / len(x), "W_hh": dW_hh / len(x), "b_h": db_h / len(x)}', "the gradients are divided by B; they are sums: a mean over the batch is in dh_T already, where there is one."),
    ("mean over the steps", 'return {"W_ih": dW_ih, "W_hh": dW_hh, "b_h": db_h}', 'return {"W_ih": dW_ih / x.shape[1], "W_hh": dW_hh / x.shape[1], "b_h": db_h / x.shape[1]}', "the gradients are divided by T; they are sums over the steps."),
)  # fmt: skip

VELOCITY = "mu * v - lr * g"
HEAVY_BALL = _of(
    "heavy_ball",
    ("plus the gradient", VELOCITY, "mu * v + lr * g", "the gradient is added; descent goes against it: v = mu v - lr g."),
    ("old velocity", "return p + v_new, v_new", "return p + v, v_new", "p moves by the old velocity; it moves by the new one."),
    ("minus the velocity", "return p + v_new, v_new", "return p - v_new, v_new", "the velocity is subtracted; it holds the minus already: p + v."),
    ("torch's form", "v_new = mu * v - lr * g\n    return p + v_new, v_new", "v_new = mu * v + g\n    return p - lr * v_new, v_new", "this is torch's form, v = mu v + g and p - lr v; here lr stands inside the velocity: v = mu v - lr g, p + v."),
    ("learning rate left out", VELOCITY, "mu * v - g", "the learning rate is missing: v = mu v - lr g."),
    ("learning rate on all", VELOCITY, "lr * (mu * v - g)", "the learning rate multiplies the old velocity, too; it belongs to the gradient alone."),
    ("average", VELOCITY, "mu * v - (1 - mu) * lr * g", "the gradient is multiplied by 1 - mu, as in a running mean; here it is lr g alone."),
    ("no momentum", VELOCITY, "-lr * g", "the old velocity is missing: v = mu v - lr g."),
    ("momentum of 1", VELOCITY, "v - lr * g", "the old velocity is not multiplied by mu."),
    ("mu and lr swapped", VELOCITY, "lr * v - mu * g", "mu and lr are swapped."),
    ("velocity twice", "return p + v_new, v_new", "return p + mu * v_new, v_new", "mu is there twice: p moves by the new velocity itself."),
    ("Nesterov's step", "return p + v_new, v_new", "return p + mu * v_new - lr * g, v_new", "this is a form of Nesterov's step; the heavy ball moves p by the new velocity."),
    ("gradient from p", "return p + v_new, v_new", "return p + v_new - lr * g, v_new", "the gradient is subtracted once more; it is in the velocity already."),
    ("order", "return p + v_new, v_new", "return v_new, p + v_new", "the order is swapped: first the new p, then the new v."),
    ("old velocity back", "return p + v_new, v_new", "return p + v_new, v", "the old velocity comes back; the new one is wanted."),
    ("p in place", "    return p + v_new, v_new", "    p += v_new\n    return p, v_new", "p is changed in place; make a new tensor, p + v."),
    ("v in place", "v_new = mu * v - lr * g", "v *= mu\n    v_new = v - lr * g", "v is changed in place; make a new tensor, mu * v - lr * g."),
    ("p alone", "return p + v_new, v_new", "return p + v_new", "only the new p comes back; the new velocity is wanted as well."),
)  # fmt: skip

AHEAD = "mu * v - lr * grad(p + mu * v)"
NESTEROV = _of(
    "nesterov",
    ("heavy ball", AHEAD, "mu * v - lr * grad(p)", "the gradient is taken at p: that is the heavy ball. Nesterov's is taken at p + mu v."),
    ("ahead by v", AHEAD, "mu * v - lr * grad(p + v)", "the gradient is taken at p + v; it is taken at p + mu v."),
    ("behind", AHEAD, "mu * v - lr * grad(p - mu * v)", "the gradient is taken behind, at p - mu v; it is taken ahead, at p + mu v."),
    ("at the velocity", AHEAD, "mu * v - lr * grad(mu * v)", "the gradient is taken at mu v; it is taken at p + mu v."),
    ("at the new point", AHEAD, "mu * v - lr * grad(p + mu * v - lr * grad(p))", "the gradient is taken where the heavy ball would be; it is taken at p + mu v."),
    ("plus the gradient", AHEAD, "mu * v + lr * grad(p + mu * v)", "the gradient is added; descent goes against it: v = mu v - lr grad(p + mu v)."),
    ("no momentum", AHEAD, "-lr * grad(p + mu * v)", "the old velocity is missing: v = mu v - lr grad(p + mu v)."),
    ("momentum of 1", AHEAD, "v - lr * grad(p + mu * v)", "the old velocity is not multiplied by mu."),
    ("learning rate left out", AHEAD, "mu * v - grad(p + mu * v)", "the learning rate is missing."),
    ("mu and lr swapped", AHEAD, "lr * v - mu * grad(p + lr * v)", "mu and lr are swapped."),
    ("average", AHEAD, "mu * v - (1 - mu) * lr * grad(p + mu * v)", "the gradient is multiplied by 1 - mu, as in a running mean; here it is lr times the gradient alone."),
    ("old velocity", "return p + v_new, v_new", "return p + v, v_new", "p moves by the old velocity; it moves by the new one."),
    ("from the look-ahead", "return p + v_new, v_new", "return p + mu * v + v_new, v_new", "p moves from the point ahead; it moves from p itself, by the new velocity, which holds mu v already."),
    ("minus the velocity", "return p + v_new, v_new", "return p - v_new, v_new", "the velocity is subtracted; it holds the minus already: p + v."),
    ("mu twice", "return p + v_new, v_new", "return p + mu * v_new, v_new", "mu is there twice: p moves by the new velocity itself."),
    ("both steps", "return p + v_new, v_new", "return p + mu * v_new - lr * grad(p + mu * v), v_new", "p moves by the momentum and the gradient once more; it moves by the new velocity, which holds both already."),
    ("order", "return p + v_new, v_new", "return v_new, p + v_new", "the order is swapped: first the new p, then the new v."),
    ("old velocity back", "return p + v_new, v_new", "return p + v_new, v", "the old velocity comes back; the new one is wanted."),
    ("p in place", "    return p + v_new, v_new", "    p += v_new\n    return p, v_new", "p is changed in place; make a new tensor, p + v."),
    ("p alone", "return p + v_new, v_new", "return p + v_new", "only the new p comes back; the new velocity is wanted as well."),
)  # fmt: skip

STEPS, GROWN = "t // 250 + 1", "1 - 1 / (2 * steps)"
SCHEDULE = _of(
    "momentum_schedule",
    ("no floor", STEPS, "t / 250 + 1", "t / 250 is not rounded down: the momentum stays for 250 updates."),
    ("no one", STEPS, "max(t // 250, 0.5)", "the 1 is missing: log2 is of floor(t / 250) + 1."),
    ("rounded up", STEPS, "-(-t // 250) + 1", "t / 250 is rounded up; the floor rounds down."),
    ("rounded", STEPS, "round(t / 250) + 1", "t / 250 is rounded to the nearest; the floor rounds down."),
    ("one update late", STEPS, "(t - 1) // 250 + 1 if t else 1", "the steps come one update late: at t = 250 the momentum grows."),
    ("one update early", STEPS, "(t + 1) // 250 + 1", "the steps come one update early: t counts from 0, and at t = 250 the momentum grows."),
    ("maximum", f"min({GROWN}, mu_max)", f"max({GROWN}, mu_max)", "the larger of the two comes back; mu_max is a limit: the smaller one counts."),
    ("no limit", f"min({GROWN}, mu_max)", GROWN, "the limit is missing: the momentum never exceeds mu_max."),
    ("factor", f"min({GROWN}, mu_max)", f"mu_max * ({GROWN})", "mu_max multiplies the schedule; it is a limit: the smaller of both counts."),
    ("plus for minus", GROWN, "1 - 2 ** (-1 + np.log2(steps))", "the sign of the logarithm is wrong: 2 to the power of -1 - log2(...), which shrinks."),
    ("natural logarithm", GROWN, "1 - 2 ** (-1 - np.log(steps))", "the natural logarithm is taken; the formula has log2."),
    ("no one in the exponent", GROWN, "1 - 1 / steps", "the exponent has no -1: the momentum begins at 0.5, not at 0."),
    ("a power of the steps", GROWN, "1 - 2.0 ** -min(steps, 60)", "the logarithm is missing: 2 to the power of the number of steps falls far too fast."),
    ("half", GROWN, "1 / (2 * steps)", "1 minus is missing: this falls from 0.5, and the momentum grows from there."),
    ("natural base", GROWN, "1 - np.exp(-1 - np.log2(steps))", "e stands where 2 should: 2 to the power of -1 - log2(...)."),
    ("steps of 1000", STEPS, "t // 1000 + 1", "the momentum grows every 1000 updates; it grows every 250."),
    ("from the limit", f"min({GROWN}, mu_max)", "mu_max - 1 / (2 * steps)", "mu_max stands in the place of 1: the momentum is 1 minus a falling term, and not above mu_max."),
    ("linear", GROWN, "0.5 + t / 25_000", "the momentum grows on a straight line; its distance from 1 falls as 1 / (2 steps)."),
)  # fmt: skip

JACOBIAN = "(1 - h**2)[:, None] * W_hh.T"
NORM = "torch.linalg.matrix_norm(P, 2)"
JACOBIANS = _of(
    "jacobian_norms",
    ("no slope", JACOBIAN, "W_hh.T", "the slope 1 - h_t^2 is missing: this is the norm of W_hh^k, of a linear net."),
    ("one minus h", JACOBIAN, "(1 - h)[:, None] * W_hh.T", "the slope is taken as 1 - h; for tanh it is 1 - h^2."),
    ("sigmoid's slope", JACOBIAN, "(h * (1 - h))[:, None] * W_hh.T", "h (1 - h) is the slope of the sigmoid; for tanh it is 1 - h^2."),
    ("slope squared", JACOBIAN, "((1 - h**2) ** 2)[:, None] * W_hh.T", "the slope is there twice."),
    ("tanh once more", JACOBIAN, "(1 - torch.tanh(h) ** 2)[:, None] * W_hh.T", "tanh is applied to the states once more: h_t is tanh(a_t) already."),
    ("slope on columns", JACOBIAN, "(1 - h**2) * W_hh.T", "the slope multiplies the columns of W_hh^T; it belongs to the new state, the rows: diag(1 - h^2) W_hh^T."),
    ("not transposed", JACOBIAN, "(1 - h**2)[:, None] * W_hh", "W_hh is not transposed: for columns the Jacobian is diag(1 - h_t^2) W_hh^T."),
    ("order", "P = P @ J", "P = J @ P", "the order of the product is turned round: the newest Jacobian stands on the left."),
    ("no product", "P = P @ J", "P = J", "these are the norms of single Jacobians; the norm of their product is wanted."),
    ("elementwise", "P = P @ J", "P = P * J", "the Jacobians are multiplied elementwise; it is a matrix product."),
    ("sum", "P = P @ J", "P = P + J", "the Jacobians are added; they are multiplied."),
    ("product of norms", "P = P @ J\n        norms.append(torch.linalg.matrix_norm(P, 2))", "P = J\n        norms.append(torch.linalg.matrix_norm(P, 2) * (norms[-1] if norms else 1))", "this is the product of the norms, an upper bound; the norm of the product is wanted."),
    ("Frobenius", NORM, "torch.linalg.matrix_norm(P)", "this is the Frobenius norm; the largest singular value is wanted."),
    ("radius", NORM, "torch.linalg.eigvals(P).abs().max()", "this is the spectral radius of the product; its largest singular value is wanted."),
    ("largest entry", NORM, "P.abs().max()", "this is the largest entry; the largest singular value is wanted."),
    ("row sums", NORM, "torch.linalg.matrix_norm(P, float('inf'))", "this is the largest sum of a row; the largest singular value is wanted."),
    ("column sums", NORM, "torch.linalg.matrix_norm(P, 1)", "this is the largest sum of a column; the largest singular value is wanted."),
    ("smallest", NORM, "torch.linalg.matrix_norm(P, -2)", "this is the smallest singular value; the largest is wanted."),
    ("squared", NORM, "torch.linalg.matrix_norm(P, 2) ** 2", "the norm is squared."),
    ("logarithm", NORM, "torch.linalg.matrix_norm(P, 2).log()", "the logarithm of the norm comes back; the norm itself is wanted."),
    ("root mean square", NORM, "P.norm() / len(W_hh) ** 0.5", "this is the root mean square of the singular values; the largest is wanted."),
    ("one direction", NORM, "(torch.ones(len(W_hh), dtype=W_hh.dtype) @ P).norm()", "this is what becomes of one vector; the largest singular value is that of the worst direction."),
    ("from the start", "hidden.flip(0)", "hidden", "the product begins with h_1; it begins with the last state, h_T, and goes back."),
    ("turned round", "torch.stack(norms)", "torch.stack(norms[::-1])", "the norms are in the wrong order: k = 1 comes first."),
    ("late by one", "hidden.flip(0)", "torch.cat([hidden.flip(0)[1:], hidden[:1]])", "the slopes are those of h_{t-1}; the Jacobian of step t has h_t, and the product begins with h_T."),
    ("identity first", "norms = []", "norms = [torch.linalg.matrix_norm(P, 2)]", "the norm for k = 0, which is 1, is there as well: k goes from 1 to T."),
    ("the last alone", "return torch.stack(norms)", "return norms[-1]", "only the norm for k = T comes back; all of k = 1 .. T are wanted."),
)  # fmt: skip

CROSSES = "(higher and value > threshold) or (not higher and value < threshold)"
ROW = _of(
    "result_row",
    ("from 0", "start=1", "start=0", "epochs are counted from 0; they are counted from 1."),
    ("last crossing", "            break\n", "", "this is the last epoch beyond the threshold; the first one is wanted."),
    ("equal counts", CROSSES, "(higher and value >= threshold) or (not higher and value <= threshold)", "a metric that equals the threshold counts as solved; it must be strictly beyond."),
    ("always higher", CROSSES, "value > threshold", "higher is never asked: an error is solved where it is below the threshold."),
    ("always lower", CROSSES, "value < threshold", "higher is never asked: an accuracy is solved where it is above the threshold."),
    ("turned round", CROSSES, "(higher and value < threshold) or (not higher and value > threshold)", "the two directions are swapped: higher is true for an accuracy, which must be above."),
    ("loss for metric", "enumerate(metric, start=1)", "enumerate(loss, start=1)", "the loss is compared with the threshold; the metric is."),
    ("zero for never", "solved_epoch = None", "solved_epoch = 0", "where the threshold is never crossed 0 comes back; it is None."),
    ("minus one for never", "solved_epoch = None", "solved_epoch = -1", "where the threshold is never crossed -1 comes back; it is None."),
    ("length for never", "solved_epoch = None", "solved_epoch = len(metric)", "where the threshold is never crossed the number of epochs comes back; it is None."),
    ("best epoch", '"solved_epoch": solved_epoch', '"solved_epoch": solved_epoch and metric.index(max(metric) if higher else min(metric)) + 1', "solved_epoch is the epoch of the best metric; it is the first one beyond the threshold."),
    ("text for never", "solved_epoch = None", 'solved_epoch = "never"', "where the threshold is never crossed a text comes back; it is None."),
    ("best metric", '"final_metric": metric[-1]', '"final_metric": max(metric) if higher else min(metric)', "final_metric is the best epoch's; it is the last one's."),
    ("first metric", '"final_metric": metric[-1]', '"final_metric": metric[0]', "final_metric is the first epoch's; it is the last one's."),
    ("mean metric", '"final_metric": metric[-1]', '"final_metric": sum(metric) / len(metric)', "final_metric is the mean over the epochs; it is the last epoch's."),
    ("smallest loss", '"final_loss": loss[-1]', '"final_loss": min(loss)', "final_loss is the smallest; it is the last epoch's."),
    ("first loss", '"final_loss": loss[-1]', '"final_loss": loss[0]', "final_loss is the first epoch's; it is the last one's."),
    ("metric for loss", '"final_loss": loss[-1]', '"final_loss": metric[-1]', "final_loss holds the metric; it is the loss of the last epoch."),
    ("loss for metric at the end", '"final_metric": metric[-1]', '"final_metric": loss[-1]', "final_metric holds the loss; it is the metric of the last epoch."),
    ("whole history", '"final_metric": metric[-1]', '"final_metric": metric', "final_metric holds the whole history; it is the last epoch's number."),
    ("length for T", '"T": T', '"T": len(metric)', "T is the number of epochs; it is the length of the sequences, which is handed on."),
    ("task and init swapped", '"task": task,\n        "init": init', '"task": init,\n        "init": task', "task and init are swapped."),
    ("solved", '"solved_epoch": solved_epoch', '"solved": solved_epoch', "the key solved_epoch is called otherwise."),
    ("key left out", '        "chance": chance,\n', "", "the key chance is missing."),
    ("threshold as well", '"chance": chance,', '"chance": chance,\n        "threshold": threshold,', "there is a key too many, threshold."),
    ("a tuple", "    return {", "    return solved_epoch, {", "a tuple comes back; a dict is wanted."),
)  # fmt: skip

MISTAKES = (
    *ADDITION, *ORTHOGONAL, *RADIUS, *BPTT, *HEAVY_BALL, *NESTEROV, *SCHEDULE, *JACOBIANS, *ROW,
)  # fmt: skip
