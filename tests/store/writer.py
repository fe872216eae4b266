"""A program that saves turns until it is stopped, and reports each one that is saved.

    python writer.py FOLDER ID LAST [MAX_FILE_BYTES]

Continues the session that is in the store. Prints the number of each turn whose save has returned,
every seventh of which is an explicit one; ends with turn LAST, or with the word `conflict` or
`failed`.
"""

from __future__ import annotations

import sys

from a3s_code.errors import SessionConflict, StoreError
from a3s_code.store.file_store import FileSessionStore
from a3s_code.store.saver import SessionSaver
from tests.store.sessions import session, turn


def say(word: object) -> None:
    """Tell the test, at once."""
    sys.stdout.write(f"{word}\n")
    sys.stdout.flush()


def main(folder: str, session_id: str, last: int, max_file_bytes: int | None = None) -> None:
    if max_file_bytes is not None:
        import resource

        resource.setrlimit(resource.RLIMIT_FSIZE, (max_file_bytes, max_file_bytes))
    store = FileSessionStore(folder)
    found = SessionSaver.resumed(store, session_id)
    saver, messages = (
        (found[0], list(found[1].messages))
        if found
        else (SessionSaver.fresh(store, session_id), [])
    )
    number = len(messages) // 2
    say("ready")
    while number <= last:
        messages = [*messages, *turn(number, size=200)]
        try:
            saver.save(session(messages, session_id), complete=number % 7 == 6)
        except SessionConflict:
            say("conflict")
            return
        except StoreError as error:
            say(f"failed {error}")
            return
        say(number)
        number += 1


if __name__ == "__main__":
    main(sys.argv[1], sys.argv[2], *map(int, sys.argv[3:]))
