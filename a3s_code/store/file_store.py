"""Sessions in a folder: the documented `<id>.json`, and beside it the turns that came later."""

from __future__ import annotations

import builtins
import json
import logging
import os
import secrets
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from a3s_code import checks
from a3s_code.errors import SessionConflict, StoreError
from a3s_code.messages import Message
from a3s_code.store import journal
from a3s_code.store.appending import append_durably, bytes_after
from a3s_code.store.drafts import RunningTurn, cut_off, remove_left_over
from a3s_code.store.files import (
    encoded_json,
    explained,
    locked,
    remove_leftovers,
    write_whole,
)
from a3s_code.store.names import file_stem
from a3s_code.store.plan import Growth, fold_is_due, grown
from a3s_code.store.protocol import Position
from a3s_code.store.reading import WrongForm
from a3s_code.store.saved import SavedSession
from a3s_code.store.summary import (
    FRONT_BYTES,
    SNAPSHOT,
    SUMMARY,
    SessionSummary,
    after,
    at_front,
    summary_of,
    written,
)

log = logging.getLogger("a3s_code")

FileId = tuple[int, int, int]


@dataclass(frozen=True, slots=True)
class _Seen:
    """The two files of a session. `snapshot` is None when it was not read, and `end` then counts
    all bytes of the journal; otherwise those up to the last entry that belongs to the snapshot.
    """

    file: FileId | None
    snapshot: str | None
    end: int


class FileSessionStore:
    """Keeps each session in `dir` as indented JSON, `<id>.json`; usable by several processes.

    The file is replaced as a whole. While a long session is going on, its turns are appended to
    `<id>.journal` instead and folded in when the journal has outgrown the file, when the session
    is saved explicitly, and when it ends. Every write is flushed to the disk before it counts.
    `dir` may start with `~` and is made on the first write. Failures raise `StoreError`.
    """

    backend_name = "file"

    def __init__(self, dir: str | os.PathLike[str]) -> None:
        self.dir = checks.path("dir", dir)
        self._swept: set[Path] = set()

    def __repr__(self) -> str:
        return f"FileSessionStore({self.dir!r})"

    # -- the documented methods ----------------------------------------------------------------------

    def save(self, data: SavedSession) -> None:
        """Insert the session, or replace the one with the same id, whoever has written it."""
        checks.instance("data", data, SavedSession)
        with self._locked():
            self._check_owner(data.id)
            self._write_snapshot(data)

    def load(self, session_id: str) -> SavedSession | None:
        """The session with this id, None when there is none; an unreadable file is an error."""
        opened = self.open(session_id)
        return None if opened is None else opened[0]

    def delete(self, session_id: str) -> None:
        """Remove a session; an unknown id is no error."""
        snapshot, turns = self._snapshot(session_id), self._journal(session_id)
        if not snapshot.exists():
            return
        with self._locked():
            for path in (snapshot, turns):
                with explained("delete", path):
                    path.unlink(missing_ok=True)
            remove_left_over(self._folder, file_stem(session_id))

    def list(self) -> builtins.list[str]:
        """The ids of all sessions, as their files spell them, sorted."""
        with explained("list the folder", self._folder):
            return sorted(path.stem for path in self._folder.glob("*.json"))

    def summaries(self) -> builtins.list[SessionSummary]:
        """What can be told of all sessions from the beginnings of their files, latest use first."""
        found = map(self._summary, self.list())
        return sorted(found, key=lambda summary: (-summary.updated_at, summary.id))

    def exists(self, session_id: str) -> bool:
        """Whether there is a session with this id."""
        return self._snapshot(session_id).is_file()

    def health_check(self) -> bool:
        """True when a file can be written in the folder; otherwise `StoreError` says why not."""
        with self._locked(), explained("write in", self._folder):
            probe = self._folder / f".probe-{os.getpid()}"
            write_whole(probe, b"")
            probe.unlink()
        return True

    # -- saving turn by turn -------------------------------------------------------------------------

    def position(self, session_id: str) -> Position:
        """Where the session stands now, told without reading it."""
        path = self._journal(session_id)
        with explained("read", path):
            end = path.stat().st_size if path.exists() else 0
        return _position(_Seen(self._file_id(session_id), None, end))

    def open(self, session_id: str) -> tuple[SavedSession, Position] | None:
        """The session with this id and where it stands, None when there is none."""
        # The journal first: a snapshot read later contains it, or is the one that it continues.
        path, turns = self._snapshot(session_id), self._read_journal(session_id)
        with explained("read", path):
            try:
                with path.open("rb") as file:
                    identity, content = _identity(os.fstat(file.fileno())), file.read()
            except FileNotFoundError:
                return None
        data = _parsed(path, content)
        snapshot = data.get(SNAPSHOT)
        seen = _Seen(identity, snapshot if isinstance(snapshot, str) else "", 0)
        if turns is not None and turns.snapshot == seen.snapshot:
            seen = _Seen(identity, turns.snapshot, turns.end)
        try:
            if seen.end and turns is not None:
                for entry in turns.entries:
                    data = grown(data, entry)
            return SavedSession.from_dict(data), _position(seen)
        except (WrongForm, KeyError, TypeError, AttributeError) as error:
            raise StoreError(f"{str(path)!r} is not a saved session: {error}") from error

    def append(self, session_id: str, growth: Growth, position: Position) -> Position:
        """Add what one turn added. Raises `SessionConflict` when someone else has written."""
        path, seen = self._journal(session_id), _seen(position)
        assert seen.snapshot, "a position that is not appendable"
        line = _encoded(session_id, lambda: journal.entry(growth))
        data = line if seen.end else journal.header(seen.snapshot) + line
        with self._locked():
            self._check(session_id, seen)
            with explained("write", path):
                append_durably(path, seen.end, data)
        return _position(_Seen(seen.file, seen.snapshot, seen.end + len(data)))

    def replace(self, data: SavedSession, position: Position) -> Position:
        """Write the whole session. Raises `SessionConflict` when someone else has written."""
        seen = _seen(position)
        with self._locked():
            self._check(data.id, seen)
            if seen.snapshot is None:
                self._check_owner(data.id)
            return self._write_snapshot(data)

    # -- the running turn ----------------------------------------------------------------------------

    def running_turn(self, session_id: str, before: Sequence[Message]) -> RunningTurn:
        """A place for the turn that follows these messages, until it is over and saved."""
        return RunningTurn(self._folder, file_stem(session_id), session_id, before)

    def cut_off(self, saved: SavedSession) -> SavedSession | None:
        """The session with the turn that was running when its process was killed, else None."""
        return cut_off(self._folder, file_stem(saved.id), saved)

    def remove_cut_off(self, session_id: str) -> None:
        """Forget turns that were cut off: they have been saved."""
        remove_left_over(self._folder, file_stem(session_id))

    # -- the two files -------------------------------------------------------------------------------

    @property
    def _folder(self) -> Path:
        return Path(self.dir).expanduser()

    def _snapshot(self, session_id: str) -> Path:
        return self._folder / f"{file_stem(session_id)}.json"

    def _journal(self, session_id: str) -> Path:
        return self._folder / f"{file_stem(session_id)}.journal"

    def _file_id(self, session_id: str) -> FileId | None:
        path = self._snapshot(session_id)
        with explained("read", path):
            try:
                return _identity(path.stat())
            except FileNotFoundError:
                return None

    def _summary(self, session_id: str) -> SessionSummary:
        unreadable = SessionSummary(id=session_id, prompts=None)
        try:
            with self._snapshot(session_id).open("rb") as file:
                told = at_front(session_id, file.read(FRONT_BYTES))
            if told is None:  # another program's file
                saved = self.load(session_id)
                return replace(summary_of(saved), id=session_id) if saved else unreadable
            summary, snapshot = told
            turns = self._read_journal(session_id)  # there is one while the session is going on
            if turns is not None and turns.snapshot == snapshot:
                summary = after(summary, turns.entries)
            return summary
        except (OSError, StoreError):  # damaged, or deleted meanwhile: the others can be listed
            return unreadable

    def _read_journal(self, session_id: str) -> journal.Journal | None:
        path = self._journal(session_id)
        with explained("read", path):
            try:
                return journal.parse(path.read_bytes())
            except FileNotFoundError:
                return None
            except WrongForm as error:
                raise StoreError(f"{str(path)!r} cannot be used: {error}") from error

    @contextmanager
    def _locked(self) -> Iterator[None]:
        folder = self._folder
        with locked(folder):
            if folder not in self._swept:
                with suppress(OSError):  # they only take up space
                    remove_leftovers(folder)
                self._swept.add(folder)
            yield

    def _check(self, session_id: str, seen: _Seen) -> None:
        """Raise `SessionConflict` unless both files are as this writer has seen them."""
        same = self._file_id(session_id) == seen.file
        if same:
            path = self._journal(session_id)
            with explained("read", path):
                tail = bytes_after(path, seen.end)
            same = tail is not None and not _has_news(tail, seen)
        if not same:
            raise SessionConflict(
                f"session {session_id!r} has been changed by another process or session; "
                "nothing was overwritten: resume it again, or go on under another session_id",
                session_id=session_id,
            )

    def _check_owner(self, session_id: str) -> None:
        """Raise `StoreError` when the file belongs to another id of the same spelling."""
        path = self._snapshot(session_id)
        with explained("read", path):
            try:
                content = path.read_bytes()
            except FileNotFoundError:
                return
        owner = _parsed(path, content).get("id")
        if owner != session_id and owner is not None:
            raise StoreError(f"{str(path)!r} holds session {owner!r}, not {session_id!r}")

    def _write_snapshot(self, data: SavedSession) -> Position:
        snapshot, path = secrets.token_hex(8), self._snapshot(data.id)
        front = {"id": data.id, SNAPSHOT: snapshot, SUMMARY: written(summary_of(data))}
        document = {**front, **data.to_dict()}
        content = _encoded(data.id, lambda: encoded_json(document, indent=2))
        with explained("write", path):
            write_whole(path, content + b"\n")
        with suppress(OSError):  # it names the former snapshot and is ignored from now on
            self._journal(data.id).unlink(missing_ok=True)
        return _position(_Seen(self._file_id(data.id), snapshot, 0))


def _identity(status: os.stat_result) -> FileId:
    return status.st_ino, status.st_mtime_ns, status.st_size


def _position(seen: _Seen) -> Position:
    size = seen.file[2] if seen.file is not None else 0
    return Position(
        appendable=bool(seen.snapshot),
        fold_due=fold_is_due(size, seen.end),
        complete=seen.end == 0,
        seen=seen,
    )


def _seen(position: Position) -> _Seen:
    assert isinstance(position.seen, _Seen), "a position of another store"
    return position.seen


def _has_news(tail: bytes, seen: _Seen) -> bool:
    """Whether a journal holds, behind what was seen, an entry that counts."""
    if not tail:
        return False
    if seen.snapshot is None:
        return True
    if seen.end == 0:
        return journal.snapshot_of(tail) == seen.snapshot
    return journal.has_entry(tail)


def _encoded(session_id: str, encode: Callable[[], bytes]) -> bytes:
    try:
        return encode()
    except (TypeError, ValueError) as error:
        raise StoreError(f"session {session_id!r} cannot be written as JSON: {error}") from error


def _parsed(path: Path, content: bytes) -> dict[str, Any]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError) as error:
        raise StoreError(f"{str(path)!r} is not valid JSON: {error}") from error
    if not isinstance(data, dict):
        raise StoreError(f"{str(path)!r} is not a saved session: it holds no JSON object")
    return data
