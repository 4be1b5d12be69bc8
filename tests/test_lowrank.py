"""Matrices of low rank: a model without supports."""

from dataclasses import dataclass

import numpy as np
import pytest

import csrecover as cs
from csrecover.testing import ConformanceError
from csrecover.testing.enumerations import low_rank_case


@pytest.mark.parametrize("shape", [(5, 3), (3, 5), (4, 4), (1, 6)])
def test_what_is_left_out_is_the_smallest_singular_values(shape):
    x = np.random.default_rng(0).standard_normal((2, *shape)) + 1j
    for k in range(min(shape) + 2):
        left = np.linalg.norm(x - cs.LowRank().project(x, k), axis=(1, 2))
        smallest = np.linalg.svd(x, compute_uv=False)[:, k:]
        assert left == pytest.approx(np.linalg.norm(smallest, axis=1), abs=1e-13)
        assert (np.linalg.matrix_rank(cs.LowRank().project(x, k)) == min(k, *shape)).all()


def test_signals_that_are_no_matrices_are_refused():
    with pytest.raises(ValueError, match="takes signals with 2 axes"):
        cs.LowRank().project(np.ones(3), 1)


@pytest.mark.parametrize("solver", [cs.iht, cs.cosamp, cs.subspace_pursuit])
def test_solvers_on_supports_refuse_it_and_say_why(solver):
    A = cs.gaussian(6, 9, 0)
    with pytest.raises(TypeError, match=r"LowRank has no supports, which this solver works on.*project\(x, k\)"):
        solver(A, np.ones(6), cs.LowRank(), 1)


@dataclass(frozen=True)
class Broken(cs.Model):
    """A projection with one defect."""

    defect: str
    ndim = 2

    def project(self, x, k):
        if self.defect == "finite":
            return cs.LowRank().project(np.nan_to_num(x, posinf=1), k)
        if self.defect == "budget":
            return cs.LowRank().project(x, abs(k))
        p = cs.LowRank().project(x, k)
        if self.defect == "nearest" and k == 1:  # a projection all the same: onto the first row
            return x * (np.arange(x.shape[-2]) == 0)[:, None]
        if self.defect == "dtype":
            return p.astype(np.complex128)
        return p / 2 if self.defect == "idempotent" else p + 1e-3 * (self.defect == "cone")


@pytest.mark.parametrize("defect", ["nearest", "idempotent", "cone", "budget", "dtype", "finite"])
def test_a_broken_projection_is_named_with_its_property(defect):
    case = low_rank_case(4, 3)
    with pytest.raises(ConformanceError, match=f"- {defect}: "):
        cs.check_model(Broken(defect), case.shape, budgets=case.budgets, draw_member=case.draw_member)


def test_random_low_rank_signals_have_the_rank():
    x = cs.random_signal(cs.LowRank(), (7, 5), 2, 0, dtype=np.complex64)
    assert x.dtype == np.complex64
    assert np.linalg.matrix_rank(x) == 2


def test_recover_says_that_a_model_without_supports_needs_another_method():
    with pytest.raises(TypeError, match="LowRank has no supports"):
        cs.recover(cs.gaussian(12, 16, 0), np.ones(12), cs.LowRank(), 2)
