"""The registry: every member, loading of directories, search, listing, plugins, built-in skills."""

from __future__ import annotations

import logging
from dataclasses import fields
from importlib.resources import files
from pathlib import Path

import pytest

from a3s_code.errors import InvalidArgument
from a3s_code.skills.allowed import AllowedTools
from a3s_code.skills.builtins import builtin_skills, load_builtin_skills
from a3s_code.skills.listing import MAX_CHARS_IN_FULL, skills_listing
from a3s_code.skills.plugin import SkillPlugin, mount
from a3s_code.skills.registry import SkillRegistry
from a3s_code.skills.search import score
from a3s_code.skills.skill import Skill, SkillInfo, SkillKind


def registry_of(*skills: Skill) -> SkillRegistry:
    registry = SkillRegistry()
    for skill in skills:
        registry.register(skill)
    return registry


def write(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")


def test_every_member() -> None:
    b, a = Skill("b", tags=["x"]), Skill("a", kind=SkillKind.PERSONA)
    registry = registry_of(b, a)
    assert len(registry) == 2
    assert registry.get("b") is b
    assert registry.get("c") is None
    assert registry.list() == ["a", "b"]
    assert registry.all() == [b, a]
    assert registry.by_kind("persona") == registry.personas() == [a]
    assert registry.by_kind(SkillKind.INSTRUCTION) == [b]
    assert registry.by_tag("x") == [b]
    assert "b" in registry
    assert registry.remove("b") is True
    assert registry.remove("b") is False
    registry.clear()
    assert registry.list() == []
    with pytest.raises(InvalidArgument, match="Skill is needed"):
        registry.register("a")  # type: ignore[arg-type]  # what a caller may do wrong


def test_a_later_skill_replaces_an_earlier_one_and_the_last_persona_is_last() -> None:
    persona = SkillKind.PERSONA
    registry = registry_of(
        Skill("one", kind=persona), Skill("two", kind=persona), Skill("one", "new", kind=persona)
    )
    assert [skill.name for skill in registry.personas()] == ["two", "one"]
    assert registry.personas()[-1].description == "new"


def test_the_kinds_and_what_a_listing_tells() -> None:
    assert {kind.name: kind.value for kind in SkillKind} == {
        "INSTRUCTION": "instruction",
        "PERSONA": "persona",
        "TOOL": "tool",
    }
    info = Skill("a", "Does a.", kind="tool").info
    assert (info.name, info.description, info.kind) == ("a", "Does a.", SkillKind.TOOL)
    assert [field.name for field in fields(SkillInfo)] == ["name", "description", "kind"]


def test_a_copy_is_independent() -> None:
    registry = registry_of(Skill("a"))
    registry.copy().register(Skill("b"))
    assert registry.list() == ["a"]


def test_a_directory_is_read_recursively_in_order(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    write(tmp_path / "b.md", "---\nname: same\ndescription: later\n---\n")
    write(tmp_path / "a" / "x.md", "---\nname: same\ndescription: earlier\n---\n")
    write(tmp_path / "deep" / "er" / "SKILL.md", "---\n---\n")
    write(tmp_path / "README.md", "no skill")
    write(tmp_path / "notes.txt", "---\nname: no\n---\n")
    registry = SkillRegistry()
    with caplog.at_level(logging.WARNING):
        assert registry.load_from_dir(tmp_path) == 3
    assert registry.list() == ["er", "same"]
    same = registry.get("same")
    assert same is not None
    assert same.description == "later"
    assert "README.md" in caplog.text
    assert registry.load_from_dir(tmp_path / "missing") == 0


def test_one_file(tmp_path: Path) -> None:
    write(tmp_path / "a.md", "---\n---\ntext")
    assert SkillRegistry().load_from_file(tmp_path / "a.md").name == "a"
    with pytest.raises(InvalidArgument, match=r"gone\.md"):
        SkillRegistry().load_from_file(tmp_path / "gone.md")


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("csv", ["csv-audit", "tables"]),  # name 100 + 20, tag 80 + 15
        ("audit csv", ["csv-audit", "tables", "words"]),  # 40; 15; 8 + 2
        ("AUDIT", ["csv-audit", "words"]),
        ("c", ["csv-audit", "tables"]),  # one letter counts only as the whole query
        ("missing", ["aaa", "csv-audit"]),  # the same points: by name
        ("zebra yak", []),
        ("  ", []),
    ],
)
def test_search(query: str, names: list[str]) -> None:
    registry = registry_of(
        Skill("words", "an audit of prose", content="audit"),
        Skill("csv-audit", "find missing values"),
        Skill("tables", tags=["csv"]),
        Skill("aaa", "missing"),
    )
    assert [skill.name for skill in registry.search(query, 10)] == names
    assert [skill.name for skill in registry.search(query, 1)] == names[:1]


@pytest.mark.parametrize(
    ("skill", "query", "points"),
    [
        (Skill("x-csv"), "csv", 100 + 20),
        (Skill("x", tags=["csv data"]), "csv", 80 + 15),
        (Skill("x", "csv"), "csv", 8),
        (Skill("x", content="csv"), "csv", 2),
        (Skill("csv-audit"), "audit csv", 20 + 20),
        (Skill("r-audit"), "r", 100),
        (Skill("audit", "about r"), "r", 0),
    ],
)
def test_points(skill: Skill, query: str, points: int) -> None:
    assert score(skill, query) == points


def test_short_skills_are_listed_in_full() -> None:
    text = skills_listing([Skill("b", "Does b.", content="Do b."), Skill("a", "Does a.")])
    head, _, rest = text.partition("\n\n")
    assert head == "# Available Skills"
    assert "## a\n\nDoes a.\n\n## b\n\nDoes b.\n\nDo b." in rest


def test_many_skills_are_listed_and_three_matching_ones_follow() -> None:
    skills = [
        Skill(f"s{n}", f"Does {n}.", content=f"text {n} " + "x" * 2000, tags=["data"])
        for n in range(5)
    ]
    skills.append(Skill("role", "Is someone.", kind=SkillKind.PERSONA, content="You are"))
    without = skills_listing(skills, "hello")
    assert "- `s4`: Does 4." in without
    assert "text 4" not in without
    assert "role" not in without
    matching = skills_listing(skills, "look at the Data")
    assert matching.startswith(without + "\n\n# Skill Instructions\n\n# Skill: s0\n\nDoes 0.")
    assert [n for n in range(5) if f"text {n}" in matching] == [0, 1, 2]


def test_without_skills_nothing_is_said() -> None:
    assert skills_listing([]) == ""
    assert skills_listing([Skill("p", kind=SkillKind.PERSONA, content="x")]) == ""
    assert registry_of(Skill("a")).to_system_prompt().startswith("# Available Skills")


def test_plugins_are_mounted_in_order(caplog: pytest.LogCaptureFixture) -> None:
    registry = registry_of(Skill("old"))
    plugins = [
        SkillPlugin("one", ["---\nname: a\ndescription: first\n---\n", "---\nname: b\n---\n"]),
        SkillPlugin("broken", ["---\nname: c\n---\n", "no front matter"]),
        SkillPlugin("typed", [3]),  # type: ignore[list-item]  # what a caller may do wrong
        "no plugin",
        SkillPlugin("empty"),
        SkillPlugin("two", ["---\nname: a\ndescription: second\n---\n"]),
    ]
    with caplog.at_level(logging.WARNING):
        assert mount(plugins, registry) == 3
    assert registry.list() == ["a", "b", "old"]
    a = registry.get("a")
    assert a is not None
    assert a.description == "second"
    assert "plugin broken is skipped" in caplog.text
    assert "plugin typed is skipped" in caplog.text
    assert "unknown type str" in caplog.text
    assert (plugins[4].name, plugins[4].skills) == ("empty", [])  # type: ignore[attr-defined]


def test_the_built_in_skills() -> None:
    allowed = {skill.name: skill.allowed_tools for skill in load_builtin_skills()}
    reading = "read(*), grep(*), glob(*)"
    assert allowed == {
        "builtin-tools": None,
        "code-review": reading,
        "code-search": reading,
        "delegate-task": "task(*), parallel_task(*), run_team(*)",
        "explain-code": reading,
        "find-bugs": reading,
        "find-skills": "search_skills(*), install_skill(*), load_skill(*)",
    }
    infos = builtin_skills()
    assert isinstance(infos, list)
    assert [info.name for info in infos] == list(allowed)
    assert all(isinstance(info, SkillInfo) and info.description for info in infos)
    assert {info.kind for info in infos} == {SkillKind.INSTRUCTION}
    for skill in load_builtin_skills():
        assert skill.is_builtin
        assert len(AllowedTools.parse(skill.allowed_tools).rules) == (
            3 if skill.allowed_tools else 0
        )
    assert len((files("a3s_code.skills") / "builtin").joinpath("find-bugs.md").read_text()) > 100


@pytest.mark.parametrize(
    ("prompt", "name"),
    [
        ("find code that opens files", "code-search"),
        ("search for the parser", "code-search"),
        ("Please review this", "code-review"),
        ("check code in a.py", "code-review"),
        ("explain it", "explain-code"),
        ("what does this do", "explain-code"),
        ("find bugs here", "find-bugs"),
        ("debug the crash", "find-bugs"),
        ("delegate it", "delegate-task"),
        ("in parallel please", "delegate-task"),
        ("what skills are there", "find-skills"),
        ("find skill for csv", "find-skills"),
        ("hello", "builtin-tools"),
    ],
)
def test_trigger_phrases_of_the_built_in_skills(prompt: str, name: str) -> None:
    found = [skill.name for skill in load_builtin_skills() if skill.is_called_to_mind_by(prompt)]
    assert name in found


def test_all_built_in_skills_fit_into_the_prompt() -> None:
    listing = skills_listing(load_builtin_skills())
    assert len(listing) < MAX_CHARS_IN_FULL
    assert listing.count("\n## ") == 7
