"""Synthetic problems and experiments on them."""

from .needed import Needed, measurements_needed
from .signals import random_signal

__all__ = ["Needed", "measurements_needed", "random_signal"]
