"""Confidence intervals from profile likelihoods."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from .likelihood import Likelihood

_ITERATIONS = 60
_FAR = 1e5  # standard deviations of x that are as good as infinitely many


@dataclass(frozen=True, eq=False)
class Profile:
    """Log-likelihood of a point as that of the best line whose value there is z.

    Attributes
    ----------
    likelihood : Likelihood
    z : float
    sign : -1, 0 or 1
        of the slopes of the lines; 0: any.
    """

    likelihood: Likelihood
    z: float
    sign: int

    def interval(self, limit: float, best: tuple[float, float, float] | None) -> np.ndarray:
        """Ends (2,) of the points that lose at most limit / 2, infinite where points far away do.

        Parameters
        ----------
        limit : float
        best : tuple of float, optional
            the best point, about how far from it the ends are, and the log-likelihood there; None where no point is
            better than all that are far away.
        """
        directions, ends = np.array([-1.0, 1.0]), np.array([-np.inf, np.inf])
        far = self._values(_FAR * directions, (self.z - self.likelihood.level()) / _FAR * directions)[0]
        top = far.max() if best is None else best[2]
        finite = 2 * (top - far) > limit
        if finite.any():
            directions = directions[finite]
            start, reach = (self._inside(top - limit / 2, -directions[0]), 1.0) if best is None else best[:2]
            ends[finite] = start + directions * self._distances(start, directions, reach, top, limit)
        return ends

    def _values(self, points: np.ndarray, slopes: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        return self.likelihood.best(points, self.z, self.sign, slopes)

    def _inside(self, level: float, direction: float) -> float:
        """A point of a log-likelihood above `level`, sought beyond all x in a direction."""
        edge, distance = np.max(direction * self.likelihood.x), 1.0
        while self._values(np.array([direction * (edge + distance)]), np.zeros(1))[0] < level and distance < _FAR:
            distance *= 2
        return float(direction * (edge + distance))

    def _distances(self, start: float, directions: np.ndarray, reach: float, top: float, limit: float) -> np.ndarray:
        """How far from a point inside the loss is limit / 2, in each direction.

        Newton's method on the root of the loss, which is nearly linear, kept between distances inside and outside.
        """
        near, far = np.zeros(len(directions)), np.full(len(directions), np.inf)
        distance, slopes = np.full(len(directions), reach), np.zeros(len(directions))
        for _ in range(_ITERATIONS):
            value, ascent, slopes = self._values(start + directions * distance, slopes)
            root = np.sqrt(2 * np.maximum(top - value, 0))
            gap = root - limit**0.5
            near, far = np.where(gap <= 0, distance, near), np.where(gap > 0, distance, far)
            if np.all((abs(gap) < 1e-4) | ((1 - 1e-9) * far <= near)):
                break
            with np.errstate(divide="ignore", invalid="ignore"):
                ahead = distance + gap * root / (directions * ascent)
            split = np.where(np.isfinite(far), (near + np.minimum(far, _FAR)) / 2, 2 * distance)
            distance = np.where((ahead > near) & (ahead < np.minimum(far, 4 * distance)), ahead, split)
        return distance
