"""Compiled kernels: each against its plain twin, and the switch between the two."""

import os
import subprocess
import sys
import threading

import numpy as np
import pytest
from scipy.linalg import hadamard

import csrecover as cs
from csrecover import kernels

SIZES = [64, 128, 512, 2**12, 2**13, 2**16, 2**17]  # below, at and above the tile, the block and the chunk
DTYPES = [np.float32, np.float64, np.complex64, np.complex128]
needs_numba = pytest.mark.skipif(kernels.compiled("hadamard") is None, reason="numba is not installed")


def signals(count, n, dtype):
    rng = np.random.default_rng(n)
    x = rng.standard_normal((count, n))
    return (x + 1j * rng.standard_normal((count, n)) if np.dtype(dtype).kind == "c" else x).astype(dtype)


def plain(operator, x, monkeypatch):
    with monkeypatch.context() as patch:
        patch.setenv("CSRECOVER_FAST", "0")
        return operator @ x


@needs_numba
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("n", SIZES)
def test_compiled_hadamard_is_its_plain_twin(n, dtype, monkeypatch):
    x = signals(max(3, 2**14 // n), n, dtype)
    before = x.copy()
    A = cs.WalshHadamard(n)
    fast, slow = A @ x, plain(A, x, monkeypatch)
    assert fast.dtype == slow.dtype == x.dtype
    np.testing.assert_allclose(fast, slow, atol=30 * np.finfo(dtype).eps)
    np.testing.assert_array_equal(x, before)


@pytest.mark.parametrize("fast", ["0", "1"])
@pytest.mark.parametrize("dtype", DTYPES, ids=lambda dtype: dtype.__name__)
@pytest.mark.parametrize("n", [1, 2, 8, 16, 32, 256, 1024])
def test_hadamard_is_the_scaled_matrix_for_a_batch_of_any_size(n, dtype, fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    for count in (0, 1, 2, 2**16 // n + 3):
        x = signals(count, n, dtype)
        image = cs.WalshHadamard(n) @ x
        assert image.dtype == x.dtype
        np.testing.assert_allclose(image, x @ (hadamard(n) / n**0.5), atol=100 * np.finfo(dtype).eps)


@pytest.mark.parametrize("fast", ["0", "1"])
@pytest.mark.parametrize("order", ["natural", "sequency"])
def test_a_long_hadamard_transform_is_an_isometry_and_its_own_inverse(order, fast, monkeypatch):
    monkeypatch.setenv("CSRECOVER_FAST", fast)
    A, x = cs.WalshHadamard((2**9, 2**8), order), signals(1, 2**17, np.complex128).reshape(2**9, 2**8)
    image = A @ x
    np.testing.assert_allclose(np.linalg.norm(image), np.linalg.norm(x), rtol=1e-12)
    np.testing.assert_allclose(A @ image, x, atol=1e-12)
    np.testing.assert_allclose(A.H @ image, x, atol=1e-12)


def test_strided_and_read_only_signals_are_transformed_as_their_copies(monkeypatch):
    A = cs.WalshHadamard(2**10)
    for dtype in DTYPES:
        wide = signals(12, 2**11, dtype)
        wide.flags.writeable = False
        for fast in "01":
            monkeypatch.setenv("CSRECOVER_FAST", fast)
            np.testing.assert_array_equal(A @ wide[:, ::2], A @ wide[:, ::2].copy())


def test_threads_may_transform_at_once():
    A, x = cs.WalshHadamard(2**12), signals(64, 2**12, np.float64)
    expected, found = A @ x, {}
    threads = [threading.Thread(target=lambda i=i: found.update({i: A @ x})) for i in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 8
    assert all(np.array_equal(image, expected) for image in found.values())


def test_the_factors_of_one_device_do_not_serve_another():
    strict = pytest.importorskip("array_api_strict")
    A, x = cs.WalshHadamard(32), signals(3, 32, np.float32)
    for device in ("CPU_DEVICE", "device1", "CPU_DEVICE"):
        image = A @ strict.asarray(x, device=strict.Device(device))
        assert image.device == strict.Device(device)
        np.testing.assert_allclose(cs.to(image, "numpy"), A @ x, rtol=1e-6)


def run(code, **environment):
    done = subprocess.run(
        [sys.executable, "-W", "error", "-c", code], env=os.environ | environment, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


TRANSFORM = "import sys, numpy, csrecover as cs; cs.WalshHadamard(2**14) @ numpy.ones(2**14); "


def test_the_environment_turns_compiled_code_off():
    assert run(TRANSFORM + "print('numba' in sys.modules)", CSRECOVER_FAST="0") == "False"


def test_without_numba_the_plain_code_runs():
    hide = "import sys; sys.modules['numba'] = None; "
    assert run(hide + TRANSFORM + "print(cs.kernels.compiled('hadamard'))") == "None"


@needs_numba
def test_compiled_code_needs_no_folder_to_be_kept_in(monkeypatch):
    """numba refuses to cache where it finds no folder that it may write to."""
    import numba

    njit = numba.njit

    def refusing(*args, cache=False, **options):
        if cache:
            raise RuntimeError("cannot cache function: no locator available")
        return njit(*args, **options)

    module = kernels.compiled("jit")
    monkeypatch.setattr(numba, "njit", refusing)
    assert module.jit(lambda x: x + 1)(1) == 2
