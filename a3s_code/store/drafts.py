"""The drafts of running turns beside the saved sessions: `<id>.<random>.running`.

A draft is not flushed to the disk: it is for processes that are killed, not for power failures.
"""

from __future__ import annotations

import glob
import logging
import os
import secrets
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, BinaryIO

from a3s_code.messages import Message
from a3s_code.store import draft
from a3s_code.store.files import BINARY, PRIVATE, explained
from a3s_code.store.hold import hold
from a3s_code.store.saved import SavedSession

log = logging.getLogger("a3s_code")

_ours: set[str] = set()  # opening one of these would take the mark off it


class RunningTurn:
    """Writes one running turn down. There is no file before the first `write`; any thread."""

    def __init__(self, folder: Path, stem: str, session_id: str, before: Sequence[Message]) -> None:
        self._path = folder / f"{stem}.{secrets.token_hex(8)}.running"
        self._session_id, self._written = session_id, tuple(before)
        self._costs, self._packer = 0, draft.Packer()
        self._file: BinaryIO | None = None
        self._over = False
        self._lock = threading.Lock()

    def write(
        self, messages: Sequence[Message], cost_records: Sequence[Mapping[str, Any]] = ()
    ) -> None:
        """Add what is new. `cost_records` are all of this turn. Raises `StoreError`."""
        with self._lock:
            if self._over:
                return
            line = draft.change(self._written, messages, cost_records[self._costs :])
            if line is None:
                return
            with explained("write", self._path):
                if self._file is None:
                    line = draft.header(self._session_id, self._written) + line
                    self._file = self._open()
                self._file.write(self._packer.pack(line))
                self._file.flush()
            self._written, self._costs = tuple(messages), len(cost_records)

    def remove(self) -> None:
        """The turn is over and saved, or is not to be kept; later calls of `write` do nothing."""
        with self._lock:
            self._over = True
            if self._file is not None:
                with suppress(OSError):  # a full disk; the file goes anyway
                    self._file.close()
                self._file = None
                _ours.discard(str(self._path))
                _unlink(self._path)

    def _open(self) -> BinaryIO:
        _ours.add(str(self._path))
        descriptor = os.open(self._path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | BINARY, PRIVATE)
        file = open(descriptor, "wb")  # noqa: SIM115  # closed by `remove`
        hold(file)
        return file


def cut_off(folder: Path, stem: str, saved: SavedSession) -> SavedSession | None:
    """The session with a turn whose process was killed; None when there is no such turn."""
    turns = []
    for _path, changed, data in _left_over(folder, stem):
        found = draft.parse(data, saved.id, saved.messages)
        if found is not None:
            turns.append((changed, found))
    if not turns:
        return None
    _, latest = max(turns, key=lambda turn: turn[0])
    return draft.completed(saved, latest)


def remove_left_over(folder: Path, stem: str) -> None:
    """Delete the drafts of processes that have ended."""
    for path, _, _ in _left_over(folder, stem):
        _unlink(path)


def _left_over(folder: Path, stem: str) -> Iterator[tuple[Path, int, bytes]]:
    """Path, time of the last change in nanoseconds, and content of drafts that nobody writes."""
    for path in sorted(folder.glob(f"{glob.escape(stem)}.*.running")):
        if str(path) in _ours:
            continue
        try:
            with path.open("r+b") as file:
                if not hold(file):
                    continue
                changed, data = os.fstat(file.fileno()).st_mtime_ns, draft.unpacked(file.read())
        except OSError as error:  # gone meanwhile, or somebody else's
            log.debug("%s is not looked at: %s", path, error)
            continue
        yield path, changed, data


def _unlink(path: Path) -> None:
    with suppress(OSError):  # a draft that stays is recognised as an old one
        path.unlink(missing_ok=True)
