"""What is kept between loads and processes, and that no key is in it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from a3s_code.config import hcl
from a3s_code.config.load import load_config
from tests.deadlines import DEADLINE_S, PROGRAM_S

KEY = "sk-very-secret"
TEXT = f"""
default_model = "p/m"
storage_url = "redis://:{KEY}@h"
providers {{
  name     = "p"
  api_key  = "{KEY}"
  base_url = "http://{KEY}@h"
  headers  = {{ X-{KEY} = "{KEY}", "Y-{KEY}" = "Bearer ${{env("{KEY}")}}" }}
  models {{
    id = "m"
    session_id_header = <<END
{KEY}
END
  }}
}}
mcp_servers "s" {{ command = "c" args = ["{KEY}"] env = {{ A = "{KEY}" }} }}
# {KEY}
"""
PROGRAM = """
import json, logging, sys
from a3s_code.config.load import load_config
logging.basicConfig(level=logging.INFO)
config = load_config(sys.argv[1])
names = ("hcl2", "lark", "platformdirs", "httpx", "difflib")
heavy = [name for name in names if name in sys.modules]
json.dump({"key": config.resolve().api_key.reveal(), "heavy": heavy}, sys.stdout)
"""


def load_in_a_process(path: Path, cache: Path) -> dict[str, Any]:
    """Load a file in a fresh process; the key it read, and which heavy modules it imported."""
    environ = {**os.environ, "A3S_CACHE_DIR": str(cache), KEY: "from-environment", "other": "x"}
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, str(path)],
        env=environ, capture_output=True, text=True, timeout=PROGRAM_S, check=True,
    )  # fmt: skip
    answer: dict[str, Any] = json.loads(done.stdout) | {"said": done.stderr}
    return answer


def test_a_text_seen_before_needs_no_parser(tmp_path: Path, warm_cache: Path) -> None:
    """Also in the next process, also with literal keys; a changed text is parsed again."""
    path = tmp_path / "agent.hcl"
    path.write_text(TEXT, encoding="utf-8")
    first = load_in_a_process(path, warm_cache)
    second = load_in_a_process(path, warm_cache)
    assert (first["key"], second["key"]) == (KEY, KEY)
    assert {"hcl2", "lark"} <= set(first["heavy"])
    assert second["heavy"] == []

    path.write_text(TEXT.replace(KEY, "other"), encoding="utf-8")
    third = load_in_a_process(path, warm_cache)
    assert third["key"] == "other"
    assert "preparing" not in f"{second['said']}{third['said']}"


def test_nothing_of_a_configuration_is_in_the_cache(tmp_path: Path, warm_cache: Path) -> None:
    """Not a key, not a name: only numbers and the kinds of values."""
    before = set(warm_cache.rglob("*.json"))
    load_config(f"{TEXT}# {tmp_path}", environ={KEY: "from-environment"})
    (written,) = set(warm_cache.rglob("*.json")) - before
    assert KEY not in "".join(str(path) for path in warm_cache.rglob("*"))
    stored = written.read_text(encoding="utf-8")
    for word in (KEY, "from-environment", "redis", "default_model", "Bearer"):
        assert word not in stored
    assert set(_words(json.loads(stored))) <= {
        "word", "string", "heredoc", "call", "list", "body",
    }  # fmt: skip


def _words(layout: object) -> list[str]:
    if isinstance(layout, list):
        return [word for item in layout for word in _words(item)]
    return [layout] if isinstance(layout, str) else []


@pytest.mark.parametrize(
    "damage",
    [
        "", "{", "[]x", "[[1,2]]", '{"a": 1}', "[1]", "[" * 20000, "null",
        '[[1,[0,1],[],false,["string",1,"a",2]]]', '[[1,["a","b"],[],false,["word",1,2]]]',
    ],
)  # fmt: skip
def test_a_damaged_cache_is_as_good_as_none(damage: str, tmp_path: Path, warm_cache: Path) -> None:
    """The text is parsed again."""
    text = f"{TEXT}# {tmp_path} {damage[:50]!r}"
    before = set(warm_cache.rglob("*.json"))
    config = load_config(text, environ={KEY: "x"})
    (written,) = set(warm_cache.rglob("*.json")) - before
    written.write_text(damage, encoding="utf-8")
    hcl._parsed.cache_clear()
    assert load_config(text, environ={KEY: "x"}) == config


def test_a_cache_that_cannot_be_written_fails_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file stands where the folder should be."""
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    monkeypatch.setenv("A3S_CACHE_DIR", str(tmp_path / "cache"))
    assert load_config(f"{TEXT}# {tmp_path}", environ={KEY: "x"}).default_model == "p/m"


def test_the_first_parser_needs_no_cache_either(tmp_path: Path) -> None:
    """A fresh process without a usable cache folder builds its tables and goes on."""
    (tmp_path / "cache").write_text("in the way", encoding="utf-8")
    path = tmp_path / "agent.hcl"
    path.write_text(TEXT, encoding="utf-8")
    answer = load_in_a_process(path, tmp_path / "cache")
    assert answer["key"] == KEY
    assert answer["said"].count("preparing the configuration parser") == 1


def test_parser_tables_are_kept_for_other_processes(warm_cache: Path) -> None:
    """Lark accepts the stored tables: it would write them again otherwise."""
    load_config(TEXT, environ={KEY: "x"})
    (tables,) = warm_cache.glob("hcl-*.bin")
    before = tables.stat().st_mtime_ns
    path = warm_cache / "fresh.hcl"
    path.write_text(f"{TEXT}# a text that no process has seen", encoding="utf-8")
    answer = load_in_a_process(path, warm_cache)
    assert "lark" in answer["heavy"]
    assert tables.stat().st_mtime_ns == before


def test_many_threads_may_load_at_once(tmp_path: Path) -> None:
    """Different texts, one parser."""
    results: list[str] = []

    def load(number: int) -> None:
        provider = f'providers {{ name = "p" api_key = "k" models {{ id = "m{number}" }} }}'
        text = f'default_model = "p/m{number}"\n{provider}\n# {tmp_path}'
        results.append(load_config(text, environ={}).default_model)

    threads = [threading.Thread(target=load, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(DEADLINE_S)
    assert sorted(results) == [f"p/m{number}" for number in range(8)]
