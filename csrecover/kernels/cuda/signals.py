"""Arithmetic that solvers do all the time."""

from __future__ import annotations

from .elementwise import Elementwise

divide = Elementwise(
    "divide", "T a, R b", "T quotient", "quotient = b == 0 ? T(0) : a / b", "quotient = b == 0 ? T(0) : a / b"
)
keep = Elementwise("keep", "T x, bool support", "T kept", "kept = support ? x : T(0)", "kept = support ? x : T(0)")
energy = Elementwise(
    "energy", "T x", "R squares", "squares = x * x", "squares = x.real() * x.real() + x.imag() * x.imag()"
)
