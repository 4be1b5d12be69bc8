"""Training with a penalty: a gradient step, then the proximal operator of the penalty."""

from __future__ import annotations

import numbers
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from ..backend import Array, is_array, namespace, to, where_is
from ..penalties import Penalty
from ..penalties.base import positive_number


def proximal_step(weights: Array, gradient: Array, penalty: Penalty | None, step: Any) -> Array:
    """The weights after a proximal gradient step, prox(weights - step * gradient, step).

    Parameters
    ----------
    weights, gradient : array, (*batch, *signal)
    penalty : Penalty, living where the weights do, or None
        None for a plain gradient step.
    step : float
    """
    moved = weights - step * gradient
    return moved if penalty is None else penalty.prox(moved, step)


@dataclass(frozen=True, eq=False)
class ProximalDescent:
    """Proximal gradient descent with momentum on several arrays of weights, which it changes in place.

    A step is ``w, w_prev = prox(w - rate * gradient + momentum * (w - w_prev), rate), w``. Without a penalty it is
    stochastic gradient descent with momentum. As the momentum is that of the weights after the proximal operator, it
    rests where ``w = prox(w - rate * gradient, rate)``, at stationary points of loss plus penalties.

    Parameters
    ----------
    parameters : sequence of arrays
        the weights; torch's parameters, whose gradients `step` finds, or arrays of any library.
    penalties : sequence of Penalty or None
        one for each array of weights, None where it has none; each is moved to where its weights live.
    rate : float > 0
        length of a step.
    momentum : float, 0 <= momentum < 1

    Raises
    ------
    TypeError
        When a parameter is no array, a penalty no Penalty, or the rate or the momentum no real number.
    ValueError
        When there is not one penalty a parameter, one is for weights of another shape, or a number is out of range.

    References
    ----------
    P. Ochs, Y. Chen, T. Brox and T. Pock, iPiano: inertial proximal algorithm for nonconvex optimization,
    SIAM J. Imaging Sciences 7(2), 2014.
    """

    parameters: Sequence[Array]
    penalties: Sequence[Penalty | None]
    rate: float
    momentum: float = 0.0
    previous: tuple[Array, ...] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        parameters, penalties = tuple(self.parameters), tuple(self.penalties)
        if len(parameters) != len(penalties):
            raise ValueError(
                f"one penalty a parameter was expected, None where there is none: got {len(penalties)} for "
                f"{len(parameters)} parameters"
            )
        for weights, penalty in zip(parameters, penalties, strict=True):
            _check_pair(weights, penalty)
        positive_number(self.rate, "rate")
        if not isinstance(self.momentum, numbers.Real):
            raise TypeError(f"momentum is a real number, got {self.momentum!r}")
        if not 0 <= self.momentum < 1:
            raise ValueError(f"momentum must be at least 0 and less than 1, got {self.momentum}")
        pairs = zip(penalties, parameters, strict=True)
        object.__setattr__(self, "parameters", parameters)
        object.__setattr__(self, "penalties", tuple(to(penalty, where_is(weights)) for penalty, weights in pairs))
        copies = (namespace(weights).asarray(weights, copy=True) for weights in map(_values, parameters))
        object.__setattr__(self, "previous", tuple(copies))

    @classmethod
    def of(cls, network: Any, penalties: Mapping[str, Penalty], rate: float, momentum: float = 0.0) -> ProximalDescent:
        """Descent on all parameters of a torch module, those with a penalty by their names.

        Raises
        ------
        ValueError
            When the network has no parameter of a name.
        """
        parameters = dict(network.named_parameters())
        if unknown := [name for name in penalties if name not in parameters]:
            raise ValueError(f"the network has no parameters {unknown}, only {list(parameters)}")
        return cls(list(parameters.values()), [penalties.get(name) for name in parameters], rate, momentum)

    def epoch(self, loss: Callable[..., Any], *data: Array, batch: int, rng: np.random.Generator) -> None:
        """Take a step for each batch of the data, in random order: one pass through them.

        Parameters
        ----------
        loss : callable
            the loss of a batch of each array of `data`, whose `backward` gives the parameters their gradients.
        data : arrays (count, ...), such as inputs and labels
        batch : int
            how many of them a step sees, the last one less where they do not divide.
        rng : numpy Generator
            draws the order.

        Raises
        ------
        TypeError
            When the weights hold no gradients, as those of NumPy.
        """
        for weights in self.parameters:
            _gradient(weights)
        order = rng.permutation(len(data[0]))
        for start in range(0, len(order), batch):
            for weights in self.parameters:
                weights.grad = None
            loss(*(part[order[start : start + batch]] for part in data)).backward()
            self.step()

    def step(self, gradients: Sequence[Array | None] | None = None) -> None:
        """Take one step.

        Parameters
        ----------
        gradients : sequence of arrays or None, optional
            of the loss by each array of weights; weights whose gradient is None stay as they are. By default the
            `grad` of torch's parameters, after `backward`.

        Raises
        ------
        TypeError
            When none are given and the weights hold none, as those of NumPy.
        ValueError
            When there is not one gradient a parameter.
        """
        if gradients is None:
            gradients = [_gradient(weights) for weights in self.parameters]
        if len(gradients) != len(self.parameters):
            raise ValueError(f"one gradient a parameter was expected, {len(self.parameters)}, got {len(gradients)}")
        for weights, penalty, previous, gradient in zip(
            map(_values, self.parameters), self.penalties, self.previous, gradients, strict=True
        ):
            if gradient is not None:
                inertia = self.momentum * (weights - previous)
                previous[...] = weights
                weights[...] = proximal_step(weights + inertia, gradient, penalty, self.rate)


def _check_pair(weights: Any, penalty: Any) -> None:
    """Refuse what are no weights, and a penalty that does not fit them."""
    if not is_array(weights):
        raise TypeError(f"parameters are arrays, got {type(weights).__name__}")
    if penalty is None:
        return
    if not isinstance(penalty, Penalty):
        raise TypeError(f"a penalty is a csrecover Penalty or None, got {type(penalty).__name__}")
    shape = tuple(weights.shape)
    if len(shape) < penalty.ndim or penalty.signal_shape not in (None, shape[len(shape) - penalty.ndim :]):
        wanted = penalty.signal_shape or f"of {penalty.ndim} axes"
        raise ValueError(f"{penalty} is for weights {wanted}, after any batch axes, got shape {shape}")


def _values(weights: Array) -> Array:
    """The weights as an array that shares their memory and records no gradients."""
    return weights.detach() if hasattr(weights, "detach") else weights


def _gradient(weights: Array) -> Array | None:
    """The gradient that the weights hold.

    Raises
    ------
    TypeError
        When they are of a kind that holds none.
    """
    if not hasattr(weights, "grad"):
        raise TypeError(f"arrays of {where_is(weights)} hold no gradients: give them, step([gradient, ...])")
    return weights.grad
