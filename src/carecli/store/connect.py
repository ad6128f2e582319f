"""Opening the file, short transactions, and SQLite's errors in words that a user can act on."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator, Mapping, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from typing import Any

from carecli.errors import Locked, StoreError

VERSION = 15  # the schema that this program writes; `schema` holds one migration per step
BUSY_SECONDS = 30.0

Row = sqlite3.Row
Columns = sqlite3.Row | Mapping[str, Any]  # a row, or what was made of one: read by name alone
Connection = sqlite3.Connection


class Store:
    """One open database. `rows` and `row` read, `write` is one short transaction, `lock` is held across many."""

    def __init__(self, path: Path, connection: sqlite3.Connection) -> None:
        self.path = path
        self.connection = connection

    def rows(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> list[Row]:
        """All rows of a query."""
        with self.explained():
            return self.connection.execute(sql, parameters).fetchall()

    def row(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Row | None:
        """The first row of a query, or None."""
        with self.explained():
            row: Row | None = self.connection.execute(sql, parameters).fetchone()
            return row

    def each(self, sql: str, parameters: Sequence[Any] | dict[str, Any] = ()) -> Iterator[Row]:
        """The rows of a query one by one, as they are asked for."""
        with self.explained():
            yield from self.connection.execute(sql, parameters)

    @contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One transaction that holds the write lock from its start; nested calls join the outer one."""
        with self.explained():
            if self.connection.in_transaction:
                yield self.connection
                return
            self.connection.execute("BEGIN IMMEDIATE")
            try:
                yield self.connection
                self.connection.execute("COMMIT")
            except BaseException:
                # a full disk may have ended the transaction already
                if self.connection.in_transaction:
                    self.connection.execute("ROLLBACK")
                raise

    @contextmanager
    def lock(self, name: str, *, wait: float = 0.0) -> Iterator[None]:
        """Hold the named lock over processes: the system frees it when the process dies. Raises Locked."""
        from filelock import FileLock, Timeout

        lock = FileLock(f"{self.path}.{name}.lock")
        try:
            lock.acquire(timeout=wait)
        except Timeout:
            raise Locked(
                f"another care is at work on {self.path} ({name})",
                hint="wait until it has finished, then try again",
            ) from None
        except OSError as error:
            raise StoreError(f"cannot write beside {self.path}: {error.strerror}") from error
        try:
            yield
        finally:
            lock.release()

    def changes(self) -> int:
        """A number that is another one when some other connection, of whatever process, has written meanwhile."""
        return int(self.rows("PRAGMA data_version")[0][0])

    def remembers(self, key: str) -> str | None:
        """What was kept under `key`, a note of the program to itself."""
        row = self.row("SELECT value FROM notes WHERE key = ?", [key])
        return None if row is None else str(row["value"])

    def remember(self, key: str, value: str) -> None:
        """Keep `value` under `key`."""
        with self.write() as connection:
            connection.execute("INSERT OR REPLACE INTO notes (key, value) VALUES (?, ?)", [key, value])

    def forget(self, key: str) -> None:
        """Keep nothing under `key` any more."""
        with self.write() as connection:
            connection.execute("DELETE FROM notes WHERE key = ?", [key])

    def backup(self, target: Path) -> None:
        """A consistent copy at `target`, also while others write. Raises StoreError."""
        if target.exists():
            raise StoreError(f"{target} exists already", hint="name a file that does not exist")
        partial = target.with_name(target.name + ".partial")
        try:
            partial.unlink(missing_ok=True)
            _private(partial)
            with closing(sqlite3.connect(partial)) as copy:
                self.connection.backup(copy)
            partial.replace(target)
        except (sqlite3.Error, OSError) as error:
            with suppress(OSError):
                partial.unlink(missing_ok=True)
            raise StoreError(f"cannot write the backup {target}: {error}") from error

    def integrity(self) -> str:
        """SQLite's own word on the file: `ok`, or what is broken."""
        row = self.row("PRAGMA quick_check")
        return str(row[0]) if row else "no answer"

    def close(self) -> None:
        """Close the file."""
        self.connection.close()

    @contextmanager
    def explained(self) -> Iterator[None]:
        """What goes wrong inside is told in words that a user can act on. Raises StoreError."""
        try:
            yield
        except sqlite3.Error as error:
            raise explained(error, self.path) from error


_MEANINGS = (  # a word of SQLite's message, what it means, what to do
    ("disk is full", "the disk that holds {path} is full", "free some space; what was stored before is safe"),
    ("disk I/O error", "the disk that holds {path} cannot be read or written", "is it full? free some space"),
    ("readonly", "{path} is read-only", "change its permissions, or name another file with --db"),
    ("read-only", "{path} is read-only", "change its permissions, or name another file with --db"),
    ("locked", "{path} was busy for too long", "another program writes to it; try again"),
    ("busy", "{path} was busy for too long", "another program writes to it; try again"),
    ("not a database", "{path} is not a sound SQLite database", "restore a backup, or name another file with --db"),
    ("malformed", "{path} is not a sound SQLite database", "restore a backup, or name another file with --db"),
    ("unable to open", "cannot open {path}", "check that its folder exists and that you may write there"),
)


def explained(error: sqlite3.Error, path: Path) -> StoreError:
    """SQLite's error as one of ours: what is wrong with which file, and what to do."""
    for word, meaning, hint in _MEANINGS:
        if word in str(error):
            return StoreError(meaning.format(path=path), hint=hint)
    return StoreError(f"{path}: {error}")


def open_store(path: Path) -> Store:
    """Open the database at `path`, made or migrated where needed. Raises StoreError."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        _private(path)
        connection = _connected(path)
    except OSError as error:
        raise StoreError(f"cannot make {error.filename or path}: {error.strerror}") from error
    except sqlite3.Error as error:
        raise explained(error, path) from error
    connection.row_factory = sqlite3.Row
    store = Store(path, connection)
    try:
        _prepare(store)
    except BaseException:
        connection.close()
        raise
    return store


def _connected(path: Path) -> sqlite3.Connection:
    """A connection; a file on a read-only disk, beside which SQLite cannot keep its notes, is read as it is."""
    connection = sqlite3.connect(path, timeout=BUSY_SECONDS, isolation_level=None)
    if not os.access(path.parent, os.W_OK) or not os.access(path, os.W_OK):
        connection.close()
        address = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        connection = sqlite3.connect(address, uri=True, isolation_level=None)
    return connection


def _private(path: Path) -> None:
    """Make a file that only its owner can read, as customers' data is in it; what is there stays as it is."""
    if path.exists():
        return
    with suppress(FileExistsError):
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, 0o600))


def _prepare(store: Store) -> None:
    version = store.rows("PRAGMA user_version")[0][0]
    if version > VERSION:
        raise StoreError(
            f"{store.path} was written by a newer carecli (its schema is {version}, this program knows {VERSION})",
            hint="upgrade carecli, or name another file with --db",
        )
    if version == 0 and store.row("SELECT 1 FROM sqlite_master WHERE type = 'table' AND name <> '_sqlite_migrations'"):
        raise StoreError(f"{store.path} is another program's database", hint="name another file with --db")
    with store.explained():
        store.connection.execute("PRAGMA foreign_keys = ON")
        store.connection.execute("PRAGMA synchronous = NORMAL")
    if version < VERSION:
        from carecli.store import schema

        # one at a time: SQLite does not queue processes that switch a new file to WAL
        with store.lock("schema", wait=BUSY_SECONDS), store.explained():
            schema.migrate(store.connection, version, VERSION)
