"""Skills in a session: what its prompts contain and which calls it permits."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from a3s_code import InvalidArgument, SessionOptions
from a3s_code.skills.plugin import SkillPlugin
from a3s_code.skills.registry import SkillRegistry
from a3s_code.skills.skill import Skill
from tests.delegation.conftest import system_of, tool_results
from tests.model_server import ModelServer, calls, says, turn
from tests.session.callers import by_stream
from tests.session.conftest import NewSession


def skill_file(folder: Path, name: str, lines: str = "", body: str = "") -> str:
    folder.mkdir(exist_ok=True)
    (folder / f"{name}.md").write_text(f"---\nname: {name}\n{lines}\n---\n{body}", "utf-8")
    return str(folder)


def test_skills_of_all_sources_are_visible_in_the_first_turn(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    registry = SkillRegistry()
    registry.register(Skill("from-registry"))
    config = skill_file(tmp_path / "config", "from-config")
    options = SessionOptions(
        builtin_skills=True,
        skill_dirs=[skill_file(tmp_path / "one", "from-dir")],
        skills_dir=skill_file(tmp_path / "two", "from-alias"),
        skill_registry=registry,
        plugins=[SkillPlugin("p", ["---\nname: from-plugin\n---\n"])],
        extra="EXTRA",
    )
    options.add_instruction("from-inline", "Inline text.")
    (tmp_path / "AGENTS.md").write_text("PROJECT", encoding="utf-8")
    model_server.script(says("ok"))
    session = new_session(top=f'skill_dirs = ["{Path(config).as_posix()}"]', options=options)
    session.send("hi")
    system = system_of(model_server.requests[0])
    head, _, listing = system.partition("# Available Skills")
    for name in ("config", "dir", "alias", "registry", "plugin", "inline"):
        assert f"## from-{name}" in listing
    assert "## find-bugs" in listing
    assert "Inline text." in listing
    assert head.index("EXTRA") < head.index("PROJECT")


def test_without_skills_the_prompt_does_not_speak_of_them(
    model_server: ModelServer, new_session: NewSession
) -> None:
    model_server.script(says("ok"))
    new_session().send("hi")
    assert "# Available Skills" not in system_of(model_server.requests[0])


def test_matching_skills_are_given_in_full_for_their_prompt_only(
    model_server: ModelServer, new_session: NewSession
) -> None:
    skills = [Skill(f"s{n}", tags=[f"topic{n}"], content=f"text {n}" + "x" * 5000) for n in (1, 2)]
    model_server.script(says("ok"), says("ok"))
    session = new_session(inline_skills=skills)
    session.send("about topic1")
    session.send("about topic2")
    first, second = map(system_of, model_server.requests)
    assert ("text 1" in first, "text 2" in first) == (True, False)
    assert ("text 1" in second, "text 2" in second) == (False, True)
    assert "- `s2`" in first


def test_the_last_persona_is_the_role(model_server: ModelServer, new_session: NewSession) -> None:
    options = SessionOptions(role="a clerk")
    options.add_persona("one", "You are a pirate.")
    options.add_persona("two", "You are a poet.")
    model_server.script(says("ok"))
    new_session(options=options).send("hi")
    system = system_of(model_server.requests[0])
    assert system.startswith("You are a poet. You work in a loop")
    assert "pirate" not in system
    assert "clerk" not in system
    assert "# Available Skills" not in system


def test_loaded_skills_restrict_the_calls_of_the_model(
    model_server: ModelServer, new_session: NewSession, tmp_path: Path
) -> None:
    folder = skill_file(tmp_path / "skills", "auditor", 'allowed-tools: "ls, bash(echo:*)"')
    session = new_session(skill_dirs=[folder], builtin_skills=True)
    model_server.script(
        turn(
            calls("ls"),
            calls("bash", command="echo one"),
            calls("bash", id="c3", command="pwd"),
            calls("task", prompt="x"),
        ),
        says("end"),
    )
    answer = by_stream(session, "go")
    ls, echo, pwd, task = tool_results(model_server, 1)
    assert ls.startswith("Directory:")
    assert echo == "one\n"
    assert pwd == "Tool 'bash' is not permitted by any loaded skill's allowed_tools policy."
    assert task == "Tool 'task' is not permitted by any loaded skill's allowed_tools policy."
    denied = [e for e in answer.events if e.event_type == "permission_denied"]
    assert [e.tool_name for e in denied] == ["bash", "task"]
    assert (denied[0].tool_id, denied[0].reason) == (
        "c3",
        "Blocked by skill allowed_tools restriction",
    )
    assert session.bash("pwd").strip()  # a person's own call is not restricted


def test_the_restriction_holds_for_delegated_work(
    model_server: ModelServer, new_session: NewSession
) -> None:
    session = new_session(inline_skills=[Skill("a", allowed_tools="task")])
    model_server.script(calls("task", prompt="x"), calls("ls"), says("child"), says("end"))
    session.send("go")
    assert "not permitted by any loaded skill" in tool_results(model_server, 2)[0]


def test_skills_of_one_session_are_its_own(
    model_server: ModelServer, new_session: NewSession
) -> None:
    registry = SkillRegistry()
    new_session(skill_registry=registry, builtin_skills=True, inline_skills=[Skill("mine")])
    assert len(registry) == 0
    model_server.script(says("ok"))
    new_session().send("hi")
    assert "mine" not in system_of(model_server.requests[0])


def test_bad_files_and_plugins_are_warnings(
    model_server: ModelServer,
    new_session: NewSession,
    tmp_path: Path,
    caplog: pytest.LogCaptureFixture,
) -> None:
    folder = skill_file(tmp_path / "skills", "good")
    (tmp_path / "skills" / "bad.md").write_text("nothing", encoding="utf-8")
    (tmp_path / "skills" / "bad.yaml").write_text("[", encoding="utf-8")
    with caplog.at_level(logging.WARNING):
        new_session(
            skill_dirs=[folder, str(tmp_path / "missing")],
            agent_dirs=[folder, str(tmp_path / "missing")],
            plugins=[SkillPlugin("p", ["broken"]), object()],
        )
    for text in ("bad.md", "bad.yaml", "plugin p is skipped", "unknown type object", "missing"):
        assert text in caplog.text


@pytest.mark.parametrize(
    "wrong",
    [
        {"skill_dirs": "skills"},
        {"skills_dir": 3},
        {"agent_dirs": [1]},
        {"builtin_skills": "yes"},
        {"skill_registry": []},
        {"inline_skills": ["text"]},
    ],
)
def test_options_that_cannot_be_honoured(new_session: NewSession, wrong: dict[str, object]) -> None:
    with pytest.raises(InvalidArgument):
        new_session(**wrong)


def test_options_are_not_shared() -> None:
    one = SessionOptions()
    two = SessionOptions.of(one, {})
    one.add_instruction("a", "text")
    assert [skill.name for skill in one.inline_skills] == ["a"]
    assert two.inline_skills == []
