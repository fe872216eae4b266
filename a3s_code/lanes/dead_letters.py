"""Commands that failed for good."""

from __future__ import annotations

import logging
import re
import threading
from collections import deque
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from a3s_code.store.files import encoded_json, make_folder, write_whole

log = logging.getLogger("a3s_code")


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadLetter:
    """One of them; `failed_at` is the time in ISO 8601, UTC. Arguments are not kept."""

    command_id: str
    command_type: str
    lane: str
    error: str
    attempts: int
    failed_at: str


class DeadLetters:
    """The last `most` of them, usable from any thread; also in a file when there is a folder.

    The file `<session id>.dead_letters.json` is for people: it is written, never read back.
    """

    def __init__(self, most: int, folder: Path | None, session_id: str) -> None:
        self._lock = threading.Lock()
        self._letters: deque[DeadLetter] = deque(maxlen=most)
        safe = re.sub(r"[^A-Za-z0-9_-]", "_", session_id)
        self._file = None if folder is None else folder / f"{safe}.dead_letters.json"

    def add(self, letter: DeadLetter) -> None:
        """Keep a letter; the oldest falls out when there are too many."""
        with self._lock:
            self._letters.append(letter)
            if self._file is not None:
                self._write(self._file)

    def all(self) -> list[dict[str, Any]]:
        """The letters as dicts, the oldest first."""
        with self._lock:
            return [asdict(letter) for letter in self._letters]

    def _write(self, file: Path) -> None:
        try:
            make_folder(file.parent)
            write_whole(file, encoded_json([asdict(letter) for letter in self._letters]))
        except OSError as error:  # the letters themselves are unharmed
            log.warning("dead letters were not written to %s: %s", file, error)
