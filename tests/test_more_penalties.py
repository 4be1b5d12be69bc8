"""Penalties of entries, of blocks and of sets, against their definitions and a general solver."""

import cvxpy
import numpy as np
import pytest
from scipy.integrate import quad
from scipy.optimize import brentq

import csrecover as cs

from .conftest import FULL

SEEDS = range(200 if FULL else 20)
PRECISION = {"float32": 1e-4, "complex64": 1e-4, "float64": 1e-10, "complex128": 1e-10}


def labels(n, rng):
    """Labels 0 .. count-1 of n coefficients in no order, of blocks of about four."""
    return np.unique(rng.integers(0, max(1, n // 4), n), return_inverse=True)[1]


def draw(rng, shape, dtype="float64"):
    x = rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if "complex" in dtype else 0)
    return (10 ** rng.uniform(-1, 1) * x).astype(dtype)


def sum_of_blocks(norm, weights, z, of):
    return sum(w * norm(z[np.flatnonzero(of == b)]) for b, w in enumerate(weights))


def real_part(z):
    return cvxpy.real(z) if z.is_complex() else z


def is_real(z):
    return [cvxpy.imag(z) == 0] if z.is_complex() else []


def nonnegative_l1(n, rng):
    w = rng.uniform(0, 1, n)
    return cs.NonNegativeL1(w), lambda z: w @ real_part(z), lambda z: [real_part(z) >= 0, *is_real(z)]


def elastic_net(n, rng):
    w, ridge = rng.uniform(0, 1, n), rng.uniform(0, 2)
    return cs.ElasticNet(w, ridge), lambda z: w @ cvxpy.abs(z) + ridge / 2 * cvxpy.sum_squares(z), lambda z: []


def group_linf(n, rng):
    of = labels(n, rng)
    w = rng.uniform(0, 2, of.max() + 1)
    return cs.GroupLInf(cs.Blocks(of), w), lambda z: sum_of_blocks(cvxpy.norm_inf, w, z, of), lambda z: []


def sparse_group(n, rng):
    of = labels(n, rng)
    w, g = rng.uniform(0, 1, n), rng.uniform(0, 2, of.max() + 1)
    value = lambda z: w @ cvxpy.abs(z) + sum_of_blocks(cvxpy.norm2, g, z, of)  # noqa: E731
    return cs.SparseGroup(cs.Blocks(of), w, g), value, lambda z: []


def box(n, rng):
    low, high = np.sort(rng.standard_normal((2, n)), axis=0)
    inside = lambda z: [real_part(z) >= low, real_part(z) <= high, *is_real(z)]  # noqa: E731
    return cs.Box(low, high), lambda z: 0, inside


def l2_ball(n, rng):
    radius = 10 ** rng.uniform(-1, 1)
    return cs.L2Ball(radius), lambda z: 0, lambda z: [cvxpy.norm2(z) <= radius]


def simplex(n, rng):
    total = 10 ** rng.uniform(-1, 1)
    inside = lambda z: [real_part(z) >= 0, *is_real(z), cvxpy.sum(real_part(z)) == total]  # noqa: E731
    return cs.Simplex(total), lambda z: 0, inside


CONVEX = [nonnegative_l1, elastic_net, group_linf, sparse_group, box, l2_ball, simplex]


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("make", CONVEX)
def test_prox_is_that_of_a_general_solver(make, seed):
    rng = np.random.default_rng(seed)
    n, step = int(rng.integers(1, 13)), 10 ** rng.uniform(-1, 1)
    penalty, value, constraints = make(n, rng)
    x = draw(rng, n, "complex128" if seed % 2 else "float64")
    z = cvxpy.Variable(n, complex=seed % 2 == 1)
    problem = cvxpy.Problem(cvxpy.Minimize(value(z) + cvxpy.sum_squares(z - x) / (2 * step)), constraints(z))
    problem.solve(solver=cvxpy.CLARABEL)
    p = penalty.prox(x, step)
    reached = penalty.value(p) + np.sum(abs(p - x) ** 2) / (2 * step)
    assert reached == pytest.approx(problem.value, abs=1e-6 * (1 + problem.value))
    np.testing.assert_allclose(p, z.value, atol=1e-3 * (1 + abs(x).max()))


def slope_error(penalty, x, p, step):
    """How far p is from satisfying the optimality condition of the proximal point of x, entry by entry."""
    slope = (x - p) / step
    if isinstance(penalty, cs.ElasticNet):
        slope = slope - penalty.ridge * p
        size = np.where(p == 0, 1, abs(p))
        return np.where(p == 0, np.maximum(abs(slope) - penalty.weight, 0), abs(slope - penalty.weight * p / size))
    if isinstance(penalty, cs.NonNegativeL1):
        excess = slope.real - penalty.weight
        return np.where(p == 0, np.maximum(excess, 0), abs(excess)) + np.maximum(-p.real, 0) + abs(p.imag)
    if isinstance(penalty, cs.Box):
        inside = np.where(p.real == penalty.low, np.maximum(slope.real, 0), abs(slope.real))
        inside = np.where(p.real == penalty.high, np.maximum(-slope.real, 0), inside)
        return np.where(penalty.low == penalty.high, 0, inside) + abs(p.imag)
    if isinstance(penalty, cs.L2Ball):
        length = np.linalg.norm(p, axis=-1, keepdims=True)
        outward = np.sum(slope * p.conj(), axis=-1, keepdims=True).real / length**2
        inside = length < penalty.radius * (1 - 1e-6)
        return abs(slope - np.where(inside, 0, np.maximum(outward, 0)) * p) + np.maximum(length / penalty.radius - 1, 0)
    outside = abs(p.real.sum(axis=-1, keepdims=True) - penalty.total) + np.maximum(-p.real, 0) + abs(p.imag)
    best = np.sum(slope.real * p.real, axis=-1, keepdims=True) / penalty.total
    return np.maximum(slope.real - best, 0) + outside


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("make", [nonnegative_l1, elastic_net, box, l2_ball, simplex])
def test_prox_satisfies_its_optimality_condition(make, dtype):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 300))
        penalty, _, _ = make(n, rng)
        real = np.zeros(0, dtype).real.dtype
        x, step = draw(rng, (3, n), dtype), (10 ** rng.uniform(-1, 1, 3)).astype(real)
        p = penalty.prox(x, step)
        assert p.dtype == dtype
        error = slope_error(rounded(penalty, real), x, p, step[:, None]) * step[:, None]
        assert error.max() <= PRECISION[dtype] * (1 + abs(x).max())


def rounded(penalty, dtype):
    """A box with the bounds that its prox computes with."""
    return cs.Box(penalty.low.astype(dtype), penalty.high.astype(dtype)) if isinstance(penalty, cs.Box) else penalty


@pytest.mark.parametrize("dtype", PRECISION)
@pytest.mark.parametrize("make", [group_linf, sparse_group])
def test_prox_is_certified_by_the_dual_norm(make, dtype):
    """p = prox(x) if and only if dual((x - p) / step) <= 1 and Re <x - p, p> = step value(p)."""
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        n, step = int(rng.integers(1, 300)), 10 ** rng.uniform(-1, 1)
        penalty, _, _ = make(n, rng)
        x = draw(rng, n, dtype)
        p = penalty.prox(x, step)
        assert penalty.dual((x - p) / step) <= 1 + PRECISION[dtype] * max(1, 1 / step) * (1 + abs(x).max())
        inner = np.vdot(p, x - p).real
        assert inner == pytest.approx(step * penalty.value(p), abs=PRECISION[dtype] * float(np.vdot(x, x).real))


def test_sparse_group_dual_is_the_largest_root_of_its_blocks():
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        n = int(rng.integers(1, 200))
        penalty, _, _ = sparse_group(n, rng)
        u, of = draw(rng, n), penalty.blocks.labels

        def excess(s, b, u=u, of=of, penalty=penalty):
            left = np.maximum(abs(u[of == b]) - s * penalty.l1[of == b], 0)
            return np.linalg.norm(left) - s * penalty.group[b]

        roots = [brentq(excess, 0, 1e6, args=(b,), xtol=1e-14, rtol=1e-14) for b in range(of.max() + 1)]
        assert penalty.dual(u) == pytest.approx(max(roots), rel=1e-11)


def test_sparse_group_is_the_l1_and_the_group_norm_at_its_ends():
    rng = np.random.default_rng(0)
    blocks, x = cs.Blocks(labels(40, rng)), draw(rng, (3, 40), "complex128")
    ends = [
        (cs.SparseGroup(blocks, 0.4, 0.0), cs.L1(0.4)),
        (cs.SparseGroup(blocks, 0.0, "sqrt"), cs.GroupL2(blocks, "sqrt")),
    ]
    for norm, end in ends:
        for name, arguments in (("value", (x,)), ("dual", (x,)), ("prox", (x, 0.7))):
            np.testing.assert_allclose(getattr(norm, name)(*arguments), getattr(end, name)(*arguments), rtol=1e-13)


def test_a_coefficient_that_nothing_binds_has_an_infinite_dual_norm():
    norm = cs.SparseGroup(cs.Blocks([0, 0, 1]), [0.0, 1.0, 0.0], [0.0, 1.0])
    assert not norm.definite
    assert norm.dual([1.0, 1.0, 1.0]) == np.inf
    assert norm.dual([0.0, 2.0, 1.0]) == 2
    assert cs.SparseGroup(cs.Blocks([0, 0, 1]), [0.5, 1.0, 0.0], [0.0, 1.0]).definite


def test_largest_magnitudes_of_blocks_with_ties_zeros_and_one_long_block():
    norm = cs.GroupLInf(cs.Blocks([0, 1, 0, 1, 0, 2]), [1.0, 2.0, 1.0])
    np.testing.assert_allclose(norm.prox([3.0, -1.0, -3.0, 0.5, 1.0, 0.0], 1.0), [2.5, 0, -2.5, 0, 1, 0], rtol=1e-15)
    assert norm.value([3.0, -1.0, -3.0, 0.5, 1.0, 0.0]) == 5
    x = np.random.default_rng(0).standard_exponential(10**5) ** 5
    p = cs.GroupLInf(cs.Blocks.uniform(x.size, x.size)).prox(x, 1e4)
    assert np.sum(x - p) == pytest.approx(1e4, rel=1e-12)
    assert np.ptp(p[p < x]) == 0


@pytest.mark.parametrize("dtype", ["float32", "float64"])
def test_projection_onto_the_simplex_bears_large_and_many_numbers(dtype):
    x = np.random.default_rng(0).standard_normal(10**5).astype(dtype)
    for signal in (x, 1e6 * x, x + dtype_number(dtype, 1e5), np.ones_like(x), np.zeros_like(x)):
        p = cs.Simplex(2.0).prox(signal, 1.0)
        assert p.sum(dtype="float64") == pytest.approx(2, rel=PRECISION[dtype])
        assert p.min() >= 0
        assert cs.Simplex(2.0).value(p) == 0


def dtype_number(dtype, number):
    return np.dtype(dtype).type(number)


def test_projection_onto_the_ball_does_not_overflow():
    assert cs.L2Ball(3.0).prox([3e300, 4e300], 1.0) == pytest.approx([1.8, 2.4])
    assert cs.L2Ball(3.0).prox([1e-300, 0.0], 1.0).tolist() == [1e-300, 0]


@pytest.mark.parametrize("indicator", [cs.Box(-1.0, 2.0), cs.L2Ball(1.5), cs.Simplex(2.0), cs.NonNegativeL1(0.0)])
def test_an_indicator_is_zero_on_its_set_alone_and_any_multiple_of_it_is_itself(indicator):
    rng = np.random.default_rng(0)
    x = 3 * draw(rng, (20, 6), "complex128")
    p = indicator.prox(x, 0.1)
    assert (indicator.value(p) == 0).all()
    assert np.isinf(indicator.value(p + 0.01j * (1 + abs(p)) + 3)).all()
    assert np.isinf(indicator.value(x)).any()
    np.testing.assert_array_equal((5 * indicator).prox(x, 2.0), p)
    np.testing.assert_allclose(indicator.prox(p, 1.0), p, rtol=1e-13, atol=1e-14)


def test_zero_solves_for_an_indicator_where_u_is_normal_to_the_set_at_zero():
    assert cs.Box(0.0, 1.0).zero_weight([-1.0, 0.0]) == 0
    assert cs.Box(0.0, 1.0).zero_weight([1e-9, 0.0]) == np.inf
    assert cs.Box(-1.0, 1.0).zero_weight([0.0, -1.0]) == np.inf
    assert cs.Box(0.5, 1.0).zero_weight([0.0, -1.0]) == np.inf
    assert cs.Simplex().zero_weight([-5.0, -5.0]) == np.inf
    assert cs.L2Ball().zero_weight([[0.0, 0.0], [0.0, 1.0]]).tolist() == [0, np.inf]


CONCAVE = {
    cs.BlockMCP: lambda r, w, gamma: max(w - r / gamma, 0),
    cs.BlockSCAD: lambda r, w, gamma: w if r <= w else max(gamma * w - r, 0) / (gamma - 1),
}


@pytest.mark.parametrize("cls", CONCAVE)
def test_concave_penalty_is_the_integral_of_its_slope(cls):
    for r in (0.0, 0.3, 0.9, 2.5, 2.9, 10.0):
        penalty = 2 * cls(cs.Blocks([0, 0]), 0.8, gamma=3.4)
        wanted = quad(CONCAVE[cls], 0, r, args=(0.8, 3.4), points=[p for p in (0.8, 2.72) if p < r] or None)[0]
        assert penalty.value(np.array([0.6, 0.8]) * r) == pytest.approx(2 * wanted, abs=1e-12)


@pytest.mark.parametrize("cls", CONCAVE)
def test_concave_prox_is_the_global_minimum_for_any_step(cls):
    for seed in SEEDS:
        rng = np.random.default_rng(seed)
        of, batch = labels(12, rng), 30
        w, gamma, scale = rng.uniform(0, 2, of.max() + 1), 2 + 10 ** rng.uniform(-1, 1), 10 ** rng.uniform(-1, 1)
        penalty = scale * cls(cs.Blocks(of), w, gamma)
        x, steps = draw(rng, (batch, 12), "complex128" if seed % 2 else "float64"), 10 ** rng.uniform(-2, 2, batch)
        p = penalty.prox(x, steps)
        for b in range(of.max() + 1):
            r, length = np.linalg.norm(p[:, of == b], axis=-1), np.linalg.norm(x[:, of == b], axis=-1)
            grid = np.linspace(0, 1, 2001) * length[:, None]
            single = scale * cls(cs.Blocks([0]), w[b], gamma)

            def objective(r, single=single, length=length, steps=steps):
                value = single.value(r.reshape(-1, 1)).reshape(r.shape)
                return steps[:, None] * value + (r - length[:, None]) ** 2 / 2

            best = objective(grid).min(axis=1)
            assert (objective(r[:, None])[:, 0] <= best * (1 + 1e-12) + 1e-13).all()
            slope = np.array([CONCAVE[cls](number, w[b], gamma) for number in r])
            assert (abs(r - length + steps * scale * slope) <= 1e-10 * (1 + length))[r > 0].all()
            np.testing.assert_allclose(p[:, of == b] * length[:, None], x[:, of == b] * r[:, None], atol=1e-11)


@pytest.mark.parametrize("cls", CONCAVE)
def test_concave_penalties_leave_large_blocks_alone_and_say_that_they_are_not_convex(cls):
    penalty = cls(cs.Blocks.uniform(4, 1), 0.5)
    assert not penalty.convex
    assert penalty.prox([5.0, -3j, 0.2, 0.0], 1.0).tolist() == [5, -3j, 0, 0]
    assert penalty.zero_weight([1.0, -3.0, 0.0, 2.0]) == 6
    assert (0 * penalty).zero_weight([1.0, 0.0, 0.0, 0.0]) == np.inf
    x = np.array([1.0, -3.0, 0.0, 0.1])
    np.testing.assert_array_equal((0 * penalty).prox(x, 1.0), x)


def test_a_solver_gives_zero_from_lambda_max_on():
    A, y = cs.gaussian(20, 40, 0), np.random.default_rng(1).standard_normal(20)
    blocks = cs.Blocks.uniform(40, 4)
    for penalty in (cs.NonNegativeL1(), cs.ElasticNet(1.0, 0.3), cs.GroupLInf(blocks), cs.SparseGroup(blocks, 0.5)):
        least = float(cs.lambda_max(A, y, penalty))
        assert (cs.fista(A, y, 1.0001 * least * penalty).x == 0).all()
        assert (cs.fista(A, y, 0.9 * least * penalty).x != 0).any()


BLOCKS = cs.Blocks.uniform(4, 2)
WRONG = [
    (lambda: cs.NonNegativeL1(-1.0), ValueError, "not negative"),
    (lambda: cs.NonNegativeL1(1j), TypeError, "real number"),
    (lambda: cs.ElasticNet(1.0, -0.5), ValueError, "not negative"),
    (lambda: cs.ElasticNet(1.0, np.ones(3)), TypeError, "the ridge is one number"),
    (lambda: cs.GroupLInf([0, 0, 1]), TypeError, "expected Blocks"),
    (lambda: cs.GroupLInf(BLOCKS, np.ones(3)), ValueError, r"shape \(2,\)"),
    (lambda: cs.SparseGroup(BLOCKS, np.ones(3)), ValueError, "l1 is a number or an array"),
    (lambda: cs.SparseGroup(BLOCKS, 1.0, "root"), ValueError, '"sqrt"'),
    (lambda: cs.BlockMCP(BLOCKS, 1.0, 0.0), ValueError, "gamma must be positive"),
    (lambda: cs.BlockSCAD(BLOCKS, 1.0, 2.0), ValueError, "gamma must be more than 2"),
    (lambda: cs.BlockSCAD(BLOCKS, 1.0, "3"), TypeError, "gamma is a real number"),
    (lambda: -1 * cs.BlockMCP(BLOCKS), ValueError, "not negative"),
    (lambda: cs.Box(1.0, 0.0), ValueError, "low <= high"),
    (lambda: cs.Box(np.nan, 0.0), ValueError, "low <= high"),
    (lambda: cs.Box(np.inf, np.inf), ValueError, "low <= high"),
    (lambda: cs.Box(np.zeros(3), np.ones(4)), ValueError, "shape of the signal"),
    (lambda: cs.Box(1j, 2.0), TypeError, "real number"),
    (lambda: cs.L2Ball(0.0), ValueError, "radius must be positive"),
    (lambda: cs.Simplex(np.inf), ValueError, "total must be positive"),
    (lambda: cs.Simplex("1"), TypeError, "total is a real number"),
    (lambda: -1 * cs.Simplex(), ValueError, "a number >= 0"),
    (lambda: cs.Simplex().prox(np.ones(3), -1.0), ValueError, "a step is a number"),
    (lambda: cs.Box(np.zeros(3), 1.0).prox(np.ones(4), 1.0), ValueError, r"signals of shape \(3,\)"),
]


@pytest.mark.parametrize(("build", "error", "message"), WRONG)
def test_wrong_calls_say_what_was_expected(build, error, message):
    with pytest.raises(error, match=message):
        build()
