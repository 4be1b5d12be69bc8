"""Array libraries: the only file that knows there are several.

Everywhere else a function that computes begins with ``xp = namespace(x)`` and is ordinary array code. NumPy and CuPy
are promised; torch and array-api-strict follow the same path. What the array API standard lacks (orthonormal cosine
transforms, segment sums, a deterministic top-k, scatter) is filled in here, library by library, always with a generic
form in plain array code.
"""

from __future__ import annotations

import dataclasses
import importlib
import math
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from functools import cache
from typing import Any

import array_api_compat as compat
import numpy as np
import scipy.fft
import scipy.linalg
from threadpoolctl import ThreadpoolController

Array = Any  # an array of any library that follows the array API standard

_FLOATS = {"float32": "float32", "float64": "float64", "complex64": "float32", "complex128": "float64"}


# --- which library ---------------------------------------------------------------------------------------------------


_NUMPY = compat.array_namespace(np.empty(0))
_HOST = frozenset({np.ndarray, np.float64, np.float32, np.complex128, np.complex64, np.bool_, int, float, type(None)})


def is_array(x: object) -> bool:
    """Whether x is an array of a library that csrecover can compute with (NumPy's scalars are numbers)."""
    return type(x) is np.ndarray or (not isinstance(x, np.generic) and compat.is_array_api_obj(x))


def namespace(*arrays: Array) -> Any:
    """Array namespace shared by the arrays (Python and NumPy numbers and None are passed over).

    Raises
    ------
    TypeError
        When the arrays belong to two libraries or lie on two devices.
    """
    if all(type(x) in _HOST for x in arrays):
        return _NUMPY
    found = [x for x in arrays if is_array(x)]
    if not found:
        return _NUMPY
    first = found[0]
    for other in found[1:]:
        if where_is(other) != where_is(first):
            raise TypeError(
                f"arrays of two libraries or devices meet: {where_is(first)} and {where_is(other)}; "
                f"move one, for example with cs.to(operator_or_array, {where_is(first)!r})"
            )
    return compat.array_namespace(first)


def library(x: Array) -> str:
    """Name of the library of an array: 'numpy', 'cupy', 'torch', 'array_api_strict', ..."""
    if isinstance(x, (np.ndarray, np.generic)):
        return "numpy"
    return compat.array_namespace(x).__name__.removeprefix("array_api_compat.").partition(".")[0]


def device(x: Array) -> Any:
    """Device of an array, in its library's own terms."""
    return compat.device(x)


def where_is(x: Array) -> str:
    """Library and device of an array as `to` understands it: 'numpy', 'cupy:0', 'torch:cpu', ..."""
    name = library(x)
    if name == "numpy":
        return name
    place = device(x)
    return f"{name}:{place.id}" if name == "cupy" else f"{name}:{_strict_name(place) or place}"


def _strict_name(place: Any) -> str | None:
    """Name of an array-api-strict device, None for the devices of other libraries."""
    return getattr(place, "_device", None)


def arrays_in(obj: Any) -> list[Array]:
    """Arrays held by a frozen dataclass, nested dataclasses and tuples included."""
    if is_array(obj):
        return [obj]
    if isinstance(obj, tuple):
        return [x for item in obj for x in arrays_in(item)]
    if dataclasses.is_dataclass(obj):
        return [x for field in dataclasses.fields(obj) for x in arrays_in(getattr(obj, field.name))]
    return []


def frozen(x: Array) -> Array:
    """Copy of an array that was checked, so that it stays as it was; read-only where the library knows that."""
    copy = namespace(x).asarray(x, copy=True)
    if isinstance(copy, np.ndarray):
        copy.flags.writeable = False
    return copy


# --- moving ----------------------------------------------------------------------------------------------------------


def to_numpy(x: Array) -> np.ndarray:
    """Copy of x (or x itself where it is one already) as a NumPy array on the host."""
    if isinstance(x, np.ndarray) or not is_array(x):
        return np.asarray(x)
    if library(x) == "array_api_strict":
        return np.asarray(x.to_device(compat.array_namespace(x).Device("CPU_DEVICE")))
    return np.asarray(compat.to_device(x, "cpu"))


def to(obj: Any, target: Any) -> Any:
    """Move an array, or every array field of a frozen dataclass (operator, model, penalty), to a library and device.

    Parameters
    ----------
    obj : array, frozen dataclass, or tuple of these
    target : str or device
        'numpy', 'cupy', 'torch', optionally with a device ('cupy:1', 'torch:cuda:0'), or a CuPy or torch device.

    Returns
    -------
    An array on the target, or a new object of the same class; the original does not change.

    Raises
    ------
    ImportError
        When the library is not installed; the message says what to install.
    """
    if is_array(obj):
        return _move(obj, target)
    if isinstance(obj, tuple):
        return tuple(to(item, target) for item in obj)
    if not dataclasses.is_dataclass(obj) or isinstance(obj, type):
        return obj
    moved = object.__new__(type(obj))  # fields only: what a class caches is computed again where it now lives
    for field in dataclasses.fields(obj):
        object.__setattr__(moved, field.name, to(getattr(obj, field.name), target))
    return moved


def _move(x: Array, target: Any) -> Array:
    name, _, place = target.partition(":") if isinstance(target, str) else (_library_of_device(target), "", target)
    if name == "numpy":
        return to_numpy(x)
    xp = _import(name)
    if name == "cupy":
        with xp.cuda.Device(int(place or 0)) if isinstance(place, str) else place:
            return xp.asarray(x if library(x) == "cupy" else to_numpy(x))
    if name == "array_api_strict":
        return xp.asarray(to_numpy(x), device=xp.Device(place or "CPU_DEVICE"))
    if library(x) == name:
        return compat.to_device(x, place) if place else x
    host = to_numpy(x)
    return xp.asarray(host if host.flags.writeable else host.copy(), device=place or None)


def _library_of_device(target: Any) -> str:
    name = type(target).__module__.partition(".")[0]
    if name not in ("cupy", "torch"):
        raise TypeError(f"target must be a library name such as 'numpy' or 'cupy:0', or a device; got {target!r}")
    return name


def _import(name: str) -> Any:
    known = {"cupy": "csrecover[gpu]", "torch": "torch", "array_api_strict": "array-api-strict"}
    if name not in known:
        raise ValueError(f"unknown array library {name!r}: expected one of numpy, {', '.join(known)}")
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ImportError(f"{name} cannot be imported ({error}); install it with: pip install {known[name]}") from error


# --- dtypes ----------------------------------------------------------------------------------------------------------


def dtype_name(x: Array) -> str:
    """'float32', 'complex128', ... of an array of any library."""
    return str(x.dtype).rpartition(".")[2]


def as_float(x: Any) -> Array:
    """X as a float32, float64, complex64 or complex128 array; lists, integers and booleans become float64.

    Raises
    ------
    TypeError
        For any other dtype (objects, strings, half precision).
    """
    if not is_array(x):
        x = np.asarray(x)
    if isinstance(x, np.ndarray) and not x.dtype.isnative:
        x = x.astype(x.dtype.newbyteorder("="))
    if dtype_name(x) in _FLOATS:
        return x
    xp = namespace(x)
    if x.dtype == xp.bool or xp.isdtype(x.dtype, "integral"):
        return xp.astype(x, xp.float64)
    raise TypeError(
        f"expected float32, float64, complex64 or complex128 numbers, got dtype {x.dtype}: convert with astype"
    )


def is_float(x: Array) -> bool:
    """Whether the numbers of x are of one of the four dtypes that csrecover computes in."""
    return dtype_name(x) in _FLOATS


def is_complex(x: Array) -> bool:
    """Whether the dtype of x is complex."""
    return dtype_name(x).startswith("complex")


def real_dtype_name(x: Array) -> str:
    """'float32' or 'float64', the precision of x."""
    return _FLOATS[dtype_name(x)]


def real_dtype(x: Array) -> Any:
    """Real dtype of the same precision as x."""
    return getattr(namespace(x), real_dtype_name(x))


def eps(x: Array) -> float:
    """Rounding unit of x's precision."""
    return float(np.finfo(_FLOATS[dtype_name(x)]).eps)


def as_complex(x: Array) -> Array:
    """X in the complex dtype of its precision."""
    xp = namespace(x)
    return x if is_complex(x) else xp.astype(x, xp.complex64 if dtype_name(x) == "float32" else xp.complex128)


def to_like(x: Any, like: Array) -> Array:
    """Numbers of the host (a list, a range, a NumPy array) in the library and on the device of `like`."""
    xp = namespace(like)
    if is_array(x) and library(x) == library(like):
        return xp.asarray(x, device=device(like))
    return xp.asarray(np.asarray(x), device=device(like))


def cast_like(x: Any, like: Array) -> Array:
    """Numbers of the host in the library, on the device and in the precision of `like`; complex stays complex."""
    moved = to_like(x, like)
    return namespace(like).astype(moved, as_complex(like).dtype if is_complex(moved) else real_dtype(like))


# --- reductions over one signal (the last `ndim` axes) ---------------------------------------------------------------


def flat(x: Array, ndim: int) -> Array:
    """X with the `ndim` axes of one signal made one: shape (*batch, n)."""
    return x if ndim == 1 else namespace(x).reshape(x, (*x.shape[: x.ndim - ndim], math.prod(x.shape[x.ndim - ndim :])))


def keep(x: Array, support: Array) -> Array:
    """X on the support, zero elsewhere."""
    xp = namespace(x, support)
    return xp.where(support, x, xp.zeros((), dtype=x.dtype, device=device(x)))


def expand(numbers: Array, ndim: int) -> Array:
    """One number a signal, shape (*batch,), made to broadcast against signals of `ndim` axes."""
    return namespace(numbers).reshape(numbers, (*numbers.shape, *(1,) * ndim))


def energy(x: Array) -> Array:
    """|x|^2 entry by entry, real."""
    xp = namespace(x)
    return xp.real(x) ** 2 + xp.imag(x) ** 2 if is_complex(x) else x * x


def scaled(x: Array, ndim: int = 1) -> Array:
    """Each signal divided by its largest magnitude, so that its squares neither overflow nor vanish."""
    peak = namespace(x).max(abs(flat(x, ndim)), axis=-1)
    return divide(x, expand(peak, ndim))


def norm(x: Array, ndim: int = 1) -> Array:
    """Euclidean norm of each signal, shape (*batch,)."""
    return namespace(x).linalg.vector_norm(flat(x, ndim), axis=-1)


def real_vdot(x: Array, y: Array, ndim: int = 1) -> Array:
    """Re <x, y> of each signal, shape (*batch,)."""
    xp = namespace(x, y)
    product = xp.vecdot(flat(x, ndim), flat(y, ndim))
    return xp.real(product) if is_complex(product) else product


def divide(a: Array, b: Array) -> Array:
    """A / b, and zero where b is zero (never a warning)."""
    xp = namespace(a, b)
    zero = b == 0
    return xp.where(zero, xp.zeros_like(a), a) / xp.where(zero, xp.ones_like(b), b)


def segment_sum(values: Array, labels: Array, count: int) -> Array:
    """Sum of the real values with each label 0 .. count-1 along the last axis: shape (*batch, count)."""
    xp = namespace(values, labels)
    name = library(values)
    batch = values.shape[:-1]
    if name == "numpy":
        signals = math.prod(batch)
        keys = labels if signals == 1 else (np.arange(signals)[:, None] * count + labels).reshape(-1)
        sums = np.bincount(keys, weights=values.reshape(-1), minlength=signals * count)
        return sums.astype(values.dtype, copy=False).reshape((*batch, count))
    if name == "torch":
        return xp.zeros((*batch, count), dtype=values.dtype, device=values.device).index_add_(-1, labels, values)
    if name == "cupy":
        order = xp.argsort(labels, stable=True)
        starts = xp.searchsorted(labels[order], xp.arange(count))
        return xp.add.reduceat(values[..., order], starts, axis=-1)
    members = labels[:, None] == xp.arange(count, device=device(values))
    return xp.matmul(values, xp.astype(members, values.dtype))


def top_k_mask(gains: Array, k: int) -> Array:
    """Mask of the k largest gains (>= 0) along the last axis; never a zero gain.

    Gains that differ by rounding alone (1e-12 relative in double precision) are ties; among ties the lowest index goes
    first, so that every library gives the same mask.
    """
    xp = namespace(gains)
    n = gains.shape[-1]
    if k <= 0 or n == 0:
        return xp.zeros(gains.shape, dtype=xp.bool, device=device(gains))
    if k >= n:
        return gains > 0
    if library(gains) == "numpy":
        smallest = np.partition(gains, n - k, axis=-1)[..., n - k, None]
    else:
        smallest = xp.sort(gains, axis=-1)[..., n - k, None]
    slack = max(1e-12, 4 * eps(gains))
    surely = gains > smallest * (1 + slack)
    tied = (gains >= smallest * (1 - slack)) & ~surely & (gains > 0)
    left = k - xp.sum(xp.astype(surely, xp.int64), axis=-1, keepdims=True)
    return surely | (tied & (xp.cumulative_sum(xp.astype(tied, xp.int64), axis=-1) <= left))


# --- indexing --------------------------------------------------------------------------------------------------------


def scatter(values: Array, indices: Array, n: int) -> Array:
    """Array of shape (*batch, n), zero but for out[..., indices] = values; the indices are distinct."""
    xp = namespace(values, indices)
    if library(values) in ("numpy", "cupy", "torch"):
        out = xp.zeros((*values.shape[:-1], n), dtype=values.dtype, device=device(values))
        out[..., indices] = values
        return out
    order = xp.argsort(indices)
    places = xp.arange(n, device=device(values))
    rank = xp.searchsorted(xp.take(indices, order), places)
    rank = xp.where(rank == indices.shape[0], xp.zeros_like(rank), rank)
    source = xp.take(order, rank)
    hit = xp.take(indices, source) == places
    return xp.where(hit, xp.take(values, source, axis=-1), xp.zeros_like(values[..., :1]))


# --- threads ---------------------------------------------------------------------------------------------------------

_SMALL_PRODUCT = 2**21  # entries of a matrix below which BLAS threads cost more than they save


def blas_threads(entries: int) -> AbstractContextManager:
    """Context in which products with a matrix of so many entries run on as many BLAS threads as pay (one, if small)."""
    return _threadpools().limit(limits=1, user_api="blas") if entries < _SMALL_PRODUCT else nullcontext()


@cache
def _threadpools() -> ThreadpoolController:
    return ThreadpoolController()


# --- linear systems --------------------------------------------------------------------------------------------------


def positive_solver(gram: Array) -> Callable[[Array], Array] | None:
    """Solver of gram @ x = b for a Hermitian positive definite matrix; None where it is singular to half precision."""
    worst = eps(gram) ** 0.5
    if library(gram) == "numpy":
        factor, failed = _potrf(gram.dtype)(gram, lower=True)
        pivots = np.real(np.diagonal(factor)) ** 2
        if failed or not pivots.min() > worst * pivots.max():
            return None
        return lambda b: scipy.linalg.cho_solve((factor, True), b, check_finite=False)
    xp = namespace(gram)
    values, vectors = xp.linalg.eigh(gram)
    if not bool(values[0] > worst * values[-1]):
        return None
    return lambda b: vectors @ ((xp.conj(vectors.mT) @ b) / xp.astype(values, vectors.dtype))


@cache
def _potrf(dtype: np.dtype) -> Any:
    return scipy.linalg.get_lapack_funcs("potrf", dtype=dtype)


# --- transforms, orthonormal -----------------------------------------------------------------------------------------


@cache
def _fft_module(name: str) -> Any:
    """scipy.fft or its CuPy twin; None for libraries that have neither."""
    if name == "numpy":
        return scipy.fft
    return importlib.import_module("cupyx.scipy.fft") if name == "cupy" else None


def fftn(x: Array, axes: tuple[int, ...], *, inverse: bool = False) -> Array:
    """Orthonormal discrete Fourier transform over the axes."""
    fft = _fft_module(library(x)) or namespace(x).fft
    return (fft.ifftn if inverse else fft.fftn)(as_complex(x), axes=axes, norm="ortho")


def rfftn(x: Array, axes: tuple[int, ...]) -> Array:
    """Half spectrum (along the last of the axes) of real x, orthonormal scaling."""
    fft = _fft_module(library(x)) or namespace(x).fft
    return fft.rfftn(x, axes=axes, norm="ortho")


def irfftn(y: Array, shape: tuple[int, ...], axes: tuple[int, ...]) -> Array:
    """Real signals of the given shape from their half spectrum, orthonormal scaling."""
    fft = _fft_module(library(y)) or namespace(y).fft
    return fft.irfftn(as_complex(y), s=shape, axes=axes, norm="ortho")


def dctn(x: Array, axes: tuple[int, ...], kind: int, *, inverse: bool = False) -> Array:
    """Orthonormal discrete cosine transform of kind 2 or 4 over the axes (complex x: real and imaginary part)."""
    fft = _fft_module(library(x))
    if fft is not None:
        return (fft.idctn if inverse else fft.dctn)(x, type=kind, axes=axes, norm="ortho")
    if is_complex(x):
        xp = namespace(x)
        real, imag = (dctn(part, axes, kind, inverse=inverse) for part in (xp.real(x), xp.imag(x)))
        return as_complex(real) + 1j * as_complex(imag)
    for axis in axes:
        x = _dct_by_fft(x, axis, 3 if inverse and kind == 2 else kind)
    return x


def _dct_by_fft(x: Array, axis: int, kind: int) -> Array:
    """Cosine transform along one axis by a zero-padded FFT: out_j = Re post_j sum_i pre_i x_i exp(-i pi ij / n)."""
    xp = namespace(x)
    n = x.shape[axis]
    x = xp.moveaxis(x, axis, -1)
    index = xp.arange(n, dtype=x.dtype, device=device(x))
    turn = as_complex(-math.pi / (2 * n) * index)
    phase = xp.exp(1j * turn)
    scale = xp.where(index == 0, xp.full_like(index, math.sqrt(1 / n)), xp.full_like(index, math.sqrt(2 / n)))
    pre, post = {
        2: (xp.ones_like(phase), phase * as_complex(scale)),
        3: (phase * as_complex(scale), xp.ones_like(phase)),
        4: (phase, phase * xp.exp(1j * as_complex(xp.full_like(index, -math.pi / (4 * n)))) * math.sqrt(2 / n)),
    }[kind]
    spectrum = xp.fft.fft(as_complex(x) * pre, n=2 * n)[..., :n]
    return xp.moveaxis(xp.real(spectrum * post), -1, axis)
