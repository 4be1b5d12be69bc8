"""Each fused function gives, on every backend, what its plain code gives on NumPy.

On the double the kernels are NumPy twins; `make test-cupy` runs the kernels themselves.
"""

import importlib

import numpy as np
import pytest

import csrecover as cs
from csrecover.backend import dtype_name
from csrecover.kernels import FUSED
from csrecover.operators.hadamard import WalshHadamard
from csrecover.solvers.momentum import extrapolated, next_momentum, uphill

PRECISION = {"float32": np.float32, "float64": np.float64, "complex64": np.float32, "complex128": np.float64}
DTYPES = list(PRECISION)
BLOCKS = cs.Blocks.uniform(24, 4)


def examples(dtype):
    """Arguments of each fused function, on the host: batches, rows of every other entry, zeros, numbers for arrays."""
    real, rng = PRECISION[dtype], np.random.default_rng(0)

    def reals(*shape):
        return rng.standard_normal(shape).astype(real)

    def draw(*shape):
        return (reals(*shape) + 1j * reals(*shape)).astype(dtype) if dtype.startswith("c") else reals(*shape)

    x, z, x_prev, number = draw(3, 24), draw(3, 24), draw(3, 24), abs(reals(3, 1))
    x[:, 4:9] = 0
    gains = np.round(4 * abs(x.real))
    no_signals, lone = draw(0, 24), draw(24)
    yield "divide", (x, np.round(reals(3, 24)))
    yield "divide", (reals(3)[0:0], reals(3)[0:0])
    yield "keep", (x, x.real > 0)
    yield "keep", (x[:, ::2], reals(12) > 0)
    yield "energy", (x,)
    yield "soft_threshold", (x, 0.5)
    yield "soft_threshold", (x, 0)
    yield "soft_threshold", (x[:, ::2], number)
    yield "soft_threshold", (no_signals, abs(reals(24)))
    yield "shrink_blocks", (x, 0.5, BLOCKS)
    yield "shrink_blocks", (x.reshape(3, 4, 6), number, cs.Blocks(BLOCKS.labels.reshape(4, 6)))
    yield "shrink_blocks", (draw(3, 48)[:, ::2], abs(reals(6)), BLOCKS)
    yield "shrink_blocks", (lone, number, BLOCKS)  # more steps than signals
    yield "shrink_blocks", (x, 0.0, cs.Blocks(np.arange(24) // 5))
    yield "shrink_blocks", (draw(2, 66), 3.0, cs.Blocks.uniform(66, 33))
    yield "shrink_blocks", (no_signals, 0.5, BLOCKS)
    yield "uphill", (z, x, x_prev, 1)
    yield "uphill", (lone, draw(24), draw(24), 1)
    yield "uphill", (z.reshape(3, 4, 6), x.reshape(3, 4, 6), x_prev.reshape(3, 4, 6), 2)
    yield "next_momentum", (1 + number, reals(3, 1))
    yield "next_momentum", (np.full((), 2, real), np.zeros((), real))
    yield "extrapolated", (x, x_prev, number)
    yield "extrapolated", (x[:, ::2], x_prev[:, ::2], number)
    labels = np.array([2, 0, 1, 1, 0, 2, 2, 5, 7, 7, 0, 0])
    yield "segment_sum", (reals(2, 3, 12), labels, 8)
    yield "segment_sum", (reals(3, 24)[:, ::2], labels, 9)
    yield "segment_sum", (reals(12), labels, 8)
    for n in (1, 2, 32, 2**11, 2**12, 2**13):
        yield "walsh_hadamard", (draw(3, n),)
    yield "walsh_hadamard", (draw(3, 64)[:, ::2],)
    yield "walsh_hadamard", (draw(1, 2**18),)
    if not dtype.startswith("c"):
        yield "above_and_tied", (gains, gains[:, :1], 1e-6)
        yield "first_ties", (gains > 4, gains == 4, 9)


EXAMPLES = [(dtype, place) for dtype in DTYPES for place in range(len(list(examples(dtype))))]


def arrays(result):
    return result if isinstance(result, tuple) else (result,)


def same(seen, expected, places):
    """The same dtype, the same shape, and numbers within rounding errors of the largest."""
    assert len(arrays(seen)) == len(arrays(expected))
    for ours, theirs in zip(arrays(seen), arrays(expected), strict=True):
        assert dtype_name(ours) == dtype_name(theirs)
        host = cs.to(ours, "numpy")
        assert host.shape == theirs.shape
        if host.dtype == bool:
            np.testing.assert_array_equal(host, theirs)
        else:
            scale = np.max(np.abs(theirs), initial=1.0)
            np.testing.assert_allclose(host / scale, theirs / scale, atol=places * np.finfo(host.dtype).eps)


@pytest.mark.parametrize(("dtype", "place"), EXAMPLES)
def test_a_fused_function_is_its_plain_code(backend, dtype, place):
    name, arguments = list(examples(dtype))[place]
    seen = FUSED[name](*(cs.to(argument, backend) for argument in arguments))
    same(seen, FUSED[name].__wrapped__(*arguments), places=30)


def test_every_fused_function_has_examples_and_a_kernel_of_its_name(backend):
    assert {name for name, _ in examples("float64")} == set(FUSED)
    if backend.startswith("cupy"):
        assert set(importlib.import_module("csrecover.kernels.cuda").__all__) == set(FUSED)


@pytest.mark.parametrize("dtype", DTYPES)
def test_numbers_that_are_none_spread_as_in_the_plain_code(backend, dtype):
    if not backend.startswith(("numpy", "cupy")):
        pytest.skip("there are no kernels, and each library has its own")
    x = np.array([np.nan, np.inf, -np.inf, 1, 0, -1], dtype)
    real = PRECISION[dtype]
    t = np.array([1, 1, np.inf, np.inf, np.nan, 0], real)
    cases = [
        ("soft_threshold", (x, t)),
        ("soft_threshold", (x, 0.5)),
        ("divide", (x, t)),
        ("extrapolated", (x, x[::-1], t)),
    ]
    cases += [("shrink_blocks", (x, 0.5, cs.Blocks.uniform(6, 2))), ("keep", (x, np.isfinite(x)))]
    for name, arguments in cases:
        with np.errstate(all="ignore"):
            expected = FUSED[name].__wrapped__(*arguments)
            seen = cs.to(FUSED[name](*(cs.to(argument, backend) for argument in arguments)), "numpy")
        np.testing.assert_array_equal(np.isfinite(seen), np.isfinite(expected), err_msg=name)
        fine = np.isfinite(expected)
        np.testing.assert_allclose(seen[fine], expected[fine], rtol=1e-6, err_msg=name)


def test_arrays_of_two_precisions_are_left_to_the_plain_code(backend):
    x, y, t = np.ones(6), np.full(6, 3, np.float32), np.ones(6, np.float32)
    for function, arguments in ((extrapolated, (x, y, t)), (uphill, (x, y, x, 1)), (next_momentum, (x, t))):
        if backend.startswith("torch"):
            pytest.skip("torch multiplies no numbers of two precisions")
        same(function(*(cs.to(argument, backend) for argument in arguments)), function(*arguments), places=8)


def test_the_environment_turns_the_kernels_off(backend, monkeypatch):
    if not backend.startswith("cupy"):
        pytest.skip("there are no kernels")
    cuda, x = importlib.import_module("csrecover.kernels.cuda"), cs.to(np.arange(4.0), backend)
    monkeypatch.setattr(cuda, "keep", lambda x, support: "kernel")
    assert FUSED["keep"](x, x > 1) == "kernel"
    monkeypatch.setenv("CSRECOVER_FAST", "0")
    assert cs.to(FUSED["keep"](x, x > 1), "numpy").tolist() == [0, 0, 2, 3]


def test_an_array_of_a_device_that_is_not_current_is_refused(backend):
    if not backend.startswith("cupy"):
        pytest.skip("there are no kernels")
    x = cs.to(np.ones((3, 64)), "cupy:1")
    for name, arguments in (
        ("walsh_hadamard", (x,)),
        ("soft_threshold", (x, 0.5)),
        ("shrink_blocks", (x[:, :24], 1, BLOCKS)),
    ):
        with pytest.raises(ValueError, match="different from the current device"):
            FUSED[name](*arguments)


@pytest.mark.parametrize("bits", [1, 4, 7, 11, 12])
def test_the_hadamard_kernel_is_the_product_of_its_passes(backend, bits):
    """Rows of the identity give the matrix: entries +-n^(-1/2), symmetric, orthogonal."""
    n = min(2**bits, 64)
    image = cs.to(WalshHadamard(2**bits) @ cs.to(np.eye(n, 2**bits), backend), "numpy")
    np.testing.assert_allclose(abs(image), 2 ** (-bits / 2), rtol=1e-12)
    np.testing.assert_allclose(image @ image.T, np.eye(n), atol=1e-12)
