"""The exact decision: is a signal the minimiser? Against linear programs, conic programs and theorems."""

from itertools import combinations

import numpy as np
import pytest
from scipy.optimize import linprog, minimize

import csrecover as cs
from csrecover.analysis import recovers
from csrecover.analysis.least_peak import least_peak

from .conftest import FULL

CASES = 300 if FULL else 60


def problem(seed, sign=False):
    """Random sizes, a random matrix and a random sparse signal."""
    rng = np.random.default_rng(seed)
    n = int(rng.integers(4, 40))
    m = int(rng.integers(1, n))
    k = int(rng.integers(1, m + 1))
    x = np.zeros(n)
    x[rng.permutation(n)[:k]] = rng.standard_normal(k)
    return rng.standard_normal((m, n)), abs(x) if sign else x


def minimiser(A, y, bounds, doubled):
    """By the simplex method: min sum(z), or min ||z||_1 with z = p - q, subject to A z = y."""
    matrix = np.hstack([A, -A]) if doubled else A
    z = linprog(np.ones(matrix.shape[1]), A_eq=matrix, b_eq=y, bounds=bounds, method="highs-ds").x
    return z[: A.shape[1]] - z[A.shape[1] :] if doubled else z


@pytest.mark.parametrize("penalty", [cs.L1(), cs.NonNegativeL1()], ids=["l1", "nonnegative"])
def test_the_answer_is_that_of_the_simplex_method(penalty):
    """Both answers come up; k and m are anywhere, m - 1 and 1 included."""
    one_sided = isinstance(penalty, cs.NonNegativeL1)
    answers = []
    for seed in range(CASES):
        A, x = problem(seed, one_sided)
        found = minimiser(A, A @ x, (0, None), not one_sided)
        answers.append(bool(recovers(A, x, penalty)))
        assert answers[-1] == (np.max(np.abs(found - x)) < 1e-6)
    assert 0.1 < np.mean(answers) < 0.9


def test_every_drawn_problem_is_decided():
    assert "undecided" not in {recovers(*problem(seed), cs.L1()).how for seed in range(CASES)}


def test_the_bracket_holds_the_least_peak_of_a_certificate():
    """min_v max_j |a_j^T v| off S subject to A_S^T v = sign(x_S), as a linear program."""
    for seed in range(CASES // 3):
        A, x = problem(seed)
        m, on = len(A), x != 0
        if on.sum() > m - 1:
            continue
        rest = A[:, ~on].T
        ones = np.ones((len(rest), 1))
        found = linprog(
            np.eye(m + 1)[m],
            A_ub=np.block([[rest, -ones], [-rest, -ones]]),
            b_ub=np.zeros(2 * len(rest)),
            A_eq=np.hstack([A[:, on].T, np.zeros((on.sum(), 1))]),
            b_eq=np.sign(x[on]),
            bounds=[(None, None)] * m + [(0, None)],
        ).fun
        verdict = recovers(A, x, cs.L1())
        rounding = 1e-4 if verdict.precision == "float32" else 1e-7
        assert verdict.low - rounding <= found <= verdict.high + rounding


def smaller(A, x, size):
    """Whether a general-purpose minimiser finds z, A z = A x, of smaller sum of sqrt(||z_b||^2 + 1e-10)."""
    null = np.linalg.svd(A)[2][len(A) :].T

    def value(w):
        blocks = (x + null @ w).reshape(-1, size)
        norms = np.sqrt(np.sum(blocks**2, axis=1, keepdims=True) + 1e-10)
        return np.sum(norms), null.T @ (blocks / norms).ravel()

    starts = 0.1 * np.random.default_rng(0).standard_normal((3, null.shape[1]))
    found = [minimize(value, w, jac=True, method="BFGS", options={"maxiter": 500}).fun for w in starts]
    return min(found) < value(0 * starts[0])[0] * (1 - 1e-4)


@pytest.mark.parametrize("size", [2, 3])
def test_blocks_are_recovered_where_no_better_signal_is_found(size):
    """Both ways: a descent means a better signal, a certificate that a descent method finds none."""
    answers = []
    for seed in range(CASES // 4):
        rng = np.random.default_rng(seed)
        count, m = 6, int(rng.integers(size + 1, 5 * size))
        penalty = cs.GroupL2(cs.Blocks.uniform(count * size, size))
        x = cs.random_signal(cs.BlockSparse(penalty.blocks), count * size, 1, rng)
        A = rng.standard_normal((m, count * size))
        verdict = recovers(A, x, penalty)
        assert verdict.how in ("certificate", "descent")
        assert verdict.recovered != smaller(A, x, size)
        answers.append(verdict.recovered)
    assert 0 < np.mean(answers) < 1


def test_blocks_of_one_coefficient_are_the_l1_norm():
    for seed in range(CASES // 3):
        A, x = problem(seed)
        blocks = cs.GroupL2(cs.Blocks.uniform(len(x), 1))
        assert recovers(A, x, blocks) == recovers(A, x, cs.L1())


def test_the_order_of_the_coefficients_makes_no_difference():
    rng = np.random.default_rng(0)
    for m in range(4, 20):
        A, order = rng.standard_normal((m, 24)), rng.permutation(24)
        blocks = cs.Blocks.uniform(24, 3)
        x = cs.random_signal(cs.BlockSparse(blocks), 24, 2, rng)
        shuffled = cs.Blocks(blocks.labels[order])
        there = recovers(A[:, order], x[order], cs.GroupL2(shuffled))
        assert there.recovered == recovers(A, x, cs.GroupL2(blocks)).recovered


@pytest.mark.parametrize("kind", ["l1", "groups"])
def test_weights_are_the_same_as_scaled_columns(kind):
    rng = np.random.default_rng(1)
    weight = rng.uniform(0.5, 2, 12)
    for seed in range(20):
        A, x = np.random.default_rng(seed).standard_normal((8, 24)), np.zeros(24)
        x[rng.permutation(24)[:3]] = 1.0
        if kind == "l1":
            each, weighted, plain = np.repeat(weight, 2), cs.L1(np.repeat(weight, 2)), cs.L1()
        else:
            blocks = cs.Blocks.uniform(24, 2)
            each, weighted, plain = np.repeat(weight, 2), cs.GroupL2(blocks, weight), cs.GroupL2(blocks)
        assert recovers(A, x, weighted).recovered == recovers(A / each, x * each, plain).recovered


def test_complex_signals_are_blocks_of_two_real_numbers():
    """|z| is the Euclidean norm of (Re z, Im z), and A is real-linear."""
    rng = np.random.default_rng(2)
    for m in range(2, 12):
        A = rng.standard_normal((m, 16)) + 1j * rng.standard_normal((m, 16))
        x = np.where(rng.random(16) < 0.2, rng.standard_normal(16) + 1j * rng.standard_normal(16), 0)
        real = np.block([[A.real, -A.imag], [A.imag, A.real]])
        labels = cs.Blocks(np.tile(np.arange(16), 2))
        there = recovers(real, np.concatenate([x.real, x.imag]), cs.GroupL2(labels))
        assert recovers(A, x, cs.L1()).recovered == there.recovered


def test_magnitudes_do_not_matter():
    """Only the support and the signs of a signal do."""
    for seed in range(20):
        A, x = problem(seed)
        assert recovers(A, x, cs.L1()) == recovers(A, np.sign(x), cs.L1())


@pytest.mark.parametrize("factor", [1e-8, 1e8])
def test_the_scale_of_the_matrix_does_not_matter(factor):
    for seed in range(20):
        A, x = problem(seed)
        assert recovers(factor * A, x, cs.L1()).how == recovers(A, x, cs.L1()).how


def test_every_sparse_signal_is_recovered_below_the_coherence_bound():
    """k < (1 + 1 / mu) / 2 suffices for all signals (Donoho and Elad, Gribonval and Nielsen)."""
    n = 8
    A = np.hstack([np.eye(n), cs.WalshHadamard(n).todense()])  # mu = 8^-1/2: k = 1
    assert all(recovers(A, sign * np.eye(16)[j], cs.L1()) for j in range(16) for sign in (1.0, -1.0))
    pairs = [recovers(A, np.eye(16)[i] + np.eye(16)[j], cs.L1()).recovered for i, j in combinations(range(16), 2)]
    assert all(pairs)  # k < (2^1/2 - 1/2) / mu = 2.59 for two orthonormal bases (Elad and Bruckstein)


def test_corners():
    """Zero is always the minimiser; an injective A has no other signal; dependent columns have one as small."""
    rng = np.random.default_rng(3)
    A = rng.standard_normal((6, 10))
    assert recovers(A, np.zeros(10), cs.L1())
    assert recovers(rng.standard_normal((10, 10)), rng.standard_normal(10), cs.L1()).how == "injective"
    assert recovers(A, np.ones(10), cs.L1()).how == "dependent"
    twins = np.hstack([A, A[:, :1]])
    assert not recovers(twins, np.eye(11)[0], cs.L1())
    assert not recovers(twins, np.eye(11)[0] + np.eye(11)[10], cs.L1())
    assert not recovers(np.ones((10, 10)), np.ones(10), cs.L1())
    repeated = np.vstack([A, A])
    assert recovers(repeated, np.eye(10)[0], cs.L1()).recovered == recovers(A, np.eye(10)[0], cs.L1()).recovered


def test_a_tie_is_undecided_and_does_not_count():
    """(1, 0) and (0, 1) have one measurement and one norm."""
    verdict = recovers(np.ones((1, 2)), np.array([1.0, 0.0]), cs.L1())
    assert verdict.how == "undecided"
    assert not verdict


@pytest.mark.parametrize("one_sided", [False, True])
def test_the_bounds_meet_from_both_sides(one_sided):
    """Whatever the scale of the problem, both bounds lie on the proper sides of the answer of a linear program."""
    rng = np.random.default_rng(4)
    for scale in (0.3, 0.8, 1.2, 3.0):
        c, B = scale * rng.standard_normal((30, 1)), rng.standard_normal((30, 1, 8))
        rows, ones = B[:, 0], np.ones((30, 1))
        sides = [(rows, -c[:, 0])] if one_sided else [(rows, -c[:, 0]), (-rows, c[:, 0])]
        t = linprog(
            np.eye(9)[8],
            A_ub=np.vstack([np.hstack([each, -ones]) for each, _ in sides]),
            b_ub=np.concatenate([right for _, right in sides]),
            bounds=[(None, None)] * 9,
        ).fun
        found = least_peak(c, B, one_sided=one_sided, margin=1e-7)
        assert found.low - 1e-7 <= t <= found.high + 1e-7
        assert found.high < 1 or found.low > 1


def test_any_backend_and_precision_gives_the_answer_of_the_host(backend):
    A, x = problem(5)
    there = cs.to(cs.Matrix(A.astype(np.float32)), backend)
    assert recovers(there, cs.to(x, backend), cs.L1()).how == recovers(A.astype(np.float32), x, cs.L1()).how


@pytest.mark.parametrize(
    ("x", "penalty", "error", "match"),
    [
        (np.ones(7), cs.L1(), ValueError, r"one signal of shape \(8,\) was expected, got an array of shape \(7,\)"),
        (np.ones(8), cs.Box(0, 1), TypeError, "expected L1, NonNegativeL1 or GroupL2, got Box: give a solver"),
        (np.ones(8), cs.L1(np.arange(8.0)), ValueError, "weights of the penalty are positive here, got zero"),
        (np.ones(8), cs.GroupL2(cs.Blocks([0, 0, 0, 0, 0, 1, 1, 1])), ValueError, "blocks of one size were expected"),
        (-np.ones(8), cs.NonNegativeL1(), ValueError, "negative or complex entries"),
    ],
)
def test_bad_arguments_are_refused(x, penalty, error, match):
    with pytest.raises(error, match=match):
        recovers(np.ones((4, 8)), x, penalty)
