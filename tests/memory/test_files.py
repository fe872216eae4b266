"""The folder of the file store: its layout, other processes, and damage."""

from __future__ import annotations

import json
import logging
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest

from a3s_code.errors import StoreError
from a3s_code.memory.file_store import FileMemoryStore
from a3s_code.memory.item import MemoryItem

ROOT = Path(__file__).resolve().parents[2]


def index_of(folder: Path) -> list[dict[str, object]]:
    loaded = json.loads((folder / "index.json").read_text(encoding="utf-8"))
    assert isinstance(loaded, list)
    return loaded


def test_layout(files: FileMemoryStore, folder: Path) -> None:
    assert not folder.exists()
    item = MemoryItem("Grüße AN alle", 0.75, ["t"], "semantic", {"k": "v"}, id="i")
    files.store(item)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*")} == {
        *(".lock", "index.json", "items", "items/i.json")
    }
    text = (folder / "items" / "i.json").read_text(encoding="utf-8")
    assert text.startswith('{\n  "id": "i",\n  "content": "Grüße AN alle"')
    assert MemoryItem.from_dict(json.loads(text)) == item
    assert index_of(folder) == [
        {
            "id": "i",
            "content_lower": "grüße an alle",
            "tags": ["t"],
            "importance": 0.75,
            "timestamp": item.to_dict()["timestamp"],
            "memory_type": "semantic",
        }
    ]
    assert b"\n" not in (folder / "index.json").read_bytes()
    assert b", " not in (folder / "index.json").read_bytes()


def test_items_outlive_the_store(files: FileMemoryStore) -> None:
    files.store(MemoryItem("We deploy to the staging cluster.", id="i"))
    again = FileMemoryStore(files.dir)
    assert again.count() == 1
    assert [item.id for item in again.search("DEPLOY", 5)] == ["i"]


def test_dir_can_be_changed(files: FileMemoryStore, tmp_path: Path) -> None:
    files.store(MemoryItem("here", id="i"))
    first, files.dir = files.dir, str(tmp_path / "other")
    assert (files.count(), files.retrieve("i")) == (0, None)
    files.store(MemoryItem("there"))
    files.dir = first
    assert [item.content for item in files.get_recent(5)] == ["here"]


def test_open_makes_the_folder(files: FileMemoryStore, folder: Path) -> None:
    files.open()
    assert (folder / "items").is_dir()


@pytest.mark.parametrize("item_id", ["../evil", "a/b\\c", "nul", "x" * 400, "half \ud800"])
def test_ids_stay_inside_the_folder(files: FileMemoryStore, folder: Path, item_id: str) -> None:
    files.store(MemoryItem("text", id=item_id))
    found = files.retrieve(item_id)
    assert found is not None
    assert found.id == item_id
    assert len(list((folder / "items").iterdir())) == 1
    assert FileMemoryStore(files.dir).rebuild_index() == 1
    assert [item.id for item in FileMemoryStore(files.dir).search("text", 5)] == [item_id]


def test_two_ids_with_one_spelling(files: FileMemoryStore) -> None:
    files.store(MemoryItem("first", id="a/b"))
    assert files.retrieve("a_b") is None
    with pytest.raises(StoreError, match=r"a_b\.json' holds another item than 'a_b'"):
        files.store(MemoryItem("second", id="a_b"))
    assert [item.content for item in files.get_recent(5)] == ["first"]


@pytest.mark.parametrize(
    "content", [b"{broken", b"", b"{}", b'[{"content_lower": "no id"}]', b"[1]", None]
)
def test_an_unreadable_index_is_made_anew(
    files: FileMemoryStore,
    folder: Path,
    content: bytes | None,
    caplog: pytest.LogCaptureFixture,
) -> None:
    for number in range(3):
        files.store(MemoryItem(f"item {number}", id=str(number)))
    if content is None:
        (folder / "index.json").unlink()
    else:
        (folder / "index.json").write_bytes(content)
    with caplog.at_level(logging.WARNING, "a3s_code"):
        again = FileMemoryStore(files.dir)
        assert [item.id for item in again.get_recent(5)] == ["2", "1", "0"]
    assert "is made anew" in caplog.text
    assert [entry["id"] for entry in index_of(folder)] == ["0", "1", "2"]


def test_rebuild_skips_what_is_no_item(
    files: FileMemoryStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files.store(MemoryItem("good", id="good"))
    for name, content in [("a", b"{"), ("b", b"{}"), ("c", b"[]"), ("d", b'{"content": "d"}')]:
        (folder / "items" / f"{name}.json").write_bytes(content)
    assert files.rebuild_index() == 1
    assert caplog.text.count("is no usable memory item") == 4
    assert [entry["id"] for entry in index_of(folder)] == ["good"]


def test_an_entry_without_its_file_is_skipped(files: FileMemoryStore, folder: Path) -> None:
    for number in range(3):
        files.store(MemoryItem(f"item {number}", id=str(number)))
    (folder / "items" / "1.json").unlink()
    assert [item.id for item in files.get_recent(2)] == ["2", "0"]
    assert [item.id for item in files.search("item", 5)] == ["2", "0"]
    assert files.retrieve("1") is None


def test_a_broken_item_is_left_out_and_named(
    files: FileMemoryStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    files.store(MemoryItem("good", id="good"))
    files.store(MemoryItem("bad", id="bad"))
    (folder / "items" / "bad.json").write_bytes(b"{")
    assert [item.id for item in files.get_recent(5)] == ["good"]
    assert "bad.json' is not a memory item" in caplog.text
    with pytest.raises(StoreError, match=r"bad\.json' is not a memory item"):
        files.retrieve("bad")


def test_a_folder_that_is_a_file(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("x", encoding="utf-8")
    store = FileMemoryStore(str(tmp_path / "taken"))
    with pytest.raises(StoreError, match="cannot create the folder"):
        store.open()
    with pytest.raises(StoreError, match="taken"):
        store.store(MemoryItem("x"))


@pytest.mark.skipif(not os.path.isdir("/proc/self"), reason="needs a folder that nobody may write")
def test_a_folder_that_cannot_be_written() -> None:
    with pytest.raises(StoreError, match="cannot create the folder '/proc/self/memory"):
        FileMemoryStore("/proc/self/memory").open()


def test_two_stores_see_what_the_other_one_does(files: FileMemoryStore) -> None:
    other = FileMemoryStore(files.dir)
    files.store(MemoryItem("mine", id="a"))
    other.store(MemoryItem("theirs", id="b"))
    assert (files.count(), other.count()) == (2, 2)
    other.delete("a")
    assert [item.id for item in files.get_recent(5)] == ["b"]


# -- processes -------------------------------------------------------------------------------------

WRITER = """
import sys
from a3s_code.memory.file_store import FileMemoryStore
from a3s_code.memory.item import MemoryItem
store = FileMemoryStore(sys.argv[1])
for number in range(int(sys.argv[3])):
    store.store(MemoryItem("text " * 50, id=f"{sys.argv[2]}-{number}"))
    print(f"{sys.argv[2]}-{number}", flush=True)
"""


def start(folder: Path, name: str, count: int) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", WRITER, str(folder), name, str(count)],
        stdout=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )


def test_several_processes_store_at_the_same_time(files: FileMemoryStore, folder: Path) -> None:
    processes = [start(folder, name, 25) for name in "abc"]
    said = {line for process in processes for line in process.communicate()[0].split()}
    assert len(said) == 75
    assert {item.id for item in files.get_recent(100)} == said
    assert {str(entry["id"]) for entry in index_of(folder)} == said


def test_a_killed_writer_breaks_nothing(
    files: FileMemoryStore, folder: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Killed at any moment, what it reported as stored is found, and the index is readable."""
    chance, said = random.Random(4), set[str]()
    for attempt in range(10):
        process = start(folder, f"w{attempt}", 100_000)
        assert process.stdout is not None
        lines = [process.stdout.readline() for _ in range(1 + chance.randrange(6))]
        time.sleep(chance.uniform(0, 0.005))  # any moment of a write
        process.kill()
        lines += process.communicate()[0].splitlines()
        said.update(line.strip() for line in lines)
        found = {item.id for item in files.get_recent(10_000)}
        assert said <= found
        assert len(found) <= len(said) + 1 + attempt
    assert caplog.text == ""
    assert {str(entry["id"]) for entry in index_of(folder)} >= said
