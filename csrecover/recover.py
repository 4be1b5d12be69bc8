"""The front door: measurements and a structure in, a recovered signal out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from .analysis.holdout import held_out
from .backend import Array, norm, to_numpy
from .models import Model
from .operators import LinearOperator, as_operator
from .penalties import Penalty
from .solvers import Progress, Result, Status, cosamp, htp, subspace_pursuit
from .solvers.attempts import in_turn, named
from .solvers.budget import smallest_budget
from .solvers.chance import told_apart
from .solvers.discrepancy import at_noise_level
from .solvers.hard import noise_level
from .solvers.parts import in_parts
from .solvers.path import default_solver
from .solvers.problem import check_problem
from .solvers.refit import refitted
from .solvers.result import plain
from .structures.signal import fit


def recover(
    A: Any,
    y: Any,
    structure: Model | Penalty,
    k: Any = None,
    *,
    basis: LinearOperator | None = None,
    scale: float | str = 1.0,
    noise: Any = None,
    holdout: Any = False,
    rng: Any = 0,
    debias: bool = False,
    tol: float = 1e-6,
    max_iter: int | None = None,
    callback: Callable[[Progress], Any] | None = None,
    max_memory: float | None = None,
) -> Result:
    """Recover a structured signal x from measurements y = A x + e.

    With a model (hard structure): `subspace_pursuit`, then `htp` and `cosamp` for the signals that are left above the
    tolerance or the noise level; the result of the smallest residual is taken. The budget k is the one given; without
    it the smallest whose residual is within the noise, or the one that predicts held-out measurements best.

    With a penalty (soft structure): the minimiser of 0.5 ||A x - y||^2 + scale * penalty(x), by `working_set` for a
    `Matrix` of NumPy with L1 or GroupL2, `fista`, or `sparsa` where the penalty is not convex. The scale is the one
    given; or by the discrepancy principle the largest with ||y - A x|| <= noise.

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
    noise : float or array (*batch,), optional
        bound on ||e||, for all signals or for each.
    holdout : bool, float or int, default False
        recover with a model from part of the measurements first; those held out bracket the error, see `held_out`.
        True, or their share or number.
    rng : int or numpy.random.Generator
        what the choice of those depends on.
    debias : bool, default False
        take least squares on the support found in place of the solution of a penalty, which is too small. It is done
        where the support has at most half as many unknowns as there are measurements and well-conditioned columns;
        ``result.solver`` says for which signals it was.
    tol, max_iter, callback
        as in the solver. The callback is called by one solver after another, each with the signals that it solves; a
        true value ends all.
    max_memory : float, optional
        bytes for the working arrays, by an estimate from the sizes of A: a batch that needs more is solved in parts,
        with the same result. What does not grow with the batch comes on top, the columns in play among it. By default
        nine tenths of what is free on the device of y, without limit on the host.

    Returns
    -------
    Result
        `solver` says how each signal was found, `budget` or `scale` what was chosen. Status, iterations and history
        are those of the solver that x comes from, products and seconds those of all.

        With a model CONVERGED says that ||y - A x|| <= max(noise, tol ||y||), and that so good a fit is no accident:
        for measurements in a random direction the chance that some support of the budget fits them as well is below
        1 %. Otherwise the status is AMBIGUOUS: with as many nonzeros as measurements anything fits. INFEASIBLE says
        that no budget, or scale, was found that fits to the noise level. With a penalty CONVERGED says that x is its
        minimiser.

    Raises
    ------
    TypeError
        When the structure is neither a model nor a penalty, the basis no operator, or the model has no supports.
    ValueError
        When a model has no budget, noise level or holdout; a penalty is given a budget, a holdout, or both scale and
        noise; the basis is not unitary or does not fit A; a number is out of range.
    """
    A, y = check_problem(_in_basis(as_operator(A), basis), y)
    levels = None if noise is None else noise_level(noise, norm(y, len(A.out_shape)))
    options: dict[str, Any] = {"tol": tol, "callback": callback}
    if max_iter is not None:
        options["max_iter"] = max_iter
    if isinstance(structure, Model):
        _check_for_model(structure, k, scale, noise, holdout, debias)
        solve: Any = partial(_with_model, A, model=structure, k=k, options=options)
        if holdout:
            return replace(solve(y, levels, holdout=holdout, rng=rng), basis=basis)
    elif isinstance(structure, Penalty):
        _check_for_penalty(structure, k, scale, noise, holdout)
        solve = partial(_with_penalty, A, penalty=structure, scale=scale, debias=debias, options=options)
    else:
        raise TypeError(f"expected a sparsity model or a penalty, got {type(structure).__name__}")
    return replace(in_parts(solve, A, y, levels, max_memory), basis=basis)


def _with_model(
    A: LinearOperator,
    y: Array,
    noise: Array | None,
    model: Model,
    k: Any,
    options: dict[str, Any],
    holdout: Any = False,
    rng: Any = 0,
) -> Result:
    """With a budget that is given, or else chosen by the held-out rows or the noise."""

    def solve(A: LinearOperator, y: Array, budget: Any, noise: Array | None = noise) -> Result:
        result = in_turn((subspace_pursuit, htp, cosamp), A, y, model, budget, noise=noise, **options)
        result = _judged(A, y, fit(model, A.in_shape), budget, result)
        return result if k is not None else replace(result, budget=plain(np.full(np.shape(result.status), budget)))

    if holdout:
        return held_out(solve, A, y, model, k, noise=noise, holdout=holdout, rng=rng)
    if k is None:
        return smallest_budget(partial(solve, A), A, y, model, noise, options["tol"])
    return solve(A, y, k)


def _judged(A: LinearOperator, y: Array, model: Any, k: Any, result: Result) -> Result:
    """The result with fits that may be an accident called AMBIGUOUS."""
    size = to_numpy(norm(y, len(A.out_shape)))
    relative = np.divide(result.residual_norm, size, out=np.zeros_like(size), where=size > 0)
    accident = result.converged & (size > 0) & ~told_apart(A, y, model, k, relative)
    status = np.array(result.status, dtype=object)
    status[accident] = Status.AMBIGUOUS
    return replace(result, status=plain(status))


def _with_penalty(
    A: LinearOperator,
    y: Array,
    noise: Array | None,
    penalty: Penalty,
    scale: float | str,
    debias: bool,
    options: dict[str, Any],
) -> Result:
    """With a scale that is given, or else chosen by the noise."""
    solver = default_solver(A, y, penalty)
    if noise is None:
        result = solver(A, y, penalty, scale=scale, **options)
    else:
        result = at_noise_level(solver, A, y, penalty, noise, **options)
    result = named(solver.__name__, result)
    return refitted(A, y, result) if debias else result


def _in_basis(A: LinearOperator, basis: Any) -> LinearOperator:
    """The operator on coefficients in the basis."""
    if basis is None:
        return A
    if not isinstance(basis, LinearOperator):
        raise TypeError(f"the basis must be an operator such as Wavelet or DCT, got {type(basis).__name__}")
    if not basis.unitary:
        raise ValueError(
            f"the basis must be an orthonormal transform such as Wavelet or DCT, got {basis}; with another "
            "synthesis S recover from A @ S, the signal is then S @ result.x"
        )
    return A @ basis.H


def _check_for_model(model: Model, k: Any, scale: Any, noise: Any, holdout: Any, debias: bool) -> None:
    """Refuse arguments that do not belong to a model."""
    if k is None and noise is None and not holdout:
        raise ValueError(
            f"{type(model).__name__} needs a budget: recover(A, y, structure, k); to find it give noise=, a bound on "
            "the norm of the noise, or holdout=True"
        )
    if scale != 1:
        raise ValueError(f"a scale belongs to a penalty, {type(model).__name__} has its budget k={k}")
    if debias:
        raise ValueError("debias belongs to a penalty: solvers with a model take least squares on the support")


def _check_for_penalty(penalty: Penalty, k: Any, scale: Any, noise: Any, holdout: Any) -> None:
    """Refuse arguments that do not belong to a penalty."""
    name = type(penalty).__name__
    if k is not None:
        raise ValueError(f"{name} is a penalty: its weight takes the place of the budget k={k}")
    if holdout:
        raise ValueError(f'holdout belongs to a model; for {name} see path(A, y, penalty).best("held-out")')
    if noise is not None and scale != 1:
        raise ValueError(f"the noise level decides the scale of {name}: give one of noise and scale={scale!r}")
    if noise is not None and not np.all(to_numpy(noise) > 0):
        raise ValueError(f"the noise level of a penalty is positive, got {noise!r}: without noise give a small scale")
