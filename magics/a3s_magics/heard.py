"""What the library logs for its user, heard instead of printed: in a notebook it would be a red box."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from contextlib import contextmanager

from a3s_magics.record import without_keys
from a3s_magics.sanitise import terminal_text

LOGGER = "a3s_code"


class _Ear(logging.Handler):
    def __init__(self, lines: list[str]) -> None:
        super().__init__(logging.WARNING)
        self._lines = lines

    def emit(self, record: logging.LogRecord) -> None:
        line = without_keys(" ".join(terminal_text(record.getMessage()).split()))
        if line not in self._lines:
            self._lines.append(line)


@contextmanager
def heard(lines: list[str]) -> Iterator[None]:
    """Add the library's warnings to `lines`, each once, as long as this lasts.

    Python prints warnings that nobody handles; handlers which the user has set up still get them.
    """
    ear = _Ear(lines)
    logger = logging.getLogger(LOGGER)
    logger.addHandler(ear)
    try:
        yield
    finally:
        logger.removeHandler(ear)
