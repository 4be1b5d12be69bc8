"""Workers that tasks are given to; they may die, the tasks are run again."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, CancelledError, Future, wait
from contextvars import ContextVar
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

TRIES = 3
_INSIDE = ContextVar("inside a task", default=False)


class Pool(ABC):
    """Workers that tasks are given to; `executors.opened` makes one."""

    @property
    @abstractmethod
    def workers(self) -> int:
        """Number of tasks that are worked on at a time."""

    @abstractmethod
    def run(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        """Yield (task, function(task)) for each task, once, as they are finished.

        Tasks are drawn when there is room: at most four for each worker are under way. Those whose worker died are
        run again. What was finished has been yielded before an error is raised.

        Parameters
        ----------
        function : callable
            of one argument. Workers in other processes unpickle it once each, threads share it.
        tasks : iterable
            arguments; small, as each is pickled.

        Raises
        ------
        TypeError
            When the function cannot be pickled.
        RuntimeError
            When a task ends its worker again and again; when workers died that are not ours to start anew; when the
            executor cancelled tasks, or is out of reach.
        Exception
            Whatever the function raised.
        """

    @abstractmethod
    def close(self) -> None:
        """Cancel what is under way, and end the workers that this pool has started."""


class InProcess(Pool):
    """One task after the other, here."""

    @property
    def workers(self) -> int:
        return 1

    def run(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        return ((task, function(task)) for task in tasks)

    def close(self) -> None:
        """Nothing is under way."""


@dataclass(frozen=True, eq=False)
class Attempt:
    """A task, how often it was under way when a worker died, and what was said of that."""

    task: Any
    deaths: int = 0
    error: BaseException | None = None


class Futures(Pool):
    """Workers behind a `submit` that gives a `concurrent.futures.Future`.

    When a worker dies, each task under way may have been the reason. They are run again: first as many at a time as
    there are workers, then alone. So a task that dies a third time is the reason, and is named.
    """

    death: type[BaseException] = BrokenExecutor  # what a future raises when its worker has died
    spent = 1  # tries that it has had by then

    def __init__(self, name: str) -> None:
        self._name = name
        self._flying: dict[Future, Attempt] = {}

    @abstractmethod
    def _start(self, function: Callable[[Any], Any]) -> Callable[[Any], Future]:
        """`submit` of a task, to workers that have the function."""

    @abstractmethod
    def _recover(self, lost: list[Attempt]) -> None:
        """Make ready to `_start` again after a worker died."""

    @abstractmethod
    def _check(self) -> None:
        """Raise if the workers are out of reach."""

    def _cancel(self) -> None:
        while self._flying:
            self._flying.popitem()[0].cancel()

    def run(self, function: Callable[[Any], Any], tasks: Iterable[Any]) -> Iterator[tuple[Any, Any]]:
        self._cancel()
        fresh, again, lost = map(Attempt, tasks), list[Attempt](), list[Attempt]()
        submit = self._start(function)
        while True:
            if lost and not self._flying:
                self._recover(lost)
                submit = self._start(function)
                again, lost = sorted([*again, *lost], key=lambda attempt: attempt.deaths), []
            if not lost:
                lost = self._fill(submit, again, fresh)
            if not self._flying and not lost:
                return
            wait(self._flying, timeout=1, return_when=FIRST_COMPLETED)
            done = [future for future in self._flying if future.done()]  # `wait` misses some that were cancelled
            failure: BaseException | None = None
            for future in done:
                attempt = self._flying.pop(future)
                error = CancelledError() if future.cancelled() else future.exception()
                if error is None:
                    yield attempt.task, future.result()
                elif isinstance(error, self.death) and attempt.deaths + self.spent < TRIES:
                    lost.append(Attempt(attempt.task, attempt.deaths + self.spent, error))
                else:
                    failure = self._explained(error, attempt.task)
            if failure or not done:
                self._check()
            if failure:
                raise failure

    def _fill(self, submit: Callable[[Any], Future], again: list[Attempt], fresh: Iterator[Attempt]) -> list[Attempt]:
        """Submit tasks while there is room; the one that was not taken, as the workers have died."""
        workers = self.workers
        suspicion = max((each.deaths for each in [*self._flying.values(), *again]), default=0)
        room = (4 * workers, workers, 1)[suspicion]
        while len(self._flying) < room:
            attempt = again.pop() if again else next(fresh, None)
            if attempt is None:
                break
            try:
                self._flying[submit(attempt.task)] = attempt
            except BrokenExecutor as error:
                return [Attempt(attempt.task, attempt.deaths, error)]
        return []

    def _explained(self, error: BaseException, task: Any) -> BaseException:
        if isinstance(error, CancelledError):
            return self._gone(error)
        if isinstance(error, self.death):
            told = RuntimeError(f"a task ends its worker, also without another task beside it: {short(task)}")
            told.__cause__ = error
            return told
        return error

    def _gone(self, error: BaseException | None = None) -> RuntimeError:
        told = RuntimeError(
            f"{self._name} was shut down or is out of reach before all tasks were finished: start it again and run "
            "what is missing"
        )
        told.__cause__ = error
        return told


def apply(function: Callable[[Any], Any], task: Any) -> Any:
    """What a worker does."""
    token = _INSIDE.set(True)
    try:
        return function(task)
    finally:
        _INSIDE.reset(token)


def inside() -> bool:
    """Whether this is run by a worker."""
    return _INSIDE.get()


def pickled(function: Callable[[Any], Any]) -> bytes:
    """Function as bytes, also one that was defined in a script or a notebook."""
    import cloudpickle

    try:
        return cloudpickle.dumps(function)
    except Exception as error:
        raise TypeError(
            f"what runs in other processes must be picklable: {error}. Make it inside the trial, or use executor=None"
        ) from error


@lru_cache(maxsize=2)
def unpickled(payload: bytes) -> Callable[[Any], Any]:
    """Function of its bytes, made once in each process."""
    import cloudpickle

    return cloudpickle.loads(payload)


def short(task: Any) -> str:
    """A task in a line of an error."""
    text = repr(task)
    return text if len(text) <= 200 else f"{text[:200]}..."
