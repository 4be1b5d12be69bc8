"""The operator suite with sizes, seeds and compositions drawn by hypothesis, on every backend."""

import math

import numpy as np
import pytest
import scipy.sparse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import csrecover as cs

from . import cases
from .conftest import BACKENDS

SEEDS = st.integers(0, 2**31)
SIZES = st.integers(1, 12)
SHAPES = st.lists(st.integers(1, 6), min_size=1, max_size=3).map(tuple)
DTYPES = st.sampled_from(["float32", "float64", "complex64", "complex128"])
POWERS = st.lists(st.sampled_from([1, 2, 4, 8]), min_size=1, max_size=2).map(tuple)
MATRICES = st.builds(lambda m, n, seed, dtype: cs.gaussian(m, n, seed, dtype=dtype), SIZES, SIZES, SEEDS, DTYPES)


def normal(shape, seed, *, complex_=False):
    rng = np.random.default_rng(seed)
    return rng.standard_normal(shape) + (1j * rng.standard_normal(shape) if complex_ else 0)


def share(shape, part):
    """A number of entries of a shape, at least one."""
    return max(1, int(part * math.prod(shape)))


def rows(shape, part, seed):
    return cs.random_rows(shape, share(shape, part), seed)


def sparse(m, n, density, seed, complex_):
    matrix = normal((m, n), seed, complex_=complex_) * (np.random.default_rng(seed).random((m, n)) < density)
    return cs.sparse_matrix(scipy.sparse.csr_array(matrix))


PARTS = st.floats(0, 1)
SAMPLINGS = st.builds(rows, SHAPES, PARTS, SEEDS)
TRANSFORMS = st.one_of(
    st.builds(cs.DFT, SHAPES),
    st.builds(cs.DCT, SHAPES, st.sampled_from([2, 4])),
    st.builds(cs.random_signs, SHAPES, SEEDS),
    st.builds(cs.random_permutation, SHAPES, SEEDS),
    st.builds(cs.Identity, SHAPES),
)
WAVELETS = st.builds(
    lambda shape, levels, name: cs.Wavelet(tuple(size << levels for size in shape), name, levels),
    st.lists(st.integers(1, 3), min_size=1, max_size=2).map(tuple),
    st.integers(1, 3),
    st.sampled_from(["haar", "db2", "db7", "sym5", "coif1"]),
)
FAMILIES = {
    "matrix": MATRICES,
    "bernoulli": st.builds(cs.bernoulli, SIZES, SIZES, SEEDS),
    "sampling": SAMPLINGS,
    "transform": TRANSFORMS,
    "real dft": st.builds(lambda shape: cs.DFT(shape, real=True), SHAPES),
    "walsh-hadamard": st.builds(cs.WalshHadamard, POWERS, st.sampled_from(["natural", "sequency"])),
    "wavelet": WAVELETS,
    "convolution": st.builds(
        lambda shape, seed, complex_: cs.Convolution(normal(shape, seed, complex_=complex_)),
        SHAPES,
        SEEDS,
        st.booleans(),
    ),
    "toeplitz": st.builds(lambda m, n, seed: cs.toeplitz(normal(m, seed), normal(n, seed + 1)), SIZES, SIZES, SEEDS),
    "gradient": st.builds(cs.Gradient, SHAPES),
    "diagonal": st.builds(lambda shape, seed: cs.Diagonal(normal(shape, seed, complex_=True)), SHAPES, SEEDS),
    "adjoint": MATRICES.map(lambda A: A.H),
    "transpose": MATRICES.map(lambda A: A.T),
    "multiple": st.builds(lambda A, factor: factor * A, TRANSFORMS, st.sampled_from([-2, 0.5, 1 - 2j])),
    "sum": st.builds(lambda m, n, seed: cs.gaussian(m, n, seed) - cs.bernoulli(m, n, seed), SIZES, SIZES, SEEDS),
    "subsampled transform": st.builds(lambda A, part, seed: rows(A.in_shape, part, seed) @ A, TRANSFORMS, PARTS, SEEDS),
    "vstack": st.builds(lambda A, part, seed: cs.VStack([A, rows(A.in_shape, part, seed)]), TRANSFORMS, PARTS, SEEDS),
    "block diagonal": st.lists(st.one_of(MATRICES, TRANSFORMS), min_size=1, max_size=3).map(cs.BlockDiagonal),
    "kronecker": st.lists(st.one_of(MATRICES, st.builds(cs.DCT, SIZES)), min_size=1, max_size=2).map(cs.Kronecker),
    "sparse matrix": st.builds(sparse, SIZES, SIZES, PARTS, SEEDS, st.booleans()),
    "sparse binary": st.builds(
        lambda m, n, part, seed: cs.sparse_binary(m, n, share((m,), part), seed), SIZES, SIZES, PARTS, SEEDS
    ),
    "partial orthogonal": st.builds(
        lambda m, more, seed, dtype: cs.partial_orthogonal(m, m + more, seed, dtype=dtype), SIZES, SIZES, SEEDS, DTYPES
    ),
    "unit columns": MATRICES.map(cs.unit_columns),
    "random demodulator": st.builds(
        lambda m, more, seed: cs.random_demodulator(m, m + more, seed), SIZES, SIZES, SEEDS
    ),
    "structurally random": st.builds(
        lambda shape, part, seed, scramble: cs.structurally_random(
            cs.DCT(shape), share(shape, part), seed, scramble=scramble
        ),
        SHAPES,
        PARTS,
        SEEDS,
        st.sampled_from(["signs", "permutation"]),
    ),
    "blur": st.builds(lambda shape, width: cs.blur(shape, width), SHAPES, st.floats(0.1, 5)),
    "single-pixel camera": st.builds(
        lambda shape, part, seed: cs.SinglePixel.random(shape, share(shape, part), seed), POWERS, PARTS, SEEDS
    ),
    "cassi": st.builds(
        lambda h, w, bands, step, seed: cs.CASSI(normal((h, w), seed), bands, step),
        SIZES,
        SIZES,
        st.integers(1, 4),
        st.integers(1, 3),
        SEEDS,
    ),
    "coil maps": st.builds(
        lambda coils, shape, seed: cs.CoilMaps(normal((coils, *shape), seed, complex_=True)),
        st.integers(1, 3),
        SHAPES,
        SEEDS,
    ),
    "sense": st.builds(
        lambda coils, shape, part, seed: cs.sense(normal((coils, *shape), seed), rows(shape, part, seed).indices),
        st.integers(1, 3),
        SHAPES,
        PARTS,
        SEEDS,
    ),
    "nufft": st.builds(lambda shape, m, seed: cs.NUFFT(shape, 3 * normal((m, len(shape)), seed)), SHAPES, SIZES, SEEDS),
    "restriction": st.builds(
        lambda A, seed: A.restrict(np.random.default_rng(seed).permutation(A.size_in)[: 1 + A.size_in // 2]),
        MATRICES,
        SEEDS,
    ),
}


@pytest.mark.parametrize("backend", BACKENDS)
@pytest.mark.parametrize("family", FAMILIES)
def test_operators_of_any_size_keep_their_promises(family, backend):
    if reason := cases.skipped(family, backend):
        pytest.skip(reason)
    every = settings.default.max_examples
    examples = every if backend == "numpy" else max(1, every // 4)  # the others are slow and differ less

    @settings(max_examples=examples, suppress_health_check=[HealthCheck.too_slow])
    @given(FAMILIES[family], DTYPES, SEEDS)
    def check(A, dtype, seed):
        like = cs.to(np.empty(0, dtype=dtype), backend)
        assert cs.check_operator(cs.to(A, backend), like=like, rng=seed)

    check()
