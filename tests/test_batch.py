"""Five hundred signals that share a matrix: one call gives what a loop gives, signal by signal."""

import tracemalloc

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


@pytest.mark.parametrize("structure", [(cs.Sparse(), 20), (cs.ElasticNet(0.1, 0.1),)])
def test_a_batch_in_parts_is_the_batch(structure):
    whole = cs.recover(A, Y[:12].reshape(3, 4, -1), *structure, tol=1e-5)
    parts = cs.recover(A, Y[:12].reshape(3, 4, -1), *structure, tol=1e-5, max_memory=1e6)
    assert (parts.status == whole.status).all()
    assert (parts.iterations == whole.iterations).all()
    assert parts.n_apply > whole.n_apply
    np.testing.assert_allclose(parts.x, whole.x, atol=1e-12)
    np.testing.assert_allclose(parts.residual_norm, whole.residual_norm, atol=1e-12)
    assert parts.history["change"].shape == whole.history["change"].shape


def test_parts_of_a_stack_of_matrices_keep_the_stack_together():
    operator = cs.Matrix(np.stack([cs.gaussian(40, 60, seed).matrix for seed in range(3)]))
    signals = np.stack([[cs.random_signal(cs.Sparse(), 60, 4, 3 * i + j) for j in range(3)] for i in range(5)])
    result = cs.recover(operator, operator @ signals, cs.Sparse(), 4, max_memory=1e5)
    assert result.status.shape == (5, 3)
    assert (result.error(signals) < 1e-10).all()


@pytest.mark.parametrize("limit", [3e6, 1e7])
@pytest.mark.parametrize("structure", [(cs.Sparse(), 20), (cs.L1(0.1),)])
@pytest.mark.parametrize("operator", [cs.Matrix(A.matrix), cs.random_rows(1024, 256, 0) @ cs.DCT(1024)])
def test_the_working_arrays_of_a_part_fit_in_max_memory(operator, structure, limit):
    signals = SIGNALS[:100]
    y = operator @ signals
    one = cs.recover(operator, y[:1], *structure, max_iter=5)  # what does not depend on the batch is there
    kept = one.x.nbytes * len(y) * 9 // 8  # the result itself: x and its support
    fixed = _peak(lambda: cs.recover(operator, y[:1], *structure, max_iter=5))
    fixed += 8 * 1024 * (1024 + 256)  # columns and their inner products, which all signals share
    assert _peak(lambda: cs.recover(operator, y, *structure, max_iter=5, max_memory=limit)) <= limit + 2 * kept + fixed


def test_what_is_free_on_the_device_limits_a_batch(monkeypatch):
    monkeypatch.setattr("csrecover.solvers.parts.memory_free", lambda y: 1e6)
    parts, whole = (cs.recover(A, Y[:12], cs.Sparse(), 20, max_memory=limit) for limit in (None, 1e9))
    assert parts.n_apply > whole.n_apply
    np.testing.assert_allclose(parts.x, whole.x, atol=1e-12)


def _peak(work):
    tracemalloc.start()
    work()
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return peak


@pytest.mark.parametrize("limit", [0, -1.0, "2 GB", np.nan])
def test_max_memory_is_a_positive_number_of_bytes(limit):
    with pytest.raises(ValueError, match="max_memory is a number of bytes such as 2e9"):
        cs.recover(A, Y[:2], cs.Sparse(), 20, max_memory=limit)
