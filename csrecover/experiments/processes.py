"""Workers on this machine by processes of our own, and those of an executor that the caller has."""

from __future__ import annotations

import os
import signal
import threading
import time
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

from .pools import Attempt, Futures, apply, pickled, short, unpickled

_ONE_THREAD = dict.fromkeys(("MKL_NUM_THREADS", "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"), "1")
_PREPARED: list[bytes] = []  # in a process of ours: the function


class Lent(Futures):
    """Workers of the caller's executor, which is left as it is."""

    def __init__(self, executor: Any) -> None:
        super().__init__(f"the executor {type(executor).__name__}")
        self._executor = executor
        given = (getattr(executor, name, None) for name in ("_max_workers", "num_workers"))
        self._workers = next((number for number in given if number), None) or os.cpu_count() or 1

    @property
    def workers(self) -> int:
        return self._workers

    def close(self) -> None:
        self._cancel()

    def _start(self, function: Callable[[Any], Any]) -> Callable[[Any], Future]:
        if isinstance(self._executor, ThreadPoolExecutor):
            return partial(self._executor.submit, apply, function)  # type: ignore[call-arg]
        return partial(self._executor.submit, _apply_pickled, pickled(function))

    def _recover(self, lost: list[Attempt]) -> None:
        raise RuntimeError(
            f"a worker of {self._name} died, which ends the whole executor, and it is not ours to start anew. "
            f"{len(lost)} tasks were under way, one of them {short(lost[0].task)}. Give a number of processes, or a "
            "new executor, and run what is missing. If no worker ever started: a script that starts processes needs "
            'a guard, if __name__ == "__main__"'
        ) from lost[0].error

    def _check(self) -> None:
        """An executor of this machine is in reach."""


class Processes(Futures):
    """Processes of ours, by loky: it needs no guarded script, and what is defined in one can be pickled."""

    def __init__(self, workers: int) -> None:
        if workers < 1:
            raise ValueError(f"the number of processes must be at least 1, got {workers}")
        super().__init__(f"the pool of {workers} processes")
        self._workers = workers
        self._executor: Any = None
        self._function: Any = None

    @property
    def workers(self) -> int:
        return self._workers

    def close(self) -> None:
        busy = bool(self._flying)
        self._flying.clear()
        if self._executor is not None:
            self._executor.shutdown(kill_workers=busy)
        self._executor = self._function = None

    def _cancel(self) -> None:
        """Kill the workers if they are busy: they cannot be asked to stop."""
        if self._flying:
            self.close()

    def _start(self, function: Callable[[Any], Any]) -> Callable[[Any], Future]:
        from loky import ProcessPoolExecutor

        if function is not self._function:
            self.close()
        if self._executor is None:
            given = (pickled(function), os.getpid())
            self._executor = ProcessPoolExecutor(self._workers, initializer=_prepare, initargs=given, env=_ONE_THREAD)
            self._function = function
        return partial(self._executor.submit, _apply_prepared)

    def _recover(self, lost: list[Attempt]) -> None:  # noqa: ARG002
        self.close()

    def _check(self) -> None:
        """Processes of ours are in reach."""


def _prepare(payload: bytes, parent: int) -> None:
    """Begin a process of ours: it gets the function, leaves Ctrl-C to its parent, and ends with it."""
    _PREPARED[:] = [payload]
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with, args=(parent,), daemon=True).start()


def _end_with(parent: int) -> None:
    while os.getppid() == parent:
        time.sleep(0.5)
    os._exit(1)


def _apply_prepared(task: Any) -> Any:
    return _apply_pickled(_PREPARED[0], task)


def _apply_pickled(payload: bytes, task: Any) -> Any:
    return apply(unpickled(payload), task)
