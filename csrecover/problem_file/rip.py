"""The command ``csrecover rip``: restricted isometry constants of a problem file, in words and as files."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from ..analysis import Guarantees
from ..analysis.guarantees import guarantees
from ..analysis.rip import RIPEstimate, rip
from ..experiments.exports import whole
from ..models import SupportModel
from ..operators import LinearOperator
from ..structures.signal import fit
from ..versions import versions
from .outputs import plain_data
from .reading import Problem, read_problem

_LEGEND = """\
attained: found on a support, the true constant is no smaller. certified: proven for every support, it is no larger.
Only certified constants fulfil the hypothesis of a theorem, only attained ones refute it."""


def run_rip(options: argparse.Namespace) -> int:
    """Do what is asked for; the exit status.

    Raises
    ------
    ValueError, TypeError, OSError, NotImplementedError
        When something is not understood, is too large, or cannot be read or written.
    """
    problem = read_problem(options.problem, measured=False)
    A, model = operator_and_model(problem)
    if options.k is None and "k" not in problem.options:
        raise ValueError(f"{options.problem}: rip needs a budget: give --k, or k in [recover]")
    budgets = [_hashable(problem.options["k"])] if options.k is None else options.k
    estimates: dict[Any, RIPEstimate] = {}
    tables: list[Guarantees] = []
    print(A)
    try:
        for k in budgets:
            settings = {"rng": problem.seed or 0, "effort": options.effort}
            estimates[k] = rip(A, model, k, progress=not options.quiet, **settings)
            print("\n" + in_words(estimates[k], model, k, A.in_shape))
            if not estimates[k].complete:
                raise KeyboardInterrupt
            if options.guarantees:
                tables.append(guarantees(A, model, k, **settings))
                print(f"\n{tables[-1]}")
        interrupted = False
    except KeyboardInterrupt:
        interrupted = True
    if estimates:
        print(f"\n{_LEGEND}")
    if estimates and options.out is not None:
        print(", ".join(map(str, write_outputs(estimates, tables, problem, options.out))))
    if interrupted:
        print("csrecover: interrupted; this is what was known so far", file=sys.stderr)
    return 130 if interrupted else 0


def operator_and_model(problem: Problem) -> tuple[LinearOperator, SupportModel]:
    """The operator on coefficients, and the model of these.

    Raises
    ------
    ValueError
        When the structure of the problem is a penalty, or a model without supports.
    """
    A = problem.A if problem.basis is None else problem.A @ problem.basis.H
    if not isinstance(problem.structure, SupportModel):
        name = type(problem.structure).__name__
        raise ValueError(f"rip needs a model with supports, such as Sparse or BlockSparse, got {name}")
    return A, fit(problem.structure, A.in_shape)


def in_words(estimate: RIPEstimate, model: SupportModel, k: Any, shape: tuple[int, ...]) -> str:
    """What is known of the constants, a few lines; brackets are rounded outwards."""
    nonzeros, digits = model.max_nonzeros(k), model.log_count(k, shape) / math.log(10)
    count = f"{math.exp(model.log_count(k, shape)):,.0f}" if digits < 9 else f"about 10^{digits:.0f}"
    what = f"{model}, k = {k}: at most {count} supports of up to {nonzeros} nonzeros, {estimate.n_supports:,} visited"
    symmetric = f"  of c A^H A, c = {estimate.scale:.4g}, it is {_between(*estimate.rescaled)}"
    return "\n".join(
        [
            what,
            "(1 - L) ||x||^2 <= ||A x||^2 <= (1 + U) ||x||^2 for all these x, with",
            _constant("L", estimate),
            _constant("U", estimate),
            f"  delta = max(L, U) is {_between(*estimate.interval)}",
            symmetric,
        ]
    )


def write_outputs(
    estimates: Mapping[Any, RIPEstimate], tables: Sequence[Guarantees], problem: Problem, folder: Path
) -> list[Path]:
    """Write rip.json and rip.png, and return their paths.

    Raises
    ------
    OSError
        When one cannot be written.
    """
    from ..plotting import plot_rip

    A, model = operator_and_model(problem)
    folder.mkdir(parents=True, exist_ok=True)
    table, figure = folder / "rip.json", folder / "rip.png"
    summary = {
        "operator": str(A),
        "model": str(model),
        "estimates": [_numbers(estimate, model, k) for k, estimate in estimates.items()],
        "guarantees": plain_data(list(tables)),
        "seed": problem.seed,
        "versions": versions(),
        "problem": problem.text,
    }
    with whole(table) as part:
        part.write_text(json.dumps(summary, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    drawn: Any = plot_rip({model.max_nonzeros(k): estimate for k, estimate in estimates.items()}).figure
    with whole(figure) as part:
        drawn.savefig(part, format="png", dpi=200)
    return [table, figure]


def _hashable(k: Any) -> Any:
    """A budget; that of several parts as a tuple."""
    return tuple(map(_hashable, k)) if isinstance(k, list) else k


def _numbers(estimate: RIPEstimate, model: SupportModel, k: Any) -> dict[str, Any]:
    """An estimate as JSON knows it."""
    derived = {name: getattr(estimate, name) for name in ("interval", "scale", "rescaled")}
    return plain_data({"k": k, "nonzeros": model.max_nonzeros(k)} | vars(estimate) | derived)


def _constant(name: str, estimate: RIPEstimate) -> str:
    """A line on L or on U."""
    attained, certified = (getattr(estimate, f"{kind}_{name}") for kind in ("attained", "certified"))
    found, proven = (estimate.methods[f"{kind}_{name}"] for kind in ("attained", "certified"))
    support = np.array2string(getattr(estimate, f"support_{name}"), threshold=16, separator=" ", max_line_width=80)
    if attained == certified:
        return f"  {name} = {attained:.4f}, exact ({proven}), on columns {support}"
    return (
        f"  {name} from {_down(attained):.4f}, attained ({found}) on columns {support},\n"
        f"    to {-_down(-certified):.4f}, certified ({proven})"
    )


def _between(low: float, high: float) -> str:
    """A number known to lie between two."""
    return f"{low:.4f}" if low == high else f"between {_down(low):.4f} and {-_down(-high):.4f}"


def _down(number: float) -> float:
    """Four digits after the point, rounded down."""
    return float(np.floor(1e4 * number) / 1e4)
