"""Batches of which some signals have ended: the others go on alone, as if the whole batch did."""

from dataclasses import dataclass, field

import numpy as np
import pytest

import csrecover as cs

M, N, K = 40, 100, 6
SOLVERS = {
    "iht": cs.iht,
    "iht with momentum": lambda A, y, *args, **options: cs.iht(A, y, *args, momentum=True, **options),
    "htp": cs.htp,
    "fast htp": lambda A, y, *args, **options: cs.htp(A, y, *args, fast=True, **options),
    "cosamp": cs.cosamp,
    "subspace pursuit": cs.subspace_pursuit,
    "am-iht": cs.am_iht,
    "am-cosamp": cs.am_cosamp,
}
every_solver = pytest.mark.parametrize("name", SOLVERS)


@dataclass(frozen=True, eq=False)
class Seen(cs.LinearOperator):
    """A matrix that keeps how many signals each product with it had."""

    matrix: np.ndarray
    counts: list[int] = field(default_factory=list)

    @property
    def in_shape(self):
        return self.matrix.shape[1:]

    @property
    def out_shape(self):
        return self.matrix.shape[:1]

    def _apply(self, x):
        self.counts.append(x[..., 0].size)
        return x @ self.matrix.T

    def _adjoint(self, y):
        return y @ self.matrix.conj()


def batch(field, rng):
    """A matrix and measurements of signals that are zero, easy, at the limit, noisy and hopeless, (16, M)."""

    def normal(*shape):
        x = rng.standard_normal(shape)
        return x + 1j * rng.standard_normal(shape) if field == "complex" else x

    matrix, x = normal(M, N) / M**0.5, np.zeros((16, N), complex if field == "complex" else float)
    for i, signal in enumerate(x):
        count = (0, 1, 4, K)[i % 4]
        signal[rng.permutation(N)[:count]] = normal(count)
    y = x @ matrix.T
    y[8:12] += 0.1 * normal(4, M)
    y[15] = normal(M)
    return matrix, y


@every_solver
@pytest.mark.parametrize("field", ["real", "complex"])
@pytest.mark.parametrize("dense", [True, False])
def test_each_signal_is_recovered_as_alone_whoever_has_ended(name, field, dense):
    matrix, y = batch(field, np.random.default_rng(0))
    A = cs.Matrix(matrix) if dense else Seen(matrix)
    noise = np.where(np.arange(16) == 9, 0.8, 0.0)
    together = SOLVERS[name](A, y.reshape(2, 8, M), cs.Sparse(), K, noise=noise.reshape(2, 8), max_iter=60)
    assert together.x.shape == together.support.shape == (2, 8, N)
    assert len(set(together.iterations.ravel())) > 3
    for i in range(16):
        alone, at = SOLVERS[name](A, y[i], cs.Sparse(), K, noise=noise[i], max_iter=60), divmod(i, 8)
        np.testing.assert_allclose(together.x[at], alone.x, atol=1e-9)
        assert together.support[at][abs(alone.x) > 1e-9].all()
        assert together.status[at] is alone.status
        assert together.iterations[at] == alone.iterations
        np.testing.assert_allclose(together.residual_norm[at], alone.residual_norm, atol=1e-12)
        for numbers, its in ((together.history[key], alone.history[key]) for key in alone.history):
            np.testing.assert_allclose(numbers[: len(its), *at], its, rtol=1e-6, atol=1e-10)


@every_solver
def test_signals_that_have_ended_are_no_longer_computed(name):
    matrix, y = batch("real", np.random.default_rng(0))
    A = Seen(matrix)
    result = SOLVERS[name](A, y, cs.Sparse(), K, max_iter=60)
    counts = [count for count in A.counts if count != N]  # as many make it dense
    assert counts[0] == 16
    assert sorted(counts, reverse=True) == counts
    assert counts[-1] <= 0.75 * 16
    assert result.iterations.sum() <= 0.8 * 16 * result.iterations.max()


@every_solver
def test_a_callback_sees_the_whole_batch_to_the_end(name):
    matrix, y = batch("real", np.random.default_rng(0))
    shapes = set()

    def look(progress):
        shapes.add((progress.x.shape, progress.numbers["residual_norm"].shape))

    watched = SOLVERS[name](cs.Matrix(matrix), y, cs.Sparse(), K, callback=look, max_iter=40)
    assert shapes == {((16, N), (16,))}
    plain = SOLVERS[name](cs.Matrix(matrix), y, cs.Sparse(), K, max_iter=40)
    np.testing.assert_allclose(watched.x, plain.x, atol=1e-9)
    assert (watched.iterations == plain.iterations).all()


@every_solver
def test_numbers_of_a_signal_that_has_ended_stay(name):
    matrix, y = batch("real", np.random.default_rng(0))
    result = SOLVERS[name](cs.Matrix(matrix), y, cs.Sparse(), K, max_iter=40)
    rows = result.history["residual_norm"]
    for i in np.flatnonzero(result.iterations * 2 < len(rows)):
        assert rows[-1, i] == pytest.approx(rows[-2, i], rel=1e-6, abs=1e-12)


def test_each_matrix_of_a_stack_goes_on_with_its_signal():
    rng = np.random.default_rng(0)
    stack = np.stack([cs.gaussian(M, N, rng).matrix for _ in range(4)])
    x = np.stack([cs.random_signal(cs.Sparse(), N, k, rng) for k in (1, 2, 4, 9)])
    A = cs.Matrix(stack)
    together = cs.cosamp(A, A @ x, cs.Sparse(), 9)
    for i in range(4):
        alone = cs.cosamp(cs.Matrix(stack[i]), stack[i] @ x[i], cs.Sparse(), 9)
        np.testing.assert_allclose(together.x[i], alone.x, atol=1e-8)
        assert together.status[i] is alone.status
