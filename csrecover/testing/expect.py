"""A decisive number beside its reference value."""

from __future__ import annotations


def expect(what: str, value: float, reference: float, tolerance: float) -> None:
    """Print a number beside its reference value.

    Parameters
    ----------
    what : str
        what the number is, with its unit.
    value, reference : float
    tolerance : float
        largest difference; infinite where a run is too small to be judged: then the number is printed alone.

    Raises
    ------
    AssertionError
        When the number is further from its reference than the tolerance, or is NaN.
    """
    if tolerance == float("inf"):
        print(f"{what}: {value:.4g}")
        return
    line = f"{what}: {value:.4g} (reference {reference:g}, tolerance {tolerance:g})"
    print(line)
    if not abs(value - reference) <= tolerance:
        raise AssertionError(f"{line}: too far off")
