"""Where tasks run: in this process, in others of this machine, in the caller's executor, on a dask cluster."""

from __future__ import annotations

import numbers
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from .cluster import Cluster, connected
from .pools import InProcess, Pool, inside
from .processes import Lent, Processes

__all__ = ["Pool", "opened"]


@contextmanager
def opened(executor: Any = None) -> Iterator[Pool]:
    """Pool of the workers of an executor, for the length of a ``with`` block.

    Parameters
    ----------
    executor : None, int >= 1, concurrent.futures.Executor, dask.distributed.Client, or str
        this process; so many processes of this machine, one BLAS thread each; the executor of the caller (a pool of
        threads or processes, of mpi4py.futures, ...), which stays open; the workers of a dask cluster, given by its
        client, which stays open, too, or by the address of its scheduler, ``"dask://host:8786"``.

    Notes
    -----
    Within a task of another pool everything runs in process: workers have no workers of their own, and a pool that
    waits for itself would wait forever.

    Raises
    ------
    TypeError, ValueError
        When the executor is none of these.
    ImportError
        When it is an address, and dask.distributed is not installed.
    ConnectionError
        When no scheduler answers at the address.
    """
    pool = InProcess() if inside() else _pool(executor)
    try:
        yield pool
    finally:
        pool.close()


def _pool(executor: Any) -> Pool:
    distributed = sys.modules.get("distributed")
    if executor is None:
        return InProcess()
    if isinstance(executor, numbers.Integral) and not isinstance(executor, bool):
        return Processes(int(executor))
    if isinstance(executor, str):
        return Cluster(connected(executor), ours=True)
    if distributed and isinstance(executor, distributed.Client):
        return Cluster(executor, ours=False)
    if callable(getattr(executor, "submit", None)):
        return Lent(executor)
    raise TypeError(
        "an executor is None (this process), a number of processes, a concurrent.futures.Executor, a dask Client or "
        f"the address of its scheduler, got {executor!r}"
    )
