"""Synthetic problems and experiments on them."""

from .needed import Needed, measurements_needed
from .phantoms import shepp_logan
from .result import Sweep
from .signals import random_signal
from .sweep import phase_transition, sweep
from .trials import RecoveryTrial

__all__ = [
    "Needed",
    "RecoveryTrial",
    "Sweep",
    "measurements_needed",
    "phase_transition",
    "random_signal",
    "shepp_logan",
    "sweep",
]
