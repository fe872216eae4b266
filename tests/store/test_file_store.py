"""The folder of sessions: the documented file, the journal beside it, and what may go wrong."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from a3s_code.errors import SessionConflict, StoreError
from a3s_code.messages import Message
from a3s_code.store.file_store import FileSessionStore
from a3s_code.store.protocol import JournalStore, SessionStore
from a3s_code.store.saver import SessionSaver
from tests.store.sessions import LONG, prompts, session, turn


def save_turns(store: FileSessionStore, turns: int, session_id: str = "s") -> SessionSaver:
    """Save a session after each of its turns."""
    saver = SessionSaver.fresh(store, session_id)
    messages: list[Message] = []
    for number in range(turns):
        messages = [*messages, *turn(number)]
        saver.save(session(messages, session_id))
    return saver


def documented(path: Path) -> list[str]:
    """Prompts in the documented file, read without any of our code."""
    messages = json.loads(path.read_text(encoding="utf-8"))["messages"]
    return [m["content"][0]["text"] for m in messages if m["role"] == "user"]


def numbered(count: int) -> list[str]:
    return [f"prompt {number}" for number in range(count)]


def test_it_has_both_protocols(store: FileSessionStore) -> None:
    assert isinstance(store, SessionStore)
    assert isinstance(store, JournalStore)
    assert store.backend_name == "file"


def test_insert_load_replace_delete(store: FileSessionStore, folder: Path) -> None:
    assert (store.load("s"), store.list(), store.exists("s")) == (None, [], False)
    assert not folder.exists()
    store.save(session(2))
    assert store.load("s") == session(2)
    store.save(session(3, "other"))
    store.save(session(5))
    assert store.load("s") == session(5)
    assert (store.list(), store.exists("s")) == (["other", "s"], True)
    store.delete("s")
    store.delete("unknown")
    assert (store.load("s"), store.list(), store.exists("s")) == (None, ["other"], False)


def test_the_file_is_indented_utf8_json(store: FileSessionStore, folder: Path) -> None:
    store.save(session([Message.user("Grüße \N{SNOWMAN}")]))
    text = (folder / "s.json").read_text(encoding="utf-8")
    assert text.startswith('{\n  "id": "s"')
    assert "Grüße \N{SNOWMAN}" in text


def test_dir_can_be_changed_and_may_start_with_a_tilde(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    store = FileSessionStore("elsewhere")
    store.dir = "~/sessions"
    store.save(session(1))
    assert (tmp_path / "sessions" / "s.json").is_file()


@pytest.mark.parametrize("session_id", ["../evil", "a/b\\c", "nul", "x" * 500, "half \ud800", ".."])
def test_ids_stay_inside_the_folder(store: FileSessionStore, folder: Path, session_id: str) -> None:
    save_turns(store, LONG, session_id)
    assert prompts(store.load(session_id)) == numbered(LONG)
    (listed,) = store.list()
    assert prompts(store.load(listed)) == numbered(LONG)
    assert [path.name for path in folder.parent.iterdir()] == ["sessions"]
    store.delete(session_id)
    assert store.list() == []


def test_two_ids_with_one_spelling(store: FileSessionStore) -> None:
    store.save(session(1, "a/b"))
    with pytest.raises(StoreError, match="holds session 'a/b', not 'a_b'"):
        store.save(session(2, "a_b"))
    with pytest.raises(StoreError, match="holds session 'a/b', not 'a_b'"):
        SessionSaver.fresh(store, "a_b").save(session(2, "a_b"))
    assert store.load("a/b") == session(1, "a/b")


def test_turns_are_appended_and_loaded(store: FileSessionStore, folder: Path) -> None:
    save_turns(store, LONG)
    assert prompts(store.load("s")) == numbered(LONG)
    assert store.load("s") == session(LONG)
    assert len(documented(folder / "s.json")) < LONG
    assert (folder / "s.journal").is_file()


def test_short_sessions_are_complete_in_the_documented_file(
    store: FileSessionStore, folder: Path
) -> None:
    save_turns(store, 8)
    assert documented(folder / "s.json") == numbered(8)


def test_an_explicit_save_completes_the_documented_file(
    store: FileSessionStore, folder: Path
) -> None:
    saver = save_turns(store, LONG)
    saver.save(session(LONG + 1), complete=True)
    assert documented(folder / "s.json") == numbered(LONG + 1)
    assert not (folder / "s.journal").exists()
    saver.save(session(LONG + 2))
    assert prompts(store.load("s")) == numbered(LONG + 2)


def test_the_end_completes_the_documented_file(store: FileSessionStore, folder: Path) -> None:
    saver = save_turns(store, LONG)
    saver.close()
    assert documented(folder / "s.json") == numbered(LONG)
    before = (folder / "s.json").stat().st_mtime_ns
    saver.close()
    SessionSaver.fresh(store, "unused").close()
    assert (folder / "s.json").stat().st_mtime_ns == before
    assert store.list() == ["s"]


def test_all_writing_together_stays_linear(store: FileSessionStore, folder: Path) -> None:
    """The journal is folded in now and then, so that neither file grows without bound."""
    largest = 0
    saver, messages = SessionSaver.fresh(store, "s"), list[Message]()
    for number in range(400):
        messages = [*messages, *turn(number)]
        saver.save(session(messages))
        snapshot, journal = folder / "s.json", folder / "s.journal"
        if journal.exists():
            largest = max(largest, journal.stat().st_size)
            assert journal.stat().st_size <= 8 * snapshot.stat().st_size
    assert largest > 10_000
    assert prompts(store.load("s")) == numbered(400)


def test_cleared_and_compacted_histories(store: FileSessionStore) -> None:
    saver = save_turns(store, LONG)
    compacted = session(LONG).messages[-30:]
    saver.save(session(list(compacted)))
    saver.save(session([*compacted, *turn(LONG)]))
    assert prompts(store.load("s")) == numbered(LONG + 1)[-16:]
    saver.save(session([]))
    assert prompts(store.load("s")) == []


def test_a_resumed_session_goes_on(store: FileSessionStore) -> None:
    save_turns(store, LONG)
    found = SessionSaver.resumed(FileSessionStore(store.dir), "s")
    assert found is not None
    saver, saved = found
    saver.save(replace(saved, messages=[*saved.messages, *turn(LONG)], updated_at=1))
    loaded = store.load("s")
    assert prompts(loaded) == numbered(LONG + 1)
    assert loaded is not None
    assert (loaded.updated_at, loaded.created_at) == (1, session(1).created_at)
    assert SessionSaver.resumed(store, "unknown") is None


def test_a_file_of_the_original_is_resumed(store: FileSessionStore, folder: Path) -> None:
    """Without our own key the file is loaded, and written whole at the next save."""
    folder.mkdir(parents=True)
    data = session(LONG).to_dict() | {"extra": 1, "created_at": "2024-01-01T00:00:00Z"}
    (folder / "s.json").write_text(json.dumps(data), encoding="utf-8")
    found = SessionSaver.resumed(store, "s")
    assert found is not None
    saver, saved = found
    assert saved.created_at == 1_704_067_200
    saver.save(replace(saved, messages=[*saved.messages, *turn(LONG)]))
    assert documented(folder / "s.json") == numbered(LONG + 1)


def test_a_file_edited_by_hand_keeps_its_journal(store: FileSessionStore, folder: Path) -> None:
    save_turns(store, LONG)
    data = json.loads((folder / "s.json").read_bytes())
    data["config"]["name"] = "edited"
    (folder / "s.json").write_text(json.dumps(data), encoding="utf-8")
    loaded = store.load("s")
    assert prompts(loaded) == numbered(LONG)
    assert loaded is not None
    assert loaded.config.name == "edited"


def test_a_journal_older_than_the_file_is_ignored(store: FileSessionStore, folder: Path) -> None:
    """A crash between the new snapshot and the end of the old journal."""
    saver = save_turns(store, LONG)
    old = (folder / "s.journal").read_bytes()
    saver.close()
    (folder / "s.journal").write_bytes(old)
    assert prompts(store.load("s")) == numbered(LONG)
    saver.save(session(LONG + 1))
    assert prompts(store.load("s")) == numbered(LONG + 1)


def test_a_torn_turn_is_dropped_and_overwritten(store: FileSessionStore, folder: Path) -> None:
    save_turns(store, LONG)
    with (folder / "s.journal").open("ab") as file:
        file.write(b'{"messages": [{"role": "us')
    found = SessionSaver.resumed(store, "s")
    assert found is not None
    saver, saved = found
    assert prompts(saved) == numbered(LONG)
    saver.save(replace(saved, messages=[*saved.messages, *turn(LONG)]))
    assert prompts(store.load("s")) == numbered(LONG + 1)


def test_text_that_is_no_utf8(store: FileSessionStore) -> None:
    messages = [*session(LONG).messages, Message.user("half \ud83d pair\0\u2028")]
    saver = save_turns(store, LONG)
    saver.save(session(messages))
    assert prompts(store.load("s"))[-1] == "half \ud83d pair\0\u2028"
    saver.save(session(messages), complete=True)
    assert prompts(store.load("s"))[-1] == "half \ud83d pair\0\u2028"


# -- errors ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b'{"id": ', r"s\.json' is not valid JSON"),
        (b"\xff\xfe\xff", r"s\.json' is not valid JSON"),
        (b"", r"s\.json' is not valid JSON"),
        (b"[]", r"s\.json' is not a saved session"),
        (b"{}", r"s\.json' is not a saved session: 'id' is missing"),
        (
            b'{"id": "s", "messages": [1]}',
            r"s\.json' is not a saved session: 'messages': message 0",
        ),
    ],
)
def test_an_unreadable_file_is_named(
    store: FileSessionStore, folder: Path, content: bytes, problem: str
) -> None:
    folder.mkdir(parents=True)
    (folder / "s.json").write_bytes(content)
    with pytest.raises(StoreError, match=problem):
        store.load("s")
    with pytest.raises(StoreError, match=problem):
        SessionSaver.resumed(store, "s")
    assert (folder / "s.json").read_bytes() == content


def test_a_broken_file_is_not_overwritten(store: FileSessionStore, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "s.json").write_bytes(b"{precious but broken")
    with pytest.raises(StoreError, match="not valid JSON"):
        SessionSaver.fresh(store, "s").save(session(1))
    assert (folder / "s.json").read_bytes() == b"{precious but broken"


@pytest.mark.parametrize("line", [b"oops\n", b'{"messages": 3, "cost_records": [], "head": {}}\n'])
def test_a_broken_journal_is_named(store: FileSessionStore, folder: Path, line: bytes) -> None:
    save_turns(store, LONG)
    journal = folder / "s.journal"
    lines = journal.read_bytes().splitlines(keepends=True)
    journal.write_bytes(b"".join([lines[0], line, *lines[1:]]))
    with pytest.raises(StoreError, match=r"s\.journal' cannot be used|s\.json' is not a saved"):
        store.load("s")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    store = FileSessionStore(str(tmp_path / "taken"))
    with pytest.raises(StoreError, match=r"cannot create the folder .*taken'"):
        store.save(session(1))
    with pytest.raises(StoreError):
        store.health_check()


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody may write")
def test_a_folder_that_cannot_be_written() -> None:
    with pytest.raises(StoreError, match="cannot create the folder '/proc/self/sessions'"):
        FileSessionStore("/proc/self/sessions").save(session(1))


def test_health(store: FileSessionStore, folder: Path) -> None:
    assert store.health_check() is True
    assert store.list() == []
    assert [path.name for path in folder.iterdir() if path.suffix == ".tmp"] == []


def test_what_json_cannot_express_is_an_error(store: FileSessionStore) -> None:
    store.save(session(1))
    with pytest.raises(StoreError, match="session 's' cannot be written as JSON"):
        store.save(replace(session(2), cost_records=[{"model": object()}]))
    assert store.load("s") == session(1)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no permission bits")
def test_files_are_private_and_keep_what_the_user_permits(
    store: FileSessionStore, folder: Path
) -> None:
    saver = save_turns(store, LONG)
    assert (folder / "s.json").stat().st_mode & 0o777 == 0o600
    assert (folder / "s.journal").stat().st_mode & 0o777 == 0o600
    (folder / "s.json").chmod(0o664)
    found = SessionSaver.resumed(store, "s")
    assert found is not None
    found[0].close()
    assert (folder / "s.json").stat().st_mode & 0o777 == 0o664
    with pytest.raises(SessionConflict):
        saver.close()


def test_leftovers_of_killed_writers_are_removed(store: FileSessionStore, folder: Path) -> None:
    folder.mkdir(parents=True)
    (folder / "s.json.17-4.tmp").write_bytes(b"x")
    store.save(session(1))
    assert sorted(path.name for path in folder.iterdir()) == [".lock", "s.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="permissions are those of the folder there")
def test_only_the_owner_can_look_into_the_folder(store: FileSessionStore, folder: Path) -> None:
    """Files, the lock, and every folder that was made; a folder that was there stays as it is."""
    folder.parent.parent.chmod(0o755)
    save_turns(store, 2)
    for path in (folder.parent, *folder.parent.rglob("*")):
        assert path.stat().st_mode & 0o077 == 0, path
    assert folder.parent.parent.stat().st_mode & 0o777 == 0o755
