"""Restricted isometry constants: the search, the bracket, and what it says of itself."""

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import csrecover as cs
from csrecover.analysis.rip import attained as searching
from csrecover.analysis.rip import eigenvectors
from csrecover.models.base import exceeds
from csrecover.structures.signal import fit

from .cases import models
from .conftest import FULL
from .test_drawn_models import FAMILIES

CASES = {name: case for name, case in models().items() if isinstance(case.model, cs.SupportModel)}
REFERENCE = {2: (0.6826, 0.6826), 3: (0.8290, 1.1799), 4: (0.9101, 1.6696), 5: (0.9362, 1.9950), 6: (0.9650, 2.3341)}


def unit_columns(m=16, n=24):
    """Gaussian matrix with columns of norm one."""
    A = np.random.default_rng(0).standard_normal((m, n))
    return A / np.linalg.norm(A, axis=0)


def entries(rng, m, n, complex_=False):
    """Independent entries of variance 1 / m."""
    real = rng.standard_normal((m, n))
    return ((real + 1j * rng.standard_normal((m, n))) / 2**0.5 if complex_ else real) / m**0.5


def brute_force(A, masks):
    """L and U by the definition: the eigenvalues on every support."""
    ends = [np.linalg.eigvalsh(A[:, s].conj().T @ A[:, s])[[0, -1]] for s in (m.reshape(-1) for m in masks) if s.any()]
    return 1 - min(low for low, _ in ends), max(high for _, high in ends) - 1


def budgets(case, m):
    """Budgets whose supports have at most m coefficients, and some."""
    units = case.model.units(case.shape)
    fit_in = [
        k
        for k in case.budgets or range(1, math.prod(case.shape) + 1)
        if case.model.max_nonzeros(k) <= m and not exceeds(case.model.check_budget(k), units)
    ]
    return [k for k in fit_in if any(mask.any() for mask in case.members(k))]


def operator(A, shape):
    """The matrix as an operator on signals of a shape."""
    return cs.Matrix(A) @ cs.Sampling(shape, np.ones(shape, dtype=bool))


@pytest.mark.parametrize("effort", ["quick", "thorough"])
@pytest.mark.parametrize("k", REFERENCE)
def test_the_search_finds_the_constants_of_the_reference(k, effort):
    found = searching.attained(cs.Matrix(unit_columns()), cs.Sparse(), k, 0, effort)
    np.testing.assert_allclose(found[:2], REFERENCE[k], atol=5e-5)


def test_the_thorough_search_finds_the_exact_constants_of_nearly_all_small_families():
    hits, cases = 0, 0
    for seed in range(500 if FULL else 30):
        rng = np.random.default_rng(seed)
        case = CASES[list(CASES)[seed % len(CASES)]]
        n = math.prod(case.shape)
        A = entries(rng, int(rng.integers(n // 2 + 1, n + 1)), n, complex_=seed % 3 == 0)
        allowed = budgets(case, len(A))
        if not allowed:
            continue
        k = allowed[int(rng.integers(len(allowed)))]
        found = searching.attained(operator(A, case.shape), fit(case.model, case.shape), k, 0, "thorough")
        exact = brute_force(A, case.members(k))
        assert np.all(np.array(found[:2]) <= np.array(exact) + 1e-12)
        hits, cases = hits + np.sum(np.abs(np.subtract(found[:2], exact)) < 1e-9), cases + 2
    assert hits >= 0.95 * cases > 0


@pytest.mark.parametrize("family", FAMILIES)
@settings(max_examples=40 if FULL else 4)
@given(data=st.data())
def test_the_bracket_holds_the_constants_of_drawn_models(family, data):
    case, seed = data.draw(FAMILIES[family]), data.draw(st.integers(0, 2**32 - 1))
    rng, n = np.random.default_rng(seed), math.prod(case.shape)
    A = entries(rng, int(rng.integers(1, n + 3)), n, complex_=data.draw(st.booleans()))
    allowed = budgets(case, len(A))
    if not allowed:
        return
    k = data.draw(st.sampled_from(allowed))
    L, U = brute_force(A, case.members(k))
    estimate = cs.rip(operator(A, case.shape), case.model, k, rng=seed, certify=data.draw(st.booleans()))
    assert estimate.attained_L <= L + 1e-12 <= estimate.certified_L + 2e-12
    assert estimate.attained_U <= U + 1e-12 <= estimate.certified_U + 2e-12
    if estimate.exact:
        np.testing.assert_allclose((estimate.attained_L, estimate.attained_U), (L, U), atol=1e-8)
    members = {mask.tobytes() for mask in case.members(k)}
    for support in (estimate.support_L, estimate.support_U):
        mask = np.isin(np.arange(n), support)
        assert mask.tobytes() in members or any((np.frombuffer(m, bool) >= mask).all() for m in members)


@pytest.mark.parametrize("by_products", [False, True], ids=["gram", "products"])
def test_the_search_is_the_same_on_every_backend(like, backend, by_products, monkeypatch):
    """With the Gram matrix, and with products alone: that of brute force."""
    monkeypatch.setitem(searching.EFFORTS, "quick", searching.Effort(2**17, 6, (1.0,), 2, 2, 0, 8))
    if by_products:
        monkeypatch.setattr(eigenvectors, "_GRAM", 0)
    dtype = str(like.dtype).rpartition(".")[2]
    A = entries(np.random.default_rng(3), 8, 12, "complex" in dtype).astype(dtype)
    blocks = np.arange(12) // 3
    masks = [np.isin(blocks, pair) for pair in combinations(range(4), 2)]
    estimate = cs.rip(cs.to(cs.Matrix(A), backend), cs.to(cs.BlockSparse(cs.Blocks(blocks)), backend), 2, certify=False)
    np.testing.assert_allclose((estimate.attained_L, estimate.attained_U), brute_force(A, masks), atol=1e-5)
    np.testing.assert_allclose(estimate.check(A), (estimate.attained_L, estimate.attained_U), atol=1e-12)


def test_the_search_is_far_above_random_supports():
    A, rng = cs.gaussian(100, 200, 0), np.random.default_rng(1)
    columns = cs.to_numpy(A.todense())
    picks = np.argsort(rng.random((10_000 if FULL else 2000, 200)), axis=1)[:, :20]
    drawn = max(np.linalg.eigvalsh(columns[:, pick].T @ columns[:, pick])[-1] for pick in picks) - 1
    assert searching.attained(A, cs.Sparse(), 20)[1] > 1.4 * drawn


def test_large_operators_are_bracketed_without_their_matrix(monkeypatch):
    n = 8192
    wavelet = cs.Wavelet(n, "haar")
    A = cs.random_rows(n, n // 4, 0) @ cs.DCT(n) @ cs.random_signs(n, 1) @ wavelet.H
    asked = []
    columns = cs.LinearOperator._columns
    monkeypatch.setattr(
        cs.LinearOperator, "_columns", lambda self, picks: asked.append(len(picks)) or columns(self, picks)
    )
    estimate = cs.rip(A, cs.TreeSparse(wavelet.tree), 30)
    assert max(asked) == 30
    assert 0 < estimate.attained_L <= estimate.certified_L == 1
    assert 0.2 < estimate.attained_U <= estimate.certified_U == pytest.approx(3)


def test_eigenvectors_by_products_are_extreme():
    """On supports of several sizes, one coefficient included, real and complex."""
    for complex_ in (False, True):
        A = entries(np.random.default_rng(5), 12, 20, complex_)
        masks = np.arange(20) < np.array([1, 2, 5, 9])[:, None]
        spectra = eigenvectors.ProductSpectra(cs.Matrix(A), steps=40)
        start = spectra.signals(np.random.default_rng(6).standard_normal(masks.shape))
        for side, end in ((1, 1), (-1, 0)):
            x = spectra.extremes(masks, start, side)
            exact = [np.linalg.eigvalsh(A[:, mask].conj().T @ A[:, mask])[[0, -1]][end] for mask in masks]
            np.testing.assert_allclose(spectra.quotients(x), exact, atol=1e-6)
            assert not x[~masks].any()


@pytest.mark.parametrize("by_products", [False, True], ids=["gram", "products"])
def test_constants_of_real_signals_under_a_complex_operator(by_products, monkeypatch):
    if by_products:
        monkeypatch.setattr(eigenvectors, "_GRAM", 0)
    A = cs.Sampling((8,), [0, 1, 3, 5, 6]) @ cs.DFT(14, real=True)
    dense = cs.to_numpy(A.todense())
    rows = np.concatenate([dense.real, dense.imag])
    masks = [np.isin(np.arange(14), (i, j)) for i in range(14) for j in range(i)]
    estimate = cs.rip(A, cs.Sparse(), 2, certify=False)
    np.testing.assert_allclose((estimate.attained_L, estimate.attained_U), brute_force(rows, masks), atol=1e-12)
    np.testing.assert_allclose(estimate.check(A), (estimate.attained_L, estimate.attained_U), atol=1e-12)


def test_an_orthonormal_operator_has_constants_zero():
    estimate = cs.rip(cs.DCT(64), cs.Sparse(), 5)
    assert estimate.exact
    assert estimate.delta == pytest.approx(0, abs=1e-12)


def test_equal_columns_and_a_zero_operator():
    A = unit_columns()
    A[:, 3] = A[:, 7]
    estimate = cs.rip(A, cs.Sparse(), 2, certify=False)
    assert estimate.attained_L == pytest.approx(1)
    assert estimate.attained_U == pytest.approx(1)
    zero = cs.rip(np.zeros((3, 5)), cs.Sparse(), 2)
    assert (zero.attained_L, zero.attained_U, zero.scale) == (1, -1, math.inf)
    assert zero.rescaled == (0, 0)


def test_the_rescaled_operator_has_symmetric_constants():
    A = unit_columns()
    estimate = cs.rip(A, cs.Sparse(), 3)
    scaled = cs.rip(estimate.scale**0.5 * cs.Matrix(A), cs.Sparse(), 3)
    assert scaled.attained_L == pytest.approx(scaled.attained_U)
    np.testing.assert_allclose(estimate.rescaled, scaled.interval, rtol=1e-9)


def test_a_seed_fixes_the_result():
    A = cs.gaussian(20, 60, 1)
    first, second = (cs.rip(A, cs.Sparse(), 6, rng=7, certify=False) for _ in range(2))
    assert (first.attained_L, first.attained_U, first.n_supports) == (
        second.attained_L,
        second.attained_U,
        second.n_supports,
    )
    np.testing.assert_array_equal(first.support_L, second.support_L)


def test_exact_constants_by_enumeration():
    estimate = cs.rip(unit_columns(), cs.Sparse(), 5, effort="exact")
    assert estimate.exact
    assert estimate.delta == estimate.interval[0] == estimate.interval[1] == pytest.approx(1.9950, abs=5e-5)
    assert set(estimate.methods.values()) == {"exhaustive search"}


def test_no_delta_where_it_is_not_known():
    estimate = cs.rip(cs.gaussian(20, 60, 1), cs.Sparse(), 6, certify=False)
    assert not estimate.exact
    assert (estimate.certified_L, estimate.certified_U) == (1, math.inf)
    assert estimate.rescaled[1] == 1
    with pytest.raises(AttributeError, match="use interval"):
        _ = estimate.delta


@dataclass(frozen=True)
class Interrupted(cs.SupportModel):
    """Plain sparsity, and the user loses patience after some projections."""

    calls: list
    patience: int
    ndim: int = 1

    def support(self, x, k):
        self.calls.append(k)
        if len(self.calls) > self.patience:
            raise KeyboardInterrupt
        return cs.Sparse().support(x, k)

    def max_nonzeros(self, k):
        return k

    def log_count(self, k, shape=None):
        return cs.Sparse().log_count(k, self._one_shape(shape))


def test_an_interrupted_search_returns_what_it_has():
    A = cs.gaussian(20, 60, 1)
    estimate = cs.rip(A, Interrupted([], 9), 6)
    assert not estimate.complete
    assert "interrupted" in str(estimate)
    assert 0 < estimate.attained_U < estimate.certified_U == math.inf
    np.testing.assert_allclose(estimate.check(A), (estimate.attained_L, estimate.attained_U))
    with pytest.raises(KeyboardInterrupt):
        cs.rip(A, Interrupted([], 0), 6)


def test_the_text_rounds_outwards():
    text = str(cs.rip(unit_columns(), cs.Sparse(), 6))
    for end, (low, high) in (("L", (0.9650, 0.9651)), ("U", (2.334, 2.335))):
        stated = float(text.split(f" <= {end}")[0].split()[-1])
        assert low - 1e-3 <= stated <= high
    assert "attained by truncated power" in text


def test_saved_numbers(tmp_path):
    estimate = cs.rip(unit_columns(), cs.Sparse(), 6)
    estimate.save(tmp_path / "rip.npz")
    with np.load(tmp_path / "rip.npz") as saved:
        assert saved["attained_U"] == estimate.attained_U
        assert str(saved["method_certified_U"]) == estimate.methods["certified_U"]
        np.testing.assert_array_equal(saved["support_L"], estimate.support_L)


@pytest.mark.parametrize(
    ("A", "model", "k", "options", "error", "message"),
    [
        (np.eye(4), cs.Sparse(), 0, {}, ValueError, "at least 1"),
        (np.eye(4), cs.Sparse(), 5, {}, ValueError, "more than the 4 units"),
        (np.eye(4)[:2], cs.Sparse(), 3, {}, ValueError, "2 measurements"),
        (np.eye(4), cs.Sparse(), 2.0, {}, TypeError, "integer"),
        (np.eye(4), cs.L1(), 2, {}, TypeError, "sparsity model"),
        (np.eye(4), cs.BlockSparse(cs.Blocks.uniform(6, 2)), 1, {}, ValueError, r"\(6,\)"),
        (np.eye(4), cs.Sparse(), 2, {"effort": "long"}, ValueError, "'long'"),
        (np.zeros((2, 4, 4)), cs.Sparse(), 2, {}, ValueError, "stack"),
        (cs.DFT(8, real=True).H, cs.Sparse(), 2, {}, TypeError, "reals only"),
        (np.full((4, 4), np.nan), cs.Sparse(), 2, {}, ValueError, "NaN"),
        (np.eye(4), cs.BlockSparse(cs.Blocks.uniform(4, 2), [3, 4]), 1, {}, ValueError, "no coefficient"),
        (unit_columns(30, 60), cs.Sparse(), 20, {"effort": "exact"}, ValueError, "4.2e[+]15"),
        ("A", cs.Sparse(), 2, {}, TypeError, "expected an operator"),
    ],
)
def test_refusals(A, model, k, options, error, message):
    with pytest.raises(error, match=message):
        cs.rip(A, model, k, **options)
