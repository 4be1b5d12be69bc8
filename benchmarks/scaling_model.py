"""Cost models of benchmarks/scaling.py: fitted to the small sizes, compared with the measurement at all of them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from scipy.optimize import nnls

FAR = 1.25  # factor from which a time is called off its model


@dataclass(frozen=True)
class Term:
    """What one constant of a model multiplies."""

    name: str
    count: Callable[[int], float]


CONSTANT = Term("1", lambda _: 1.0)


class Form:
    """A sum of terms, each with a constant that is fitted."""

    def __init__(self, *terms: Term) -> None:
        self.terms = terms

    def counts(self, sizes: Sequence[int]) -> np.ndarray:
        """Values of the terms, (sizes, terms)."""
        return np.array([[term.count(size) for term in self.terms] for size in sizes])

    def described(self, constants: np.ndarray) -> str:
        """The model in words."""
        parts = [
            duration(constant) + ("" if term is CONSTANT else f" x {term.name}")
            for constant, term in zip(constants, self.terms, strict=True)
            if constant
        ]
        return " + ".join(parts)


def duration(seconds: float) -> str:
    """Three digits and a unit."""
    for unit, factor in (("s", 1), ("ms", 1e3), ("us", 1e6)):
        if seconds * factor >= 1:
            return f"{seconds * factor:.3g} {unit}"
    return f"{seconds * 1e9:.3g} ns"


@dataclass(frozen=True, eq=False)
class Measured:
    """Seconds of one curve at its sizes, and those of its model."""

    subject: str
    what: str
    by: str
    against: str
    sizes: np.ndarray
    seconds: np.ndarray
    model: np.ndarray
    formula: str
    fitted: str
    memory: np.ndarray  # MiB that a call takes, NaN where that is not known
    switch: tuple[int, str] | None = None

    @classmethod
    def of(cls, curve: Any, sizes: Sequence[int], seconds: Sequence[float], memory: Sequence[float]) -> "Measured":
        """Fit the model of a curve to the lower half of the sizes: the upper half shows whether it holds."""
        times = np.array(seconds)
        used = max(len(curve.form.terms), -(-len(sizes) // 2))
        counts = curve.form.counts(sizes)
        constants = least_relative(counts[:used], times[:used])
        return cls(
            curve.subject, curve.what, curve.by, curve.against, np.array(sizes), times, counts @ constants,
            curve.form.described(constants), f"{power(sizes[0])} to {power(sizes[:used][-1])}",
            np.array(memory), curve.switch,
        )  # fmt: skip

    @property
    def per_signal(self) -> float | np.ndarray:
        """What the seconds are divided by in the table and the figure."""
        return self.sizes if self.against == "signals" else 1.0

    def exponents(self) -> tuple[float, float]:
        """Slopes of the logarithms over the upper half of the sizes, measured and of the model."""
        upper = slice(len(self.sizes) // 2, None) if len(self.sizes) > 3 else slice(None)
        x = np.log(self.sizes[upper])
        slopes = [np.polyfit(x, np.log((each / self.per_signal)[upper]), 1)[0] for each in (self.seconds, self.model)]
        return float(slopes[0]), float(slopes[1])

    def row(self) -> dict[str, str]:
        """A line of the table."""
        factors = self.seconds / self.model
        worst = int(np.argmax(abs(np.log(factors))))
        off = abs(np.log(factors)) > np.log(FAR)
        left = int(np.flatnonzero(~off)[-1]) + 1 if not off.all() else 0
        shown = self.seconds / self.per_signal
        own, expected = self.exponents()
        return {
            "subject": self.subject,
            "what": self.what,
            "by": self.by,
            "against": f"{self.against}, {power(self.sizes[0])} to {power(self.sizes[-1])}",
            "first": duration(shown[0]),
            "last": duration(shown[-1]),
            "model": self.formula,
            "fitted at": self.fitted,
            "exponent": f"{own:.2f}",
            "of the model": f"{expected:.2f}",
            "measured / model, worst": f"{factors[worst]:.2f} at {power(self.sizes[worst])}",
            "off the model from": self.remark(left) if left < len(off) else "",
        }

    def remark(self, place: int) -> str:
        """A size, with what the program does from there or a smaller size on, or the cache that a call exceeds."""
        size = power(self.sizes[place])
        if self.switch and self.sizes[place] >= self.switch[0]:
            return f"{size}: {self.switch[1]}"
        if np.isnan(self.memory[place]):
            return size
        exceeded = [name for name, room in caches().items() if self.memory[place] > room]
        return f"{size}: {self.memory[place]:.2g} MiB" + (f", more than {exceeded[-1]}" if exceeded else "")

    def points(self) -> list[dict[str, Any]]:
        """The lines of the csv."""
        return [
            {
                "subject": self.subject,
                "what": self.what,
                "by": self.by,
                "against": self.against,
                "size": int(size),
                "seconds": f"{seconds:.4g}",
                "model seconds": f"{model:.4g}",
                "MiB": "" if np.isnan(memory) else f"{memory:.3g}",
            }
            for size, seconds, model, memory in zip(self.sizes, self.seconds, self.model, self.memory, strict=True)
        ]


def least_relative(counts: np.ndarray, seconds: np.ndarray) -> np.ndarray:
    """Nonnegative constants of least squared relative error."""
    relative = counts / seconds[:, None]
    scale = relative.max(axis=0)
    return nnls(relative / scale, np.ones(len(seconds)))[0] / scale


def power(size: int) -> str:
    """A power of two from 1024 on as such."""
    size = int(size)
    return f"2^{size.bit_length() - 1}" if size >= 1024 and size.bit_count() == 1 else str(size)


def caches() -> dict[str, float]:
    """MiB of the data caches of the first core, smallest first; empty where Linux does not tell."""
    found = {}
    for folder in sorted(Path("/sys/devices/system/cpu/cpu0/cache").glob("index*")):
        level, kind, size = ((folder / name).read_text().strip() for name in ("level", "type", "size"))
        if kind != "Instruction":
            found[f"L{level}"] = int(size.removesuffix("K")) / 1024
    return found
