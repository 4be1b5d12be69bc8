"""An experiment file to begin with."""

EXAMPLE = """\
# Phase transition of l1 minimisation, beside its theory: csrecover sweep FILE --workers 2
trials = 50          # of each cell, at most
seed = 0
adaptive = true      # trials where they tell most; or a half-width of the 50 % points, as 0.01; or false

[axes]               # a list, or { from, to, count }, with log = true for equal ratios
delta = { from = 0.1, to = 0.9, count = 9 }     # m / n
rho = { from = 0.05, to = 0.95, count = 19 }    # k / m

[trial]
n = 128
ensemble = "gaussian"    # or bernoulli, dct, hadamard, dft
signal = "normal"        # law of the nonzero coefficients; or signs, uniform, nonnegative

[structure]          # a model or a penalty, as in problem files: csrecover recover --examples
kind = "L1"

[theory]             # optional: l1, nonnegative, block with its size, nuclear with nu, tst
kind = "l1"

# Without a solver a penalty is asked the exact question, whether the signal is its minimiser, and a model is
# recovered by `recover`. A solver with its arguments:
# [solver]
# kind = "fista"
# scale = "1e-3 lmax"
#
# or several on the same problems, each with a name, and with a structure of its own where it has another:
# [solvers.l1]
# kind = "exact"
#
# [solvers.greedy]
# kind = "subspace_pursuit"
# structure = { kind = "Sparse" }
"""
