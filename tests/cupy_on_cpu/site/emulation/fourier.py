"""cuFFT: plans and transforms, without normalisation, by NumPy."""

import math
from dataclasses import dataclass

import numpy as np

from .calls import Address, Int, Long, provides
from .memory import new_handle, store, vector, view

FORWARD = -1


@dataclass(frozen=True)
class Layout:
    """Sizes of the memory that holds a signal, the step from an entry to the next, from a signal to the next."""

    embed: tuple[int, ...]
    step: int
    distance: int

    def signals(self, address, dtype, shape, batch):
        """The signals in place, shape (batch, *shape)."""
        steps = [self.step]
        for size in reversed(self.embed[1:]):
            steps.insert(0, steps[0] * size)
        itemsize = np.dtype(dtype).itemsize
        return view(address, dtype, (batch, *shape), [itemsize * step for step in (self.distance, *steps)])


@dataclass(frozen=True)
class Plan:
    shape: tuple[int, ...]
    batch: int
    given: Layout | None = None  # None: one signal after the other
    result: Layout | None = None

    @property
    def axes(self):
        return tuple(range(1, len(self.shape) + 1))

    @property
    def half(self):
        """Shape of the spectrum of a real signal."""
        return (*self.shape[:-1], self.shape[-1] // 2 + 1)


plans = {}


@provides("cufftCreate")
def create(plan: Address):
    new_handle(plan, Int)


@provides("cufftMakePlan1d")
def plan_axis(plan: Int, n: Int, kind: Int, batch: Int, work_size: Address):
    plans[plan] = Plan((n,), batch)
    store(work_size, 0, Long)


@provides("cufftMakePlanMany")
def plan_many(
    plan: Int, rank: Int, sizes: Address,
    given_embed: Address, given_step: Int, given_distance: Int,
    result_embed: Address, result_step: Int, result_distance: Int,
    kind: Int, batch: Int, work_size: Address,
):  # fmt: skip
    def integers(address):
        return tuple(vector(address, "i4", rank).tolist())

    given = Layout(integers(given_embed), given_step, given_distance) if given_embed else None
    result = Layout(integers(result_embed), result_step, result_distance) if result_embed else None
    plans[plan] = Plan(integers(sizes), batch, given, result)
    store(work_size, 0, Long)


def _signals(layout, address, dtype, shape, batch):
    return (layout or Layout(shape, 1, math.prod(shape))).signals(address, dtype, shape, batch)


def _complex(dtype):
    def execute(plan: Int, given: Address, result: Address, direction: Int):
        p = plans[plan]
        x = _signals(p.given, given, dtype, p.shape, p.batch)
        y = np.fft.fftn(x, axes=p.axes) if direction == FORWARD else np.fft.ifftn(x, axes=p.axes, norm="forward")
        _signals(p.result, result, dtype, p.shape, p.batch)[...] = y

    return execute


def _from_real(real, spectral):
    def execute(plan: Int, given: Address, result: Address):
        p = plans[plan]
        x = _signals(p.given, given, real, p.shape, p.batch)
        _signals(p.result, result, spectral, p.half, p.batch)[...] = np.fft.rfftn(x, axes=p.axes)

    return execute


def _to_real(spectral, real):
    def execute(plan: Int, given: Address, result: Address):
        p = plans[plan]
        x = _signals(p.given, given, spectral, p.half, p.batch)
        y = np.fft.irfftn(x, s=p.shape, axes=p.axes, norm="forward")
        _signals(p.result, result, real, p.shape, p.batch)[...] = y

    return execute


provides("cufftExecC2C")(_complex("c8"))
provides("cufftExecZ2Z")(_complex("c16"))
provides("cufftExecR2C")(_from_real("f4", "c8"))
provides("cufftExecD2Z")(_from_real("f8", "c16"))
provides("cufftExecC2R")(_to_real("c8", "f4"))
provides("cufftExecZ2D")(_to_real("c16", "f8"))


@provides("cufftGetVersion")
def version(number: Address):
    store(number, 12000)


@provides("cufftDestroy", "cufftSetAutoAllocation", "cufftSetStream", "cufftSetWorkArea")
def nothing():
    """Settings and ends of plans."""
