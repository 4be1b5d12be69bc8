"""Theorems: what certifies, what refutes; sums of members; asymptotic bounds of Gaussian matrices."""

from itertools import combinations

import numpy as np
import pytest

import csrecover as cs
from csrecover.analysis import Interval, gaussian_bounds
from csrecover.analysis.guarantees import judge
from csrecover.analysis.sums import sum_family, union_of_members
from csrecover.analysis.symmetric import symmetric_constant
from csrecover.structures.signal import fit
from csrecover.testing import examples
from csrecover.testing.enumerations import unions_of

from .conftest import FULL
from .test_coherence import KINDS, matrix, unit_columns

CASES = {name: case for name, case in examples.models().items() if isinstance(case.model, cs.SupportModel)}
TREE = cs.TreeSparse(cs.Tree.binary(levels=3))
BLOCKS = cs.BlockSparse(cs.Blocks.uniform(8, 2))
MODELS = [(cs.Sparse(), 2), (BLOCKS, 1), (TREE, 2), (cs.Hierarchical(cs.Blocks.uniform(8, 4), 1), 2)]
REFERENCE = {  # 16 x 24, unit Gaussian columns, k = 2: least value of the number (to 4 digits), verdict
    "CoSaMP": ("delta_8 <=", 0.1, 0.9964, "refuted"),
    "IHT": ("delta_6 <", 0.1768, 0.9792, "refuted"),
    "HTP": ("delta_6 <", 0.5774, 0.9792, "refuted"),
    "l1": ("delta_4 <", 0.7071, 0.9349, "refuted"),
    "OMP": ("delta_3 <", 0.5774, 0.8545, "refuted"),
    "OMP, coherence": ("mu <", 0.3333, 0.6826, "refuted"),
    "l1, null space": ("alpha_2 <", 0.5, 0.3910, "certified"),
}


@pytest.mark.parametrize(("model", "k"), MODELS)
@pytest.mark.parametrize("scale", [1.0, 1e-3, 50.0])
def test_all_theorems_are_certified_for_orthonormal_columns_of_any_scale(model, k, scale):
    n = 7 if model is TREE else 8
    found = cs.guarantees(scale * np.linalg.qr(matrix(n + 4, n))[0], model, k)
    assert {row.verdict for row in found} == {"certified"}
    assert found["HTP"].scale == pytest.approx(scale**-2)


@pytest.mark.parametrize("complex_entries", KINDS)
def test_two_equal_columns_refute_every_theorem_of_order_two_or_more(complex_entries):
    A = matrix(6, 8, complex_entries=complex_entries)
    A[:, 5] = A[:, 2]
    for model, k in [(cs.Sparse(), 1), (cs.Sparse(), 2), (BLOCKS, 1)]:
        assert {row.verdict for row in cs.guarantees(A, model, k)} == {"refuted"}


def test_the_table_of_the_reference_matrix():
    A = unit_columns(np.random.default_rng(0).standard_normal((16, 24)))
    found = cs.guarantees(A, cs.Sparse(), 2)
    assert [row.name for row in found] == list(REFERENCE)
    for row in found:
        hypothesis, limit, low, verdict = REFERENCE[row.name]
        assert (row.hypothesis, row.verdict) == (hypothesis, verdict)
        assert row.limit == pytest.approx(limit, abs=5e-5)
        assert row.number.low == pytest.approx(low, abs=1e-4)
    lines = str(found).splitlines()
    assert lines[0] == "Sparse(ndim=1), k = 2"
    assert lines[1].split() == ["theorem", "hypothesis", "number", "verdict", "source"]
    assert [line.split("  ")[0] for line in lines[2:]] == list(REFERENCE)


def test_bounds_of_the_other_side_decide_nothing():
    for limit in (0.1, 0.5):
        assert judge(Interval(0.0, 1.0, "", ""), limit) == "undecided"
        assert judge(Interval(limit - 1e-3, 1.0, "", ""), limit) == "undecided"
        assert judge(Interval(0.0, limit + 1e-3, "", ""), limit) == "undecided"
        assert judge(Interval(limit, 1.0, "", ""), limit) == "refuted"
        assert judge(Interval(limit, 1.0, "", ""), limit, strict=False) == "undecided"
        assert judge(Interval(0.0, limit - 1e-3, "", ""), limit) == "certified"


@pytest.mark.parametrize("seed", range(4))
def test_numbers_bracket_the_symmetric_constant_of_the_best_scale(seed):
    A = matrix(7, 8, seed=seed)
    found = cs.guarantees(A, cs.Sparse(), 1)
    for name, order in [("l1", 2), ("HTP", 3), ("CoSaMP", 4)]:
        spectra = [np.linalg.svd(A[:, S], compute_uv=False) ** 2 for S in combinations(range(8), order)]
        least, largest = min(s[-1] for s in spectra), max(s[0] for s in spectra)
        exact = (largest - least) / (largest + least)
        assert found[name].number.low <= exact + 1e-12
        assert exact <= found[name].number.high + 1e-12


@pytest.mark.parametrize("name", [name for name in CASES if FULL or name != "overlapping groups"])  # integer programs
def test_constants_of_sums_of_members_are_bracketed(name):
    case = CASES[name]
    n = int(np.prod(case.shape))
    A = cs.Matrix(unit_columns(matrix(n + 6, n))) @ flattening(case.shape)
    k = next(k for k in case.budgets or (1, 2) if np.any(flat_budget(k)))
    number, _ = symmetric_constant(A, fit(case.model, case.shape), k, 2, 0, "quick")
    dense, least, largest = A.todense(), np.inf, 0.0
    for union in unions_of(case.members, k, 2):
        spectrum = np.linalg.svd(dense[:, union.reshape(-1)], compute_uv=False) ** 2
        least, largest = min(least, spectrum[-1]), max(largest, spectrum[0])
    exact = (largest - least) / (largest + least)
    assert number.low <= exact + 1e-12
    assert exact <= number.high + 1e-12
    assert number.low > 0.3 * exact


@pytest.mark.parametrize("name", CASES)
def test_families_hold_all_sums_and_unions_are_sums(name):
    case = CASES[name]
    for k in case.budgets or (1, 2, 3):
        if not np.any(flat_budget(k)):
            continue
        family, budget = sum_family(case.model, k, 2, case.shape)
        sums = {union.tobytes() for union in unions_of(case.members, k, 2)}
        for union in list(map(np.array, unions_of(case.members, k, 2)))[::37]:
            assert family.support(union.astype(float), budget)[union].all()
        found = np.zeros(case.shape, dtype=bool)
        found.flat[union_of_members(case.model, np.random.default_rng(0).random(case.shape), k, 2)] = True
        assert any(np.all(found <= np.frombuffer(each, bool).reshape(case.shape)) for each in sums)


def flattening(shape):
    """The operator from signals of a shape to vectors."""
    return cs.Sampling(shape, np.ones(shape, dtype=bool))


def flat_budget(k):
    """All numbers of a budget."""
    return np.concatenate([flat_budget(each) for each in k]) if isinstance(k, tuple | list) else np.atleast_1d(k)


def test_hard_thresholding_pursuit_recovers_at_the_certified_scale():
    rng = np.random.default_rng(0)
    A = 3 * (np.linalg.qr(rng.standard_normal((40, 16)))[0] + 0.01 * rng.standard_normal((40, 16)))
    row = cs.guarantees(A, cs.Sparse(), 2)["HTP"]
    assert row.verdict == "certified"
    for _ in range(5):
        x = np.zeros(16)
        x[rng.permutation(16)[:2]] = rng.standard_normal(2)
        np.testing.assert_allclose(cs.htp(A, A @ x, cs.Sparse(), 2, step=row.scale).x, x, atol=1e-9)


def test_what_is_too_large_is_undecided(monkeypatch):
    monkeypatch.setitem(cs.guarantees.__globals__, "_ENTRIES", 10)
    monkeypatch.setitem(cs.guarantees.__globals__, "_UNKNOWNS", 5)
    found = cs.guarantees(np.eye(8), BLOCKS, 1)
    for name in ("OMP, coherence", "l1, null space", "BOMP, block coherence"):
        assert found[name].verdict == "undecided"
        assert found[name].number.high_method == "too large"


@pytest.mark.parametrize("complex_entries", KINDS)
def test_operators_and_models_may_live_anywhere(backend, complex_entries):
    A, found = unit_columns(matrix(7, 8, complex_entries=complex_entries)), cs.analysis
    there, blocks = cs.to(cs.Matrix(A), backend), cs.to(BLOCKS, backend)
    assert found.coherence(there) == pytest.approx(found.coherence(A))
    assert found.block_coherence(there, blocks.blocks) == pytest.approx(found.block_coherence(A, BLOCKS.blocks))
    assert found.erc(there, [1, 3]) == pytest.approx(found.erc(A, [1, 3]))
    assert found.nsp(there, 1).certified == pytest.approx(found.nsp(A, 1).certified)
    assert found.spark(there) == found.spark(A)
    rows, others = cs.guarantees(there, blocks, 1), cs.guarantees(A, BLOCKS, 1)
    assert [row.verdict for row in rows] == [row.verdict for row in others]
    assert [row.number.low for row in rows] == pytest.approx([row.number.low for row in others])


def test_zero_columns_refute():
    A = np.eye(6)
    A[:, 3] = 0
    assert {row.verdict for row in cs.guarantees(A, cs.Sparse(), 1)} == {"refuted"}
    assert {row.verdict for row in cs.guarantees(0 * A, cs.Sparse(), 1)} == {"refuted"}


def test_bad_input_is_named():
    A = matrix(4, 6)
    with pytest.raises(TypeError, match="has no supports"):
        cs.guarantees(A, cs.LowRank(), 1)
    with pytest.raises(TypeError, match="expected a sparsity model"):
        cs.guarantees(A, "sparse", 1)
    with pytest.raises(ValueError, match="lower k or measure more"):
        cs.guarantees(A, cs.Sparse(), 5)
    with pytest.raises(ValueError, match="at least 1"):
        cs.guarantees(A, cs.Sparse(), 0)
    with pytest.raises(ValueError, match="allows no nonzeros"):
        cs.guarantees(A, cs.BlockSparse(cs.Blocks.uniform(6, 3), "size"), 2)
    with pytest.raises(KeyError, match="no theorem 'SP' here"):
        cs.guarantees(A, cs.Sparse(), 1)["SP"]


BCT = {
    (0.1, 0.01): (0.5269, 0.8178),
    (0.1, 0.05): (0.8241, 1.9736),
    (0.1, 0.1): (0.9280, 2.9658),
    (0.25, 0.01): (0.5095, 0.7759),
    (0.25, 0.05): (0.8016, 1.8294),
    (0.25, 0.1): (0.9098, 2.7067),
    (0.5, 0.01): (0.4955, 0.7433),
    (0.5, 0.05): (0.7819, 1.7169),
    (0.5, 0.1): (0.8924, 2.5034),
    (0.5, 0.2): (0.9677, 3.6722),
    (0.75, 0.01): (0.4869, 0.7238),
    (0.75, 0.05): (0.7692, 1.6492),
    (0.75, 0.1): (0.8803, 2.3804),
}


@pytest.mark.parametrize("sizes", BCT)
def test_asymptotic_bounds_have_the_published_values(sizes):
    delta, rho = sizes
    for n in (10_000, 10**12):
        np.testing.assert_allclose(gaussian_bounds(delta * n, n, rho * delta * n), BCT[sizes], atol=5.1e-5)


def test_asymptotic_bounds_give_published_numbers_of_measurements():
    """As delta tends to one, the condition of Foucart and Lai for l1 holds up to rho = 1/317."""
    low, high = gaussian_bounds(1, 1, 2 / 317)
    assert (1 + 2**0.5) / 4 * ((1 + high) / (1 - low) - 1) == pytest.approx(1, abs=0.01)


def test_asymptotic_bounds_grow_with_k_and_stay_finite():
    bounds = np.array([gaussian_bounds(1e9, 1.01e9, k) for k in (1, 10, 1e4, 1e8, 9e8, 9.9999e8, 1e9)])
    assert np.isfinite(bounds).all()
    assert (np.diff(bounds, axis=0) >= 0).all()
    assert bounds[-1, 0] == 1
    assert bounds[0].max() < 1e-3


@pytest.mark.parametrize("sizes", [(0, 4, 1), (4, 4, 5), (5, 4, 1), (4, 8, 0), (4, np.inf, 1), (4, 8, np.nan)])
def test_asymptotic_bounds_name_sizes_out_of_order(sizes):
    with pytest.raises(ValueError, match="0 < k <= m <= n"):
        gaussian_bounds(*sizes)
