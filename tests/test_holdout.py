"""Error bars without the truth: the brackets cover as they say, what cannot be bracketed is refused."""

import numpy as np
import pytest
import scipy.sparse
from scipy import stats

import csrecover as cs
from csrecover.analysis import Rows, held_out, rows_of
from csrecover.analysis.brackets import Residuals, error_bracket, kurtosis, relative, widened

from .conftest import FULL

DRAWS = 2000 if FULL else 200
N = 256


def scrambled(transform, m):
    return lambda rng: cs.structurally_random(transform, m, rng)


def half_spectrum(rng):
    transform = cs.DFT(N, real=True)
    return cs.random_rows(transform.out_shape, 70, rng) @ transform @ cs.random_signs(N, rng)


ENSEMBLES = {
    "gaussian": lambda rng: cs.gaussian(120, N, rng),
    "complex gaussian": lambda rng: cs.gaussian(120, N, rng, dtype=complex),
    "real gaussian, complex signals": lambda rng: cs.gaussian(120, N, rng),
    "bernoulli": lambda rng: 3 * cs.bernoulli(120, N, rng),
    "flipped dct": scrambled(cs.DCT(N), 120),
    "flipped hadamard": scrambled(cs.WalshHadamard(N), 120),
    "complex dft": lambda rng: cs.random_rows(N, 120, rng) @ cs.DFT(N),
    "half spectrum": half_spectrum,
    "check rows": lambda rng: cs.check_rows(cs.Sampling(N, range(90)) @ cs.DCT(N), 30, rng),
}


def with_sparse(name, k, rng):
    """A signal of k normal entries, complex where the name says so, and its support."""
    x = cs.random_signal(cs.Sparse(), N, k, rng, dtype=complex if "complex" in name else float)
    return x, np.flatnonzero(x)


def noise_for(y, level, rng):
    """White noise of expected norm level ||y||, as complex as y."""
    size = level * np.linalg.norm(y) / y.size**0.5
    if y.dtype.kind == "c":
        return size * (rng.standard_normal(y.shape) + 1j * rng.standard_normal(y.shape)) / 2**0.5
    return size * rng.standard_normal(y.shape)


def least_squares(support):
    """A solver that is told the support."""

    def solve(A, y, k):
        B, z = A.columns(support), y
        if A.real_input:
            B, z = np.concatenate([B.real, B.imag]), np.concatenate([y.real, y.imag])
        values = np.linalg.lstsq(B, z, rcond=None)[0]
        x = np.zeros(A.in_shape, values.dtype)
        x[support] = values
        return cs.Result(x, x != 0, cs.Status.CONVERGED, 1, np.linalg.norm(y - A @ x), None, {})

    return solve


def pursuit(model):
    return lambda A, y, k: cs.subspace_pursuit(A, y, model, k)


def covered(cell, draws=DRAWS):
    """Share of brackets that hold the true error, and of those below it, over independent draws of `cell`."""
    outcomes = np.array([cell(np.random.default_rng([7, draw])) for draw in range(draws)])
    return outcomes.mean(axis=0)


def judged(result, x):
    """Whether the first bracket holds its error, lies below it, whether the second and the relative one hold theirs."""
    first, second = np.linalg.norm(result.x_holdout - x), np.linalg.norm(result.x - x)
    found, wide, ratio = result.holdout_estimate, result.error_estimate, first / np.linalg.norm(x)
    return [
        found.low <= first <= found.high,
        found.high < first,
        wide.low <= second <= wide.high,
        found.relative_low <= ratio <= found.relative_high,
    ]


def holds_share(share, low, high, draws=DRAWS):
    """Whether a share of independent draws is compatible with a probability between low and high."""
    count = round(share * draws)
    assert stats.binom.cdf(count, draws, low) > 1e-4, f"{share:.3f} is below {low}"
    assert stats.binom.sf(count - 1, draws, high) > 1e-4, f"{share:.3f} is above {high}"


@pytest.mark.parametrize("name", ENSEMBLES)
@pytest.mark.parametrize("regime", ["success", "failure"])
def test_the_bracket_covers_as_often_as_it_says(name, regime):
    def cell(rng):
        A = ENSEMBLES[name](rng)
        x, support = with_sparse(name, 12, rng)
        clean = A @ x
        if regime == "success":
            w = noise_for(clean, 0.03, rng)
            noise = 0.03 * np.linalg.norm(clean)
        else:
            support, w, noise = rng.choice(N, 12, replace=False), 0, 0
        return judged(held_out(least_squares(support), A, clean + w, None, 12, noise=noise, rng=rng), x)

    holds, missed, second, ratio = covered(cell)
    holds_share(holds, 0.86, 0.97)
    holds_share(missed, 0, 0.07)
    holds_share(second, 0.9, 1)
    holds_share(ratio, 0.9, 1)


def test_the_bracket_of_a_real_recovery_covers_as_often_as_it_says():
    """Subspace pursuit in noise: sparse signals and Gaussian rows; trees and a transform behind random signs."""
    W = cs.Wavelet(128, "haar")
    problems = [
        (cs.Sparse(), lambda rng: cs.gaussian(70, 128, rng)),
        (cs.TreeSparse(W.tree), lambda rng: cs.structurally_random(cs.DCT(128), 70, rng) @ W.H),
    ]
    for model, ensemble in problems:

        def cell(rng, model=model, ensemble=ensemble):
            A, x = ensemble(rng), cs.random_signal(model, 128, 8, rng)
            y = A @ x
            noise = 0.05 * np.linalg.norm(y)
            return judged(held_out(pursuit(model), A, y + noise_for(y, 0.05, rng), model, 8, noise=noise, rng=rng), x)

        holds, missed, second, ratio = covered(cell)
        holds_share(holds, 0.86, 0.97)
        holds_share(missed, 0, 0.07)
        holds_share(second, 0.9, 1)
        holds_share(ratio, 0.9, 1)


def test_without_the_noise_level_the_upper_end_bounds_error_and_noise():
    def cell(rng):
        A = cs.gaussian(120, N, rng)
        x, support = with_sparse("gaussian", 12, rng)
        y = A @ x
        result = held_out(least_squares(support), A, y + noise_for(y, 0.05, rng), None, 12, rng=rng)
        found = result.holdout_estimate
        assert found.low == found.relative_low == 0
        assert found.note == "upper end only: it bounds error and noise together"
        return [np.linalg.norm(result.x_holdout - x) <= found.high]

    holds_share(covered(cell)[0], 0.95, 1)


def smooth(rng):
    """A bump of random place and width."""
    grid, place, width = np.linspace(0, 1, N), rng.uniform(0.2, 0.8), rng.uniform(0.1, 0.3)
    return np.exp(-((grid - place) ** 2) / (2 * width**2)) + 0.01 * rng.standard_normal(N)


@pytest.mark.parametrize("transform", [cs.DCT(N), cs.WalshHadamard(N)], ids=str)
def test_concentrated_spectra_are_flagged_and_lose_their_interval(transform):
    def flagged(rng, A):
        solve = least_squares(np.arange(0, N, 16))
        found = held_out(solve, A, A @ smooth(rng), None, 16, noise=0, rng=rng).holdout_estimate
        assert ("concentrated" in found.note) == (found.high == np.inf)
        return [found.high == np.inf]

    plain = covered(lambda rng: flagged(rng, cs.random_rows(N, 100, rng) @ transform))
    scrambled = covered(lambda rng: flagged(rng, cs.structurally_random(transform, 100, rng)), draws=10)
    holds_share(plain[0], 0.85, 1)
    assert scrambled[0] == 0


def test_held_out_rows_choose_a_budget_close_to_the_best():
    def cell(rng, level):
        A, x = cs.gaussian(130, N, rng), cs.random_signal(cs.Sparse(), N, 12, rng)
        y, errors, asked = A @ x, {}, []

        def solve(A, y, k):
            result = cs.subspace_pursuit(A, y, cs.Sparse(), k)
            errors.setdefault(k, np.linalg.norm(result.x - x))
            asked.append(k)
            return result

        noise = level * np.linalg.norm(y)
        result = held_out(solve, A, y + noise_for(y, level, rng), cs.Sparse(), None, noise=noise, rng=rng, holdout=30)
        budgets = sorted(errors)
        assert asked[:-1] == budgets
        assert len(budgets) == 8
        assert budgets[0] == 1
        assert budgets[-1] == 50
        return [budgets.index(asked[-1]) - budgets.index(min(errors, key=errors.get)), *judged(result, x)[:2]]

    for level in (0.03, 0.3):
        outcomes = np.array([cell(np.random.default_rng([7, draw]), level) for draw in range(DRAWS // 10)])
        assert abs(np.median(outcomes[:, 0])) <= 1
        holds_share(outcomes[:, 1].mean(), 0.9, 1, len(outcomes))  # the union bound over the eight
        holds_share(outcomes[:, 2].mean(), 0, 0.05, len(outcomes))


# --- formulas ---------------------------------------------------------------------------------------------------------

GAUSSIAN = Rows("independent", 1.0, np.arange(1000))
TABLE = [
    (5, 2.09, 3.49, 1.59),
    (10, 1.59, 2.15, 1.36),
    (20, 1.36, 1.64, 1.23),
    (40, 1.23, 1.39, 1.15),
    (100, 1.13, 1.22, 1.09),
]


@pytest.mark.parametrize(("h", "single", "of_ten", "two_parts"), TABLE)
def test_independent_rows_give_the_chi_square_interval(h, single, of_ten, two_parts):
    for risk, degrees, ratio in [(0.1, 1, single), (0.01, 1, of_ten), (0.1, 2, two_parts)]:
        residuals = Residuals(np.full(h, 4.0), np.empty(0), degrees=degrees)
        estimate, low, high = error_bracket(GAUSSIAN, residuals, risk)
        ends = stats.chi2.ppf([1 - risk / 2, risk / 2], h * degrees)
        np.testing.assert_allclose([low, high], 2 * (h * degrees / ends) ** 0.5)
        assert estimate == 2
        assert high / estimate == pytest.approx(ratio, abs=0.006)


@pytest.mark.parametrize(
    ("h", "unseen", "tolerance"), [(30, 156, 0.005), (10, 156, 0.006), (60, 156, 0.005), (10, 30, 0.03)]
)
def test_rows_without_replacement_agree_with_the_exact_ratio_of_variances(h, unseen, tolerance):
    """Of N unseen normal coefficients, h seen: the rest is S_H (N-h)/h F_{N-h, h}."""
    used = 256 - unseen
    rows = Rows("orthonormal", 1.0, np.arange(used + h), total=256)
    residuals = Residuals(np.full(h, 1 / h), np.full(used, 0.3 / used))
    _, low, high = error_bracket(rows, residuals, 0.1)
    exact = (0.3 + 1 + (unseen - h) / h * stats.f.ppf([0.05, 0.95], unseen - h, h)) ** 0.5
    np.testing.assert_allclose([low, high], exact, rtol=tolerance)


def test_all_rows_measured_leave_no_doubt():
    """Where the held-out rows are all that was not used, the error is known."""
    rows = Rows("orthonormal", 1.0, np.arange(20), total=20)
    ends = error_bracket(rows, Residuals(np.arange(1.0, 9), np.arange(12.0)), 0.1)
    np.testing.assert_allclose(ends, 102**0.5, rtol=1e-2)


@pytest.mark.parametrize("degrees", [1, 2])
def test_the_kurtosis_is_unbiased_for_gaussian_residuals(degrees):
    parts = np.random.default_rng(0).standard_normal((200_000, 7, degrees))
    energy = (parts**2).sum(axis=-1)
    assert kurtosis(energy, degrees).mean() == pytest.approx(1 + 2 / degrees, rel=0.01)


def test_heavier_tails_widen_the_bracket_and_lighter_ones_do_not_narrow_it():
    even, spiky = np.full(12, 1.0), np.array([12.0] + [0.0] * 11)
    gaussian = 12 / stats.chi2.ppf(0.05, 12)
    assert error_bracket(GAUSSIAN, Residuals(even, np.empty(0)), 0.1)[2] ** 2 == pytest.approx(gaussian)
    assert error_bracket(GAUSSIAN, Residuals(spiky, np.empty(0)), 0.1)[2] ** 2 > 2 * gaussian


def test_the_brackets_of_other_norms_follow_from_the_triangle_inequality():
    rng = np.random.default_rng(0)
    for _ in range(200):
        x, first, second = rng.standard_normal((3, 4)) * rng.exponential(size=(3, 1))
        error, size = np.linalg.norm(first - x), np.linalg.norm(x)
        low, high = error * rng.uniform(0.3, 1), error * rng.uniform(1, 3)
        below, above = relative(low, high, np.linalg.norm(first), 0.5 * size, 2 * size)
        assert below <= error / size * (1 + 1e-12)
        assert error / size <= above * (1 + 1e-12)
        found = cs.ErrorEstimate(error, low, high, 0, np.inf, 0.9, 10, "x_holdout")
        moved = widened(found, np.linalg.norm(second - first), np.linalg.norm(second), "x")
        other = np.linalg.norm(second - x)
        assert moved.low <= other * (1 + 1e-12)
        assert other <= moved.high * (1 + 1e-12)
        assert moved.relative_low <= other / size * (1 + 1e-12)
        assert other / size <= moved.relative_high * (1 + 1e-12)
        assert moved.low <= moved.estimate <= moved.high


# --- what depends on what ---------------------------------------------------------------------------------------------


def problem(seed=0, m=90):
    rng = np.random.default_rng(seed)
    A, x = cs.gaussian(m, N, rng), cs.random_signal(cs.Sparse(), N, 8, rng)
    return A, x, A @ x + 0.05 * rng.standard_normal(m)


def numbers(found):
    return [found.numbers()[name] for name in ("estimate", "low", "high", "relative_low", "relative_high")]


def test_the_first_recovery_does_not_see_the_held_out_rows():
    A, _, y = problem()
    shapes = []

    def solve(A, y, k):
        shapes.append(A.shape)
        return cs.subspace_pursuit(A, y, cs.Sparse(), k)

    first = held_out(solve, A, y, cs.Sparse(), 8, rng=3)
    assert shapes == [(75, N), (90, N)]
    held = np.random.default_rng(3).choice(90, 15, replace=False)
    changed = y.copy()
    changed[held] += 1
    second = held_out(solve, A, changed, cs.Sparse(), 8, rng=3)
    np.testing.assert_array_equal(first.x_holdout, second.x_holdout)
    assert second.holdout_estimate.estimate > first.holdout_estimate.estimate


def used_rows(A, y, rng):
    """Which measurements the first recovery sees."""
    seen = []

    def solve(A, part, k):
        seen.append(np.isin(y, part))
        return cs.Result(np.zeros(N), np.zeros(N, bool), cs.Status.CONVERGED, 1, 0.0, None, {})

    held_out(solve, A, y, None, 8, rng=rng)
    return seen[0]


def test_the_split_depends_on_the_generator_alone_and_treats_rows_alike():
    A, _, y = problem()
    counts = np.zeros(90)
    for seed in range(300):
        used = used_rows(A, y, rng=seed)
        counts += ~used
        np.testing.assert_array_equal(used, used_rows(A, 2 * y, rng=np.random.default_rng(seed)))
    assert stats.chisquare(counts).pvalue > 1e-4


def test_always_measured_rows_are_never_held_out():
    x = cs.random_signal(cs.Sparse(), N, 8, 0)
    picks = np.concatenate([np.arange(16), 16 + np.random.default_rng(1).permutation(N - 16)[:80]])
    A = cs.Sampling(N, picks) @ cs.DCT(N)
    rows = Rows("orthonormal", 1.0, np.arange(16, 96), total=N)
    sizes = []

    def solve(A, y, k):
        sizes.append(A.factors[0].indices)
        return cs.subspace_pursuit(A, y, cs.Sparse(), k)

    held_out(solve, A, A @ x, cs.Sparse(), 8, rows=rows, holdout=40)
    assert set(range(16)) <= set(sizes[0].tolist())
    assert len(sizes[0]) == 56


@pytest.mark.parametrize("name", ["gaussian", "flipped dct", "half spectrum"])
def test_brackets_follow_the_scale_of_operator_and_signal(name):
    A = ENSEMBLES[name](np.random.default_rng(0))
    x, support = with_sparse(name, 12, np.random.default_rng(1))
    y = A @ x + noise_for(A @ x, 0.1, np.random.default_rng(2))
    found = held_out(least_squares(support), A, y, None, 12, noise=2.0).error_estimate
    scaled = held_out(least_squares(support), 4 * A, 4 * y, None, 12, noise=8.0).error_estimate
    larger = held_out(least_squares(support), A, 4 * y, None, 12, noise=8.0).error_estimate
    np.testing.assert_allclose(numbers(scaled), numbers(found))
    np.testing.assert_allclose(numbers(larger), np.array([4, 4, 4, 1, 1]) * numbers(found))


def test_a_batch_gives_what_its_signals_give():
    A, _, _ = problem()
    rng = np.random.default_rng(5)
    x = np.stack([cs.random_signal(cs.Sparse(), N, 8, rng) for _ in range(3)])
    y = A @ x + 0.02 * rng.standard_normal((3, 90))
    noise = np.array([0.1, 0.2, 30])
    both = held_out(pursuit(cs.Sparse()), A, y, cs.Sparse(), 8, noise=noise)
    for i in range(3):
        single = held_out(pursuit(cs.Sparse()), A, y[i], cs.Sparse(), 8, noise=noise[i])
        for mine, theirs in [
            (both.error_estimate, single.error_estimate),
            (both.holdout_estimate, single.holdout_estimate),
        ]:
            np.testing.assert_allclose(np.array(numbers(mine))[:, i], numbers(theirs))
            assert mine.note[i] == theirs.note
    assert "smaller than the stated noise" in both.error_estimate.note[2]
    with pytest.raises(ValueError, match="give k for a batch"):
        held_out(pursuit(cs.Sparse()), A, y, cs.Sparse(), None)


def test_exact_recovery_is_said_to_be_exact():
    A, x, _ = problem()
    for noise in (None, 0):
        result = held_out(pursuit(cs.Sparse()), A, A @ x, cs.Sparse(), 8, noise=noise)
        assert result.error_estimate.note == "exact to machine precision"
        assert np.linalg.norm(result.x - x) <= result.error_estimate.high < 1e-12
        assert result.error_estimate.low == 0
    chosen = held_out(pursuit(cs.Sparse()), A, A @ x, cs.Sparse(), None, noise=0)
    assert np.linalg.norm(chosen.x - x) < 1e-12


@pytest.mark.parametrize("name", ["gaussian", "flipped dct", "half spectrum", "check rows"])
def test_brackets_are_the_same_on_every_backend(name, backend):
    A = ENSEMBLES[name](np.random.default_rng(0))
    x, _ = with_sparse(name, 4, np.random.default_rng(1))
    y = A @ x + noise_for(A @ x, 0.05, np.random.default_rng(2))
    here = held_out(pursuit(cs.Sparse()), A, y, cs.Sparse(), 4, noise=1.0)
    there = held_out(pursuit(cs.Sparse()), cs.to(A, backend), cs.to(y, backend), cs.Sparse(), 4, noise=1.0)
    np.testing.assert_allclose(numbers(there.error_estimate), numbers(here.error_estimate), rtol=1e-6)
    np.testing.assert_allclose(cs.to_numpy(there.x_holdout), here.x_holdout, atol=1e-10)


def test_results_are_saved_and_shown_with_their_bracket(tmp_path):
    A, _, y = problem()
    result = held_out(pursuit(cs.Sparse()), A, y, cs.Sparse(), 8, noise=0.5)
    result.save(tmp_path / "result.npz")
    with np.load(tmp_path / "result.npz") as saved:
        assert saved["error_estimate_high"] == result.error_estimate.high
        assert saved["holdout_estimate_low"] == result.holdout_estimate.low
        np.testing.assert_array_equal(saved["x_holdout"], result.x_holdout)
    assert f"in [{result.error_estimate.low:.2g}, {result.error_estimate.high:.2g}] at 90%" in repr(result)


# --- rows -------------------------------------------------------------------------------------------------------------


def iid_signs(m, n, p, rng):
    signs = scipy.sparse.random_array(
        (m, n), density=p, rng=rng, data_sampler=lambda size: rng.choice([-1.0, 1.0], size)
    )
    return cs.sparse_matrix(signs, variance=p)


def test_rows_are_found_in_compositions():
    W, signs = cs.Wavelet(64, "haar"), cs.random_signs(64, 0)
    sampled = cs.random_rows(64, 32, 0)
    cases = [
        (cs.gaussian(20, 64, 0), ("independent", 1 / 20, 0, False)),
        (cs.gaussian(20, 64, 0) @ W.H, ("independent", 1 / 20, 0, False)),
        (2j * cs.bernoulli(20, 64, 0), ("independent", 4 / 20, 0, False)),
        (cs.random_rows(20, 10, 0) @ cs.gaussian(20, 64, 0), ("independent", 2 / 20, 0, False)),
        (iid_signs(40, 64, 0.25, np.random.default_rng(0)), ("independent", 0.25, 0, False)),
        (sampled @ cs.DCT(64), ("orthonormal", 2, 64, False)),
        (sampled @ cs.DCT(64).H @ signs @ W.H, ("orthonormal", 2, 64, True)),
        (3 * sampled @ cs.WalshHadamard(64) @ cs.random_permutation(64, 0), ("orthonormal", 18, 64, False)),
        (cs.spread_spectrum((8, 8), 32, 0), ("orthonormal", 2, 64, True)),
        (cs.random_rows((8, 5), 20, 0) @ cs.DFT((8, 8), real=True), ("orthonormal", 2, 40, False)),
        (cs.random_rows((8, 8), 32, 0) @ cs.Kronecker([cs.DCT(8), cs.DFT(8)]), ("orthonormal", 2, 64, False)),
        (cs.check_rows(cs.Gradient((4, 16)), 10), ("independent", 1 / 128, 0, False)),
    ]
    for A, expected in cases:
        rows = rows_of(A)
        assert (rows.law, rows.total, rows.scrambled) == (expected[0], *expected[2:]), A
        assert rows.gain == pytest.approx(expected[1]), A
        moved = rows_of(cs.to(A, "array_api_strict"))
        assert (moved.law, moved.gain, moved.total) == (rows.law, rows.gain, rows.total)


@pytest.mark.parametrize(
    "A",
    [cs.gaussian(40, 64, 0), 2 * cs.random_rows(64, 40, 0) @ cs.DCT(64), cs.check_rows(cs.Identity((8, 8)), 2000)],
    ids=["gaussian", "dct", "check rows"],
)
def test_the_gain_is_the_mean_energy_of_a_row(A):
    rows = rows_of(A)
    energy = (A.todense()[rows.eligible] ** 2).sum(axis=1)
    expected = rows.gain * (A.size_in if rows.law == "independent" else 1)
    assert energy.mean() == pytest.approx(expected, rel=0.05)


def test_check_rows_are_held_out_and_nothing_else():
    A = cs.check_rows(cs.toeplitz(np.ones(40), np.random.default_rng(0).standard_normal(64)), 12)
    x = cs.random_signal(cs.Sparse(), 64, 4, 0)
    shapes = []

    def solve(A, y, k):
        shapes.append((A.shape, y.shape))
        return cs.subspace_pursuit(A, y, cs.Sparse(), k)

    result = held_out(solve, A, A @ x, cs.Sparse(), 4)
    assert shapes == [((40, 64), (40,)), ((52, 64), (52,))]
    assert result.holdout_estimate.rows == 12
    np.testing.assert_array_equal(rows_of(A).eligible, np.arange(40, 52))


UNLIKE = "not exchangeable with the unseen ones.*Append 10 to 30 independent Gaussian"


@pytest.mark.parametrize(
    ("A", "said"),
    [
        (cs.sparse_binary(40, 64, 4, 0), UNLIKE),
        (cs.Sampling(64, range(40)) @ cs.DCT(64), "drawn uniformly.*uniform=True"),
        (cs.Sampling((8, 8), cs.variable_density_mask((8, 8), 4, 0)) @ cs.DFT((8, 8)), "drawn uniformly"),
        (cs.random_convolution(64, 0), UNLIKE),
        (cs.random_rows(64, 40, 0), UNLIKE),
        (cs.toeplitz(np.arange(1.0, 9), np.arange(3.0)), "do not act on the unknowns.*Append 10 to 30"),
        (cs.random_rows(64, 40, 0) @ cs.Wavelet(64, "haar"), UNLIKE),
        (cs.random_rows(64, 40, 0) @ cs.DCT(64) @ cs.Wavelet(64, "haar").H, "Flip signs at random"),
        (cs.random_rows(64, 40, 0) @ cs.DCT(64) @ cs.Wavelet(64, "haar").H @ cs.random_signs(64, 0), "Flip signs"),
        (
            cs.random_rows(64, 40, 0) @ cs.DFT(64) @ cs.Diagonal(np.where(np.arange(64) % 2, 1.0, -1)) @ cs.DCT(64),
            "Flip",
        ),
        (cs.Matrix(np.eye(40, 64)), "state their variance"),
        (np.eye(40, 64), "state their variance"),
        (cs.gaussian(40, 10, 0) @ cs.gaussian(10, 64, 0), "do not act on the unknowns"),
        (cs.VStack([cs.gaussian(20, 64, 0), cs.DCT(64)]), "no independent rows"),
        (cs.Matrix(np.ones((3, 40, 64)), variance=1.0), "one matrix at a time"),
    ],
    ids=lambda value: str(value)[:40],
)
def test_rows_that_say_nothing_are_refused(A, said):
    with pytest.raises(ValueError, match=f"(?s){said}"):
        rows_of(A)


@pytest.mark.parametrize(
    ("options", "error", "said"),
    [
        ({"holdout": 4}, ValueError, "4 held-out rows bracket nothing: hold out at least 5"),
        ({"holdout": 0.01}, ValueError, "hold out at least 5"),
        ({"holdout": 91}, ValueError, "cannot be held out: 90 of this operator are eligible"),
        ({"holdout": 90}, ValueError, "leave some to recover from"),
        ({"holdout": 1.5}, ValueError, "between 0 and 1"),
        ({"holdout": False}, TypeError, "True, a share"),
        ({"holdout": "half"}, TypeError, "True, a share"),
        ({"confidence": 1.0}, ValueError, "between 0 and 1"),
        ({"confidence": "high"}, TypeError, "between 0 and 1"),
        ({"noise": -1.0}, ValueError, "not negative"),
        ({"rows": Rows("independent", 1.0, [89, 90, 3, 4, 5])}, ValueError, "measurements 0 .. 89"),
        (
            {"k": None, "model": cs.Product((cs.Sparse(), cs.Sparse()), (N // 2, N // 2))},
            TypeError,
            "tuple of 2, one for each model",
        ),
        ({"k": None, "model": cs.LowRank()}, TypeError, "model with supports: give k"),
    ],
)
def test_bad_arguments_are_refused(options, error, said):
    A, _, y = problem()
    arguments = {"model": cs.Sparse(), "k": 8} | options
    with pytest.raises(error, match=said):
        held_out(pursuit(cs.Sparse()), A, y, **arguments)


def test_sparse_rows_must_meet_every_unknown():
    A = iid_signs(120, N, 0.1, np.random.default_rng(0))
    x = cs.random_signal(cs.Sparse(), N, 6, 0)
    with pytest.raises(ValueError, match=r"20 held-out rows of density 0.1 .*hold out at least 60"):
        held_out(pursuit(cs.Sparse()), A, A @ x, cs.Sparse(), 6)
    assert held_out(pursuit(cs.Sparse()), A, A @ x, cs.Sparse(), 6, holdout=60).holdout_estimate.rows == 60


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Rows("random", 1.0, [1]), "independent"),
        (lambda: Rows("independent", 0.0, [1]), "gain > 0"),
        (lambda: Rows("independent", 1.0, [1, 1]), "distinct integers"),
        (lambda: Rows("orthonormal", 1.0, [1, 2, 3], total=2), "more than the transform has"),
        (lambda: cs.Matrix(np.eye(3), variance=0.0), "positive and finite"),
        (lambda: cs.sparse_matrix(scipy.sparse.eye_array(3), variance=-1.0), "positive and finite"),
        (lambda: cs.check_rows(cs.DCT(8), 4), "at least 5"),
    ],
)
def test_bad_facts_about_rows_are_refused(make, said):
    with pytest.raises(ValueError, match=said):
        make()
