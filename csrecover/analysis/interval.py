"""A number known to lie between two others."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Interval:
    """A number known to lie between two others, and which method gave each.

    Attributes
    ----------
    low, high : float
    low_method, high_method : str
    """

    low: float
    high: float
    low_method: str
    high_method: str

    @property
    def exact(self) -> bool:
        return self.low == self.high

    @property
    def value(self) -> float:
        """The number, where the two ends meet.

        Raises
        ------
        ValueError
            When they differ.
        """
        if not self.exact:
            raise ValueError(f"known only to lie between {self.low} and {self.high}: use low and high")
        return self.low

    def __str__(self) -> str:
        low, high = f"{self.low:.4g}", f"{self.high:.4g}"
        methods = ", ".join(dict.fromkeys((self.low_method, self.high_method)))
        return f"{low if low == high else f'[{low}, {high}]'} ({methods})"
