"""The list of built-in names is the list of built-in tools, and the map of the rooms names them all."""

from __future__ import annotations

import re
from pathlib import Path

from a3s_code import Agent, builtin_tool_names
from tests.model_server import agent_hcl

ROOT = Path(__file__).resolve().parent.parent


def test_a_new_session_has_these_tools_in_this_order(tmp_path: Path) -> None:
    with Agent.create(agent_hcl("http://127.0.0.1:9")).session(tmp_path) as session:
        assert session.tool_names() == list(builtin_tool_names())


def test_every_room_is_on_the_map() -> None:
    text = (ROOT / "CONTRIBUTING.md").read_text("utf-8")
    table = "".join(re.findall(r"^\|.*$", text, re.MULTILINE))
    rooms = [path for path in (ROOT / "a3s_code").iterdir() if not path.name.startswith(("_", "."))]
    names = [f"{path.name}/" if path.is_dir() else path.name for path in rooms]
    code = [name for name in names if name.endswith(("/", ".py"))]
    assert sorted(name for name in code if name not in table) == []
