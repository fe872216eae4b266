"""Memory in a folder: `index.json`, and one file for each item."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from a3s_code import checks
from a3s_code.config.model import RelevanceSettings
from a3s_code.errors import StoreError
from a3s_code.memory.index import IndexEntry, MemoryIndex
from a3s_code.memory.indexed import IndexedStore
from a3s_code.memory.item import MemoryItem
from a3s_code.store.files import (
    encoded_json,
    explained,
    locked,
    make_folder,
    remove_leftovers,
    write_whole,
)
from a3s_code.store.names import file_stem
from a3s_code.store.reading import WrongForm

log = logging.getLogger("a3s_code")


class FileMemoryStore(IndexedStore):
    """Keeps items in `dir`; several sessions and processes may use it at the same time.

    Made on the first use; `dir` may start with `~`. All files are replaced as a whole, one writer
    at a time. What another process has stored is seen by the next call. An index that cannot be
    read is made anew from the items, with a warning. Failures raise `StoreError`.
    """

    backend_name = "file"

    def __init__(
        self, dir: str | os.PathLike[str], relevance: RelevanceSettings | None = None
    ) -> None:
        super().__init__(relevance)
        self.dir = checks.path("dir", dir)
        self._index = MemoryIndex()
        self._read_from: tuple[Path, tuple[int, int, int]] | None = None
        self._swept: Path | None = None

    def __repr__(self) -> str:
        return f"FileMemoryStore({self.dir!r})"

    def open(self) -> None:
        """Make the folder and read the index now, so that trouble shows at once."""
        with self._lock:
            with explained("create the folder", self._items_folder):
                make_folder(self._items_folder)
            self._current()

    def retrieve(self, item_id: str) -> MemoryItem | None:
        """The item with this id, None when there is none; an unusable file is an error."""
        path = self._item_file(item_id)
        with explained("read", path):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                return None
        try:
            item = MemoryItem.from_dict(_object(content))
        except ValueError as error:
            raise StoreError(f"{str(path)!r} is not a memory item: {error}") from error
        return item if item.id == item_id else None

    def rebuild_index(self) -> int:
        """Make `index.json` anew from the item files; invalid ones are skipped with a warning.

        Returns the number of items.
        """
        with self._lock, locked(self._folder):
            self._rebuild()
            return len(self._index)

    # -- the index -----------------------------------------------------------------------------------

    def _current(self) -> MemoryIndex:
        if not self._is_fresh() and not self._read():
            if next(self._item_files(), None) is None:
                self._index, self._read_from = MemoryIndex(), None
            else:
                with locked(self._folder):
                    if not self._read():  # another process may have been faster
                        log.warning("the memory index in %s is made anew", self._folder)
                        self._rebuild()
        return self._index

    @contextmanager
    def _writing(self) -> Iterator[MemoryIndex]:
        with self._lock:
            self._current()  # rebuilds under a lock of its own
            with locked(self._folder), explained("write in", self._folder):
                make_folder(self._items_folder)
                self._sweep()
                if not self._is_fresh():
                    self._read()
                version = self._index.version
                try:
                    yield self._index
                finally:
                    if self._index.version != version:
                        self._read_from = None  # read again, should the writing fail
                        self._write_index()

    def _read(self) -> bool:
        """Read `index.json`; False when there is none that can be used."""
        path = self._index_file
        try:
            with explained("read", path), path.open("rb") as file:
                status, content = os.fstat(file.fileno()), file.read()
            self._index = MemoryIndex.from_list(json.loads(content))
        except StoreError as error:
            if isinstance(error.__cause__, FileNotFoundError):
                return False
            raise
        except ValueError as error:
            log.warning("%s cannot be used: %s", path, error)
            return False
        self._read_from = (path, _identity(status))
        return True

    def _is_fresh(self) -> bool:
        path = self._index_file
        with explained("read", path):
            try:
                return self._read_from == (path, _identity(path.stat()))
            except FileNotFoundError:
                return False

    def _write_index(self) -> None:
        path = self._index_file
        write_whole(path, self._index.to_json())
        self._read_from = (path, _identity(path.stat()))

    def _rebuild(self) -> None:
        entries = []
        for path in sorted(self._item_files()):
            try:
                item = MemoryItem.from_dict(_object(path.read_bytes()))
                if file_stem(item.id) != path.stem:
                    raise WrongForm(f"it belongs to item {item.id!r}")
                entries.append(IndexEntry.of(item))
            except (OSError, ValueError) as error:
                log.warning("%s is no usable memory item: %s", path, error)
        self._index = MemoryIndex(sorted(entries, key=lambda entry: entry.timestamp))
        with explained("write", self._index_file):
            self._write_index()

    # -- the items -----------------------------------------------------------------------------------

    def _put(self, item: MemoryItem) -> None:
        path = self._item_file(item.id)
        if path.exists() and self.retrieve(item.id) is None:
            raise StoreError(f"{str(path)!r} holds another item than {item.id!r}")
        with explained("write", path):
            write_whole(path, encoded_json(item.to_dict(), indent=2) + b"\n")

    def _drop(self, item_id: str) -> None:
        path = self._item_file(item_id)
        with explained("delete", path):
            path.unlink(missing_ok=True)

    def _found(self, item_id: str) -> MemoryItem | None:
        try:
            return self.retrieve(item_id)
        except StoreError as error:  # the others are worth having all the same
            log.warning("a memory item is left out: %s", error.problem)
            return None

    def _item_files(self) -> Iterator[Path]:
        return self._items_folder.glob("*.json")

    def _sweep(self) -> None:
        if self._swept != self._folder:
            with suppress(OSError):  # what killed writers left only takes up space
                remove_leftovers(self._folder)
                remove_leftovers(self._items_folder)
            self._swept = self._folder

    @property
    def _folder(self) -> Path:
        return Path(self.dir).expanduser()

    @property
    def _index_file(self) -> Path:
        return self._folder / "index.json"

    @property
    def _items_folder(self) -> Path:
        return self._folder / "items"

    def _item_file(self, item_id: str) -> Path:
        return self._items_folder / f"{file_stem(item_id)}.json"


def _identity(status: os.stat_result) -> tuple[int, int, int]:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _object(content: bytes) -> dict[str, Any]:
    value = json.loads(content)
    if not isinstance(value, dict):
        raise WrongForm("no JSON object")
    return value
