"""Synthetic problems and experiments on them."""

from .signals import random_signal

__all__ = ["random_signal"]
