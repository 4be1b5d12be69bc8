"""The launches that benchmarks/gpu_model.py predicts are those that the CuPy double counts."""

import importlib.util
from pathlib import Path

import numpy as np
import pytest

import csrecover as cs
from csrecover.solvers.greedy import cosamp_iterates
from csrecover.solvers.least_squares import prepare
from csrecover.solvers.proximal import fista_iterates

from . import cupy_double
from .conftest import NAMES
from .cupy_double import guard

PATH = Path(__file__).parent.parent / "benchmarks" / "gpu_model.py"
M, N, K = 64, 256, 4

pytestmark = [
    pytest.mark.cupy_double(cupy_double.versions()[0]),
    pytest.mark.skipif(any(name.partition(":")[0] == "cupy" for name in NAMES), reason="real CuPy is in this process"),
]


@pytest.fixture(scope="module")
def model():
    spec = importlib.util.spec_from_file_location("gpu_model", PATH)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def problem(A, signals=()):
    return cs.to((A, np.random.default_rng(0).standard_normal((*signals, *A.out_shape))), "cupy")


def counted(iterates):
    """Launches and synchronisations of the third iteration."""
    for _ in range(2):
        next(iterates)
    with guard() as log:
        next(iterates)
    return log.count("launch"), log.count("sync"), log.report("launch")


@pytest.mark.parametrize("signals", [(), (3,)])
@pytest.mark.parametrize("operator", ["dense", "fourier"])
def test_launches_of_fista(model, operator, signals):
    A = cs.gaussian(M, N, 0) if operator == "dense" else cs.random_rows(N, M, 0) @ cs.DFT(N)
    A, y = problem(A, signals)
    launches, waits, report = counted(fista_iterates(A, y, cs.L1(0.01), 0 * (A.H @ y), 0.1))
    steps = model.fista(getattr(model, operator)(M, N, 1, 8), M, N, 1, 8)
    assert launches == sum(step.launches for step in steps) <= 20, report
    assert waits == 0


def test_launches_of_cosamp(model):
    A, y = problem(cs.gaussian(M, N, 0))
    launches, waits, report = counted(cosamp_iterates(prepare(A, y), y, cs.Sparse(), K, 0 * (A.H @ y)))
    steps = model.cosamp(model.dense(M, N, 1, 8), M, N, 8, K)
    assert launches == sum(step.launches for step in steps), report
    assert waits == sum(step.waits for step in steps)


def test_a_tree_projection_launches_once_and_crosses_the_bus_twice(model):
    tree, x = cs.to((cs.TreeSparse(cs.Tree.binary(levels=7)), np.arange(127.0)), "cupy")
    (step,) = model.tree_projection(127, 8)
    tree.support(x, K)  # the tree itself goes to the host once
    with guard(max_transfer=None) as log:
        tree.support(x, K)
    assert (log.count("launch"), log.count("sync"), log.count("transfer")) == (step.launches, step.waits, 2)


def test_a_step_takes_as_long_as_what_bounds_it(model):
    gpu = model.Gpu()
    assert model.Step("launches", 10, 8).seconds(gpu, 4) == pytest.approx(10 * gpu.launch)
    assert model.Step("memory", 1, gpu.bandwidth).seconds(gpu, 4) == pytest.approx(1)
    assert model.Step("arithmetic", 1, 0, gpu.flops[8]).seconds(gpu, 8) == pytest.approx(1)
    assert model.Step("the rest", 0, 0, waits=2, bus=gpu.bus, host=3).seconds(gpu, 8) == pytest.approx(4 + 2 * gpu.wait)


def test_the_file_is_what_the_model_writes(model):
    assert PATH.with_suffix(".md").read_text() == model.text()
