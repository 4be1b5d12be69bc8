"""Workers of a dask cluster."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from functools import partial
from typing import Any

from .pools import TRIES, Attempt, Futures, apply, pickled, unpickled

_RECOUNT = 5.0  # seconds


def connected(address: str) -> Any:
    """Client of the dask scheduler at an address.

    Raises
    ------
    ValueError, ImportError, ConnectionError
        When this is no address, distributed is not installed, nobody answers.
    """
    if "://" not in address:
        raise ValueError(f'the address of a dask scheduler looks like "dask://host:8786", got {address!r}')
    try:
        from distributed import Client
    except ImportError as error:
        raise ImportError("a dask cluster needs the package distributed: pip install csrecover[distributed]") from error
    try:
        return Client(address.replace("dask://", "tcp://"))
    except OSError as error:
        raise ConnectionError(f"no dask scheduler answers at {address}: is `dask scheduler` running there?") from error


class Cluster(Futures):
    """Workers of a dask cluster, which replaces dead ones and runs their tasks again by itself, a few times."""

    spent = TRIES - 1

    def __init__(self, client: Any, *, ours: bool) -> None:
        from distributed import KilledWorker

        if client.asynchronous:
            raise TypeError("the dask client is asynchronous: make it with Client(..., asynchronous=False)")
        super().__init__(f"the dask scheduler at {client.scheduler.address}")
        self.death = KilledWorker
        self._client, self._ours = client, ours
        self._workers, self._counted = 1, -_RECOUNT

    @property
    def workers(self) -> int:
        """Threads of all workers, which come and go; at least one."""
        if time.monotonic() - self._counted > _RECOUNT:
            try:
                self._workers = max(1, sum(self._client.nthreads().values()))
            except OSError as error:
                raise self._gone(error) from error
            self._counted = time.monotonic()
        return self._workers

    def close(self) -> None:
        self._cancel()
        if self._ours:
            self._client.close()

    def _start(self, function: Callable[[Any], Any]) -> Callable[[Any], Future]:
        """The function is the result of a task: scattered data would be lost with the last worker that has it."""
        held = self._client.submit(unpickled, pickled(function), pure=False)

        def submit(task: Any) -> Future:
            return _settled(self._client.submit(partial(apply, task=task), held, pure=False))

        return submit

    def _recover(self, lost: list[Attempt]) -> None:
        """The cluster has done so already."""

    def _check(self) -> None:
        if self._client.status != "running":
            raise self._gone()


def _settled(remote: Any) -> Future:
    """Future of this process, with the outcome of a dask future."""
    future: Future = Future()

    def settle(remote: Any) -> None:
        if not future.set_running_or_notify_cancel():
            return
        try:
            result = remote.result()
        except BaseException as error:
            future.set_exception(error)
        else:
            future.set_result(result)

    remote.add_done_callback(settle)
    future.add_done_callback(lambda future: remote.cancel() if future.cancelled() else None)
    return future
