"""Common to the solvers that pass messages: checks, the denoiser, when a signal has ended."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from typing import Any

from ..backend import Array, is_complex, namespace
from ..operators import LinearOperator
from .base import Counting, Iterate, Progress, accounted, looks_every, run
from .problem import check_penalty, check_problem, product_threads
from .result import Result
from .thresholding import thresholding


def pass_messages(
    prepared: Callable[[LinearOperator, Array], Callable[..., Iterator[Iterate]]],
    A: Any,
    y: Any,
    penalty: Any,
    *,
    tol: float,
    max_iter: int,
    callback: Callable[[Progress], Any] | None,
) -> Result:
    """Run ``prepared(A, y)(A, y, denoise, x)`` from x = 0; the parameters are those of `amp`.

    What is prepared is not counted among the products.

    Parameters
    ----------
    prepared : callable
        checks that the operator is of the kind that the algorithm needs.

    Raises
    ------
    TypeError, ValueError
        As in `amp`.
    """
    started = time.perf_counter()
    A, y = check_problem(A, y)
    penalty = check_penalty(A, penalty)
    counting = Counting(A)
    with product_threads(A, y):
        algorithm = prepared(A, y)
        x = namespace(y).zeros_like(counting.H @ y)
        denoise = thresholding(penalty, complex_signals=is_complex(x))
        result = run(
            algorithm(counting, y, denoise, x),
            tol=tol,
            max_iter=max_iter,
            callback=callback,
            check_every=looks_every(y),
        )
    return accounted(result, counting, started)
