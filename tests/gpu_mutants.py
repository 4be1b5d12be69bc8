"""Put typical GPU mistakes into a copy of the library, one at a time, and see that the tests catch each.

python -m tests.gpu_mutants [name ...]        (make mutants)

Each mutant changes one place; only test files that reach the mutated module run, and they stop at the first failure.
The same tests must pass without the mutant. The tests that a mutant names are part of `make test`, or of
`make test-gpu-static` or `make test-cupy`.
"""

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from .cupy_on_cpu import __main__ as cupy_on_cpu
from .cupy_on_cpu.build import ensure_built
from .gpu_static import __main__ as gpu_static

ROOT = Path(__file__).parent.parent
OPERATORS = "tests/test_properties.py -k operator_keeps and {}"
NORMS = "tests/test_properties.py -k penalty_keeps and {}"
MODELS = "tests/test_properties.py -k model_projects and {}"
SOLVERS = "tests/test_properties.py -k solver_recovers and {}"
BUDGETS = "tests/test_cupy_double.py -k {}"


@dataclass(frozen=True)
class Mutant:
    """One mistake: in `file` the text `before` becomes `after`; `tests` (arguments of pytest) must fail then."""

    mistake: str
    file: str
    before: str
    after: str
    tests: str
    where: str = "double"  # the CuPy double; or "static", `make test-gpu-static`; or "cupy", `make test-cupy`


MUTANTS = [
    Mutant(
        "a NumPy function on a caller's array",
        "operators/sampling.py",
        "picked = namespace(x).take(",
        "picked = np.take(",
        OPERATORS.format("sampling"),
    ),
    Mutant(
        "NumPy arithmetic in a penalty",
        "penalties/group.py",
        "namespace(x).sqrt(blocks",
        "np.sqrt(blocks",
        NORMS.format("blocks"),
    ),
    Mutant(
        "a SciPy transform whatever the library",
        "backend/transforms.py",
        '    fft = _fft_module(library(y)) or namespace(y).fft\n    return fft.irfftn(as_complex(y)',
        "    return scipy.fft.irfftn(as_complex(y)",
        OPERATORS.format("real"),
    ),
    Mutant(
        "float() of a device number in every iteration",
        "solvers/proximal.py",
        "        z, t, momentum = accelerated(z, x, x_prev, t, ndim, restart=restart)\n",
        "        z, t, momentum = accelerated(z, x, x_prev, t * (float(xp.max(t)) > 0), ndim, restart=restart)\n",
        BUDGETS.format("wait_once"),
    ),
    Mutant(
        "a decision on a device number in every iteration",
        "solvers/greedy.py",
        "        step = shrink * divide(",
        "        if not xp.any(direction != 0):\n            return\n        step = shrink * divide(",
        BUDGETS.format("iht_waits"),
    ),
    Mutant(
        "a look at every iteration on a device",
        "solvers/base.py",
        "return 1 if on_host(x) else 10",
        "return 1",
        BUDGETS.format("launches"),
    ),
    Mutant(
        "a residual that goes by the host",
        "solvers/proximal.py",
        "        residual = y - Az\n",
        "        residual = to_like(to_numpy(y - Az), y)\n",
        BUDGETS.format("copy_nothing"),
    ),
    Mutant(
        "counting a support instead of knowing its size",
        "solvers/least_squares.py",
        "max(1, min(most, A.size_in))",
        "max(1, int(namespace(y).max(namespace(y).count_nonzero(masks, axis=-1))))",
        BUDGETS.format("least_squares"),
    ),
    Mutant(
        "looking at the inner conjugate gradients",
        "solvers/least_squares.py",
        "if host and not bool(",
        "if not bool(",
        BUDGETS.format("conjugate"),
    ),
    Mutant(
        "clip of the compatibility layer, which synchronises",
        "backend/signals.py",
        '    if name not in ("numpy", "cupy"):\n        return xp.clip',
        '    if name != "numpy":\n        return xp.clip',
        BUDGETS.format("copy_nothing"),
    ),
    Mutant(
        "assignment under duplicate indices instead of sums",
        "kernels/cuda/segments.py",
        "return _sum(cupy.ascontiguousarray(values), order, starts, values.shape[-1], count, sums)",
        "sums[..., labels] = values\n    return sums",
        "tests/test_backend.py -k segment",
    ),
    Mutant(
        "sums that are differences of running sums",
        "kernels/cuda/segments.py",
        "return _sum(cupy.ascontiguousarray(values), order, starts, values.shape[-1], count, sums)",
        "return cupy.add.reduceat(values[..., order], starts[:-1], axis=-1)",
        "tests/test_backend.py -k segment",
    ),
    Mutant(
        "memory that was never written",
        "backend/segments.py",
        "        out = xp.zeros((*values.shape[:-1], n)",
        "        out = xp.empty((*values.shape[:-1], n)",
        "tests/test_backend.py -k scatter",
    ),
    Mutant(
        "double precision by default",
        "backend/segments.py",
        "out = xp.zeros((*values.shape[:-1], n), dtype=values.dtype, device=device(values))",
        "out = xp.zeros((*values.shape[:-1], n), device=device(values))",
        OPERATORS.format("sampling"),
    ),
    Mutant(
        "weights in their own precision",
        "penalties/base.py",
        "return namespace(x, weight).astype(weight, real_dtype(x), copy=False) if is_array(weight) else weight",
        "return weight",
        NORMS.format("weight"),
    ),
    Mutant(
        "an upcast of single precision",
        "operators/elementary.py",
        "zero = xp.zeros(tuple(shape), dtype=x.dtype, device=device(x))",
        "zero = xp.zeros(tuple(shape), device=device(x))",
        OPERATORS.format("gradient"),
    ),
    Mutant(
        "numbers of the host's generator on the device",
        "operators/norm.py",
        "v = cast_like(start, operator._example)",
        "v = start",
        "tests/test_backend.py -k norm_estimates",
    ),
    Mutant(
        "Python's sum over an array",
        "backend/segments.py",
        "return namespace(rows).sum(rows, axis=-1)",
        "return sum(namespace(rows).moveaxis(rows, -1, 0))",
        NORMS.format("equal"),
    ),
    Mutant(
        "an array on the default device",
        "solvers/least_squares.py",
        "used = xp.arange(size, device=device(y)) <",
        "used = xp.arange(size) <",
        "tests/test_solvers.py -k least_squares",
    ),
    Mutant(
        "numbers of the host beside a device array",
        "backend/moving.py",
        "return xp.asarray(_writable(np.asarray(x)), device=device(like))",
        "return np.asarray(x)",
        OPERATORS.format("(wavelet or coil or sense)"),
    ),
    Mutant(
        "a cache that forgets where its array lies",
        "operators/hadamard.py",
        "return _placed(build, size, like.dtype, where_is(like))",
        'return _placed(build, size, like.dtype, "numpy")',
        OPERATORS.format("walsh"),
    ),
    Mutant(
        "an index that is out of bounds by one",
        "solvers/least_squares.py",
        "rank = rank + size * xp.arange(count, device=device(y))[:, None]",
        "rank = rank + size * xp.arange(count, device=device(y))[:, None] + 1",
        SOLVERS.format("cosamp"),
    ),
    Mutant(
        "waiting for an exception that CuPy does not raise",
        "backend/systems.py",
        "return bool(xp.all(xp.min(pivots, axis=-1) > eps(grams) ** 0.5 * xp.max(pivots, axis=-1)))",
        "return True",
        "tests/test_solvers.py tests/test_cupy_double.py -k least_squares or dependent or singular",
    ),
    Mutant(
        "a transform that CuPy does not have",
        "backend/transforms.py",
        "if fft is scipy.fft or (fft is not None and kind == 2):",
        "if fft is not None:",
        OPERATORS.format("dct"),
    ),
    Mutant(
        "a keyword that CuPy does not have",
        "backend/transforms.py",
        'return fft.rfftn(x, axes=axes, norm="ortho")',
        'return fft.rfftn(x, axes=axes, norm="ortho", workers=1)',
        OPERATORS.format("real"),
    ),
    Mutant(
        "a sum under a mask by keyword",
        "backend/signals.py",
        "return namespace(x).linalg.vector_norm(flat(x, ndim), axis=-1)",
        "return namespace(x).sqrt(namespace(x).sum(energy(flat(x, ndim)), axis=-1, where=True))",
        OPERATORS.format("diagonal"),
    ),
    Mutant(
        "a forgotten conjugate in an adjoint",
        "operators/sampling.py",
        "return conj(self.weights) * y",
        "return self.weights * y",
        OPERATORS.format("diagonal"),
    ),
    Mutant(
        "writing into the caller's array",
        "operators/wavelet_pyramid.py",
        "c = namespace(c).asarray(c, copy=True) if len(steps) > 1 else c",
        "c = namespace(c).asarray(c) if len(steps) > 1 else c",
        OPERATORS.format("wavelet"),
    ),
    Mutant(
        "a transfer for a number that is at hand",
        "solvers/certificates.py",
        "penalty.dual(correlation) * (1 + doubt)",
        "to_like(to_numpy(penalty.dual(correlation)), y) * (1 + doubt)",
        BUDGETS.format("wait_once"),
    ),
    Mutant(
        "rounding taken for a difference",
        "backend/segments.py",
        "slack = max(1e-12, 4 * eps(gains))",
        "slack = 0.0",
        "tests/test_backend.py -k top_k",
    ),
    Mutant(
        "a complex number times a double in a kernel",
        "kernels/cuda/shrinkage.py",
        "y = size == 0 ? T(0) : x * (left / size)",
        "y = size == 0 ? T(0) : x * (1.0 - t / size)",
        "tests/gpu_static -k soft_threshold",
        "static",
    ),
    Mutant(
        "a loop of a kernel that takes one too many",
        "kernels/cuda/segments.py",
        "j < starts[segment + 1]; j++",
        "j <= starts[segment + 1]; j++",
        "tests/test_cuda_twins.py -k plain_code and float64",
        "cupy",
    ),
    Mutant(
        "a barrier that is missing in a kernel",
        "kernels/cuda/hadamard.py",
        "        __syncthreads();\n        for (int i = threadIdx.x; i < tile / 2",
        "        for (int i = threadIdx.x; i < tile / 2",
        "tests/test_cuda_twins.py -k plain_code and float32",
        "cupy",
    ),
]  # fmt: skip


def main(arguments: list[str] | None = None) -> int:
    """Run the mutants and print how many were caught; 0 where all were."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("words", nargs="*", help="only the mutants whose mistake holds one of these words")
    words = parser.parse_args(arguments).words
    chosen = [mutant for mutant in MUTANTS if not words or any(word in mutant.mistake for word in words)]
    started = time.perf_counter()
    with tempfile.TemporaryDirectory() as folder:
        copy = Path(folder) / "copy"
        ignored = shutil.ignore_patterns(".*", "out", "__pycache__", "*.egg-info")
        shutil.copytree(ROOT, copy, ignore=ignored)
        for tests, where in dict.fromkeys((mutant.tests, mutant.where) for mutant in chosen):
            if code := run(copy, tests, where):
                print(f"these tests fail without any mutant (exit code {code}): {tests}")
                return 2
        caught = sum(is_caught(copy, mutant) for mutant in chosen)
    print(f"{caught}/{len(chosen)} mutants caught in {(time.perf_counter() - started) / 60:.1f} minutes")
    return int(caught < len(chosen))


def is_caught(copy: Path, mutant: Mutant) -> bool:
    """Whether the tests of a mutant fail with it."""
    path = copy / "csrecover" / mutant.file
    text = path.read_text()
    if text.count(mutant.before) != 1:
        raise SystemExit(f"{mutant.mistake}: {mutant.file} holds {text.count(mutant.before)} times\n{mutant.before}")
    path.write_text(with_imports(text.replace(mutant.before, mutant.after), mutant))
    code = run(copy, mutant.tests, mutant.where)
    path.write_text(text)
    print(f"{'caught' if code else 'MISSED'}  {mutant.mistake} ({mutant.file})", flush=True)
    return code != 0


def with_imports(text: str, mutant: Mutant) -> str:
    """The text with the imports that the mistake needs, so that it fails for its own reason."""
    needed = "from csrecover.backend import to_like, to_numpy\n" if "to_numpy" in mutant.after else ""
    needed += "import numpy as np\n" if "np." in mutant.after else ""
    head, line, rest = text.partition("from __future__ import annotations\n")
    return head + line + needed + rest


def run(copy: Path, tests: str, where: str) -> int:
    """Exit code of pytest in the copy: 1 is a failure, 0 none; negative where a kernel brought the process down."""
    names, _, keywords = tests.partition(" -k ")
    python, more, environment = PLACES[where]()
    command = [python, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *more, *names.split(), "-k", keywords]
    environment = os.environ | {"OMP_NUM_THREADS": "1"} | environment
    done = subprocess.run(command, cwd=copy, env=environment, capture_output=True, text=True)
    if done.returncode > 1:
        raise SystemExit(f"pytest ended with {done.returncode} on {tests}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    return done.returncode


def on_double() -> tuple[str, list[str], dict[str, str]]:
    """Python, options of pytest and environment of tests on the double and on the second device of array-api-strict."""
    return sys.executable, ["-p", "no:xdist"], {"CSRECOVER_BACKENDS": "cupy_double array_api_strict:device1"}


def statically() -> tuple[str, list[str], dict[str, str]]:
    """The same for `make test-gpu-static`."""
    if problem := gpu_static.install(*gpu_static.RUNS[0][1:]):
        raise SystemExit(f"mutants of kernels need the packages of make test-gpu-static: {problem}")
    return (
        str(gpu_static.PYTHON),
        ["--confcutdir", "tests/gpu_static"],
        {"CSRECOVER_GPU_STATIC": "1", "PYTHONPATH": "."},
    )


def on_cupy() -> tuple[str, list[str], dict[str, str]]:
    """The same for `make test-cupy`."""
    ensure_built(cupy_on_cpu.DESTINATION)
    return sys.executable, ["-p", "tests.cupy_on_cpu.plugin"], cupy_on_cpu.emulation(cupy_on_cpu.DESTINATION)


PLACES = {"double": on_double, "static": statically, "cupy": on_cupy}


if __name__ == "__main__":
    raise SystemExit(main())
