"""What a user can do wrong: each error says what was expected, what came and what to do."""
# ruff: noqa: E501 - the tables have one wrong call a line

import importlib

import array_api_strict as strict
import numpy as np
import pytest
import scipy.sparse.linalg

import csrecover as cs

M, N = 10, 20
A = cs.gaussian(M, N, 0)
Y = np.random.default_rng(1).standard_normal(M)
BLOCKS, TREE = cs.Blocks.uniform(N, 5), cs.Tree(np.arange(N) - 1)
GREEDY = [cs.iht, cs.cosamp, cs.subspace_pursuit, cs.recover]
CONVEX = [cs.ista, cs.fista]
every_greedy = pytest.mark.parametrize("solver", GREEDY, ids=lambda f: f.__name__)
every_convex = pytest.mark.parametrize("solver", CONVEX, ids=lambda f: f.__name__)
every_solver = pytest.mark.parametrize(
    "solve",
    [
        *(lambda A, y, f=f, **options: f(A, y, cs.Sparse(), 2, **options) for f in GREEDY),
        *(lambda A, y, f=f, **options: f(A, y, cs.L1(0.1), **options) for f in [*CONVEX, cs.recover]),
    ],
    ids=[f"{f.__name__}, {kind}" for kind, fs in (("model", GREEDY), ("penalty", [*CONVEX, cs.recover])) for f in fs],
)


def wrong(*rows):
    """Parametrise over calls that raise an error: (name, error, part of the message, call)."""
    return pytest.mark.parametrize(
        ("error", "message", "call"), [row[1:] for row in rows], ids=[row[0].replace(" ", "-") for row in rows]
    )


# --- operators -------------------------------------------------------------------------------------------------------


@wrong(
    ("matrix of one axis", ValueError, r"\(m, n\) or a stack .* got shape \(3,\)", lambda: cs.Matrix(np.ones(3))),
    ("matrix without rows", ValueError, r"got shape \(0, 3\)", lambda: cs.Matrix(np.ones((0, 3)))),
    ("matrix of objects", TypeError, "expected float32, .* got dtype object", lambda: cs.Matrix([[None]])),
    ("matrix of strings", TypeError, "expected float32, .* got dtype <U1", lambda: cs.Matrix([["a"]])),
    ("half precision", TypeError, "got dtype float16", lambda: cs.Matrix(np.ones((2, 2), np.float16))),
    ("gaussian without rows", ValueError, r"got shape \(0, 4\)", lambda: cs.gaussian(0, 4, 0)),
    ("gaussian of integers", TypeError, "float32, float64, complex64 or complex128.*int", lambda: cs.gaussian(3, 4, 0, dtype=int)),
    ("bernoulli of integers", TypeError, "float32, float64, complex64 or complex128.*int", lambda: cs.bernoulli(3, 4, 0, dtype=int)),
    ("gaussian of half precision", TypeError, "float16", lambda: cs.gaussian(3, 4, 0, dtype=np.float16)),
    ("shape zero", ValueError, "a shape is a positive int or a tuple of positive ints, got 0", lambda: cs.DCT(0)),
    ("shape without axes", ValueError, r"a shape is a positive int .* got \(\)", lambda: cs.DFT(())),
    ("negative shape", ValueError, r"a shape is a positive int .* got \(3, -1\)", lambda: cs.Wavelet((3, -1), "haar")),
    ("shape of floats", (TypeError, ValueError), "a shape is a positive int .* got 3.0", lambda: cs.DFT(3.0)),
    ("shape in words", ValueError, "a shape is a positive int .* got 'ab'", lambda: cs.DFT("ab")),
    ("dct of type 3", ValueError, "type of a DCT is 2 or 4, got 3", lambda: cs.DCT(4, type=3)),
    ("biorthogonal wavelet", ValueError, "'bior2.2' is not orthogonal: use for example", lambda: cs.Wavelet(8, "bior2.2")),
    ("meyer wavelet", ValueError, "'dmey' is not orthogonal: use for example", lambda: cs.Wavelet(8, "dmey")),
    ("unknown wavelet", ValueError, r"unknown wavelet 'db99': see pywt.wavelist", lambda: cs.Wavelet(8, "db99")),
    ("continuous wavelet", ValueError, r"unknown wavelet 'mexh': see pywt.wavelist", lambda: cs.Wavelet(8, "mexh")),
    ("odd axis", ValueError, r"divisible by 2: shape \(8, 7\) allows 0; .* pad or crop", lambda: cs.Wavelet((8, 7), "haar")),
    ("too many levels", ValueError, r"divisible by 8: shape \(12,\) allows 2; lower levels", lambda: cs.Wavelet(12, "haar", 3)),
    ("no levels", ValueError, "0 wavelet levels", lambda: cs.Wavelet(8, "haar", levels=0)),
    ("one level and a half", TypeError, "levels", lambda: cs.Wavelet(8, "haar", levels=1.5)),
    ("index twice", ValueError, "distinct integers from 0 to 4", lambda: cs.Sampling(5, [1, 1])),
    ("index out of range", ValueError, "distinct integers from 0 to 4", lambda: cs.Sampling(5, [5])),
    ("negative index", ValueError, "distinct integers from 0 to 4", lambda: cs.Sampling(5, [-1])),
    ("no index", ValueError, "non-empty", lambda: cs.Sampling(5, [])),
    ("float indices", TypeError, "indices are integers or a bool mask, got dtype float64", lambda: cs.Sampling(5, [0.5])),
    ("mask of another shape", ValueError, r"shape \(5,\) was expected, got \(4,\)", lambda: cs.Sampling(5, [True] * 4)),
    ("empty mask", ValueError, "non-empty", lambda: cs.Sampling(5, [False] * 5)),
    ("too many rows", ValueError, "m must be between 1 and the number of entries 5, got 6", lambda: cs.random_rows(5, 6, 0)),
    ("no rows", ValueError, "m must be between 1 and the number of entries 5, got 0", lambda: cs.random_rows(5, 0, 0)),
    ("rows and a half", TypeError, "integer", lambda: cs.random_rows(5, 2.5, 0)),
    ("diagonal of strings", TypeError, "got dtype <U1", lambda: cs.Diagonal(["a"])),
    ("diagonal without axes", ValueError, r"got .*\(\)", lambda: cs.Diagonal(3.0)),
    ("empty diagonal", ValueError, r"got .*\(0,\)", lambda: cs.Diagonal([])),
    ("string as scipy operator", TypeError, "SciPy.*got str", lambda: cs.from_scipy("a")),
)  # fmt: skip
def test_an_operator_cannot_be_made_of_this(error, message, call):
    with pytest.raises(error, match=message):
        call()


@wrong(
    ("signal too short", ValueError, r"Matrix \(20,\) -> \(10,\) @ expects .* \(\*batch, 20\), got \(19,\)", lambda: A @ np.ones(19)),
    ("number", ValueError, r"expects an array of shape \(\*batch, 20\), got \(\)", lambda: A @ np.float64(3)),
    ("image as signal", ValueError, r"\(\*batch, 4, 5\), got \(20,\)", lambda: cs.DCT((4, 5)) @ np.ones(20)),
    ("measurements for the adjoint", ValueError, r"adjoint @ expects .* \(\*batch, 10\), got \(20,\)", lambda: A.H @ np.ones(20)),
    ("signals of another stack", ValueError, r"3", lambda: cs.Matrix(np.ones((3, 4, 6))) @ np.ones((2, 6))),
    ("strings", TypeError, "got dtype <U1", lambda: A @ np.array(["a"] * N)),
    ("objects", TypeError, "got dtype object", lambda: A @ np.array([None] * N)),
    ("complex signal for the real transform", TypeError, "takes real signals, got complex128: drop", lambda: cs.DFT(4, real=True) @ np.full(4, 1j)),
    ("inner shapes", ValueError, r"do not compose: Matrix .* takes \(20,\), Matrix .* gives \(10,\)", lambda: A @ A),
    ("image after signal", ValueError, r"do not compose: .* \(20,\), DCT .* gives \(4, 5\)", lambda: A @ cs.DCT((4, 5))),
    ("sum of shapes", ValueError, r"do not add: Matrix \(20,\) -> \(10,\) and Matrix \(21,\)", lambda: A + cs.gaussian(M, 21, 0)),
    ("difference of shapes", ValueError, "do not add", lambda: A - A.H),
    ("sum with an array", TypeError, "Matrix.*ndarray|ndarray.*Matrix", lambda: A + np.ones((M, N))),
    ("array plus operator", TypeError, "Matrix.*ndarray|ndarray.*Matrix", lambda: np.ones((M, N)) + A),
    ("minus a number", TypeError, "Matrix.*int|int.*Matrix", lambda: A - 1),
    ("array times operator", TypeError, "scaled by a number, got ndarray; see Diagonal|ndarray", lambda: np.ones(M) * A),
    ("array before operator", TypeError, "Matrix.*ndarray|ndarray.*Matrix", lambda: np.ones((5, M)) @ A),
    ("string times operator", TypeError, "scaled by a number, got str; see Diagonal", lambda: "a" * A),
)  # fmt: skip
def test_an_operator_cannot_be_used_like_this(error, message, call):
    with pytest.raises(error, match=message):
        call()


# --- structures, models, penalties -----------------------------------------------------------------------------------


@wrong(
    ("size that does not divide", ValueError, r"size=3 does not divide n=10: use Blocks\(labels\)", lambda: cs.Blocks.uniform(10, 3)),
    ("size zero", ValueError, "size must be between 1 and n=10, got 0", lambda: cs.Blocks.uniform(10, 0)),
    ("size above n", ValueError, "size must be between 1 and n=10, got 11", lambda: cs.Blocks.uniform(10, 11)),
    ("size not an integer", TypeError, "size.*2.5", lambda: cs.Blocks.uniform(10, 2.5)),
    ("missing label", ValueError, r"labels must be 0 .. 2, each present: 1 is missing", lambda: cs.Blocks([0, 2, 2])),
    ("negative label", ValueError, "labels must be 0 .. count-1, .* negative", lambda: cs.Blocks([0, -1])),
    ("no label", ValueError, "labels must be 0 .. count-1, .* got none", lambda: cs.Blocks([])),
    ("empty labels", ValueError, "got none", lambda: cs.Blocks(np.zeros((2, 0), int))),
    ("float labels", TypeError, "labels are integers, got dtype float64", lambda: cs.Blocks([0.0, 1.0])),
    ("bool labels", TypeError, "labels are integers, got dtype bool", lambda: cs.Blocks([False, True])),
    ("cycle", ValueError, "must form a forest, got a cycle above node 1: mark its root with -1", lambda: cs.Tree([-1, 2, 3, 1])),
    ("own parent", ValueError, r"cannot be its own parent, got parents\[1\] = 1: mark a root with -1", lambda: cs.Tree([-1, 1])),
    ("parent out of range", ValueError, r"between -1 .* and 1, got parents\[1\] = 5: use flat", lambda: cs.Tree([-1, 5])),
    ("parent below -1", ValueError, r"got parents\[0\] = -2", lambda: cs.Tree([-2, 0])),
    ("float parents", TypeError, r"integers, got dtype float64: convert with parents.astype\(int\)", lambda: cs.Tree([-1.0, 0.0])),
    ("no parents", ValueError, r"at least one node, got an empty array: use \[-1\]", lambda: cs.Tree([])),
    ("one number as tree", (TypeError, ValueError), "parents", lambda: cs.Tree(-1)),
    ("tree without levels", ValueError, "levels=0: use levels >= 1", lambda: cs.Tree.binary(0)),
    ("labels for blocks, model", TypeError, "Blocks.*got ndarray", lambda: cs.BlockSparse(np.arange(4))),
    ("labels for blocks, penalty", TypeError, "Blocks.*got ndarray", lambda: cs.GroupL2(np.arange(4))),
    ("parents for tree", TypeError, "Tree.*got list", lambda: cs.TreeSparse([-1, 0])),
    ("negative weight", ValueError, "weights must be finite and not negative, got -1", lambda: cs.L1(-1)),
    ("negative weights", ValueError, "weights must be finite and not negative, got -2.0 .. 1.0", lambda: cs.L1([1, -2.0])),
    ("negative weight, blocks", ValueError, "weights must be finite and not negative", lambda: cs.GroupL2(BLOCKS, -1)),
    ("nan weight", ValueError, "weights must be finite and not negative, got nan", lambda: cs.L1(np.nan)),
    ("infinite weight", ValueError, "weights must be finite and not negative, got 1.0 .. inf", lambda: cs.L1([1, np.inf])),
    ("negative multiple", ValueError, "weights must be finite and not negative", lambda: -1 * cs.L1()),
    ("complex weight", TypeError, "weight.*complex", lambda: cs.L1(1j)),
    ("complex weights", TypeError, "weight.*complex", lambda: cs.L1(np.array([1j, 2]))),
    ("weight in words", (TypeError, ValueError), "weight", lambda: cs.L1("a")),
    ("no weights", ValueError, "weight", lambda: cs.L1([])),
    ("unknown word", ValueError, """a weight is a number, an array or "sqrt", got 'size'""", lambda: cs.GroupL2(BLOCKS, "size")),
    ("weights of other blocks", ValueError, r"one weight a block .* \(4,\), got \(2,\)", lambda: cs.GroupL2(BLOCKS, [1, 2])),
)  # fmt: skip
def test_a_structure_cannot_be_made_of_this(error, message, call):
    with pytest.raises(error, match=message):
        call()


@wrong(
    ("signal of another length", ValueError, r"BlockSparse.* takes signals of shape \(20,\) .* \(19,\)", lambda: cs.BlockSparse(BLOCKS).project(np.ones(19), 1)),
    ("tree of another length", ValueError, r"Tree.* takes signals of shape \(20,\) .* \(21,\)", lambda: cs.TreeSparse(TREE).project(np.ones(21), 1)),
    ("too few axes", ValueError, r"Sparse.* signals with 2 axes .* \(4,\)", lambda: cs.Sparse(ndim=2).project(np.ones(4), 1)),
    ("number", ValueError, r"Sparse.* signals with 1 axes .* \(\)", lambda: cs.Sparse().project(3.0, 1)),
    ("negative budget", ValueError, "k must be at least 0, got -1", lambda: cs.Sparse().project(np.ones(4), -1)),
    ("fractional budget", TypeError, "k is an integer, got 1.5", lambda: cs.BlockSparse(BLOCKS).project(np.ones(N), 1.5)),
    ("bool as budget", TypeError, "k is an integer, got True", lambda: cs.TreeSparse(TREE).project(np.ones(N), True)),
    ("nan on a tree", ValueError, "projects finite signals, got NaN or infinity", lambda: cs.TreeSparse(TREE).project(np.full(N, np.nan), 1)),
    ("strings", TypeError, "got dtype <U1", lambda: cs.Sparse().project(["a"], 1)),
    ("value of another shape", ValueError, r"GroupL2.* takes signals of shape \(20,\)", lambda: cs.GroupL2(BLOCKS).value(np.ones(19))),
    ("prox of another shape", ValueError, r"L1.* takes signals of shape \(2,\) .* \(3,\)", lambda: cs.L1([1, 2]).prox(np.ones(3), 1.0)),
    ("dual of another shape", ValueError, r"L1.* takes signals of shape \(2,\) .* \(3,\)", lambda: cs.L1([1, 2]).dual(np.ones(3))),
    ("random signal of another shape", ValueError, r"\(20,\).*\(10,\)", lambda: cs.random_signal(cs.TreeSparse(TREE), 10, 2, 0)),
    ("random signal of negative budget", ValueError, "k must be at least 0, got -1", lambda: cs.random_signal(cs.Sparse(), 10, -1, 0)),
)  # fmt: skip
def test_a_structure_cannot_be_used_like_this(error, message, call):
    with pytest.raises(error, match=message):
        call()


# --- solvers ---------------------------------------------------------------------------------------------------------


@every_solver
@wrong(
    ("too short", ValueError, r"y must have shape \(\*batch, 10\) to fit Matrix .* got \(9,\)", lambda: Y[:-1]),
    ("number", ValueError, r"y must have shape \(\*batch, 10\) .* got \(\)", lambda: 3.0),
    ("columns", ValueError, r"y must have shape \(\*batch, 10\) .* got \(10, 2\)", lambda: np.ones((M, 2))),
    ("empty", ValueError, r"y must have shape \(\*batch, 10\) .* got \(0,\)", lambda: []),
    ("no signals", ValueError, r"y .*\(0, 10\)", lambda: np.ones((0, M))),
    ("nan", ValueError, "y holds NaN or infinity: remove these measurements", lambda: np.where(np.arange(M) == 3, np.nan, Y)),
    ("infinity", ValueError, "y holds NaN or infinity: remove these measurements", lambda: np.where(np.arange(M) == 3, np.inf, Y)),
    ("objects", TypeError, "expected float32, .* got dtype object", lambda: np.array([None] * M)),
    ("strings", TypeError, "expected float32, .* got dtype <U1", lambda: ["a"] * M),
)  # fmt: skip
def test_measurements_that_no_solver_takes(solve, error, message, call):
    with pytest.raises(error, match=message):
        solve(A, call())


@every_solver
@pytest.mark.parametrize("what", ["a", None, 3])
def test_an_operator_that_is_none_is_named(solve, what):
    with pytest.raises(TypeError, match=f"expected an operator, an array or .* got {type(what).__name__}"):
        solve(what, Y)


@every_solver
def test_a_stack_of_matrices_wants_one_signal_each(solve):
    stack = np.random.default_rng(0).standard_normal((3, M, N))
    with pytest.raises(ValueError, match=r"\*batch, 3, 10\).*got \(2, 10\)"):
        solve(stack, np.ones((2, M)))


@every_solver
@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"tol": -1e-3}, ValueError, "tol >= 0, got .*tol=-0.001"),
        ({"tol": np.nan}, ValueError, "tol >= 0, got .*tol=nan"),
        ({"tol": "1e-3"}, TypeError, "tol"),
        ({"max_iter": 0}, ValueError, "max_iter >= 1 .* got max_iter=0"),
        ({"max_iter": -5}, ValueError, "max_iter >= 1 .* got max_iter=-5"),
        ({"max_iter": 2.5}, (TypeError, ValueError), "max_iter"),
    ],
    ids=lambda value: str(value) if isinstance(value, dict) else "",
)
def test_tolerance_and_number_of_iterations_in_range(solve, options, error, message):
    with pytest.raises(error, match=message):
        solve(A, Y, callback=lambda progress: progress.iteration > 50, **options)


@every_greedy
@pytest.mark.parametrize(
    ("model", "k", "error", "message"),
    [
        (cs.Sparse(), 0, ValueError, "k must be at least 1, got 0"),
        (cs.Sparse(), -3, ValueError, "k must be at least 1, got -3"),
        (cs.Sparse(), 11, ValueError, "k=11 allows 11 nonzeros but there are 10 measurements: lower k or measure more"),
        (cs.Sparse(), 21, ValueError, "k=21 is more than the 20 units of Sparse.*: lower k"),
        (cs.BlockSparse(BLOCKS), 3, ValueError, "k=3 allows 15 nonzeros but there are 10 measurements: lower k"),
        (cs.BlockSparse(BLOCKS), 5, ValueError, "k=5 is more than the 4 units of BlockSparse.*: lower k"),
        (cs.TreeSparse(TREE), 11, ValueError, "k=11 allows 11 nonzeros but there are 10 measurements: lower k"),
        (cs.Sparse(), 2.5, TypeError, "k is an integer, got 2.5"),
        (cs.BlockSparse(BLOCKS), 1.0, TypeError, "k is an integer, got 1.0"),
        (cs.Sparse(), "2", TypeError, "k is an integer, got '2'"),
        (cs.Sparse(), True, TypeError, "k is an integer, got True"),
        (cs.Sparse(), [2], TypeError, r"k is an integer, got \[2\]"),
    ],
    ids=lambda value: (
        type(value).__name__ if isinstance(value, cs.Model) else "" if value is TypeError else str(value)[:60]
    ),
)
def test_a_budget_must_fit_the_model_and_the_measurements(solver, model, k, error, message):
    with pytest.raises(error, match=message):
        solver(A, Y, model, k)


@every_greedy
@pytest.mark.parametrize(
    "model", [cs.BlockSparse(cs.Blocks.uniform(25, 5)), cs.TreeSparse(cs.Tree.binary(4))], ids=["blocks", "tree"]
)
def test_a_model_for_other_signals_is_refused(solver, model):
    with pytest.raises(ValueError, match=r"is for signals of shape \((25|15),\), the operator's have \(20,\)"):
        solver(A, Y, model, 1)


@every_convex
@pytest.mark.parametrize(
    "penalty", [cs.L1(np.ones(21)), cs.GroupL2(cs.Blocks.uniform(21, 3))], ids=["weights", "blocks"]
)
def test_a_penalty_for_other_signals_is_refused(solver, penalty):
    with pytest.raises(ValueError, match=r"is for signals of shape \(21,\), the operator's have \(20,\)"):
        solver(A, Y, penalty)


@pytest.mark.parametrize("solver", [cs.iht, cs.cosamp, cs.subspace_pursuit], ids=lambda f: f.__name__)
@pytest.mark.parametrize("what", [cs.L1(0.1), 3, None, BLOCKS], ids=["penalty", "number", "none", "blocks"])
def test_a_model_is_expected(solver, what):
    with pytest.raises(TypeError, match=rf"expected a sparsity model such as Sparse\(\) .* got {type(what).__name__}"):
        solver(A, Y, what, 2)


@every_convex
@pytest.mark.parametrize("what", [cs.Sparse(), 0.1, None, BLOCKS], ids=["model", "number", "none", "blocks"])
def test_a_penalty_is_expected(solver, what):
    with pytest.raises(TypeError, match=rf"expected a penalty such as L1\(0.1\) .* got {type(what).__name__}"):
        solver(A, Y, what)


@every_convex
@pytest.mark.parametrize("step", [0, -0.1, np.nan, np.inf])
def test_a_step_must_be_positive_and_finite(solver, step):
    with pytest.raises(ValueError, match=f"step must be positive.* got {step}"):
        solver(A, Y, cs.L1(0.1), step=step)


@every_convex
@pytest.mark.parametrize(
    ("x0", "error", "message"),
    [
        (np.zeros(19), ValueError, r"x0 must have shape \(20,\), got \(19,\)"),
        (np.zeros((2, N)), ValueError, r"x0 must have shape \(20,\), got \(2, 20\)"),
        (np.full(N, np.nan), ValueError, "x0"),
        (np.full(N, 1j), (TypeError, ValueError), "x0"),
        (np.array(["a"] * N), TypeError, "got dtype <U1"),
    ],
    ids=["short", "batch", "nan", "complex", "strings"],
)
def test_a_start_must_be_a_finite_signal(solver, x0, error, message):
    with pytest.raises(error, match=message):
        solver(A, Y, cs.L1(0.1), x0=x0)


@pytest.fixture
def finite_svd(monkeypatch):
    """LAPACK may go on for ever on a matrix that is not finite: here the decomposition refuses it."""

    def checked(matrix, *arguments, svd=np.linalg.svd, **options):
        assert np.isfinite(matrix).all(), "a matrix that is not finite is decomposed"
        return svd(matrix, *arguments, **options)

    monkeypatch.setattr(np.linalg, "svd", checked)


@every_solver
@pytest.mark.usefixtures("finite_svd")
@pytest.mark.filterwarnings("ignore::RuntimeWarning")  # NumPy's own, of inf - inf
@pytest.mark.parametrize("value", [np.nan, np.inf])
@pytest.mark.parametrize("where", ["everywhere", "one entry"])
def test_an_operator_that_is_not_finite_is_named(solve, value, where):
    matrix = A.matrix.copy()
    matrix[... if where == "everywhere" else (3, 4)] = value
    with pytest.raises(FloatingPointError, match="operator gives NaN or infinity"):
        solve(matrix, Y)


@pytest.mark.usefixtures("finite_svd")
def test_an_operator_that_is_not_finite_is_named_by_the_tree_too():
    with pytest.raises(FloatingPointError, match="operator gives NaN or infinity"):
        cs.subspace_pursuit(np.full((M, N), np.nan), Y, cs.TreeSparse(TREE), 2)


class Quadratic(cs.Penalty):
    """||x||^2 / 2, no norm."""

    ndim, signal_shape = 1, (N,)

    def value(self, x):
        return 0.5 * (x**2).sum(axis=-1)

    def prox(self, x, step):
        return x / (1 + step)

    def zero_weight(self, u):
        return np.where((u != 0).any(axis=-1), np.inf, 0.0)


def test_no_multiple_of_a_quadratic_makes_zero_optimal():
    assert cs.lambda_max(A, Y, Quadratic()) == np.inf


@wrong(
    ("gap of a penalty that is no norm", TypeError, "Quadratic is no norm: it has no dual norm", lambda: cs.duality_gap(A, Y, Quadratic(), np.ones(N))),
    ("bound of a model", TypeError, "expected a penalty such as L1.* got Sparse", lambda: cs.lambda_max(A, Y, cs.Sparse())),
    ("gap at a short signal", ValueError, r"\(\*batch, 20\), got \(19,\)", lambda: cs.duality_gap(A, Y, cs.L1(), np.ones(19))),
    ("bound of nan", ValueError, "y holds NaN or infinity", lambda: cs.lambda_max(A, Y * np.nan, cs.L1())),
    ("truth of another shape", ValueError, r"\(20,\).*\(19,\)", lambda: cs.fista(A, Y, cs.L1(0.1)).error(np.ones(19))),
    ("snr of two shapes", ValueError, r"shapes \(3,\) and \(4,\)", lambda: cs.snr(np.ones(3), np.ones(4))),
)  # fmt: skip
def test_a_certificate_or_an_error_wants_what_it_is_defined_for(error, message, call):
    with pytest.raises(error, match=message):
        call()


@wrong(
    ("model without budget", ValueError, r"Sparse needs a budget: recover\(A, y, structure, k\)", lambda: cs.recover(A, Y, cs.Sparse())),
    ("penalty with budget", ValueError, "L1 is a penalty: its weight takes the place of the budget k=3", lambda: cs.recover(A, Y, cs.L1(), 3)),
    ("neither", TypeError, "expected a sparsity model or a penalty, got int", lambda: cs.recover(A, Y, 3, 3)),
    ("blocks alone", TypeError, "expected a sparsity model or a penalty, got Blocks", lambda: cs.recover(A, Y, BLOCKS, 3)),
    ("basis not unitary", ValueError, "basis must be an orthonormal transform such as Wavelet or DCT, got Matrix", lambda: cs.recover(A, Y, cs.Sparse(), 3, basis=cs.gaussian(N, N, 0))),
    ("real dft as basis", ValueError, "basis must be an orthonormal transform", lambda: cs.recover(A, Y, cs.Sparse(), 3, basis=cs.DFT(N, real=True))),
    ("basis of another size", ValueError, r"\(20,\).*\(21,\)", lambda: cs.recover(A, Y, cs.Sparse(), 3, basis=cs.DCT(21))),
    ("basis by name", TypeError, "basis must be .* got str", lambda: cs.recover(A, Y, cs.Sparse(), 3, basis="haar")),
    ("basis as matrix", TypeError, "basis must be .* got ndarray", lambda: cs.recover(A, Y, cs.Sparse(), 3, basis=np.eye(N))),
)  # fmt: skip
def test_recover_says_what_is_missing_or_too_much(error, message, call):
    with pytest.raises(error, match=message):
        call()


# --- libraries and devices -------------------------------------------------------------------------------------------

STRICT, DEVICE1 = "array_api_strict:CPU_DEVICE", "array_api_strict:device1"


def both(first, second):
    """The message that names two places, in any order, and the remedy."""
    return rf"two libraries or devices meet: ({first} and {second}|{second} and {first}); move one, .*cs.to\("


@every_solver
@pytest.mark.parametrize(
    ("of_operator", "of_measurements"), [("numpy", STRICT), (STRICT, "numpy"), (STRICT, DEVICE1), (DEVICE1, STRICT)]
)
def test_operator_and_measurements_of_two_places_are_both_named(solve, of_operator, of_measurements):
    with pytest.raises(TypeError, match=both(of_operator, of_measurements)):
        solve(cs.to(A, of_operator), cs.to(Y, of_measurements))


@wrong(
    ("matrix and signal", TypeError, both("numpy", STRICT), lambda: A @ strict.ones(N)),
    ("matrix and signal of two devices", TypeError, both(DEVICE1, STRICT), lambda: cs.to(A, DEVICE1) @ strict.ones(N, dtype=strict.float64)),
    ("indices and signal", TypeError, both("numpy", STRICT), lambda: cs.random_rows(5, 3, 0) @ strict.ones(5)),
    ("start", TypeError, both("numpy", STRICT), lambda: cs.fista(cs.to(A, STRICT), cs.to(Y, STRICT), cs.L1(0.1), x0=np.zeros(N))),
    ("weights", TypeError, both("numpy", DEVICE1), lambda: cs.fista(cs.to(A, DEVICE1), cs.to(Y, DEVICE1), cs.L1(np.ones(N)))),
    ("block weights", TypeError, both("numpy", DEVICE1), lambda: cs.fista(cs.to(A, DEVICE1), cs.to(Y, DEVICE1), cs.GroupL2(BLOCKS, np.ones(4)))),
    ("labels", TypeError, both("numpy", DEVICE1), lambda: cs.cosamp(cs.to(A, DEVICE1), cs.to(Y, DEVICE1), cs.BlockSparse(cs.Blocks(np.arange(N) % 7)), 1)),
    ("two operators", TypeError, both("numpy", STRICT), lambda: (cs.to(A, STRICT) @ cs.random_signs(N, 0)) @ strict.ones(N, dtype=strict.float64)),
)  # fmt: skip
def test_arrays_of_two_places_are_both_named_with_the_remedy(error, message, call):
    with pytest.raises(error, match=message):
        call()


def test_the_remedy_for_two_places_works():
    x = strict.ones(N, dtype=strict.float64)
    with pytest.raises(TypeError) as caught:
        A @ x
    moved = cs.to(x, str(caught.value).split("'")[1])
    assert (A @ moved).shape == (M,)


@pytest.mark.parametrize("what", [Y, A, cs.L1(np.ones(3))], ids=["array", "operator", "penalty"])
@pytest.mark.parametrize(("library", "package"), [("cupy", r"csrecover\[gpu\]"), ("torch", "torch")])
@pytest.mark.parametrize("place", ["", ":0"])
def test_a_missing_library_is_named_with_what_to_install(monkeypatch, what, library, package, place):

    def missing(name):
        raise ModuleNotFoundError(f"No module named {name!r}")

    monkeypatch.setattr(importlib, "import_module", missing)
    with pytest.raises(ImportError, match=f"{library} cannot be imported .* install it with: pip install {package}"):
        cs.to(what, library + place)


@wrong(
    ("unknown library", ValueError, "unknown array library 'jax': expected one of numpy, cupy, torch", lambda: cs.to(Y, "jax")),
    ("number as target", TypeError, "target must be a library name .* got 3", lambda: cs.to(A, 3)),
    ("unknown device", ValueError, "nowhere", lambda: cs.to(Y, "array_api_strict:nowhere")),
)  # fmt: skip
def test_arrays_move_to_known_places_only(error, message, call):
    with pytest.raises(error, match=message):
        call()


def test_host_operators_name_the_library_they_cannot_take():
    source = scipy.sparse.linalg.aslinearoperator(A.matrix)
    with pytest.raises(TypeError, match=both("numpy", STRICT)):
        cs.from_scipy(source) @ strict.ones(N, dtype=strict.float64)
