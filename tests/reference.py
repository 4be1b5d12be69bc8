"""Textbook twins of the solvers in plain NumPy, written from the papers: each yields its iterates on a dense matrix.

A sparsity model is a function ``best(v, k)``, the mask of the best support of budget k for v; a penalty is a function
``prox(v, step)``.
"""

import numpy as np
from scipy.optimize import brentq

from .tree_oracles import preorder_of

# --- models ----------------------------------------------------------------------------------------------------------


def best_sparse(v, k):
    """The k largest magnitudes."""
    mask = np.zeros(v.size, bool)
    mask[np.argsort(-abs(v), kind="stable")[:k]] = True
    return mask


def best_blocks(labels):
    """The k blocks of most energy."""
    members = labels == np.arange(labels.max() + 1)[:, None]

    def best(v, k):
        chosen = np.argsort(-(members @ abs(v) ** 2), kind="stable")[:k]
        return members[chosen].any(axis=0)

    return best


def best_tree(parents):
    """The rooted subtree of k nodes of most energy: the plain dynamic program over the nodes in preorder."""
    parents = np.asarray(parents).reshape(-1)
    n = parents.size
    preorder, end = preorder_of(parents)

    def best(v, k):
        weights = abs(v) ** 2
        table = [None] * n + [np.zeros(k + 1)]
        for i in reversed(range(n)):
            table[i] = table[end[i]].copy()
            np.maximum(table[i][1:], weights[preorder[i]] + table[i + 1][:-1], out=table[i][1:])
        mask, i, left = np.zeros(n, bool), 0, k
        while i < n and left > 0:
            taken = table[i][left] > table[end[i]][left]
            mask[preorder[i]] = taken
            i, left = (i + 1, left - 1) if taken else (end[i], left)
        return mask

    return best


# --- penalties -------------------------------------------------------------------------------------------------------


def soft(v, t):
    """Soft threshold: the magnitude shrinks by t, the phase stays."""
    return np.where(abs(v) > t, (1 - t / np.where(v == 0, 1, abs(v))) * v, 0)


def group_soft(v, labels, t):
    """Block soft threshold, one t a block: (1 - t_b / ||v_b||)_+ v_b."""
    out = np.zeros_like(v)
    for b, t_b in enumerate(np.broadcast_to(t, (labels.max() + 1,))):
        length = np.linalg.norm(v[labels == b])
        if length > t_b:
            out[labels == b] = (1 - t_b / length) * v[labels == b]
    return out


# --- matrices --------------------------------------------------------------------------------------------------------


def dct_matrix(n):
    """Orthonormal cosine transform of type 2, row by row from its formula."""
    row, column = np.arange(n)[:, None], np.arange(n)
    matrix = np.sqrt(2 / n) * np.cos(np.pi * (column + 0.5) * row / n)
    matrix[0] /= np.sqrt(2)
    return matrix


def least_squares(A, y, support):
    """Minimum-norm least squares solution on a support, zero elsewhere."""
    x = np.zeros(A.shape[1], np.result_type(A, y))
    x[support] = np.linalg.lstsq(A[:, support], y, rcond=None)[0]
    return x


# --- convex solvers --------------------------------------------------------------------------------------------------


def ista(A, y, prox, step, x):
    """Daubechies, Defrise and De Mol, 2004: a gradient step and a proximal step."""
    while True:
        x = prox(x - step * A.conj().T @ (A @ x - y), step)
        yield x


def fista(A, y, prox, step, x, *, restart):
    """Beck and Teboulle, 2009, (4.1)-(4.3).

    With the gradient restart of O'Donoghue and Candes, 2015, (13): t is one again when the generalised gradient z - x
    at the new iterate makes an acute angle with the last move.
    """
    z, t = x, 1.0
    while True:
        x_last, x = x, prox(z - step * A.conj().T @ (A @ z - y), step)
        if restart and np.vdot(z - x, x - x_last).real > 0:
            t = 1.0
        t_last, t = t, (1 + np.sqrt(1 + 4 * t**2)) / 2
        z = x + (t_last - 1) / t * (x - x_last)
        yield x


def backtracking(A, y, prox, x, *, accelerated, restart):
    """Beck and Teboulle, 2009, with backtracking from the exact step at zero; a rejected trial is no move."""
    z, t, slope = x, 1.0, A.conj().T @ y
    step = (np.linalg.norm(slope) / np.linalg.norm(A @ slope)) ** 2
    while True:
        trial = prox(z - step * A.conj().T @ (A @ z - y), step)
        while np.linalg.norm(A @ (trial - z)) ** 2 > (1 + 1e-12) * np.linalg.norm(trial - z) ** 2 / step:
            step /= 2
            yield x
            trial = prox(z - step * A.conj().T @ (A @ z - y), step)
        x_last, x = x, trial
        if restart and np.vdot(z - x, x - x_last).real > 0:
            t = 1.0
        t_last, t = t, (1 + np.sqrt(1 + 4 * t**2)) / 2
        z = x + (t_last - 1) / t * (x - x_last) if accelerated else x
        yield x


def monotone_fista(A, y, prox, value, step, x):
    """Beck and Teboulle, 2009, Fast gradient-based algorithms ..., MFISTA."""

    def objective(x):
        return 0.5 * np.linalg.norm(A @ x - y) ** 2 + value(x)

    v, t = x, 1.0
    while True:
        z = prox(v - step * A.conj().T @ (A @ v - y), step)
        x_last, x = x, z if objective(z) <= objective(x) else x
        t_last, t = t, (1 + np.sqrt(1 + 4 * t**2)) / 2
        v = x + t_last / t * (z - x) + (t_last - 1) / t * (x - x_last)
        yield x


def greedy_fista(A, y, prox, step, x):
    """Liang, Luo and Schoenlieb, 2022: momentum one, none after a restart; 1.3, 0.96 and one are their choices."""
    z, gamma, first = x, 1.3 * step, None
    while True:
        x_last, x = x, prox(z - gamma * A.conj().T @ (A @ z - y), gamma)
        yield x
        first = np.linalg.norm(x - x_last) if first is None else first
        if np.linalg.norm(x - x_last) > first:
            gamma = max(0.96 * gamma, step)
        z = x if np.vdot(z - x, x - x_last).real >= 0 else 2 * x - x_last


def pogm(A, y, prox, step, x, *, restart):
    """Kim and Fessler, 2018: POGM' with the gradient restart, gamma not lowered."""
    w = z = u = x
    theta, gamma = 1.0, step
    while True:
        gradient = A.conj().T @ (A @ x - y)
        w_last, w = w, x - step * gradient
        theta_last, theta = theta, (1 + np.sqrt(1 + 4 * theta**2)) / 2
        z = (
            w
            + (theta_last - 1) / theta * (w - w_last)
            + theta_last / theta * (w - x)
            + step * (theta_last - 1) / (gamma * theta) * (z - x)
        )
        gamma = step * (2 * theta_last + theta - 1) / theta
        x_last, x = x, prox(z, gamma)
        yield x
        composite = gradient - (x - z) / gamma
        u_last, u = u, x_last - step * composite
        if restart and np.vdot(-composite, u - u_last).real < 0:
            theta = 1.0


def sparsa(A, y, prox, value, x, *, memory=5, sigma=0.01):
    """Wright, Nowak and Figueiredo, 2009, with (22) and eta = 2: a rejected trial is yielded as no move."""

    def objective(x):
        return 0.5 * np.linalg.norm(A @ x - y) ** 2 + value(x)

    slope, recent = A.conj().T @ y, [objective(x)]
    alpha = (np.linalg.norm(A @ slope) / np.linalg.norm(slope)) ** 2
    while True:
        trial = prox(x - A.conj().T @ (A @ x - y) / alpha, 1 / alpha)
        s = trial - x
        if objective(trial) > max(recent[-memory - 1 :]) - sigma / 2 * alpha * np.linalg.norm(s) ** 2:
            alpha *= 2
            yield x
            continue
        x = trial
        recent.append(objective(x))
        alpha = (np.linalg.norm(A @ s) / np.linalg.norm(s)) ** 2
        yield x


def accelerated_descent(A, y, groups, weights, x, *, depth):
    """Block coordinate descent with exact minima, extrapolated after every `depth` sweeps; one yield for each.

    Bertrand and Massias, 2021, Algorithm 2: the combination of the last iterates whose residual of the fixed point is
    least (by normal equations with a ridge of 1e-12), kept if the objective is lower there. A block minimum is a scalar
    equation in its norm, solved by bisection.
    """

    def objective(x):
        lengths = [np.linalg.norm(x[group]) for group in groups]
        return 0.5 * np.linalg.norm(y - A @ x) ** 2 + np.dot(weights, lengths)

    def block_minimum(B, target, weight):
        pull = B.T @ target
        if np.linalg.norm(pull) <= weight:
            return 0 * pull
        low, high = 0.0, np.linalg.norm(target) ** 2 / weight
        for _ in range(200):
            t = (low + high) / 2
            z = np.linalg.solve(B.T @ B * t + weight * np.eye(len(pull)), pull)  # the block over its norm t
            low, high = (t, high) if np.linalg.norm(z) > 1 else (low, t)
        return t * z

    while True:
        iterates = [x]
        for _ in range(depth):
            x = x.copy()
            for group, weight in zip(groups, weights, strict=True):
                others = y - A @ x + A[:, group] @ x[group]
                x[group] = block_minimum(A[:, group], others, weight)
            iterates.append(x)
        steps = np.diff(iterates, axis=0)
        products = steps @ steps.T
        shares = np.linalg.solve(products / np.trace(products) + 1e-12 * np.eye(depth), np.ones(depth))
        trial = shares / shares.sum() @ np.array(iterates[1:])
        x = trial if objective(trial) < objective(x) else x
        yield x


def condat_vu(A, y, prox, duals, x):
    """Condat, 2013, Algorithm 3.1 with rho = 1, one conjugate proximal step before the first iteration.

    The steps are those of csrecover: sigma_i = sigma / (q ||L_i||^2) with sigma the curvature along A^H y, and
    tau = 1 / (||A||^2 + sigma). `duals` are pairs of a proximal operator and a matrix L_i.
    """
    slope = A.conj().T @ y
    sigma = (np.linalg.norm(A @ slope) / np.linalg.norm(slope)) ** 2
    tau = 1 / (np.linalg.norm(A, 2) ** 2 + sigma)
    steps = [sigma / (len(duals) * np.linalg.norm(L, 2) ** 2) for _, L in duals]

    def conjugate_prox(prox, v, s):
        return v - s * prox(v / s, 1 / s)

    us = [conjugate_prox(p, s * L @ x, s) for (p, L), s in zip(duals, steps, strict=True)]
    while True:
        gradient = A.conj().T @ (A @ x - y) + sum(L.conj().T @ u for (_, L), u in zip(duals, us, strict=True))
        x_last, x = x, prox(x - tau * gradient, tau)
        us = [conjugate_prox(p, u + s * L @ (2 * x - x_last), s) for (p, L), s, u in zip(duals, steps, us, strict=True)]
        yield x


def admm(A, y, terms, place, x):
    """Boyd et al., 2011, (3.5)-(3.7) with over-relaxation 1.6 (3.4.3), for z_i = L_i x and rho_i = rho / ||L_i||^2.

    `terms` are pairs of a proximal operator and a matrix L_i; yields z of the one at `place`.
    """
    slope = A.conj().T @ y
    rho = (np.linalg.norm(A @ slope) / np.linalg.norm(slope)) ** 2
    rhos = [rho / np.linalg.norm(L, 2) ** 2 for _, L in terms]
    zs, us = [L @ x for _, L in terms], [0 * (L @ x) for _, L in terms]
    system = A.conj().T @ A + sum(r * L.conj().T @ L for r, (_, L) in zip(rhos, terms, strict=True))
    while True:
        right = slope + sum(r * L.conj().T @ (z - u) for r, (_, L), z, u in zip(rhos, terms, zs, us, strict=True))
        x = np.linalg.solve(system, right)
        relaxed = [1.6 * L @ x - 0.6 * z for (_, L), z in zip(terms, zs, strict=True)]
        zs = [prox(v + u, 1 / r) for (prox, _), v, u, r in zip(terms, relaxed, us, rhos, strict=True)]
        us = [u + v - z for u, v, z in zip(us, relaxed, zs, strict=True)]
        yield zs[place]


# --- greedy solvers --------------------------------------------------------------------------------------------------


def niht(A, y, best, k, *, c=0.01):
    """Blumensath and Davies, 2010, with halvings and the rule of Armijo: a rejected trial is yielded as no move."""
    x = np.zeros(A.shape[1], np.result_type(A, y))
    support = best(A.conj().T @ y, k)
    while True:
        g = A.conj().T @ (y - A @ x)
        on = np.where(support, g, 0)
        mu = np.linalg.norm(on) ** 2 / np.linalg.norm(A @ on) ** 2
        while True:
            step = x + mu * g
            support_new = best(step, k)
            x_new = np.where(support_new, step, 0)
            if (support_new == support).all():
                break
            if fallen(A, y, x, x_new) >= c * np.linalg.norm(x_new - x) ** 2 / mu:
                break
            mu /= 2
            yield x
        x, support = x_new, support_new
        yield x


def fallen(A, y, x, x_new):
    """How much less the squared residual is."""
    return np.linalg.norm(y - A @ x) ** 2 - np.linalg.norm(y - A @ x_new) ** 2


def cosamp(A, y, best, k):
    """Needell and Tropp, 2009, Algorithm 1, with the projections of Baraniuk et al., 2010, Algorithm 1."""
    x, v = np.zeros(A.shape[1], np.result_type(A, y)), y
    while True:
        merged = best(A.conj().T @ v, 2 * k) | (x != 0)
        b = least_squares(A, y, merged)
        x = np.where(best(b, k), b, 0)
        v = y - A @ x
        yield x


def subspace_pursuit(A, y, best, k):
    """Dai and Milenkovic, 2009, Algorithm 1, with the projections of a model and without the stopping rule."""
    support = best(A.conj().T @ y, k)
    while True:
        x = least_squares(A, y, support)
        yield x
        merged = support | best(A.conj().T @ (y - A @ x), k)
        support = best(least_squares(A, y, merged), k)


def cgiht(A, y, best, k):
    """Blanchard, Tanner and Wei, 2015, CGIHT restarted.

    It restarts from the gradient, too, after a conjugate step that would change the support and raise the residual;
    a step along the gradient is safeguarded as in `niht`. A rejected trial is yielded as no move.
    """
    x = np.zeros(A.shape[1], np.result_type(A, y))
    support, p, shrink, on_last = best(A.conj().T @ y, k), None, 1.0, None
    while True:
        r = A.conj().T @ (y - A @ x)
        on = np.where(support, r, 0)
        p = r if p is None else r + np.linalg.norm(on) ** 2 / np.linalg.norm(on_last) ** 2 * p
        plain = p is r
        alpha = shrink * np.linalg.norm(on) ** 2 / np.linalg.norm(A @ np.where(support, p, 0)) ** 2
        support_new = best(x + alpha * p, k)
        x_new = np.where(support_new, x + alpha * p, 0)
        same, enough = (support_new == support).all(), 0.01 * np.linalg.norm(x_new - x) ** 2 / alpha if plain else 0
        good = same or fallen(A, y, x, x_new) >= enough
        shrink = shrink / 2 if plain and not good else 1.0
        if good:
            x, support = x_new, support_new
        p, on_last = (p if same else None), on
        yield x


def htp(A, y, best, k, *, step=None, gradient_steps=None, x=None):
    """Foucart, 2011: HTP, and with so many gradient steps of the best length fast HTP.

    Without a step it is ||x||^2 / ||A x||^2.
    """
    x = np.zeros(A.shape[1], np.result_type(A, y)) if x is None else x
    while True:
        mu = step or (np.linalg.norm(x) ** 2 / np.linalg.norm(A @ x) ** 2 if x.any() else 1.0)
        v = x + mu * A.conj().T @ (y - A @ x)
        support = best(v, k)
        if gradient_steps is None:
            x = least_squares(A, y, support)
        else:
            x = np.where(support, v, 0)
            for _ in range(gradient_steps):
                g = np.where(support, A.conj().T @ (y - A @ x), 0)
                x = x + np.linalg.norm(g) ** 2 / np.linalg.norm(A @ g) ** 2 * g
        yield x


def am_cosamp(A, y, head, tail):
    """Hegde, Indyk and Schmidt, 2015, AM-CoSaMP with the masks ``head(v)`` and ``tail(v)``."""
    x, support = np.zeros(A.shape[1], np.result_type(A, y)), np.zeros(A.shape[1], bool)
    while True:
        b = least_squares(A, y, head(A.conj().T @ (y - A @ x)) | support)
        support = tail(b)
        x = np.where(support, b, 0)
        yield x


def am_iht(A, y, head, tail):
    """Hegde, Indyk and Schmidt, 2015, AM-IHT, with steps along the head that are halved until the residual falls.

    The first step is the exact one on the support, or along the whole head where that vanishes on the support. Every
    trial is yielded, a rejected one as no move.
    """
    x, support = np.zeros(A.shape[1], np.result_type(A, y)), np.zeros(A.shape[1], bool)
    while True:
        g = A.conj().T @ (y - A @ x)
        d = np.where(head(g), g, 0)
        probe = np.where(support, d, 0) if (d * support).any() else d
        mu = np.linalg.norm(probe) ** 2 / np.linalg.norm(A @ probe) ** 2
        while True:
            support_new = tail(x + mu * d)
            x_new = np.where(support_new, x + mu * d, 0)
            if np.linalg.norm(y - A @ x_new) <= np.linalg.norm(y - A @ x):
                break
            mu /= 2
            yield x
        x, support = x_new, support_new
        yield x


# --- Bayesian --------------------------------------------------------------------------------------------------------


def sparse_bayes(A, y, labels, variance, noise, *, rule="bound", correlation=None, learn_noise=True):
    """Sparse Bayesian learning with dense covariances: yields the posterior mean, -log p(y), variances, noise and r.

    Wipf and Rao, 2004 ("em"), Tipping, 2001 ("mackay"), or the least of the bound by the tangent of log det and by the
    posterior mean ("bound"); with a correlation to start from, that of all blocks moves by the bound, too.
    """
    m, n = A.shape
    members = [np.flatnonzero(labels == b) for b in range(labels.max() + 1)]
    v, r = np.full(len(members), float(variance)), correlation or 0.0
    while True:
        prior = np.zeros((n, n))
        for v_b, b in zip(v, members, strict=True):
            prior[np.ix_(b, b)] = v_b * correlated(r, b.size)
        S = noise * np.eye(m) + A @ prior @ A.conj().T
        inverse, whitened = np.linalg.inv(S), np.linalg.solve(S, y)
        x, half = prior @ A.conj().T @ whitened, 1 if np.iscomplexobj(S) or np.iscomplexobj(y) else 0.5
        yield x, half * (np.linalg.slogdet(np.pi / half * S)[1] + (y.conj() @ whitened).real), v, noise, r
        gram = (A.conj().T @ inverse @ A).real
        covariance = prior - prior @ A.conj().T @ inverse @ A @ prior

        def terms(r, x=x, gram=gram):
            """Spread and fit of each block."""
            for b in members:
                T = correlated(r, b.size)
                yield np.trace(gram[np.ix_(b, b)] @ T), (x[b].conj() @ np.linalg.solve(T, x[b])).real

        if correlation is not None:
            tried = [r, *(np.tanh(np.arctanh(r) + sign / 2**j) for sign in (1, -1) for j in range(10))]
            bounds = [sum((fit * spread) ** 0.5 for spread, fit in terms(each)) for each in np.clip(tried, -0.99, 0.99)]
            r = np.clip(tried, -0.99, 0.99)[np.argmin(bounds)]
        residual, explained = y - A @ x, noise * (m - noise * np.trace(inverse).real)
        if rule == "bound":
            v = np.array([(fit / spread) ** 0.5 for spread, fit in terms(r)])
            learnt = (np.linalg.norm(residual) ** 2 / np.trace(inverse).real) ** 0.5
        elif rule == "em":
            v = abs(x) ** 2 + covariance.diagonal().real
            learnt = (np.linalg.norm(residual) ** 2 + explained) / m
        else:
            sure = v * gram.diagonal()  # 1 - covariance / v, which cancels
            v = abs(x) ** 2 / sure
            learnt = np.linalg.norm(residual) ** 2 / (m - sure.sum())
        noise = learnt if learn_noise else noise


def correlated(r, size):
    """Covariance of so many steps of a stationary autoregression of first order."""
    return np.array([[r ** abs(i - j) if i != j else 1.0 for j in range(size)] for i in range(size)])


# --- message passing -------------------------------------------------------------------------------------------------


def derivatives(prox, v, step=1e-6):
    """Sums of d prox_i / d v_i and of d prox_i / d conj(v_i), by differences."""
    slope, turned = 0.0, 0.0
    for i, unit in enumerate(np.eye(v.size)):
        along, across = ((prox(v + h * unit)[i] - prox(v - h * unit)[i]) / (2 * step) for h in (step, 1j * step))
        slope, turned = slope + (along - 1j * across) / 2, turned + (along + 1j * across) / 2
    return slope, turned


def divergence(prox, v, step=1e-6):
    """Sum of d prox_i / d v_i for real v, by differences."""
    return sum((prox(v + h) - prox(v - h)) @ h for h in step * np.eye(v.size)) / (2 * step**2)


def amp(A, y, prox, alpha, *, circular):
    """Donoho, Maleki and Montanari, 2009, (1)-(2), for columns of norm one.

    The correction is the derivative of the denoiser applied to the residual: d x = slope d v + turned conj(d v) with
    d v = conj(a) z, summed over entries a for which a^2 has mean 1/m, or zero where they are circular.
    """
    x, z = np.zeros(A.shape[1], np.result_type(A, y)), y
    while True:
        v, step = x + A.conj().T @ z, alpha * np.linalg.norm(z) / len(y) ** 0.5
        x = prox(v, step)
        if np.iscomplexobj(v):
            slope, turned = derivatives(lambda v, step=step: prox(v, step), v)
        else:
            slope, turned = divergence(lambda v, step=step: prox(v, step), v), 0
        z = y - A @ x + (slope * z + (0 if circular else turned * np.conj(z))) / len(y)
        yield x


def vamp(A, y, prox, alpha, noise):
    """Rangan, Schniter and Fletcher, 2019, Algorithm 1, with x = 0 at first; by matrices of n x n.

    The variance of a message is the one at which the residual has the energy that its covariance says.
    """
    n, s = A.shape[1], np.zeros(A.shape[1])
    while True:
        residual = y - A @ s
        spread = variance_of(A, residual, noise)
        covariance = np.linalg.inv(A.T @ A / noise + np.eye(n) / spread)
        estimate, mean = covariance @ (A.T @ y / noise + s / spread), np.trace(covariance) / n / spread
        r, tau = (estimate - mean * s) / (1 - mean), np.sqrt(spread * mean / (1 - mean))
        step = alpha(1 - mean) * tau
        x = prox(r, step)
        slope = divergence(lambda v, step=step: prox(v, step), r) / n
        s = (x - slope * r) / (1 - slope)
        yield x


def variance_of(A, residual, noise):
    """The v for which r^T (v A A^T + noise I)^-1 r is the number of measurements, at least of its uncertainty."""
    m, gram = len(residual), A @ A.T
    top, power = np.linalg.norm(gram, 2), residual @ residual / m

    def surplus(v):
        return residual @ np.linalg.solve(v * gram + noise * np.eye(m), residual) / m - 1

    least = (2 / m) ** 0.5 * power / top
    return brentq(surplus, least, residual @ np.linalg.solve(gram, residual)) if surplus(least) > 0 else least
