"""The property suite fails, naming the property, on classes that are broken in one way each."""

from dataclasses import dataclass

import numpy as np
import pytest

import csrecover as cs
from csrecover.testing import ConformanceError, expect

from .cases import sparse_members

MATRIX = np.random.default_rng(0).standard_normal((4, 6)) + 1j * np.random.default_rng(1).standard_normal((4, 6))


@dataclass(frozen=True, eq=False, repr=False)
class Sound(cs.LinearOperator):
    """A dense operator as an author would write it."""

    matrix: np.ndarray
    in_shape = (6,)
    out_shape = (4,)

    def _apply(self, x):
        return x @ self.matrix.T

    def _adjoint(self, y):
        return y @ self.matrix.conj()


class NoConjugate(Sound):
    def _adjoint(self, y):
        return y @ self.matrix


class Affine(Sound):
    def _apply(self, x):
        return super()._apply(x) + 1


class MutatesArgument(Sound):
    def _apply(self, x):
        out = x @ self.matrix.T
        x *= 1
        x += 1
        return out


class MutatesItself(Sound):
    def _apply(self, x):
        out = x @ self.matrix.T
        self.matrix[...] *= 1.001
        return out


class RaisesPrecision(Sound):
    def _apply(self, x):
        return (x @ self.matrix.T).astype(np.complex128)


class LowNorm(Sound):
    def norm(self):
        return 0.99 * float(np.linalg.norm(self.matrix, 2))


class MixesBatch(Sound):
    def _apply(self, x):
        out = x @ self.matrix.T
        return out if out.ndim == 1 else out + 0.1 * out.sum(axis=0, keepdims=True)


class WrongColumn(Sound):
    def columns(self, indices):
        return np.roll(super().columns(indices), 1, axis=1)


class WrongShape(Sound):
    def _apply(self, x):
        return (x @ self.matrix.T)[..., None]


class NeedsContiguous(Sound):
    def _apply(self, x):
        if not x.flags.c_contiguous:
            raise RuntimeError("not contiguous")
        return super()._apply(x)


BROKEN = {
    NoConjugate: "adjoint",
    Affine: "linear",
    MutatesArgument: "pure",
    MutatesItself: "pure",
    RaisesPrecision: "dtype",
    LowNorm: "norm",
    MixesBatch: "batch",
    WrongColumn: "columns",
    WrongShape: "shapes",
    NeedsContiguous: "pure",
}


def single(cls):
    """An operator of single precision where the defect is about precision."""
    return cls(MATRIX.astype(np.complex64) if cls is RaisesPrecision else MATRIX.copy())


def test_a_sound_operator_passes():
    assert cs.check_operator(Sound(MATRIX.copy()))


@pytest.mark.parametrize("cls", BROKEN, ids=lambda cls: cls.__name__)
def test_a_broken_operator_is_named_with_its_property(cls):
    with pytest.raises(ConformanceError, match=f"- {BROKEN[cls]}: "):
        cs.check_operator(single(cls))


class NotTheBest(cs.Sparse):
    def support(self, x, k):
        return super().support(-1 / (abs(x) + 1), k)


class TooMany(cs.Sparse):
    def support(self, x, k):
        return super().support(x, k + 1 if k else 0)


class OneMaskForAll(cs.Sparse):
    def support(self, x, k):
        mask = super().support(x.reshape(-1, 8)[0], k)
        return np.broadcast_to(mask, x.shape)


class MutatesSignal(cs.Sparse):
    def support(self, x, k):
        mask = super().support(x, k)
        x[0] = 7
        return mask


class HighestFirst(cs.Sparse):
    def support(self, x, k):
        return super().support(x[..., ::-1], k)[..., ::-1]


class ForgetsTheSum(cs.Sparse):
    def support_of_sum(self, x, k, copies):
        return self.support(x, k)


class CountsTooFew(cs.Sparse):
    def log_count(self, k, shape=None):
        return super().log_count(k, shape) / 2


class TakesNaN(cs.Sparse):
    def support(self, x, k):
        return super().support(np.nan_to_num(x), k)


class Overconfident(NotTheBest):
    def bound(self, x, k):
        return np.full(x.shape[:-1], 0.9)


@pytest.mark.parametrize(
    ("cls", "named"),
    [
        (NotTheBest, "best"),
        (Overconfident, "best"),
        (TooMany, "feasible"),
        (HighestFirst, "ties"),
        (ForgetsTheSum, "sums"),
        (CountsTooFew, "count"),
        (OneMaskForAll, "batch"),
        (MutatesSignal, "pure"),
        (TakesNaN, "finite"),
    ],
)
def test_a_broken_model_is_named_with_its_property(cls, named):
    with pytest.raises(ConformanceError, match=f"- {named}: "):
        cs.check_model(cls(), (8,), sparse_members)


class IgnoresStep(cs.L1):
    def prox(self, x, step):
        return super().prox(x, 1.0)


class TwiceTheThreshold(cs.L1):
    def prox(self, x, step):
        return super().prox(x, 2 * step)


class Identity(cs.L1):
    def prox(self, x, step):
        return x


class HardThreshold(cs.L1):
    def prox(self, x, step):
        return np.where(abs(x) > np.expand_dims(step, -1) * self.weight, x, 0 * x)


class RealOnly(cs.L1):
    def prox(self, x, step):
        return super().prox(x.real, step).astype(x.dtype)


@pytest.mark.parametrize("cls", [IgnoresStep, TwiceTheThreshold, Identity, HardThreshold, RealOnly])
def test_a_broken_prox_is_named(cls):
    with pytest.raises(ConformanceError, match="- prox: ") as failure:
        cs.check_norm(cls(0.3), (8,))
    assert "- minimises: " in str(failure.value)


def test_a_solver_that_forgets_the_scale_is_named():
    A, truth = cs.gaussian(20, 30, 0), np.eye(30)[4]

    def solve(A, y, **options):
        return cs.subspace_pursuit(A, 0.9 * y, cs.Sparse(), 1, **options)

    with pytest.raises(ConformanceError, match="- recovers: "):
        cs.check_solver(solve, A, truth)


def test_a_number_is_printed_beside_its_reference(capsys):
    expect("error", 0.51, 0.5, 0.02)
    expect("error", 3.0, 0.5, float("inf"))
    assert capsys.readouterr().out == "error: 0.51 (reference 0.5, tolerance 0.02)\nerror: 3\n"


@pytest.mark.parametrize("value", [0.53, 0.47, float("nan")])
def test_a_number_too_far_from_its_reference_fails(value):
    with pytest.raises(AssertionError, match=r"\(reference 0.5, tolerance 0.02\): too far off"):
        expect("error", value, 0.5, 0.02)
