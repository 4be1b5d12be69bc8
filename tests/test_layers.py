"""The house: imports go down only, one room knows the array libraries, one room draws."""

import ast
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parent.parent / "csrecover"
LAYERS = {
    "backend": 0,
    "kernels": 0,
    "structures": 1,
    "operators": 2,
    "models": 2,
    "penalties": 2,
    "solvers": 3,
    "pruning": 3,
    "analysis": 4,
    "metrics": 4,
    "versions": 4,
    "recover": 5,
    "sklearn": 5,
    "problem_file": 8,
    "experiments": 6,
    "testing": 7,
    "plotting": 7,
    "experiment_file": 8,
    "report": 8,
    "cli": 8,
    "selfcheck": 8,
    "__main__": 9,
    "__init__": 9,
}
FILES = [path for path in sorted(PACKAGE.rglob("*.py")) if "demos" not in path.parts]


def room(path: Path) -> str:
    """First part of a module's path below the package."""
    return path.relative_to(PACKAGE).with_suffix("").parts[0]


def imported(path: Path) -> set[str]:
    """Rooms of the package that a module imports from."""
    rooms = set()
    depth = len(path.relative_to(PACKAGE).parts)
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.level == depth:
            rooms |= {node.module.partition(".")[0]} if node.module else {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0 and (node.module or "").startswith("csrecover."):
            rooms.add(node.module.split(".")[1])
    return rooms & set(LAYERS)


def outside(path: Path) -> set[str]:
    """Names of the other packages that a module imports."""
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            names.add((node.module or "").partition(".")[0])
    return names


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_go_down_only(path):
    above = {other for other in imported(path) if other != room(path) and LAYERS[other] > LAYERS[room(path)]}
    assert not above, f"{path.name} (layer {LAYERS[room(path)]}) imports from above: {above}"


def test_rooms_of_one_layer_do_not_import_each_other_in_circles():
    edges = {(room(path), other) for path in FILES for other in imported(path) if other != room(path)}
    assert not {(a, b) for a, b in edges if (b, a) in edges}


def test_only_the_backend_names_array_libraries():
    libraries = {"cupy", "cupyx", "torch", "array_api_strict", "array_api_compat", "array_api_extra"}
    named = {path.relative_to(PACKAGE) for path in FILES if outside(path) & libraries}
    assert {path.parts[0] for path in named if path.parts[:2] != ("kernels", "cuda")} == {"backend"}


def test_only_plotting_imports_matplotlib():
    assert {room(path) for path in FILES if "matplotlib" in outside(path)} == {"plotting"}


def test_the_property_suite_needs_no_test_framework():
    assert not {path for path in FILES if outside(path) & {"pytest", "hypothesis"}}


def test_importing_the_package_draws_nothing_and_loads_no_gpu_library():
    import subprocess
    import sys

    heavy = {"matplotlib", "cupy", "torch", "numba"}
    code = f"import sys, csrecover; print({heavy} & {{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"
