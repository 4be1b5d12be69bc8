"""Jumps of the one-dimensional total variation denoiser by dynamic programming, n steps a signal."""

from __future__ import annotations

import numpy as np

from .jit import jit


def jumps(x: np.ndarray, t: np.ndarray) -> np.ndarray:
    """Signs of the jumps of argmin_p 0.5 ||p - x||^2 + t sum_i |p_{i+1} - p_i|: twin of `penalties.tv_line.jumps`.

    Parameters
    ----------
    x : array of float64, (signals, n)
    t : array of float64, (signals,)

    Returns
    -------
    array of int8, (signals, n - 1)
    """
    signs = np.zeros((len(x), x.shape[1] - 1), np.int8)
    _jumps(np.require(x, requirements=["C", "W"]), np.require(t, requirements=["C", "W"]), signs)
    return signs


@jit
def _jumps(x, t, signs):
    """Forwards, the derivative of the least cost of p_1 .. p_i as a function of p_i, clipped to [-t, t].

    It rises and is piecewise linear: left and right of its knots it is constant, and at each knot its slope and its
    intercept change by `slopes` and `rises`. It is clipped at low_i and high_i; backwards, p_i is p_{i+1} clipped to
    these.
    """
    n = x.shape[1]
    knots, slopes, rises = np.empty(2 * n), np.empty(2 * n), np.empty(2 * n)
    low, high = np.empty(n), np.empty(n)
    for row in range(len(x)):
        y, most = x[row], t[row]
        first, last = n, n - 1
        outside = 0.0  # magnitude of the derivative beyond the knots
        for i in range(n - 1):
            a, c, first = _meet(-most, 1.0, -y[i] - outside, knots, slopes, rises, first, last)
            low[i] = (-most - c) / a
            first -= 1
            b, d = 1.0, outside - y[i]
            while last > first and b * knots[last] + d >= most:
                b -= slopes[last]
                d -= rises[last]
                last -= 1
            high[i] = (most - d) / b
            last += 1
            knots[first], slopes[first], rises[first] = low[i], a, c + most
            knots[last], slopes[last], rises[last] = high[i], -b, most - d
            outside = most
        a, c, first = _meet(0.0, 1.0, -y[n - 1] - outside, knots, slopes, rises, first, last)
        p = -c / a
        for i in range(n - 2, -1, -1):
            if p > high[i]:
                signs[row, i] = 1
                p = high[i]
            elif p < low[i]:
                signs[row, i] = -1
                p = low[i]


@jit
def _meet(level, a, c, knots, slopes, rises, first, last):
    """The line on which a rising function, a p + c before its first knot, passes a level, and the knot after it."""
    while first <= last and a * knots[first] + c <= level:
        a += slopes[first]
        c += rises[first]
        first += 1
    return a, c, first
