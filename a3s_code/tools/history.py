"""Earlier contents of the files that tools changed, kept in memory for one session."""

from __future__ import annotations

import difflib
import threading
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

MAX_SNAPSHOTS = 500
MAX_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class FileVersion:
    """One snapshot, taken before `tool_name` changed the file. `size` is in bytes, time in UTC."""

    version: int
    path: str
    timestamp: datetime
    tool_name: str
    size: int


@dataclass(frozen=True, slots=True)
class _Snapshot:
    summary: FileVersion
    data: bytes = field(repr=False)


class FileHistory:
    """Snapshots of files, oldest dropped first when there are more than `max_snapshots` in all, or
    when they have more than `max_bytes` together, down to the newest one.

    Files are known by the path under which the tool was called. Versions of a file count from 0 and
    keep their numbers when older ones are dropped. `current(path)` reads a file as it is now, which
    `diff` then knows under the number of the next version. Safe to use from any thread.
    """

    def __init__(
        self,
        max_snapshots: int = MAX_SNAPSHOTS,
        current: Callable[[str], bytes] | None = None,
        max_bytes: int = MAX_BYTES,
    ) -> None:
        self._max_snapshots, self._max_bytes, self._bytes = max_snapshots, max_bytes, 0
        self._current = current
        self._snapshots: OrderedDict[tuple[str, int], _Snapshot] = OrderedDict()
        self._next_version: dict[str, int] = {}
        self._lock = threading.Lock()

    def record(self, path: str, data: bytes, tool_name: str) -> int:
        """Keep the content that is about to be replaced (b"" for a new file); its version number."""
        with self._lock:
            version = self._next_version.get(path, 0)
            self._next_version[path] = version + 1
            summary = FileVersion(
                version=version,
                path=path,
                timestamp=datetime.now(UTC),
                tool_name=tool_name,
                size=len(data),
            )
            self._snapshots[path, version] = _Snapshot(summary, data)
            self._bytes += len(data)
            while self._has_too_many():
                _, dropped = self._snapshots.popitem(last=False)
                self._bytes -= dropped.summary.size
            return version

    def _has_too_many(self) -> bool:
        kept = len(self._snapshots)
        return kept > self._max_snapshots or (kept > 1 and self._bytes > self._max_bytes)

    def versions(self, path: str) -> list[FileVersion]:
        """Summaries of the kept versions of a file, oldest first."""
        with self._lock:
            return [kept.summary for (name, _), kept in self._snapshots.items() if name == path]

    def tracked_files(self) -> list[str]:
        """The paths that have at least one kept version, sorted."""
        with self._lock:
            return sorted({path for path, _ in self._snapshots})

    def content(self, path: str, version: int) -> bytes | None:
        """The exact bytes of a version, None when it is not kept."""
        with self._lock:
            kept = self._snapshots.get((path, version))
        return None if kept is None else kept.data

    def diff(self, path: str, old: int, new: int) -> str | None:
        """Unified diff between two versions with 3 lines of context; None when one is not kept.

        The number after the last version stands for the file as it is now. Raises what reading it
        raises.
        """
        before, after = self._kept_or_current(path, old), self._kept_or_current(path, new)
        if before is None or after is None:
            return None
        return _unified(path, (old, before), (new, after))

    def _kept_or_current(self, path: str, version: int) -> bytes | None:
        with self._lock:
            is_current = version == self._next_version.get(path)
        if is_current and self._current is not None:
            return self._current(path)
        return self.content(path, version)


def _unified(path: str, before: tuple[int, bytes], after: tuple[int, bytes]) -> str:
    lines = difflib.unified_diff(
        _lines(before[1]),
        _lines(after[1]),
        f"a/{path} (version {before[0]})",
        f"b/{path} (version {after[0]})",
        n=3,
    )
    # A last line without its newline needs the marker, or the next line would be glued to it.
    return "".join(
        line if line.endswith("\n") else f"{line}\n\\ No newline at end of file\n" for line in lines
    )


def _lines(data: bytes) -> list[str]:
    text = data.decode("utf-8", "replace")
    lines = [line + "\n" for line in text.split("\n")]
    lines[-1] = lines[-1][:-1]
    return lines if lines[-1] else lines[:-1]
