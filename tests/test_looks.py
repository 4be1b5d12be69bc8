"""What a look at the numbers of a run decides, what it asks of a device, and the short ways that the host has."""

import numpy as np
import pytest

import csrecover as cs
from csrecover.backend import clip, divide, expand, fetched, mT, norm
from csrecover.solvers import Iterate, run

from . import cupy_double
from .conftest import NAMES
from .cupy_double import guard

DTYPES = ("float32", "float64", "complex64", "complex128")
LOST = (np.nan, np.inf)
on_the_double = [
    pytest.mark.cupy_double(cupy_double.versions()[0]),
    pytest.mark.skipif(any(name.partition(":")[0] == "cupy" for name in NAMES), reason="real CuPy is in this process"),
]


def played(rows, backend, **options):
    """The run of a solver whose iterates are i + 1 = 1, 2, ... in all entries, with these residuals in its rows."""
    rows = np.asarray(rows)

    def iterates():
        for i, row in enumerate(rows):
            x, residual = cs.to((np.full((*row.shape, 3), i + 1.0), np.array(row)), backend)
            yield Iterate(x, residual, residual_norm=residual)

    measure = lambda state: state.residual_norm  # noqa: E731
    return run(iterates(), tol=1e-3, max_iter=len(rows), measure=measure, **options)


def expected(residuals, patience):
    """Status, iterations, and the number of the best iterate (0: none) of one signal, by the definition of a run."""
    best, waited, chosen = np.inf, 0, 0
    for i, residual in enumerate(residuals, start=1):
        waited = 0 if residual < best * (1 - 1e-9) else waited + 1
        if residual <= best * (1 + 1e-15) and residual < np.inf:
            chosen = i
        best = min(best, residual) if residual == residual else best
        if residual <= 1e-3:
            return cs.Status.CONVERGED, i, chosen
        if not residual <= 1e6 * max(residuals[0], 1):
            return cs.Status.DIVERGED, i, chosen
        if waited >= patience:
            return cs.Status.STALLED, i, chosen
    return cs.Status.MAX_ITER, len(residuals), chosen


def random_residuals(count, looks):
    """Residuals that fall, some of which stop doing so, grow, get lost or reach the tolerance."""
    rng = np.random.default_rng(0)
    rows = np.cumprod(rng.uniform(0.5, 1.2, (count, looks)), axis=1)
    for row in rows[: 3 * count // 4]:
        row[rng.integers(looks) :] = rng.choice([np.nan, 1e9, 1e-5, 0.7])
    return rows.T


def test_each_signal_of_a_batch_ends_as_a_run_is_defined(backend):
    residuals = random_residuals(60, 12)
    result = played(residuals, backend, patience=3)
    wanted = [expected(row, 3) for row in residuals.T]
    assert list(result.status) == [status for status, _, _ in wanted]
    assert list(result.iterations) == [iterations for _, iterations, _ in wanted]
    assert cs.to(result.x, "numpy")[:, 0].tolist() == [chosen for _, _, chosen in wanted]
    assert {status for status, _, _ in wanted} == {
        cs.Status.CONVERGED,
        cs.Status.DIVERGED,
        cs.Status.STALLED,
        cs.Status.MAX_ITER,
    }


def test_a_signal_alone_ends_as_in_its_batch(backend):
    residuals = random_residuals(12, 12)
    batch = played(residuals, backend, patience=3)
    for i, row in enumerate(residuals.T):
        alone = played(row, backend, patience=3)
        assert (alone.status, alone.iterations) == (batch.status[i], batch.iterations[i])
        assert alone.residual_norm == pytest.approx(batch.residual_norm[i], rel=0, abs=0, nan_ok=True)
        assert cs.to(alone.x, "numpy").tolist() == cs.to(batch.x, "numpy")[i].tolist()


@pytest.mark.parametrize("residuals", [[0.9, 0.8] * 10, [1.0, 0.9, 0.5, 0.5, 0.5, 0.5, 0.5]])
def test_only_a_pattern_of_two_or_more_is_a_cycle(residuals):
    status = played(residuals, "numpy", patience=len(residuals) - 5).status
    assert status is (cs.Status.STALLED if residuals[-1] == residuals[-2] else cs.Status.CYCLED)


@pytest.mark.parametrize("signals", [(), (2, 3)])
def test_a_run_that_the_callback_stops_says_so_of_the_signals_that_were_running(signals):
    residuals = np.ones((4, *signals))
    residuals[1:][(..., *(0,) * len(signals))] = 0.5 if not signals else 0.0
    result = played(residuals, "numpy", callback=lambda progress: progress.iteration == 3)
    status = np.array(result.status, dtype=object)
    assert status.reshape(-1)[-1] is cs.Status.STOPPED
    assert not signals or status[0, 0] is cs.Status.CONVERGED


@pytest.mark.parametrize("lost", LOST)
def test_a_history_has_one_row_a_look_in_the_precision_of_the_numbers(lost):
    residuals = np.array([[1, 1], [0.5, lost], [0.25, 1]], dtype=np.float32)
    history = played(residuals, "numpy").history["residual_norm"]
    assert history.dtype == np.float32
    np.testing.assert_array_equal(history, residuals)


# the short ways of the host


@pytest.mark.parametrize("dtype", DTYPES)
@pytest.mark.parametrize("shape", [(6,), (3, 5), (2, 3, 5), (0, 4)])
def test_a_norm_is_the_root_of_the_sum_of_squares(dtype, shape):
    rng = np.random.default_rng(0)
    x = (rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if "complex" in dtype else 0)).astype(dtype)
    for ndim in range(1, len(shape) + 1):
        size = norm(x, ndim)
        assert size.dtype == x.real.dtype
        wanted = np.sqrt(np.sum(np.abs(x.astype("complex128")) ** 2, axis=tuple(range(-ndim, 0))))
        np.testing.assert_allclose(size, wanted, rtol=8 * np.finfo(x.dtype).eps)
    np.testing.assert_allclose(norm(x[..., ::2]), np.linalg.norm(x[..., ::2], axis=-1), rtol=1e-6)


@pytest.mark.parametrize("lost", LOST)
@pytest.mark.parametrize("dtype", DTYPES)
def test_the_norm_of_what_is_not_finite_is_not(dtype, lost):
    assert not np.isfinite(norm(np.array([1, lost], dtype)))


@pytest.mark.parametrize("dtype", DTYPES)
def test_a_quotient_of_numbers_is_that_of_arrays(dtype):
    with np.errstate(divide="raise", invalid="ignore"):
        for a in (0, 3, np.inf, np.nan):
            for b in (0, 2, np.inf):
                if np.isfinite(a) or np.isfinite(b):
                    upper, lower = np.array([a], dtype), np.array([b], dtype)
                    alone, among = divide(upper[0], lower[0]), divide(upper, lower)
                    assert alone.dtype == among.dtype == upper.dtype
                    np.testing.assert_array_equal(alone, among[0])
    assert divide(np.float64(1), np.float64(0)) == 0


@pytest.mark.parametrize("ndim", [0, 1, 3])
@pytest.mark.parametrize("numbers", [np.float32(2), np.array(2.0), np.arange(6.0).reshape(2, 3)])
def test_numbers_of_signals_broadcast_against_them(numbers, ndim):
    assert expand(numbers, ndim).shape == (*np.shape(numbers), *(1,) * ndim)
    assert expand(numbers, ndim).dtype == numbers.dtype


@pytest.mark.parametrize(("low", "high"), [(None, 1), (-1, None), (-1, 1), (None, None)])
def test_clipping_by_one_side_or_two(low, high):
    x = np.array([-2, -0.5, 0.5, 2, np.nan], dtype=np.float32)
    wanted = [np.nan if v != v else min(max(v, -3 if low is None else low), 3 if high is None else high) for v in x]
    np.testing.assert_array_equal(clip(x, low, high), np.array(wanted, np.float32))
    assert clip(x, low, high).dtype == np.float32


def test_a_transposed_matrix_swaps_the_last_two_axes(backend):
    x = np.arange(12.0).reshape(2, 3, 2)
    np.testing.assert_array_equal(cs.to(mT(cs.to(x, backend)), "numpy"), x.transpose(0, 2, 1))


def test_numbers_are_fetched_as_they_are(backend):
    named = np.array([1.5, np.nan]), np.array([True, False]), np.array([np.inf, -2.0])
    for alone in (True, False):
        numbers = [x[0] if alone else x for x in named]
        found = fetched([cs.to(np.asarray(x), backend) for x in numbers])
        for one, wanted in zip(found, numbers, strict=True):
            np.testing.assert_array_equal(np.asarray(one, np.float64), np.asarray(wanted, np.float64))


# budgets


class TestOnTheDouble:
    pytestmark = on_the_double

    def test_a_look_of_fista_is_50_launches(self):
        A = cs.gaussian(64, 256, 0)
        A, y = cs.to((A, A @ np.where(np.arange(256) < 6, 1.0, 0)), "cupy")
        launches = {}
        for every in (10, 20):
            with guard(max_transfer=None) as log:
                cs.fista(A, y, cs.L1(0.01), step=0.1, tol=0, max_iter=40, check_every=every)
            launches[every] = log.count("launch")
        assert (launches[10] - launches[20]) / 2 <= 50

    def test_numbers_are_fetched_at_once(self):
        numbers = cs.to((np.arange(3.0), np.array([True, False, True])), "cupy")
        with guard(max_sync=1):
            fetched(numbers)

    def test_the_checks_of_a_problem_wait_once(self):
        A, y = cs.to((cs.gaussian(5, 9, 0), np.arange(5.0)), "cupy")
        with guard(max_sync=1):
            cs.solvers.problem.check_problem(A, y)


@pytest.mark.parametrize(
    ("value", "match"), [(np.nan, "NaN or infinity"), (np.inf, "NaN or infinity"), (1e20, "range")]
)
def test_measurements_out_of_range_are_named_apart_from_those_that_are_lost(value, match, backend):
    A, y = cs.to((cs.gaussian(4, 9, 0, dtype="float32"), np.array([1, 2, value, 4])), backend)
    with pytest.raises(ValueError, match=match):
        cs.solvers.problem.check_problem(A, y)
