"""The tools `search_skills` and `load_skill`."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from a3s_code import PermissionPolicy, Session
from a3s_code.skills.skill import Skill
from tests.delegation.conftest import offered, system_of, tool_results
from tests.model_server import ModelServer, calls, says
from tests.session.callers import by_stream
from tests.session.conftest import NewSession


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "home"
    folder.mkdir()
    monkeypatch.setenv("USERPROFILE" if sys.platform == "win32" else "HOME", str(folder))
    return folder


@pytest.fixture
def session(new_session: NewSession, home: Path) -> Session:
    return new_session(builtin_skills=True)


def _skill(folder: Path, name: str, *lines: str, text: str = "Do it.") -> None:
    path = folder / ".a3s" / "skills" / f"{name}.md"
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["---", f"name: {name}", *lines, "---", text]), "utf-8")


def test_they_are_there_with_the_skill_that_speaks_of_them(
    session: Session, new_session: NewSession
) -> None:
    tools = {"search_skills", "load_skill"}
    assert session.tool_names()[-2:] == ["search_skills", "load_skill"]
    assert not tools & set(new_session().tool_names())


def test_search(session: Session, home: Path) -> None:
    _skill(Path(session.workspace), "sql-report", "description: Reports out of a database")
    _skill(home, "report-mail", "tags: [report]")
    found = session.tool("search_skills", {"query": "report", "limit": 2})
    assert found.output == (
        "- report-mail (not loaded)\n- sql-report (not loaded): Reports out of a database"
    )
    assert len(session.tool("search_skills", {"query": "code", "limit": 1}).output.split("\n")) == 1
    assert session.tool("search_skills", {"query": "code review"}).output.startswith(
        "- code-review: "
    )
    assert session.tool("search_skills", {"query": "zzz"}).output == "No skills found for: zzz"


def test_how_many_are_found(session: Session, home: Path) -> None:
    for number in range(25):
        _skill(home, f"report-{number}")
    for limit, found in (({}, 5), ({"limit": 7}, 7), ({"limit": 99}, 20)):
        text = session.tool("search_skills", {"query": "report"} | limit).output
        assert len(text.splitlines()) == found


def test_nothing_installs_skills_from_the_network(session: Session) -> None:
    assert "Unknown tool" in session.tool("install_skill", {"source": "owner/repo"}).output


def test_a_loaded_skill_is_known_from_the_next_prompt_on(
    model_server: ModelServer, new_session: NewSession, home: Path
) -> None:
    session = new_session(
        builtin_skills=True, permission_policy=PermissionPolicy(allow=["load_skill"])
    )
    _skill(home, "mine", "allowed-tools: ls(*)", text="Be brief.")
    model_server.script(calls("load_skill", name="mine"), says("loaded"), says("next"))
    by_stream(session, "load it")
    assert tool_results(model_server, 1) == ["# Skill: mine\n\nBe brief."]
    session.send("use mine")
    assert "## mine" in system_of(model_server.requests[2])

    model_server.script(calls("ls"), says("ran"))
    result = session.tool("Skill", {"skill_name": "mine"})
    assert result.output == "ran"
    assert offered(model_server.requests[3]) == ["ls"]


def test_a_file_in_the_workspace_hands_out_no_tools(
    model_server: ModelServer, session: Session
) -> None:
    """The model itself could have written it."""
    _skill(Path(session.workspace), "mine", "allowed-tools: bash(*)")
    assert session.tool("load_skill", {"name": "mine"}).exit_code == 0
    model_server.script(says("no tools"))
    assert session.tool("Skill", {"skill_name": "mine"}).output == "no tools"
    assert offered(model_server.requests[0]) == []


def test_a_file_does_not_take_the_place_of_a_loaded_skill(
    new_session: NewSession, home: Path
) -> None:
    session = new_session(
        builtin_skills=True,
        inline_skills=[Skill("mine", content="Loaded."), Skill("ours", model_may_call=False)],
    )
    _skill(home, "mine", text="From a file.")
    assert session.tool("load_skill", {"name": "mine"}).output == "# Skill: mine\n\nLoaded."
    refused = session.tool("load_skill", {"name": "ours"})
    assert refused.output == "Skill 'ours' can only be started by a person"


def test_where_a_skill_is_looked_for(new_session: NewSession, home: Path) -> None:
    """In the workspace, then at home, then among the built-in ones."""
    finder = Skill("find-skills")  # its name brings the tools
    shadowed = ["code-review", "find-bugs"]
    workspace = Path(new_session().workspace)
    _skill(workspace, "code-review", text="Of the workspace.")
    for name in shadowed:
        _skill(home, name, text="Of the home.")
    session = new_session(inline_skills=[finder])
    texts = {
        name: session.tool("load_skill", {"name": name}).output
        for name in (*shadowed, "explain-code")
    }
    assert texts["code-review"] == "# Skill: code-review\n\nOf the workspace."
    assert texts["find-bugs"] == "# Skill: find-bugs\n\nOf the home."
    assert texts["explain-code"].startswith("# Skill: explain-code\n\n")
    assert "Of the" not in texts["explain-code"]


@pytest.mark.parametrize(
    "line", ["kind: persona", "disable-model-invocation: true", "name: another"]
)
def test_skills_that_a_model_cannot_load(session: Session, home: Path, line: str) -> None:
    _skill(home, "mine", line)
    result = session.tool("load_skill", {"name": "mine"})
    assert (result.exit_code, result.output) == (1, "Skill 'mine' not found")


@pytest.mark.skipif(sys.platform == "win32", reason="symlinks need a privilege there")
def test_a_folder_that_leads_out_of_the_workspace(
    session: Session, tmp_path_factory: pytest.TempPathFactory
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    _skill(elsewhere, "mine")
    (Path(session.workspace) / ".a3s").symlink_to(elsewhere / ".a3s")
    result = session.tool("load_skill", {"name": "mine"})
    assert result.exit_code == 1
    assert "Workspace boundary violation" in result.output
