"""Where a session's skills come from, and which of them wins."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from a3s_code.errors import InvalidArgument
from a3s_code.skills.choice import chosen_skills, folders_of
from a3s_code.skills.plugin import SkillPlugin
from a3s_code.skills.registry import SkillRegistry
from a3s_code.skills.skill import Skill


def folder_with(path: Path, *names: str, origin: str) -> Path:
    path.mkdir()
    for name in names:
        text = f"---\nname: {name}\ndescription: {origin}\n---\n"
        (path / f"{name}.md").write_text(text, encoding="utf-8")
    return path


def test_later_sources_replace_earlier_ones(tmp_path: Path) -> None:
    names = ["find-bugs", "b", "c", "d", "e", "f"]
    registry = SkillRegistry()
    for name in names[3:]:
        registry.register(Skill(name, "registry"))
    inline = [Skill(name, "inline") for name in names[4:]]
    chosen = chosen_skills(
        builtin=True,
        folders=[
            folder_with(tmp_path / "config", *names, origin="config"),
            folder_with(tmp_path / "session", *names[2:], origin="session"),
        ],
        registry=registry,
        inline=inline,
        plugins=[SkillPlugin("p", ["---\nname: f\ndescription: plugin\n---\n"])],
    )
    origins = {skill.name: skill.description for skill in chosen.all() if skill.name in names}
    assert origins == {
        "find-bugs": "config",
        "b": "config",
        "c": "session",
        "d": "registry",
        "e": "inline",
        "f": "plugin",
    }
    assert len(chosen) == 7 + 5  # inline skills and a registry do not drop the built-in ones
    assert registry.list() == ["d", "e", "f"]
    assert len(chosen_skills()) == 0


@pytest.mark.parametrize("wrong", [{"registry": ["x"]}, {"inline": ["x"]}])
def test_what_is_no_skill_is_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(InvalidArgument, match="Skill"):
        chosen_skills(**wrong)


def test_folders() -> None:
    assert folders_of("skill_dirs", None) == []
    assert folders_of("skill_dirs", ["a", Path("b")]) == [Path("a"), Path("b")]
    assert folders_of("skill_dirs", ["~/a"]) == [Path.home() / "a"]
    for wrong in ("a", [1], 3):
        with pytest.raises(InvalidArgument, match="skill_dirs must be a list"):
            folders_of("skill_dirs", wrong)
