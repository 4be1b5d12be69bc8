"""Every name of CuPy that csrecover uses is there in the real CuPy, with the parameters that it is given.

The double refuses names and parameters that its snapshot lacks, and the suite runs on it; here the snapshot is compared
with the real package. What the double does not see, the calls of `kernels/cuda`, is read from the source.
"""

import ast
import importlib
import json
import subprocess
import sys
from functools import reduce
from pathlib import Path

import cupy
import pytest

import csrecover
from tests.cupy_double.functions import MEMBERS
from tests.cupy_double.ndarray import accepts
from tests.cupy_double.snapshot import parameters

TESTS = Path(__file__).parent.parent
PACKAGE = Path(csrecover.__file__).parent
VERSION = cupy.__version__.rpartition(".")[0]


def entries(folder):
    """(module or class, member, what it is) of all that the snapshot in a folder tells."""
    snapshot = json.loads((folder / f"cupy-{VERSION}.json").read_text(encoding="utf-8"))
    owners = snapshot["modules"] | snapshot["classes"]
    return {(owner, name, kind) for owner, members in owners.items() for name, kind in members.items()}


def test_the_snapshot_of_the_double_is_the_real_package(tmp_path):
    subprocess.run([sys.executable, TESTS / "cupy_double" / "snapshot.py", tmp_path], check=True)
    assert entries(TESTS / "cupy_double") == entries(tmp_path)


@pytest.mark.parametrize("module", [path for path, members in MEMBERS.items() if isinstance(members, dict)])
def test_modules_that_only_the_double_describes_are_there(module):
    assert MEMBERS[module].keys() <= set(dir(importlib.import_module(module)))


@pytest.mark.parametrize(
    "module", ["array_api_compat.cupy", "array_api_compat.cupy.linalg", "array_api_compat.cupy.fft"]
)
def test_the_array_api_finds_all_that_it_looks_for(module):
    found = importlib.import_module(module)
    assert all(hasattr(found, name) for name in found.__all__)


def named(node):
    """'cupy.cuda.Device' for that expression, None for others."""
    if isinstance(node, ast.Attribute):
        owner = named(node.value)
        return owner and f"{owner}.{node.attr}"
    return node.id if isinstance(node, ast.Name) and node.id in ("cupy", "cupyx") else None


def uses():
    """(place, name, number of arguments, keywords) of each use; the last two are None where it is no call."""
    for path in sorted(PACKAGE.rglob("*.py")):
        tree = ast.parse(path.read_text(encoding="utf-8"))
        called = {id(node.func): node for node in ast.walk(tree) if isinstance(node, ast.Call)}
        for node in ast.walk(tree):
            name, call = named(node) if isinstance(node, ast.Attribute) else None, called.get(id(node))
            if name:
                place = f"{path.relative_to(PACKAGE)}:{node.lineno}"
                keywords = [keyword.arg for keyword in call.keywords] if call else None
                yield place, name, len(call.args) if call else None, keywords


@pytest.mark.parametrize(("place", "name", "arguments", "keywords"), list(uses()))
def test_what_the_source_names_exists_and_takes_its_arguments(place, name, arguments, keywords):
    thing = reduce(getattr, name.split(".")[1:], importlib.import_module(name.partition(".")[0]))
    if arguments is not None and not isinstance(thing, type):  # of compiled classes there is no signature
        accepts("function", parameters(thing))(*range(arguments), **dict.fromkeys(keywords))
