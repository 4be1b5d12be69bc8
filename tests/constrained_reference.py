"""Textbook twins of the constrained forms of the l1 norm in plain NumPy, on a dense matrix; see `reference`."""

import numpy as np

from .reference import soft


def dual_norm(u):
    """The largest magnitude."""
    return np.abs(u).max()


def bregman(A, y, *, enough=0.25, fall=0.3):
    """Basis pursuit: two steps of SpaRSA for 0.5 ||A x - y - t u||^2 + t ||x||_1, and multipliers of Yin et al., 2008.

    u becomes (y + t u - A x) / t as soon as A x moves by a tenth of ||y - A x||, or by three hundredths where the
    residual has not fallen to a quarter and no duality gap below 0.5 ||y - A x||^2 proves x to be the solution for u;
    in that case t falls, too, with this proof or where u changes by a tenth at most.
    """
    slope = A.conj().T @ y
    t, alpha = 0.03 * dual_norm(slope), (np.linalg.norm(A @ slope) / np.linalg.norm(slope)) ** 2
    x, u, before = np.zeros(A.shape[1], slope.dtype), np.zeros_like(y), np.linalg.norm(y)

    def objective(x):
        return 0.5 * np.linalg.norm(A @ x - y - t * u) ** 2 + t * np.abs(x).sum()

    recent, bound = [objective(x)], -np.inf
    while True:
        for _ in range(2):
            residual = y + t * u - A @ x
            trial = soft(x + A.conj().T @ residual / alpha, t / alpha)
            s = trial - x
            taken = objective(trial) <= max(recent[-6:]) - 0.005 * alpha * np.linalg.norm(s) ** 2
            if not taken:
                alpha *= 2
                continue
            x = trial
            recent.append(objective(x))
            alpha = (np.linalg.norm(A @ s) / np.linalg.norm(s)) ** 2
        yield x
        best = np.vdot(residual, y + t * u).real / np.linalg.norm(residual) ** 2
        feasible = min(max(best, 0), t / dual_norm(A.conj().T @ residual)) * residual
        bound = max(bound, np.vdot(feasible, y + t * u).real - 0.5 * np.linalg.norm(feasible) ** 2)
        left = np.linalg.norm(y - A @ x)
        closer, solved = left <= enough * before, objective(x) - bound <= 0.5 * left**2
        if taken and np.linalg.norm(A @ s) <= (0.1 if closer or solved else 0.03) * left:
            rest = y + t * u - A @ x
            u = rest / t
            if not closer and (solved or left <= 0.1 * np.linalg.norm(rest)):
                t *= fall
            recent, before, bound = [objective(x)], left, -np.inf


def pareto_root(solution, residual_of, sigma, t):
    """Basis pursuit denoising by exact solutions x(t) of the penalised problem, from the t at which x = 0.

    Until a residual is within sigma, t falls by the factor sigma / ||r||, from the second time on by 0.7 of that, but
    not below a tenth nor above 0.7. Then come the zeros of secants of ||r(t)|| - sigma, each within a factor of two,
    and every third time the geometric mean of the nearest t of both sides; what is yielded has a residual of norm
    sigma and lies between the nearest solutions of both sides.
    """

    def excess(x):
        return np.linalg.norm(residual_of(x)) - sigma

    ts, xs = [t], [solution(t)]
    heavy, light, t = (t, xs[0]), None, t * np.clip(sigma / np.linalg.norm(residual_of(xs[0])), 0.1, 1)
    for count in range(1, 1_000_000):
        ts, xs = [*ts, t], [*xs, solution(t)]
        if excess(xs[-1]) > 0:
            heavy = (t, xs[-1])
        else:
            light = (t, xs[-1])
        if light is None:
            yield xs[-1]
            t *= np.clip(0.7 * sigma / np.linalg.norm(residual_of(xs[-1])), 0.1, 0.7)
            continue
        r, d = residual_of(light[1]), residual_of(heavy[1]) - residual_of(light[1])
        a, b, c = np.vdot(d, d).real, np.vdot(r, d).real, np.vdot(r, r).real - sigma**2
        yield light[1] + (-b + (b**2 - a * c) ** 0.5) / a * (heavy[1] - light[1])
        secant = ts[-1] - excess(xs[-1]) * (ts[-1] - ts[-2]) / (excess(xs[-1]) - excess(xs[-2]))
        t = np.clip(secant, ts[-1] / 2, 2 * ts[-1]) if count % 3 else (light[0] * heavy[0]) ** 0.5


def restarted_primal_dual(A, y, radius):
    """The Dantzig selector by Chambolle and Pock, 2011, Algorithm 1 with theta = 1, restarted as in Applegate et al.

    Their saddle point is min_x max_z ||x||_1 + <z, A^H (y - A x)> - radius ||z||_1, their restarts are tried every ten
    steps, from the pair or the average, whichever has the smaller error; one yield for each ten steps.
    """
    gram, target = A.conj().T @ A, A.conj().T @ y
    size, balance = np.linalg.norm(gram, 2), 1 / np.linalg.norm(target)

    def error(x, z):
        value, limit = np.abs(x).sum(), dual_norm(gram @ z)
        bound = max((np.vdot(z, target).real - radius * np.abs(z).sum()) / limit, 0) if limit else 0
        violation = max((dual_norm(target - gram @ x) - radius) / dual_norm(target), 0)
        return max(abs(value - bound) / max(value, bound, 1e-300), violation)

    x = z = x_start = z_start = np.zeros_like(target)
    xs, zs, first, before, count = [], [], np.inf, np.inf, 0
    while True:
        for _ in range(10):
            tau, sigma, x_last = 0.99 / size / balance, 0.99 / size * balance, x
            x = soft(x + tau * gram @ z, tau)
            z = soft(z + sigma * (target - gram @ (2 * x - x_last)), sigma * radius)
            xs, zs, count = [*xs, x], [*zs, z], count + 1
        pair, mean = (x, z), (sum(xs) / len(xs), sum(zs) / len(zs))
        best = mean if error(*mean) < error(*pair) else pair
        now = error(*best)
        yield best[0]
        if now <= 0.2 * first or before < now <= 0.8 * first or len(xs) >= 0.36 * count:
            ratio = np.linalg.norm(best[1] - z_start) / max(np.linalg.norm(best[0] - x_start), 1e-300)
            balance = (balance * ratio) ** 0.5 if ratio > 0 else balance
            x, z = x_start, z_start = best
            xs, zs, first, before = [], [], now, np.inf
        else:
            before = now
