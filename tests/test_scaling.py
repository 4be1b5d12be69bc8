"""Cost models of benchmarks/scaling.py: fitted to the small sizes, tested at the large ones."""

import importlib.util
import sys
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest

PATH = Path(__file__).parent.parent / "benchmarks" / "scaling_model.py"
SIZES = [2**power for power in range(10, 20)]


@pytest.fixture(scope="module")
def scaling():
    spec = importlib.util.spec_from_file_location("scaling_model", PATH)
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    return module


def measured(scaling, seconds, *, switch=None, memory=0.5, against="n"):
    form = scaling.Form(scaling.CONSTANT, scaling.Term("n", float))
    curve = SimpleNamespace(subject="", what="", by="", against=against, form=form, switch=switch)
    return scaling.Measured.of(curve, SIZES, seconds, np.full(len(SIZES), memory))


def test_times_that_follow_the_model_give_its_constants_and_are_nowhere_off(scaling):
    found = measured(scaling, 3e-6 + 2e-9 * np.array(SIZES))
    row = found.row()
    assert row["model"] == "3 us + 2 ns x n"
    assert row["off the model from"] == ""
    assert row["exponent"] == row["of the model"]
    np.testing.assert_allclose(found.model, found.seconds)


def test_a_bend_beyond_the_fitted_sizes_is_named_with_its_factor(scaling):
    seconds = 1e-9 * np.array(SIZES) * np.where(np.array(SIZES) > 2**16, 2, 1)
    row = measured(scaling, seconds).row()
    assert row["fitted at"] == "2^10 to 2^14"
    assert row["off the model from"].startswith("2^17: 0.5 MiB")
    assert row["measured / model, worst"].startswith("2.00 at 2^1")
    assert float(row["exponent"]) > float(row["of the model"]) + 0.2
    assert measured(scaling, seconds, switch=(2**17, "another way")).row()["off the model from"] == "2^17: another way"
    assert measured(scaling, seconds, memory=np.nan).row()["off the model from"] == "2^17"


def test_constants_are_never_negative(scaling):
    found = measured(scaling, 1 / np.array(SIZES))
    assert np.all(found.model >= 0)
    assert "-" not in found.row()["model"]


def test_times_of_a_batch_are_those_of_one_signal(scaling):
    row = measured(scaling, 1e-3 * np.array(SIZES), against="signals").row()
    assert row["first"] == row["last"] == "1 ms"
    assert abs(float(row["exponent"])) < 0.01


def test_every_measurement_is_a_line_of_the_csv(scaling):
    points = measured(scaling, 1e-9 * np.array(SIZES)).points()
    assert [each["size"] for each in points] == SIZES
    assert points[0]["seconds"] == points[0]["model seconds"] == "1.024e-06"


def test_durations_have_the_unit_that_fits(scaling):
    assert [scaling.duration(each) for each in (2, 0.01, 3.5e-5, 4e-9)] == ["2 s", "10 ms", "35 us", "4 ns"]
