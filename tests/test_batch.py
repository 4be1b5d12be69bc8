"""Five hundred signals that share a matrix: one call gives what a loop gives, signal by signal."""

import numpy as np
import pytest

import csrecover as cs

A = cs.gaussian(256, 1024, 0)
SIGNALS = np.stack([cs.random_signal(cs.Sparse(), 1024, 20, seed) for seed in range(500)])
SIGNALS[7] = 0
Y = A @ SIGNALS
Y[11] += 0.1 * np.random.default_rng(1).standard_normal(256)  # noise: this one stalls
LOOPED = [0, 7, 11, 100, 499]

SOLVERS = {
    "fista": lambda y: cs.fista(A, y, cs.L1(0.1), tol=1e-8),
    "iht": lambda y: cs.iht(A, y, cs.Sparse(), 20),
    "cosamp": lambda y: cs.cosamp(A, y, cs.Sparse(), 20),
    "subspace_pursuit": lambda y: cs.subspace_pursuit(A, y, cs.Sparse(), 20),
}


@pytest.mark.parametrize("name", SOLVERS)
def test_a_batch_of_500_equals_the_loop(name):
    together = SOLVERS[name](Y)
    assert together.status.shape == together.iterations.shape == (500,)
    for index in LOOPED:
        alone = SOLVERS[name](Y[index])
        np.testing.assert_allclose(together.x[index], alone.x, atol=1e-8)
        assert together.status[index] is alone.status
        assert together.iterations[index] == alone.iterations


def test_signals_of_a_batch_end_each_in_its_own_way():
    together = SOLVERS["subspace_pursuit"](Y)
    assert together.status[11] is cs.Status.STALLED
    assert together.status[0] is together.status[7] is cs.Status.CONVERGED
    assert (np.delete(together.error(SIGNALS), [7, 11]) < 1e-10).all()


def test_a_stack_of_matrices_gives_each_signal_its_own():
    stack = np.stack([cs.gaussian(40, 60, seed).matrix for seed in range(3)])
    signals = np.stack([cs.random_signal(cs.Sparse(), 60, 4, seed) for seed in range(3)])
    operator = cs.Matrix(stack)
    for solve in (
        lambda A, y: cs.subspace_pursuit(A, y, cs.Sparse(), 4),
        lambda A, y: cs.fista(A, y, cs.L1(0.05), tol=1e-9),
    ):
        together = solve(operator, operator @ signals)
        for matrix, signal, x in zip(stack, signals, together.x, strict=True):
            # the step of the stack is that of its largest norm: the paths differ, the solutions do not
            np.testing.assert_allclose(x, solve(cs.Matrix(matrix), matrix @ signal).x, atol=2e-4)
