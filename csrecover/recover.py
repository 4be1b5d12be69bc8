"""The front door: measurements and a structure in, a recovered signal out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from .models import Model
from .operators import LinearOperator, as_operator
from .penalties import Penalty
from .solvers import Progress, Result, fista, sparsa, subspace_pursuit
from .solvers.parts import in_parts


def recover(
    A: Any,
    y: Any,
    structure: Model | Penalty,
    k: Any = None,
    *,
    basis: LinearOperator | None = None,
    scale: float | str = 1.0,
    tol: float = 1e-6,
    max_iter: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
    max_memory: float | None = None,
) -> Result:
    """Recover a structured signal x from measurements y = A x + noise.

    With a model (hard structure) and its budget k: `subspace_pursuit`. With a penalty (soft structure): `fista`, or
    `sparsa` where it is not convex.

    Parameters
    ----------
    A : LinearOperator, array or SciPy operator
    y : array, (*batch, *out_shape)
    structure : Model or Penalty
        for example ``TreeSparse(W.tree)`` with k, or ``L1(0.1)`` without.
    k : int, optional
        budget of the model.
    basis : LinearOperator, optional
        unitary analysis transform W in which the signal has the structure: x are the coefficients, A @ W.H maps
        them to measurements, ``result.signal`` is the signal W.H @ x.
    scale : float or str, default 1
        what a penalty is multiplied by: a number, or a fraction such as "0.1 lmax" of `lambda_max`.
    tol, max_iter, callback
        as in the solver.
    max_memory : float, optional
        bytes for the working arrays, by an estimate from the sizes of A: a batch that needs more is solved in parts,
        with the same result. By default nine tenths of what is free on the device of y, without limit on the host.

    Returns
    -------
    Result

    Raises
    ------
    TypeError
        When the structure is neither a model nor a penalty, or the basis no operator.
    ValueError
        When k is missing (model) or given (penalty), a scale is given (model), the basis is not unitary or does not
        fit A, or max_memory is no positive number.
    """
    A = as_operator(A)
    if basis is not None:
        if not isinstance(basis, LinearOperator):
            raise TypeError(f"the basis must be an operator such as Wavelet or DCT, got {type(basis).__name__}")
        if not basis.unitary:
            raise ValueError(
                f"the basis must be an orthonormal transform such as Wavelet or DCT, got {basis}; with another "
                "synthesis S recover from A @ S, the signal is then S @ result.x"
            )
        A = A @ basis.H
    options: dict[str, Any] = {"tol": tol, "callback": callback}
    if max_iter is not None:
        options["max_iter"] = max_iter
    if isinstance(structure, Model):
        if k is None:
            raise ValueError(f"{type(structure).__name__} needs a budget: recover(A, y, structure, k)")
        if scale != 1:
            raise ValueError(f"a scale belongs to a penalty, {type(structure).__name__} has its budget k={k}")
        solve: Any = partial(subspace_pursuit, model=structure, k=k, **options)  # type: ignore[arg-type]
    elif isinstance(structure, Penalty):
        if k is not None:
            raise ValueError(f"{type(structure).__name__} is a penalty: its weight takes the place of the budget k={k}")
        solve = partial(fista if structure.convex else sparsa, penalty=structure, scale=scale, **options)
    else:
        raise TypeError(f"expected a sparsity model or a penalty, got {type(structure).__name__}")
    return replace(in_parts(partial(solve, A), A, y, max_memory), basis=basis)
