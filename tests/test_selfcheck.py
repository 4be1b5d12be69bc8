"""`python -m csrecover.selfcheck`: what it prints, writes and returns where things work and where they do not."""

import json
import re
import subprocess
import sys
from dataclasses import dataclass, replace
from types import ModuleType

import numpy as np
import pytest

import csrecover as cs
from csrecover import backend as b
from csrecover.selfcheck import accuracy, check, command, conformance, main, probe, speed
from csrecover.testing import examples

SMALL = {"operators": "cassi", "models": "sparse", "penalties": "weighted l1", "solvers": "subspace_pursuit, sparse"}


@dataclass(frozen=True, eq=False, repr=False)
class Biased(cs.LinearOperator):
    """Not linear."""

    in_shape = out_shape = (3,)

    def _apply(self, x):
        return x + 1

    def _adjoint(self, y):
        return y


@pytest.fixture
def small(monkeypatch):
    """One example of each kind, one recovery, one task at its smallest."""
    kept = {kind: {name: getattr(examples, kind)()[name]} for kind, name in SMALL.items()}
    for kind in kept:
        monkeypatch.setattr(examples, kind, lambda kind=kind: kept[kind])
    recovery = accuracy._recoveries()["subspace_pursuit, plain"]
    monkeypatch.setattr(accuracy, "_recoveries", lambda: {"subspace_pursuit, plain": recovery})
    monkeypatch.setattr(speed, "TASKS", {speed._matrix: ((3,), (3,))})
    return kept


# --- what it finds ---------------------------------------------------------------------------------------------------


def test_all_of_it_passes_on_numpy(tmp_path, capsys):
    assert main(["--backend", "numpy", "--quick", "--json", str(tmp_path / "report.json")]) == 0
    printed = capsys.readouterr().out
    report = json.loads((tmp_path / "report.json").read_text())
    assert report["passed"]
    assert {check["part"] for check in report["checks"]} == {"operator", "model", "penalty", "solver", "accuracy"}
    assert len(report["speed"]) == 3 * len(speed.TASKS)
    block = printed.split("```")[1]
    for line in ("csrecover selfcheck PASSED", f"numpy, version {np.__version__}", "operator", "DFT of 256"):
        assert line in block


def test_a_working_device_passes(backend, small, capsys):
    assert main(["--backend", backend, "--quick"]) == 0
    assert f"{b.where_is(cs.to(np.ones(1), backend))}, version" in capsys.readouterr().out


@pytest.mark.parametrize("arguments", [[], ["--quick"]])
def test_all_four_dtypes_are_checked_and_two_in_quick(arguments, small, tmp_path):
    assert main(["--backend", "numpy", "--json", str(tmp_path / "r"), *arguments]) == 0
    seen = {check["dtype"] for check in json.loads((tmp_path / "r").read_text())["checks"]}
    assert len(seen) == (2 if arguments else 4)


def test_a_broken_operator_is_named_with_the_properties_that_fail(small, capsys):
    small["operators"]["biased"] = Biased()
    assert main(["--backend", "numpy", "--quick"]) == 1
    block = capsys.readouterr().out.split("```")[1]
    assert "FAILED operator, biased, float64: ConformanceError" in block
    assert "- linear: " in block
    assert "csrecover selfcheck FAILED" in block


def test_another_answer_than_numpys_fails(small, monkeypatch):
    monkeypatch.setitem(accuracy.LIMITS, "float64", -1.0)
    failed = [check for check in accuracy.accuracy("numpy", ("float64",)) if not check.passed]
    assert [check.limit for check in failed] == [-1.0]
    assert "differs by" in failed[0].detail


def test_a_recovery_that_gives_nan_fails(small, monkeypatch):
    monkeypatch.setattr(accuracy, "_difference", lambda *arguments: float("nan"))
    (seen,) = accuracy.accuracy("numpy", ("float64",))
    assert seen.passed is False
    assert seen.value is None


@pytest.mark.parametrize("part", ["conformance", "accuracy", "speed"])
def test_an_error_in_one_part_does_not_stop_the_others(part, small, monkeypatch, tmp_path, capsys):
    def broken(*arguments, **options):
        yield from ()
        raise OSError("the device fell off")

    monkeypatch.setattr(command, part, broken)
    assert main(["--backend", "numpy", "--quick", "--json", str(tmp_path / "r")]) == 1
    report = json.loads((tmp_path / "r").read_text())
    assert f"FAILED {part}, the rest of this part: OSError: the device fell off" in capsys.readouterr().out
    assert (len(report["speed"]) == 0) == (part == "speed")
    assert any(check["part"] == "accuracy" for check in report["checks"])


def test_a_device_that_does_not_say_what_it_is_is_checked_all_the_same(small, monkeypatch, capsys):
    def silent(x):
        raise RuntimeError("not supported")

    monkeypatch.setattr(command, "device_facts", silent)
    monkeypatch.setattr(command, "memory_held", silent)
    assert main(["--backend", "numpy", "--quick"]) == 0
    assert "unknown (RuntimeError: not supported)" in capsys.readouterr().out


def test_an_operator_that_a_machine_cannot_run_is_skipped_with_the_reason(small):
    small["operators"]["from scipy"] = Biased()
    seen = [check for check in conformance.conformance("array_api_strict", ("float32",)) if check.name == "from scipy"]
    assert [(check.passed, check.detail) for check in seen] == [(None, "computes on the host, by what it is")]


def test_the_report_is_written_whole_or_not_at_all(tmp_path):
    path = tmp_path / "r"
    path.write_text("before")
    with pytest.raises(TypeError):
        command.write(path, {"a": 1, "b": object()})
    assert path.read_text() == "before"
    assert list(tmp_path.iterdir()) == [path]


def test_the_clock_stops_when_the_device_is_done(monkeypatch):
    calls = []
    monkeypatch.setattr(speed, "synchronize", lambda x: calls.append("done"))
    monkeypatch.setattr(speed, "_ENOUGH", 0)
    speed.seconds(lambda x: calls.append("asked"), (np.ones(1),))
    assert calls == ["asked", "done"] * 2


# --- how it is called ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--backend", "jax"], "unknown array library 'jax'"),
        (["--backend", "array_api_strict:nowhere"], "cannot be used: .*nowhere"),
    ],
)
def test_an_unusable_backend_is_one_line_and_status_2(arguments, message, capsys):
    assert main(arguments) == 2
    printed = capsys.readouterr()
    assert printed.out == ""
    assert printed.err.count("\n") == 1
    assert re.search(message, printed.err)


def test_options_that_are_not_understood_are_status_2(tmp_path, capsys):
    for arguments in (["--nonsense"], ["--json", str(tmp_path / "no" / "report.json")]):
        with pytest.raises(SystemExit) as ended:
            main(arguments)
        assert ended.value.code == 2
    assert "there is no folder" in capsys.readouterr().err


def test_the_module_is_a_command():
    done = subprocess.run([sys.executable, "-m", "csrecover.selfcheck", "--help"], capture_output=True, text=True)
    assert done.returncode == 0
    assert "--backend" in done.stdout


def test_a_check_that_raises_is_a_failed_check():
    seen = check.attempt("operator", "x", "float32", lambda: 1 / 0)
    expected = check.Check("operator", "x", "float32", False, "ZeroDivisionError: division by zero")
    assert replace(seen, seconds=0) == expected


# --- what is wrong with a CuPy ---------------------------------------------------------------------------------------


class CUDARuntimeError(RuntimeError):
    """As CuPy's: the name of the error, then what it means."""


class OutOfMemoryError(MemoryError):
    """As CuPy's."""


def fake_cupy(enter=None, array=None):
    """A cupy whose Device, when entered, or whose asarray raises the error."""

    class Device:
        def __init__(self, number):
            self.id = number

        def __enter__(self):
            if enter:
                raise enter

        def __exit__(self, *exception):
            return None

    def asarray(x):
        raise array

    cupy = ModuleType("cupy")
    cupy.cuda, cupy.asarray = ModuleType("cupy.cuda"), asarray
    cupy.cuda.Device = Device
    return cupy


BROKEN = {
    "no driver": (
        CUDARuntimeError("cudaErrorInsufficientDriver: CUDA driver version is insufficient for CUDA runtime version"),
        RuntimeError,
        r"cupy cannot be used \(cudaErrorInsufficientDriver: .*install an NVIDIA driver .*gpu-cuda12",
    ),
    "no device": (
        CUDARuntimeError("cudaErrorNoDevice: no CUDA-capable device is detected"),
        RuntimeError,
        "an NVIDIA GPU is needed: check that nvidia-smi lists it and that CUDA_VISIBLE_DEVICES",
    ),
    "unknown device": (
        CUDARuntimeError("cudaErrorInvalidDevice: invalid device ordinal"),
        ValueError,
        "devices are numbered from 0",
    ),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_missing_driver_or_device_is_said_with_what_to_do(name, monkeypatch, capsys):
    raised, kind, message = BROKEN[name]
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(enter=raised))
    with pytest.raises(kind, match=message):
        cs.to(np.ones(3), "cupy")
    assert main([]) == 2
    assert capsys.readouterr().err.startswith("csrecover: cupy cannot be used: ")


def test_a_full_device_is_said_with_the_size_asked_for(monkeypatch):
    full = OutOfMemoryError("Out of memory allocating 8,000,000 bytes (allocated so far: 0 bytes).")
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(array=full))
    with pytest.raises(MemoryError, match=r"no room .* shape \(1000, 1000\) .* 8\.0 MB .* smaller batches"):
        cs.to(np.ones((1000, 1000)), "cupy")


def test_errors_that_have_no_better_name_keep_theirs(monkeypatch):
    error = CUDARuntimeError("cudaErrorIllegalAddress: an illegal memory access was encountered")
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy(array=error))
    with pytest.raises(CUDARuntimeError) as caught:
        cs.to(np.ones(3), "cupy")
    assert caught.value is error


def test_a_device_that_is_no_number_is_refused(monkeypatch):
    monkeypatch.setitem(sys.modules, "cupy", fake_cupy())
    with pytest.raises(ValueError, match="given by its number, such as 'cupy:0', got 'cupy:first'"):
        cs.to(np.ones(3), "cupy:first")


PAGE = """
================================================================
Failed to import CuPy.

Original error:
  ImportError: libcuda.so.1: cannot open shared object file
================================================================
"""


@pytest.mark.parametrize(
    ("error", "reason"),
    [
        (ImportError(PAGE), "ImportError: libcuda.so.1: cannot open shared object file"),
        (AttributeError("module 'numpy' has no attribute 'x'"), "module 'numpy' has no attribute 'x'"),
        (OSError(), "OSError"),
    ],
    ids=["page", "attribute", "silent"],
)
def test_a_half_installed_library_is_told_from_a_missing_one(error, reason, monkeypatch, capsys):
    def fail(name):
        raise error

    monkeypatch.setattr(b.moving.importlib, "import_module", fail)
    with pytest.raises(ImportError) as caught:
        cs.to(np.ones(3), "cupy")
    assert f"cupy is installed but does not load ({reason})" in str(caught.value)
    assert "pip install --force-reinstall csrecover[gpu]" in str(caught.value)
    assert main([]) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_a_missing_library_of_cuda_is_named(monkeypatch, capsys):
    def missing(x, axes):
        raise ImportError("libcufft.so.12: cannot open shared object file")

    monkeypatch.setattr(probe, "fftn", missing)
    monkeypatch.setattr(probe, "to", lambda x, backend: x)
    assert main(["--backend", "cupy"]) == 2
    printed = capsys.readouterr().err
    assert "no working Fourier transform (cuFFT on CuPy) (libcufft.so.12: cannot open" in printed
    assert "pip install 'cupy-cuda13x[ctk]'" in printed


# --- devices ---------------------------------------------------------------------------------------------------------


def test_a_device_says_what_it_is_and_waits(backend):
    x = cs.to(np.ones(3), backend)
    b.synchronize(x)
    assert b.device_facts(x)["backend"].startswith(b.where_is(x))
    with b.working_on(x):
        assert b.where_is(x + x) == b.where_is(x)
    held = b.memory_held(x)
    assert held is None or held >= 0
