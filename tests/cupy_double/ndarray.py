"""The device array: memory of NumPy that only the double's own functions may touch."""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any, ClassVar

import numpy as np

from .counters import SMALL, record
from .devices import Device, current, refuse_others
from .jitter import jitter

NUMBERS = (bool, int, float, complex, np.generic)
IMPLICIT = (
    "Implicit conversion to a NumPy array is not allowed. Please use `.get()` to construct a NumPy array explicitly."
)
_SYNCHRONISE = {"arange", "argwhere", "bincount", "compress", "extract", "flatnonzero", "nonzero", "unique"}


class DeviceStrictError(TypeError):
    """Something that real CuPy lets pass and that is a mistake all the same."""


def unsupported(thing: object) -> TypeError:
    """CuPy's error for an argument of another kind."""
    return TypeError(f"Unsupported type {type(thing)}")


def supported(dtype: np.dtype) -> None:
    """Refuse the dtypes that CuPy lacks."""
    if dtype.char not in "?bBhHiIlLqQefdFD":
        raise ValueError(f"Unsupported dtype {dtype}")


@cache
def accepts(name: str, parameters: str) -> Callable[..., None]:
    """Function that raises Python's own TypeError for arguments that the parameters of a snapshot do not take."""
    scope: dict[str, Any] = {}
    known = "(*args, **kwargs)" if parameters == "(...)" else parameters.replace("=", "=None")
    exec(f"def {name}{known}: pass", scope)
    return scope[name]


def call(name: str, host: Callable[..., Any], args: Sequence[Any], kwargs: dict[str, Any] | None = None) -> Any:
    """A function of NumPy on the memory of device arrays, by CuPy's rules."""
    sources: list[ndarray] = []
    args, kwargs = unwrap(args, sources), unwrap(kwargs or {}, sources)
    with np.errstate(all="ignore"):
        out = host(*args, **kwargs)
    if sources and (name in _SYNCHRONISE or (name == "where" and len(args) == 1)):
        record("sync", name)
    if kwargs.get("out") is not None or out is None:
        refuse_others(source._device for source in sources)
        record("launch", name)
    return wrap(name, out, sources)


def unwrap(thing: Any, sources: list[ndarray]) -> Any:
    """Arguments with the memory of device arrays in their place; the arrays join the sources."""
    if isinstance(thing, ndarray):
        sources.append(thing)
        return thing._host
    if isinstance(thing, np.ndarray):
        raise unsupported(thing)
    if type(thing) in (tuple, list):
        return type(thing)(unwrap(item, sources) for item in thing)
    if type(thing) is dict:
        return {key: unwrap(item, sources) for key, item in thing.items()}
    return thing


def wrap(name: str, out: Any, sources: Sequence[ndarray]) -> Any:
    """Result of NumPy as device arrays: a view of a source, or new memory on the current device by one launch."""
    if isinstance(out, (tuple, list)) and any(isinstance(item, (np.ndarray, np.generic)) for item in out):
        items = [wrap(name, item, sources) for item in out]
        return items if isinstance(out, list) else tuple(items)
    if not isinstance(out, (np.ndarray, np.generic)):
        return out
    for source in sources:
        if out is source._host:
            return source
        if isinstance(out, np.ndarray) and np.may_share_memory(out, source._host):
            return ndarray._of(out, source._device)
    refuse_others(source._device for source in sources)
    record("launch", name)
    out = jitter(name, np.asarray(out), [source.shape for source in sources])
    return ndarray._of(out if out.flags.writeable else out.copy())


def poisoned(host: np.ndarray) -> np.ndarray:
    """Memory that nobody has written to: NaN, and the largest integers."""
    host[...] = np.nan if host.dtype.kind in "fc" else True if host.dtype.kind == "b" else np.iinfo(host.dtype).max
    return host


class ndarray:  # noqa: N801 - the name that CuPy gives it
    """Array on a device; members that the snapshot has and this file has not go to NumPy's method of that name."""

    __array_priority__ = 100
    members: ClassVar[dict[str, str]] = {}
    _host: np.ndarray
    _device: int

    def __init__(self, shape: Any, dtype: Any = float) -> None:
        self._host, self._device = poisoned(np.empty(shape, dtype)), current()

    @classmethod
    def _of(cls, host: np.ndarray, device: int | None = None) -> ndarray:
        supported(host.dtype)
        self = object.__new__(cls)
        self._host, self._device = host, current() if device is None else device
        return self

    # what the host knows of an array
    shape, dtype, ndim, size, strides, nbytes, itemsize = (
        property(operator.attrgetter(f"_host.{name}"))
        for name in ("shape", "dtype", "ndim", "size", "strides", "nbytes", "itemsize")
    )

    @property
    def device(self) -> Device:
        return Device(self._device)

    @property
    def flags(self) -> SimpleNamespace:
        return SimpleNamespace(**{name: self._host.flags[name.upper()] for name in ("c_contiguous", "f_contiguous")})

    def __len__(self) -> int:
        return len(self._host)

    # the ways to the host: each waits for the device
    def _fetch(self, what: str) -> np.ndarray:
        record("sync", what)
        if self.size > SMALL:
            record("transfer", what)
        return self._host.copy()

    def get(self, stream: Any = None, order: str = "C", out: Any = None, blocking: bool = True) -> np.ndarray:
        if out is None:
            return np.asarray(self._fetch("get()"), order=order)
        out[...] = self._fetch("get()")
        return out

    def item(self) -> Any:
        return self._fetch("item()").item()

    def tolist(self) -> Any:
        return self._fetch("tolist()").tolist()

    def __bool__(self) -> bool:
        return bool(self._fetch("bool()"))

    def _scalar(self, kind: type) -> Any:
        if self.ndim:
            raise TypeError("only 0-dimensional arrays can be converted to Python scalars")
        return kind(self._fetch(f"{kind.__name__}()").item())

    def __int__(self) -> int:
        return self._scalar(int)

    def __float__(self) -> float:
        return self._scalar(float)

    def __complex__(self) -> complex:
        return self._scalar(complex)

    def __repr__(self) -> str:
        return repr(self._fetch("repr()"))

    def __str__(self) -> str:
        return str(self._fetch("str()"))

    def __format__(self, spec: str) -> str:
        return format(self._fetch("format()") if self.ndim else self._fetch("format()").item(), spec)

    def __reduce__(self) -> Any:
        return _restored, (self._fetch("pickle"),)

    # what NumPy is refused
    def __array__(self, dtype: Any = None, copy: Any = None) -> Any:
        raise TypeError(IMPLICIT)

    def __array_function__(self, function: Any, types: Any, args: Any, kwargs: Any) -> Any:
        raise DeviceStrictError(f"np.{function.__name__} was given a device array: use the array's own namespace")

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *inputs: Any, **kwargs: Any) -> Any:
        for host in (*inputs, *kwargs.get("out", ())):
            if isinstance(host, np.ndarray):
                raise unsupported(host)
        if method != "__call__" or kwargs or not isinstance(inputs[0], np.generic):
            raise DeviceStrictError(f"np.{ufunc.__name__} was given a device array: use the array's own namespace")
        return call(ufunc.__name__, ufunc, inputs)

    # indexing
    def _key(self, key: Any) -> tuple[tuple[Any, ...], list[ndarray]]:
        parts, indices = key if isinstance(key, tuple) else (key,), []
        for part in parts:
            if isinstance(part, ndarray):
                indices.append(part)
                if part.dtype == bool:
                    record("sync", "boolean mask")
            elif isinstance(part, (np.ndarray, list)):
                record("transfer", "indices from the host")
        hosts = tuple(part._host if isinstance(part, ndarray) else part for part in parts)
        return (hosts if any(part is Ellipsis for part in hosts) else (*hosts, Ellipsis)), indices

    def __getitem__(self, key: Any) -> ndarray:
        hosts, indices = self._key(key)
        return wrap("getitem", self._host[hosts], [self, *indices])

    def __setitem__(self, key: Any, value: Any) -> None:
        hosts, indices = self._key(key)
        if not isinstance(value, ndarray):
            if np.ndim(value):
                raise ValueError("non-scalar numpy.ndarray cannot be used for fill")
        elif value.size > 1 and any(part.dtype != bool for part in indices):
            hit = np.arange(self.size).reshape(self.shape)[hosts]
            if np.unique(hit).size < hit.size:
                raise DeviceStrictError("duplicate indices in an assignment: which value is last is undefined")
        sources = [self, *indices]
        host = unwrap(value, sources)
        refuse_others(source._device for source in sources)
        with np.errstate(all="ignore"):
            self._host[hosts] = host
        record("launch", "setitem")

    def __iter__(self) -> Iterator[ndarray]:
        if not self.ndim:
            raise TypeError("iteration over a 0-d array")
        return (self[i] for i in range(len(self)))

    @property
    def real(self) -> ndarray:
        return wrap("real", self._host.real, [self])

    @real.setter
    def real(self, value: Any) -> None:
        self.real[...] = value

    @property
    def imag(self) -> ndarray:
        return wrap("imag", self._host.imag, [self])

    @imag.setter
    def imag(self, value: Any) -> None:
        self.imag[...] = value

    # everything else is NumPy's, where the snapshot has it
    def __copy__(self) -> ndarray:
        return call("copy", np.copy, (self,))

    def __deepcopy__(self, memo: Any) -> ndarray:
        return self.__copy__()

    def __getattr__(self, name: str) -> Any:
        parameters, host = ndarray.members.get(name), getattr(np.ndarray, name, None)
        if parameters is None or name.startswith("_"):
            raise AttributeError(f"'ndarray' object has no attribute '{name}'")
        if host is None or name in ("base", "data", "dump", "dumps", "flat", "tobytes", "tofile"):
            raise NotImplementedError(f"cupy.ndarray.{name} is not modelled by the double")
        if parameters == "value":
            return wrap(name, getattr(self._host, name), [self])

        def method(*args: Any, **kwargs: Any) -> Any:
            accepts(name, parameters)(*args, **kwargs)
            return call(name, host, (self, *args), kwargs)

        return method


def _restored(host: np.ndarray) -> ndarray:
    record("transfer", "pickle")
    return ndarray._of(host)


def _operator(ufunc: np.ufunc, *, reflected: bool = False, in_place: bool = False) -> Callable[..., Any]:
    def method(self: ndarray, *others: Any) -> Any:
        for other in others:
            if isinstance(other, np.ndarray):
                raise unsupported(other)
            if not isinstance(other, (ndarray, *NUMBERS)):
                return NotImplemented
        args = (*others, self) if reflected else (self, *others)
        return call(ufunc.__name__, ufunc, args, {"out": self} if in_place else {})

    return method


_BINARY = {"sub": np.subtract, "mul": np.multiply, "truediv": np.divide, "floordiv": np.floor_divide}
_BINARY |= {"add": np.add, "mod": np.remainder, "pow": np.power, "lshift": np.left_shift, "rshift": np.right_shift}
_BINARY |= {"and": np.bitwise_and, "or": np.bitwise_or, "xor": np.bitwise_xor}
_COMPARE = {"eq": np.equal, "ne": np.not_equal, "lt": np.less, "le": np.less_equal, "ge": np.greater_equal}
_COMPARE |= {"gt": np.greater, "divmod": np.divmod, "matmul": np.matmul}
_COMPARE |= {"neg": np.negative, "pos": np.positive, "abs": np.absolute, "invert": np.invert}
for _name, _ufunc in (_BINARY | _COMPARE).items():
    setattr(ndarray, f"__{_name}__", _operator(_ufunc))
for _name, _ufunc in (_BINARY | {"divmod": np.divmod, "matmul": np.matmul}).items():
    setattr(ndarray, f"__r{_name}__", _operator(_ufunc, reflected=True))
for _name, _ufunc in _BINARY.items():
    setattr(ndarray, f"__i{_name}__", _operator(_ufunc, in_place=True))
ndarray.__hash__ = None  # type: ignore[assignment]
