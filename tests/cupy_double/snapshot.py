"""What an installed CuPy offers: names and accepted parameters, nothing else.

    python -m venv /tmp/cupy && /tmp/cupy/bin/pip install cupy-cuda13x==14.2.0
    /tmp/cupy/bin/python tests/cupy_double/snapshot.py tests/cupy_double/

writes cupy-14.2.json. Importing CuPy needs no driver and no GPU. Each name has one of: a list of parameters
("(a, axis=, *, order=)"), "(...)" (unknown parameters, or a function that is NumPy's own), "ufunc", "class",
"module" or "value".
"""

import importlib
import inspect
import json
import re
import sys
from pathlib import Path

MODULES = [
    "cupy",
    "cupy.cuda",
    "cupy.fft",
    "cupy.linalg",
    "cupy.random",
    "cupyx",
    "cupyx.scipy",
    "cupyx.scipy.fft",
    "cupyx.scipy.sparse",
    "cupyx.scipy.special",
]
CLASSES = ["cupy.ndarray", "cupy.ufunc", "cupy.cuda.Device", "cupyx.scipy.sparse.csr_matrix"]


def describe(thing) -> str:
    """One word or list of parameters for a member of a module or class."""
    if inspect.ismodule(thing):
        return "module"
    if isinstance(thing, type):
        return "class"
    if type(thing).__name__ == "ufunc":
        return "ufunc"
    if not callable(thing):
        return "value"
    borrowed = str(getattr(thing, "__module__", "")).partition(".")[0] == "numpy"
    return "(...)" if borrowed else parameters(thing)


def parameters(function) -> str:
    """Parameters that a function accepts, self left out; of compiled ones those written in the docstring."""
    try:
        signature = inspect.signature(function)
    except (TypeError, ValueError):
        signature = embedded(function.__doc__ or "")
    if signature is None:
        return "(...)"
    plain = [
        p.replace(annotation=p.empty, default=p.default if p.default is p.empty else None)
        for p in signature.parameters.values()
        if p.name != "self"
    ]
    return str(inspect.Signature(plain)).replace("=None", "=")


def embedded(doc: str) -> inspect.Signature | None:
    """Signature in the first line of the docstring of a compiled function, as Cython writes it."""
    found = re.match(r"[\w.]+(\(.*\))( ->.*)?$", doc.strip().partition("\n")[0])
    if not found:
        return None
    scope: dict = {}
    try:
        exec(f"def function{found[1]}: pass", scope)
    except (SyntaxError, NameError):
        return None
    return inspect.signature(scope["function"])


def public(owner) -> dict[str, str]:
    """Members of a module or class without a leading underscore."""
    return {name: describe(getattr(owner, name)) for name in sorted(dir(owner)) if not name.startswith("_")}


def special(owner: type) -> list[str]:
    """Special methods that a class has beyond those of every object."""
    return sorted(name for name in dir(owner) if name.startswith("__") and name not in dir(object))


def snapshot() -> dict:
    """Everything that the double has to know of the installed CuPy."""
    modules = {name: importlib.import_module(name) for name in MODULES}
    owners = {path: getattr(modules[path.rpartition(".")[0]], path.rpartition(".")[2]) for path in CLASSES}
    return {
        "version": modules["cupy"].__version__,
        "modules": {name: public(module) for name, module in modules.items()},
        "classes": {path: public(owner) | dict.fromkeys(special(owner), "(...)") for path, owner in owners.items()},
    }


def main(folder: str) -> None:
    """Write the snapshot of the installed CuPy."""
    seen = snapshot()
    path = Path(folder) / f"cupy-{seen['version'].rpartition('.')[0]}.json"
    path.write_text(json.dumps(seen, indent=0, sort_keys=True) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
