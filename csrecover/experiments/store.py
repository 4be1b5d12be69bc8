"""Store of a sweep: one SQLite file that trials are appended to, each chunk in one transaction."""

from __future__ import annotations

import json
import os
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager, nullcontext, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .description import differences

FORMAT = 1
_APPLICATION = 0x63735377  # in the header of the file, where SQLite keeps a number that tells its applications apart
_SCHEMA = """
CREATE TABLE meta (key TEXT PRIMARY KEY, value TEXT) WITHOUT ROWID;
CREATE TABLE cell (id INTEGER PRIMARY KEY, cell TEXT);
CREATE TABLE solver (id INTEGER PRIMARY KEY, name TEXT);
CREATE TABLE trial (cell INTEGER, number INTEGER, solver INTEGER, success INTEGER, value REAL,
                    PRIMARY KEY (cell, number, solver)) WITHOUT ROWID;
CREATE TABLE failure (cell INTEGER, number INTEGER, text TEXT, PRIMARY KEY (cell, number)) WITHOUT ROWID;
"""

Row = tuple[int, int, int, bool, float | None]
"""Of a trial: id of the cell, number, id of the solver, whether it counts as a success, value."""


@dataclass(frozen=True, eq=False)
class Store:
    """Trials, and the experiment that they belong to, as plain tables that any SQLite reads; in memory without a path.

    The journal is a write-ahead log (`synchronous` is NORMAL): readers do not wait, a killed writer loses the
    transaction in flight and nothing else, and the disk should be a local one. A writer holds a lock of the operating
    system on a second, empty file, named as the store with "-lock" appended: it ends with its process however that
    ends, so the file may stay and means nothing.

    Tables: `trial` (cell, number, solver, success, value; a value is null where the outcome was a bool, or NaN),
    `failure` (cell, number, text of the exception), `cell` (id, canonical JSON), `solver` (id, name; "" where the
    outcomes had no names), `meta` (key, JSON: `experiment` what must not change, `request` what was asked for last,
    `runs` when and with which versions).
    """

    path: Path | None
    connection: sqlite3.Connection

    @classmethod
    @contextmanager
    def open(cls, path: str | os.PathLike | None, experiment: dict[str, Any]) -> Iterator[Store]:
        """Store to write to: a new one, or one of the same experiment.

        Parameters
        ----------
        path : path or None
            None keeps everything in memory.
        experiment : dict of plain data
            what must be the same for trials to be counted together.

        Raises
        ------
        BlockingIOError
            When another process, or another sweep of this one, writes to it.
        OSError
            When it cannot be opened or written.
        ValueError
            When it is of another experiment (the message says what differs), no store, damaged, or of a newer format.
        """
        path = None if path is None else Path(path)
        with nullcontext() if path is None else _lock(path):
            with _clear_errors(path):
                connection = sqlite3.connect(path or ":memory:", isolation_level=None)
            store = cls(path, connection)
            try:
                with _clear_errors(path):
                    store._prepare(json.loads(json.dumps(experiment)))
                yield store
            finally:
                with suppress(sqlite3.Error):
                    connection.execute("PRAGMA journal_mode = DELETE")
                connection.close()

    @classmethod
    @contextmanager
    def read(cls, path: str | os.PathLike) -> Iterator[Store]:
        """Store to read from, also while it is being written: as it is at the first look, until it is closed.

        Raises
        ------
        OSError
            When there is none, or it cannot be opened.
        ValueError
            When it is no store, damaged, or of a newer format.
        """
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"there is no store {path}")
        with _clear_errors(path):
            connection = sqlite3.connect(f"{path.absolute().as_uri()}?mode=rw", uri=True, isolation_level=None)
            store = cls(path, connection)
            try:
                if store._is_empty():
                    raise ValueError(f"{path} is an empty store: nothing has been run yet")
                connection.execute("PRAGMA query_only = 1")
                connection.execute("BEGIN")
                yield store
            finally:
                connection.close()

    def _prepare(self, experiment: dict[str, Any]) -> None:
        empty = self._is_empty()
        for pragma in ("journal_mode = WAL", "synchronous = NORMAL"):
            self.connection.execute(f"PRAGMA {pragma}")
        if empty:
            with self._transaction():
                for statement in _SCHEMA.split(";"):
                    self.connection.execute(statement)
                self.connection.execute(f"PRAGMA application_id = {_APPLICATION}")
                self.connection.execute(f"PRAGMA user_version = {FORMAT}")
        if not self._rows("SELECT 1 FROM trial LIMIT 1"):
            self._begin(experiment)
        found = list(differences(self.get("experiment"), experiment))
        if found:
            raise ValueError(
                f"{self.path} holds another experiment: {'; '.join(found)}. Give another store, or ask for the same"
            )

    def _begin(self, experiment: dict[str, Any]) -> None:
        """A store without trials belongs to no experiment yet."""
        with self._transaction():
            for table in ("meta", "cell", "solver", "failure"):
                self.connection.execute(f"DELETE FROM {table}")
            self._put("experiment", experiment)

    def _is_empty(self) -> bool:
        """Whether nothing has been written yet; an error where it is something else than a store of this format."""
        application, version = (
            self.connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("application_id", "user_version")
        )
        if application == _APPLICATION:
            if version > FORMAT:
                raise ValueError(
                    f"{self.path} has format {version}, this csrecover reads up to {FORMAT}: install a newer one"
                )
            return False
        if self.connection.execute("SELECT count(*) FROM sqlite_master").fetchone()[0]:
            raise ValueError(f"{self.path} is no store of a sweep: give another path")
        return True

    @contextmanager
    def _transaction(self) -> Iterator[None]:
        with _clear_errors(self.path):
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield
            except BaseException:
                self.connection.execute("ROLLBACK")
                raise
            self.connection.execute("COMMIT")

    def _put(self, key: str, value: Any) -> None:
        self.connection.execute("INSERT OR REPLACE INTO meta VALUES (?, ?)", (key, json.dumps(value)))

    def put(self, key: str, value: Any) -> None:
        """Keep plain data under a name."""
        with self._transaction():
            self._put(key, value)

    def get(self, key: str, default: Any = None) -> Any:
        """Plain data kept under a name."""
        found = self._rows("SELECT value FROM meta WHERE key = ?", (key,))
        return json.loads(found[0][0]) if found else default

    def cell_ids(self, cells: Iterable[str] = ()) -> dict[str, int]:
        """Ids of all cells by their canonical text; of a store that is written to, those given are added."""
        ids = {cell: number for number, cell in self._rows("SELECT id, cell FROM cell")}
        new = [cell for cell in cells if cell not in ids]
        if new:
            with self._transaction():
                self.connection.executemany("INSERT INTO cell VALUES (?, ?)", list(enumerate(new, len(ids))))
        return ids | {cell: number for number, cell in enumerate(new, len(ids))}

    def solvers(self) -> tuple[str, ...]:
        """Names of the outcomes of a trial, ("",) where they have none; empty before the first trial."""
        return tuple(name for (name,) in self._rows("SELECT name FROM solver ORDER BY id"))

    def name_solvers(self, names: Iterable[str]) -> None:
        """Set the names of the outcomes."""
        with self._transaction():
            self.connection.executemany("INSERT INTO solver VALUES (?, ?)", list(enumerate(names)))

    def add(self, rows: Iterable[Row], failures: Iterable[tuple[int, int, str]] = ()) -> None:
        """Append trials, and those that raised: (id of the cell, number, text). A trial that is there stays."""
        with self._transaction():
            execute = self.connection.executemany
            rows, failures = list(rows), list(failures)
            execute("DELETE FROM failure WHERE cell = ? AND number = ?", {row[:2] for row in rows})
            execute("INSERT OR IGNORE INTO trial VALUES (?, ?, ?, ?, ?)", rows)
            execute("INSERT OR REPLACE INTO failure VALUES (?, ?, ?)", failures)

    def trials(self) -> list[Row]:
        """All trials, by cell and number."""
        return self._rows("SELECT cell, number, solver, success, value FROM trial")

    def failures(self) -> list[tuple[int, int, str]]:
        """All trials that raised, and whose last attempt did: id of the cell, number, text of the exception."""
        return self._rows("SELECT cell, number, text FROM failure")

    def _rows(self, query: str, values: tuple = ()) -> list[Any]:
        with _clear_errors(self.path):
            return self.connection.execute(query, values).fetchall()


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold the lock of the one writer of a store."""
    if path.is_dir():
        raise IsADirectoryError(f"{path} is a folder: give the name of a file in it")
    if not path.parent.is_dir():
        raise FileNotFoundError(f"there is no folder {path.parent} for the store {path.name}: make it first")
    with _clear_errors(path):
        lock = sqlite3.connect(f"{path}-lock", isolation_level=None, timeout=0)
    with closing(lock):
        try:
            lock.execute("BEGIN EXCLUSIVE")
        except sqlite3.Error as error:
            if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_BUSY:
                raise OSError(f"the store {path} cannot be locked: {error}") from error
            raise BlockingIOError(
                f"another run writes to {path}: wait for it to end, or give another store (reading is possible)"
            ) from None
        yield


@contextmanager
def _clear_errors(path: Path | None) -> Iterator[None]:
    try:
        yield
    except sqlite3.OperationalError as error:
        raise OSError(f"the store {path} cannot be opened, read or written: {error}") from error
    except sqlite3.DatabaseError as error:
        raise ValueError(f"{path} is no store of a sweep, or damaged ({error}): give another path") from error
