"""From a library's function to the Python function that computes it.

The generated libraries pass each call's name and its first arguments, as machine words, to `_call`. What is not
modelled is refused by name.
"""

import atexit
import ctypes
import importlib
import inspect
import sys

Int = ctypes.c_int
Char = ctypes.c_ubyte
Long = ctypes.c_int64
Address = ctypes.c_ssize_t  # a pointer or a handle, as a number

TYPES = {"S": "f4", "D": "f8", "C": "c8", "Z": "c16"}  # the letters in the names of cuBLAS and cuSOLVER
DATA_TYPES = {0: "f4", 1: "f8", 2: "f2", 4: "c8", 5: "c16"}  # cudaDataType
ARGUMENTS = 24  # words that a generated function passes on
FAILED = 1

_MODELS = ("blas", "lapack", "fourier", "sparse")
_ERRORS = {
    "cublas": ("cupy_backends.cuda.libs.cublas", "CUBLASError"),
    "cusolver": ("cupy_backends.cuda.libs.cusolver", "CUSOLVERError"),
    "cusparse": ("cupy_backends.cuda.libs.cusparse", "CuSparseError"),
    "curand": ("cupy_backends.cuda.libs.curand", "CURANDError"),
    "cufft": ("cupy.cuda.cufft", "CuFFTError"),
}
_functions = {}


class NotModelledError(Exception):
    """The emulation cannot compute a call. No RuntimeError, which callers of CuPy take for a matter of numbers."""


def provides(*names):
    """Decorator: the function computes the library calls of these names.

    Its parameters are those of the call, annotated with the types above. A result of None is success.
    """

    def register(function):
        for name in names:
            _functions[name] = _converting(function)
        return function

    return register


def provides_each_type(*names):
    """Decorator: like `provides`, for names with {} where S, D, C or Z stands; the dtype is the first argument."""

    def register(function):
        for letter, dtype in TYPES.items():
            for name in names:
                _functions[name.format(letter)] = _converting(function, dtype)
        return function

    return register


def _converting(function, *first):
    """The function of machine words: `first` arguments are given, the others converted as they are annotated."""
    parameters = list(inspect.signature(function).parameters.values())[len(first) :]
    kinds = [parameter.annotation for parameter in parameters]
    if parameters and parameters[-1].kind is inspect.Parameter.VAR_POSITIONAL:
        kinds += [kinds[-1]] * (ARGUMENTS - len(kinds))
    return lambda words: function(*first, *(kind(word).value for kind, word in zip(kinds, words, strict=False)))


@ctypes.CFUNCTYPE(ctypes.c_int, ctypes.c_char_p, ctypes.POINTER(ctypes.c_ssize_t))
def _call(name, words):
    name = name.decode()
    if not _functions:
        for model in _MODELS:
            importlib.import_module(f"{__package__}.{model}")
    if name not in _functions:
        return _fail(name, f"{name} is not modelled by the emulation of CuPy on the CPU")
    try:
        return _functions[name](words[:ARGUMENTS]) or 0
    except Exception as error:
        return _fail(name, f"the emulation of {name} failed: {type(error).__name__}: {error}")


def _fail(name, message):
    """Raise NotModelledError in the place of the exception that CuPy is about to make of a status."""

    def refuse(self, status):
        raise NotModelledError(message)

    print(message, file=sys.stderr)
    for prefix, (module, error) in _ERRORS.items():
        if name.startswith(prefix):
            getattr(sys.modules[module], error).__init__ = refuse
    return FAILED


def answer(driver):
    """Let the emulated driver pass library calls on to Python, until the interpreter ends."""
    hook = ctypes.c_void_p.in_dll(driver, "emulation_hook")
    hook.value = ctypes.cast(_call, ctypes.c_void_p).value
    atexit.register(setattr, hook, "value", None)
