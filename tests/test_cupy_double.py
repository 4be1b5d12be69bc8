"""The CuPy double refuses what CuPy refuses (and more), counts what a GPU waits for, and csrecover stays in budget."""

import copy
import importlib.util
import json
import pickle
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import scipy.fft

import csrecover as cs

from . import cupy_double
from .conftest import NAMES
from .cupy_double import DeviceStrictError, guard

HERE = Path(__file__).parent / "cupy_double"
HOST = "Unsupported type <class 'numpy.ndarray'>"
FOUR = np.arange(4.0)

pytestmark = [
    pytest.mark.cupy_double(cupy_double.versions()[0]),
    pytest.mark.skipif(any(name.partition(":")[0] == "cupy" for name in NAMES), reason="real CuPy is in this process"),
]


@pytest.fixture
def cp():
    return importlib.import_module("cupy")


@pytest.fixture
def x(cp):
    return cp.asarray(FOUR)


# names and parameters


@pytest.mark.parametrize("version", cupy_double.versions())
def test_modules_have_exactly_the_names_of_the_release(version):
    modules = cupy_double.build(version)
    for path, members in json.loads((HERE / f"cupy-{version}.json").read_text())["modules"].items():
        assert {name for name in vars(modules[path]) if not name.startswith("_")} == set(members)


@pytest.mark.parametrize("path", ["cupy.ndarray", "cupy.ufunc", "cupy.cuda.Device", "cupyx.scipy.sparse.csr_matrix"])
def test_classes_have_no_member_that_no_release_has(path):
    known = set(dir(object)) | {"__dict__", "__weakref__", "__annotations__", "__getattr__", "__module__", "members"}
    for version in cupy_double.versions():
        known |= set(json.loads((HERE / f"cupy-{version}.json").read_text())["classes"][path])
    module, _, name = path.rpartition(".")
    double = getattr(importlib.import_module(module), name)
    assert {name for name in dir(double) if not name.startswith("_") or name.startswith("__")} <= known


def test_a_member_that_only_the_newer_release_has_is_missing_in_the_older(x, monkeypatch):
    older = json.loads((HERE / "cupy-13.6.json").read_text())["classes"]["cupy.ndarray"]
    assert x[None, :].mT.shape == (4, 1)
    monkeypatch.setattr(type(x), "members", older)
    with pytest.raises(AttributeError, match="no attribute 'mT'"):
        x[None, :].mT  # noqa: B018


@pytest.mark.skipif(not importlib.util.find_spec("cupy_backends"), reason="no CuPy is installed here")
def test_snapshot_is_that_of_the_installed_release(tmp_path):
    subprocess.run([sys.executable, HERE / "snapshot.py", tmp_path], check=True)
    (path,) = tmp_path.glob("cupy-*.json")
    if not (HERE / path.name).exists():
        pytest.skip(f"no snapshot of {path.stem}")
    seen, kept = (json.loads(place.read_text()) for place in (path, HERE / path.name))
    assert seen["modules"] == kept["modules"]


def test_the_world_is_as_before_outside_of_the_context():
    code = (
        "import sys; from tests import cupy_double; import csrecover as cs, numpy as np\n"
        "with cupy_double.installed(): x = cs.to(np.ones(3), 'cupy')\n"
        "assert not [name for name in sys.modules if 'cupy' in name.replace('cupy_double', '')]\n"
        "sys.modules['cupy'] = type(sys)('cupy'); sys.modules['cupy'].__version__ = '1.0'\n"
        "try:\n    cupy_double.installed().__enter__()\nexcept RuntimeError as error:\n    print(error)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, cwd=HERE.parent.parent)
    assert "CuPy 1.0 is loaded already" in done.stdout, done.stderr


def test_one_release_a_process():
    with pytest.raises(RuntimeError, match="is loaded already"):
        cupy_double.installed("13.6").__enter__()


@pytest.mark.parametrize(
    "use",
    [
        lambda cp, x: cp.block,
        lambda cp, x: cp.vecdot,
        lambda cp, x: cp.linalg.vector_norm,
        lambda cp, x: x.setflags,
        lambda cp, x: x.__index__,
        lambda cp, x: x.__array_namespace__,
        lambda cp, x: x.__array_interface__,
    ],
)
def test_what_cupy_lacks_is_missing(cp, x, use):
    with pytest.raises(AttributeError):
        use(cp, x)


@pytest.mark.parametrize(
    "use",
    [
        lambda cp, x: cp.sum(x, where=x > 0),
        lambda cp, x: x.sum(where=x > 0),
        lambda cp, x: cp.max(x, initial=0),
        lambda cp, x: cp.argpartition(x, 1, kind="introselect"),
        lambda cp, x: cp.asarray(x, device=0),
        lambda cp, x: fft().dct(x, workers=2),
    ],
)
def test_parameters_that_cupy_lacks_are_refused(cp, x, use):
    with pytest.raises(TypeError, match="unexpected keyword argument"):
        use(cp, x)


def test_ufuncs_refuse_parameters_that_cupy_lacks(cp, x):
    with pytest.raises(TypeError, match="Wrong arguments"):
        cp.add(x, x, where=x > 0)


def test_what_is_not_modelled_says_so(cp, x):
    for use in (lambda: cp.random.default_rng(0), lambda: cp.fuse(), lambda: x.flat, lambda: cp.add.reduceat(x, [0])):
        with pytest.raises(NotImplementedError, match=r"not modelled|running sums"):
            use()


@pytest.mark.parametrize("numbers", [np.array([None]), ["a"], np.zeros(2, np.longdouble), None])
def test_dtypes_that_cupy_lacks_are_refused(cp, numbers):
    with pytest.raises(ValueError, match="Unsupported dtype"):
        cp.asarray(numbers)


def fft():
    return importlib.import_module("cupyx.scipy.fft")


# host and device


@pytest.mark.parametrize("use", [np.asarray, np.array, lambda x: np.asarray([x[0], 1.0]), scipy.fft.dct])
def test_numpy_cannot_have_a_device_array(x, use):
    with pytest.raises(TypeError, match="Implicit conversion to a NumPy array is not allowed"):
        use(x)


def test_a_device_array_cannot_be_written_into_a_host_array(x):
    host = np.zeros(4)
    with pytest.raises(TypeError, match="Implicit conversion"):
        host[:] = x
    with pytest.raises(TypeError, match=HOST):
        host += x


@pytest.mark.parametrize("use", [np.abs, np.sum, np.linalg.norm, np.sort, lambda x: np.add(x, 1.0), np.isfinite])
def test_functions_of_numpy_refuse_a_device_array(x, use):
    with pytest.raises(DeviceStrictError, match="was given a device array"):
        use(x)


@pytest.mark.parametrize(
    "use",
    [
        lambda cp, x: x + FOUR,
        lambda cp, x: FOUR + x,
        lambda cp, x: FOUR @ x,
        lambda cp, x: x @ FOUR,
        lambda cp, x: x == FOUR,
        lambda cp, x: x * np.array(2.0),
        lambda cp, x: cp.abs(FOUR),
        lambda cp, x: cp.sum(FOUR),
        lambda cp, x: cp.stack([x, FOUR]),
        lambda cp, x: cp.where(x > 0, FOUR, x),
        lambda cp, x: x.__iadd__(FOUR),
        lambda cp, x: sparse(cp) @ FOUR,
    ],
)
def test_host_and_device_arrays_do_not_meet(cp, x, use):
    with pytest.raises(TypeError, match=HOST):
        use(cp, x)


def test_a_host_array_cannot_be_assigned(x):
    with pytest.raises(ValueError, match=r"non-scalar numpy.ndarray cannot be used for fill"):
        x[:] = FOUR


def test_lists_are_no_arrays(cp, x):
    for function in (cp.abs, cp.sum, cp.stack):
        with pytest.raises(TypeError, match="Unsupported type <class 'list'>"):
            function([1.0])
    with pytest.raises(TypeError, match="operand type"):
        x + [1.0] * 4


def test_numpy_scalars_are_numbers(cp):
    x = cp.ones(2, dtype=np.float32)
    assert (x * 2.0).dtype == (2.0 * x).dtype == np.float32
    assert (x * np.float64(2)).dtype == (np.float64(2) * x).dtype == np.float64
    assert (x + np.float32(1)).get().tolist() == [2, 2]


def test_an_object_that_reflects_an_operation_gets_it(x):
    class Other:
        def __rmatmul__(self, other):
            return "reflected"

    assert x @ Other() == "reflected"


def test_devices_do_not_meet(cp, x):
    with cp.cuda.Device(1):
        other = cp.ones(4)
        assert other.device == cp.cuda.Device(1)
    message = r"The device where the array resides \(1\) is different from the current device \(0\)"
    for use in (lambda: x + other, lambda: other + other, lambda: cp.fft.fft(other), lambda: other.fill(2)):
        with pytest.raises(ValueError, match=message):
            use()
    assert cp.asarray(other).device == x.device
    assert other.reshape(2, 2).device == other.device
    with pytest.raises(RuntimeError, match="invalid device"), cp.cuda.Device(7):
        pass


# memory


def test_reductions_and_entries_are_arrays_without_axes(cp, x):
    for number in (x.sum(), cp.max(x), x[1], x @ x, cp.linalg.norm(x), cp.allclose(x, x)):
        assert isinstance(number, cp.ndarray)
        assert number.shape == ()


def test_slices_share_memory_and_fancy_indices_copy(cp, x):
    x[1:3][...] = -1.0
    x[3][...] = -2.0
    x[cp.asarray([0, 1])][...] = 9.0
    x[x < 0][...] = 9.0
    assert x.get().tolist() == [0, -1, -1, -2]


def test_new_memory_is_poisoned(cp, x):
    assert np.isnan(cp.empty((2, 3)).get()).all()
    assert np.isnan(cp.empty_like(x).get()).all()
    assert (cp.empty(2, dtype=np.int64).get() > 1e18).all()


def test_indices_out_of_bounds_are_refused(cp, x):
    for use in (lambda: x[7], lambda: x[cp.asarray([7])], lambda: cp.take(x, cp.asarray([-7]))):
        with pytest.raises(IndexError, match="out of bounds"):
            use()


def test_an_assignment_needs_distinct_indices(cp, x):
    x[cp.asarray([3, 0])] = x[:2].copy()
    x[cp.asarray([1, 1])] = 5.0
    assert x.get().tolist() == [1, 5, 2, 0]
    with pytest.raises(DeviceStrictError, match="duplicate indices"):
        x[cp.asarray([1, -3])] = x[:2]


def test_parts_of_complex_numbers_can_be_assigned(cp, x):
    z = cp.empty(4, dtype=np.complex128)
    z.real, z.imag = x, 2 * x
    assert (z.get() == FOUR * (1 + 2j)).all()


def test_copies_are_copies(x):
    for twin in (x.copy(), copy.copy(x), copy.deepcopy(x), pickle.loads(pickle.dumps(x))):
        twin[0] = 7.0
        assert float(x[0]) == 0
    assert x.astype(np.float64, copy=False) is x


def test_an_array_has_no_hash_and_is_no_index(cp, x):
    with pytest.raises(TypeError, match="unhashable"):
        hash(x)
    for use in (lambda: range(x.argmax()), lambda: cp.zeros(x.argmax()), lambda: cp.reshape(x, (2, x.argmax() - 1))):
        with pytest.raises(TypeError, match="cannot be interpreted as an integer"):
            use()


# numbers


def test_singular_systems_give_no_numbers_and_no_exception(cp):
    singular, right = cp.zeros((2, 2)), cp.ones(2)
    results = [cp.linalg.solve(singular, right), cp.linalg.inv(singular), cp.linalg.cholesky(-cp.eye(2))]
    results += cp.linalg.eigh(singular * np.nan)
    for result in results:
        assert not np.isfinite(result.get()).any()


def test_results_differ_from_numpy_by_a_rounding_error_that_repeats(cp):
    host = np.random.default_rng(0).standard_normal((40, 40))
    x = cp.asarray(host)
    for ours, theirs in ((lambda: x @ x, host @ host), (lambda: x.sum(axis=0), host.sum(axis=0))):
        seen = ours().get()
        assert (seen != theirs).any()
        assert seen == pytest.approx(theirs, rel=1e-14, abs=1e-14)
        assert (seen == ours().get()).all()
    assert (cp.sum(cp.ones((3, 7)), axis=0).get() == 3).all()
    with cupy_double.setting(jitter=False):
        assert ((x @ x).get() == host @ host).all()


def test_sums_by_atomics_repeat_or_not_as_is_said(cp):
    values, labels = cp.asarray(np.random.default_rng(0).standard_normal(99)), cp.asarray(np.arange(99) % 9)

    def total():
        sums = cp.zeros(9)
        cp.add.at(sums, labels, values)
        return sums.get()

    assert (total() == total()).all()
    with cupy_double.setting(atomics=True):
        assert (total() != total()).any()
    with pytest.raises(TypeError, match="supported as data type"):
        cp.add.at(cp.zeros(2, dtype=np.complex128), labels, values)


def test_cosine_transforms_are_of_types_2_and_3_only(x):
    assert fft().dctn(x, type=3).get() == pytest.approx(scipy.fft.dctn(FOUR, type=3))
    with pytest.raises(NotImplementedError, match="Only DCT-II and DCT-III have been implemented"):
        fft().dctn(x, type=4)


def sparse(cp):
    arrays = cp.asarray([1.0, 2, 3]), cp.asarray([0, 3, 1]), cp.asarray([0, 2, 3])
    return importlib.import_module("cupyx.scipy.sparse").csr_matrix(arrays, shape=(2, 4))


def test_sparse_matrices_act_like_their_dense_form(cp, x):
    matrix, dense = sparse(cp), np.array([[1.0, 0, 0, 2], [0, 3, 0, 0]])
    assert (matrix @ x).get() == pytest.approx(dense @ FOUR)
    assert (matrix.conj(copy=False).T.tocsr() @ x[:2]).get() == pytest.approx(dense.T @ FOUR[:2])
    assert (matrix[cp.asarray([1])].toarray().get() == dense[[1]]).all()


def test_sparse_matrices_are_of_device_arrays_of_four_dtypes(cp):
    make = importlib.import_module("cupyx.scipy.sparse").csr_matrix
    starts = np.array([0, 1])
    with pytest.raises(ValueError, match="must be 1-D cupy arrays"):
        make((np.ones(1), starts[:1], starts), shape=(1, 1))
    with pytest.raises(ValueError, match="Only bool, float32, float64, complex64 and complex128"):
        make((cp.asarray(starts[1:]), cp.asarray(starts[:1]), cp.asarray(starts)), shape=(1, 1))


def test_a_kernel_runs_by_its_twin_or_not_at_all(cp, x):
    kernel = cp.ElementwiseKernel("T x, T t", "T y", "y = x + t", name="unknown to the double")
    with pytest.raises(NotImplementedError, match="kernels are not modelled; run make test-cupy"):
        kernel(x, 1.0)

    @cupy_double.twin("shifted by the test")
    def shifted(x, t):
        return x + t

    kernel = cp.ElementwiseKernel("T x, T t", "T y", "y = x + t", name="shifted by the test")
    with guard(max_launch=1) as log:
        assert isinstance(kernel(x, 1.0), cp.ndarray)
    assert log.count("launch") == 1
    with pytest.raises(TypeError, match=HOST):
        kernel(FOUR, 1.0)


# counting


@pytest.mark.parametrize(
    ("use", "sync", "transfer"),
    [
        (lambda cp, x: bool(x[0]), 1, 0),
        (lambda cp, x: float(x[0]), 1, 0),
        (lambda cp, x: int(x[0]), 1, 0),
        (lambda cp, x: x[0].item(), 1, 0),
        (lambda cp, x: 1 if x[0] else 2, 1, 0),
        (lambda cp, x: x.get(), 1, 0),
        (lambda cp, x: cp.asnumpy(x), 1, 0),
        (lambda cp, x: cp.zeros(1000).get(), 1, 1),
        (lambda cp, x: repr(x), 1, 0),
        (lambda cp, x: f"{x[0]:.2f}", 1, 0),
        (lambda cp, x: print(x), 1, 0),
        (lambda cp, x: [float(v) for v in x], 4, 0),
        (lambda cp, x: sum(x), 0, 0),
        (lambda cp, x: x[x > 1], 1, 0),
        (lambda cp, x: x.__setitem__(x > 1, 0.0), 1, 0),
        (lambda cp, x: cp.nonzero(x), 1, 0),
        (lambda cp, x: cp.where(x > 1), 1, 0),
        (lambda cp, x: cp.where(x > 1, x, -x), 0, 0),
        (lambda cp, x: x[[0, 1]], 0, 1),
        (lambda cp, x: cp.asarray(FOUR), 0, 1),
        (lambda cp, x: cp.asarray(2.0), 0, 1),
        (lambda cp, x: cp.asarray(x), 0, 0),
        (lambda cp, x: (x.shape, len(x), x.dtype, cp.result_type(x, x)), 0, 0),
    ],
)
def test_what_waits_and_what_is_copied_is_counted(cp, x, use, sync, transfer):
    with guard(max_transfer=None) as log:
        use(cp, x)
    assert (log.count("sync"), log.count("transfer")) == (sync, transfer)


@pytest.mark.parametrize(
    ("use", "launches"),
    [
        (lambda cp, x: x + 1, 1),
        (lambda cp, x: x.__iadd__(1.0), 1),
        (lambda cp, x: 2 * x + x.sum(), 3),
        (lambda cp, x: sum(x), 4),
        (lambda cp, x: x.reshape(2, 2).T[0], 0),
        (lambda cp, x: x.fill(1.0), 1),
        (lambda cp, x: x.__setitem__(0, 1.0), 1),
        (lambda cp, x: cp.linalg.eigh(cp.eye(2)), 3),
    ],
)
def test_results_in_new_memory_are_launches(cp, x, use, launches):
    with guard(max_launch=launches) as log:
        use(cp, x)
    assert log.count("launch") == launches


def test_a_guard_says_what_was_too_much_and_where(x):
    def wait(times):
        with guard(max_sync=2, max_transfer=None):
            for _ in range(times):
                float(x[0])

    wait(2)
    with pytest.raises(AssertionError, match=r"3 sync > 2:\n +3  float\(\) at .*test_cupy_double.py:\d+ in wait"):
        wait(3)


def test_a_guard_names_the_line_of_csrecover(x):
    with guard(max_transfer=None) as log:
        cs.fista(cs.Matrix(x[None, :] + 1), x[:1] + 1, cs.L1(0.1), max_iter=1)
    assert log.count("sync", within="solvers/problem.py:") > 0
    assert log.count("sync", within="to_numpy from solvers/base.py:") == 1


def test_a_guard_leaves_other_errors_alone(x):
    with pytest.raises(ZeroDivisionError), guard(max_sync=0):
        float(x[0]) / 0


# budgets of the solvers

LENGTH = 128
BLOCKS, UNEQUAL = cs.Blocks.uniform(LENGTH, 4), cs.Blocks(np.arange(LENGTH) // 3)
PENALTIES = {
    "l1": cs.L1(0.01),
    "weighted l1": cs.L1(np.linspace(0.01, 0.02, LENGTH)),
    "equal blocks": cs.GroupL2(BLOCKS, 0.01),
    "unequal blocks": cs.GroupL2(UNEQUAL, 0.01),
}
MODELS = {
    "sparse": (cs.Sparse(), 12),
    "equal blocks": (cs.BlockSparse(BLOCKS), 4),
    "unequal blocks": (cs.BlockSparse(UNEQUAL), 4),
    "tree": (cs.TreeSparse(cs.Wavelet(LENGTH, "haar").tree), 12),
}
OPERATORS = {"matrix": cs.gaussian(64, LENGTH, 0), "dct": cs.random_rows(LENGTH, 64, 0) @ cs.DCT(LENGTH)}


def after_the_first_look(solver, A, structure, *k):
    """What a solver asks of the device after its first look, and the looks and iterations that this took."""
    y, marks = np.random.default_rng(0).standard_normal(A.out_shape), []
    A, y, structure = cs.to((A, y, structure), "cupy")
    with guard(max_transfer=None) as log:
        look = lambda progress: marks.append((progress.iteration, log.events.copy()))  # noqa: E731
        solver(A, y, structure, *k, tol=0.0, max_iter=40, callback=look)
    if len(marks) < 2:
        raise RuntimeError("the solver ended at its first look: nothing is measured")
    (first, before), (last, after) = marks[0], marks[-1]
    log.events = after - before
    return log, {"look": len(marks) - 1, "iteration": last - first}


def stays_within(most, kind, unit, solver, *structure):
    """Fail, with the places, where a look or an iteration has more events of a kind than its budget."""
    for name, A in OPERATORS.items():
        log, units = after_the_first_look(solver, A, *structure)
        seen = log.count(kind) / units[unit]
        assert seen <= most, f"{seen:.1f} {kind} in each {unit} > {most} on a {name}:\n{log.report(kind)}"


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("solver", [cs.ista, cs.fista])
def test_first_order_solvers_wait_once_a_look(solver, penalty):
    stays_within(1, "sync", "look", solver, PENALTIES[penalty])


@pytest.mark.parametrize("penalty", PENALTIES)
@pytest.mark.parametrize("solver", [cs.ista, cs.fista])
def test_first_order_solvers_copy_nothing(solver, penalty):
    stays_within(0, "transfer", "iteration", solver, PENALTIES[penalty])


@pytest.mark.parametrize("penalty", ["l1", "equal blocks"])
def test_an_iteration_of_fista_is_25_launches_with_its_share_of_a_look(penalty):
    stays_within(25, "launch", "iteration", cs.fista, PENALTIES[penalty])


@pytest.mark.parametrize("model", ["sparse", "equal blocks", "unequal blocks"])
def test_iht_waits_once_a_look(model):
    stays_within(1, "sync", "look", cs.iht, *MODELS[model])


@pytest.mark.parametrize("model", ["sparse", "equal blocks", "unequal blocks"])
@pytest.mark.parametrize("solver", [cs.cosamp, cs.subspace_pursuit])
def test_solvers_with_least_squares_wait_twice_an_iteration_besides_the_look(solver, model):
    log, units = after_the_first_look(solver, OPERATORS["dct"], *MODELS[model])
    seen = (log.count("sync") - units["look"]) / units["iteration"]
    assert seen <= 2, f"{seen:.1f} sync in each iteration:\n{log.report('sync')}"


def test_conjugate_gradients_on_a_support_do_not_wait(monkeypatch):
    monkeypatch.setattr("csrecover.solvers.least_squares._DENSE", 0)
    log, _ = after_the_first_look(cs.cosamp, OPERATORS["dct"], *MODELS["sparse"])
    if not log.count("launch", within="in _conjugate_gradients"):
        raise RuntimeError("no conjugate gradients were run: nothing is measured")
    assert log.count("sync", within="in _conjugate_gradients") == 0, log.report("sync")


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("solver", [cs.iht, cs.cosamp, cs.subspace_pursuit])
def test_greedy_solvers_copy_only_what_projections_on_the_host_need(solver, model):
    log, _ = after_the_first_look(solver, OPERATORS["matrix"], *MODELS[model])
    assert log.count("transfer") == log.count("transfer", within="models/"), log.report("transfer")


def test_the_front_door_asks_for_no_more_than_its_solvers():
    direct, door = (
        after_the_first_look(solve, OPERATORS["dct"], PENALTIES["l1"])[0] for solve in (cs.fista, cs.recover)
    )
    assert direct.events == door.events


def test_the_front_door_waits_no_more_than_its_solvers_in_turn():
    arguments = (OPERATORS["dct"], *MODELS["sparse"])
    alone = [after_the_first_look(solver, *arguments)[0] for solver in (cs.subspace_pursuit, cs.htp, cs.cosamp)]
    door = after_the_first_look(cs.recover, *arguments)[0]
    whole = 2 * sum(log.count("sync") for log in alone)  # its second and third solver are counted from their start on
    assert door.count("sync") <= whole, door.report("sync")


def test_sums_over_blocks_repeat():
    penalty, x = cs.to((cs.GroupL2(UNEQUAL), np.random.default_rng(0).standard_normal(LENGTH)), "cupy")
    with cupy_double.setting(atomics=True):
        assert (cs.to(penalty.prox(x, 0.1), "numpy") == cs.to(penalty.prox(x, 0.1), "numpy")).all()
