"""Tables of a problem file: each is the call of a class or creator, its keys are the arguments."""

from __future__ import annotations

import difflib
import inspect
from collections.abc import Callable, Iterable
from dataclasses import replace
from functools import partial, reduce
from operator import matmul
from typing import Any

from ..operators import LinearOperator
from .kinds import ARRAYS, OPERATORS, STRUCTURES, Kinds
from .parts import PARTS, Context
from .values import alternatives, value_of

_NEVER = {"ndim", "device"}  # solvers set the first; a problem file computes on the host
_NAMES = {"rng": "seed"}


def build(kinds: Kinds, table: Any, place: str, context: Context) -> Any:
    """The object that a table describes by its kind and the arguments of that kind.

    Raises
    ------
    ValueError
        When the kind or a key is not known, a key is missing, or a value is refused.
    """
    kind = kind_of(kinds, table, place)
    return call(kinds[kind], {key: table[key] for key in table if key != "kind"}, place, context)


def kind_of(kinds: Kinds, table: Any, place: str) -> str:
    """The kind that a table names.

    Raises
    ------
    ValueError
        When it names none, or none of these.
    """
    if not isinstance(table, dict):
        raise ValueError(f"{place}: expected a table with a kind, got {table!r}")
    if "kind" not in table:
        raise ValueError(f"{place} needs a kind: {', '.join(kinds)}")
    kind = table["kind"]
    if not isinstance(kind, str) or kind not in kinds:
        raise ValueError(f"{place} kind: there is no {kind!r}{_nearest(kind, kinds)}; there are {', '.join(kinds)}")
    return kind


def call(make: Callable[..., Any], table: dict[str, Any], place: str, context: Context) -> Any:
    """What `make` gives for the arguments in a table."""
    check_keys(table, keys(make), place)
    given = arguments(make, table, place, context)
    try:
        return make(**given)
    except (TypeError, ValueError, OverflowError, MemoryError) as error:
        raise ValueError(f"{place}: {error}") from error


def keys(make: Callable[..., Any], without: Iterable[str] = ()) -> dict[str, bool]:
    """Keys of a table for `make`, and whether each has to be given."""
    found: dict[str, bool] = {}
    for name, parameter in _parameters(make, without).items():
        if parameter.annotation in PARTS:
            found |= keys(PARTS[parameter.annotation], ["context"])
        else:
            found[_NAMES.get(name, name)] = parameter.default is parameter.empty
    return found


def arguments(
    make: Callable[..., Any], table: dict[str, Any], place: str, context: Context, without: Iterable[str] = ()
) -> dict[str, Any]:
    """Arguments of `make` from a table, from what is implied, and from the structures that keys describe."""
    given: dict[str, Any] = {}
    for name, parameter in _parameters(make, without).items():
        key = _NAMES.get(name, name)
        if parameter.annotation in PARTS:
            given[name] = _part(parameter.annotation, table, place, context)
        elif key in table:
            annotation = "int" if key == "seed" else parameter.annotation
            given[name] = _value(table[key], annotation, f"{place} {key}", context)
        elif context.implied(key) is not None:
            given[name] = context.implied(key)
        elif parameter.default is parameter.empty:
            raise ValueError(f"{place} needs {key}; its keys are {', '.join(keys(make, without))}")
    return given


def check_keys(table: dict[str, Any], known: Iterable[str], place: str) -> None:
    """Refuse a key that is not known.

    Raises
    ------
    ValueError
        Naming it, the nearest one and all that are known.
    """
    for key in table:
        if key not in known:
            allowed = ", ".join(known) or "none but kind"
            raise ValueError(f"{place} has no key {key!r}{_nearest(key, known)}; its keys are {allowed}")


def operator(value: Any, place: str, context: Context) -> LinearOperator:
    """The operator of a table, or the product of those of several; a factor's shape is that of the next one's."""
    if not isinstance(value, list):
        return build(OPERATORS, value, place, context)
    if not value:
        raise ValueError(f"{place}: expected a table or several, got none")
    factors: list[LinearOperator] = []
    for number, table in reversed(list(enumerate(value, start=1))):
        factors.insert(0, build(OPERATORS, table, f"{place} {number}", context))
        context = replace(context, shape=factors[0].out_shape)
    try:
        return reduce(matmul, factors)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from error


def _parameters(make: Callable[..., Any], without: Iterable[str]) -> dict[str, inspect.Parameter]:
    """Parameters that a file can give."""
    found = inspect.signature(make).parameters
    return {
        name: parameter
        for name, parameter in found.items()
        if name not in _NEVER and name not in without and _is_known(parameter.annotation)
    }


def _is_known(annotation: str) -> bool:
    return annotation in PARTS or bool(alternatives(annotation)) or _nested(annotation) is not None


def _nested(annotation: str) -> tuple[Callable[..., Any], bool] | None:
    """What makes an object of a table below a key, and whether there are several tables."""
    inner = annotation.removeprefix("tuple[").removeprefix("list[").removesuffix("]").removesuffix(", ...")
    return (_NESTED[inner], inner != annotation) if inner in _NESTED else None


def _value(value: Any, annotation: str, place: str, context: Context) -> Any:
    """A value of a table: plain, an array that a kind of its own draws, or what further tables describe."""
    nested = _nested(annotation)
    if nested is None:
        if isinstance(value, dict) and {"Array", "Any"} & set(alternatives(annotation)):
            return build(ARRAYS, value, place, context)
        return value_of(value, annotation, place, context.folder)
    make, several = nested
    if make is operator:
        context = replace(context, shape=None)
    if not several:
        return make(value, place, context.of_a_channel())
    if not isinstance(value, list):
        raise ValueError(f"{place}: expected several tables, [[...]], got {value!r}")
    return [make(table, f"{place} {number}", context) for number, table in enumerate(value, start=1)]


def _part(annotation: str, table: dict[str, Any], place: str, context: Context) -> Any:
    """The blocks, groups, tree or graph that some keys of a table describe."""
    given = arguments(PARTS[annotation], table, place, context, ["context"])
    try:
        return PARTS[annotation](context, **given)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{place}: {error}") from error


def _nearest(word: Any, known: Iterable[str]) -> str:
    """The known word that was probably meant, as a question."""
    lower = {name.lower(): name for name in known}
    close = difflib.get_close_matches(str(word).lower(), lower, n=1)
    return f", did you mean {lower[close[0]]!r}?" if close else ""


_NESTED: dict[str, Callable[..., Any]] = {"LinearOperator": operator, "SupportModel": partial(build, STRUCTURES)}
