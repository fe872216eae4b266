"""Skill files: Markdown with front matter."""

from __future__ import annotations

import logging
from pathlib import Path

from a3s_code.errors import InvalidArgument
from a3s_code.skills.front_matter import flag, scalar, split_front_matter, texts
from a3s_code.skills.skill import Skill, SkillKind

log = logging.getLogger("a3s_code")

MAX_FILE_BYTES = 1024 * 1024


def parse_skill(text: str, default_name: str = "", *, is_builtin: bool = False) -> Skill:
    """The skill that a complete Markdown text describes; unknown keys are ignored.

    `default_name` is its name when the front matter has none. Raises `InvalidArgument`.
    """
    values, content = split_front_matter(text)
    name = scalar(values, "name", "") or default_name
    if not name:
        raise InvalidArgument("the front matter has no `name`")
    kind = scalar(values, "kind", SkillKind.INSTRUCTION).lower()
    if kind not in SkillKind.__members__.values():
        log.warning("skill %s: unknown kind %r is treated as instruction", name, kind)
        kind = SkillKind.INSTRUCTION
    allowed = values.get("allowed-tools")
    return Skill(
        name=name,
        description=scalar(values, "description", ""),
        allowed_tools=None if allowed is None else ", ".join(texts(values, "allowed-tools")),
        kind=kind,
        content=content,
        tags=texts(values, "tags"),
        version=scalar(values, "version", "") or None,
        triggers=texts(values, "triggers"),
        model_may_call=not flag(values, "disable-model-invocation"),
        is_builtin=is_builtin,
    )


def load_skill(path: Path) -> Skill:
    """The skill of a file, named after it unless its front matter has a name.

    `SKILL.md` is named after its directory. Raises `InvalidArgument` naming the file.
    """
    default = path.parent.name if path.name == "SKILL.md" else path.stem
    try:
        return parse_skill(read_definition(path), default)
    except InvalidArgument as error:
        raise InvalidArgument(f"{path}: {error.problem}") from error


def read_definition(path: Path) -> str:
    """The text of a skill or agent file, at most 1 MiB of UTF-8. Raises `InvalidArgument`."""
    try:
        if not path.is_file():
            raise InvalidArgument("not a file" if path.exists() else "the file does not exist")
        if path.stat().st_size > MAX_FILE_BYTES:
            raise InvalidArgument(f"the file is larger than {MAX_FILE_BYTES} bytes")
        return path.read_text(encoding="utf-8")
    except OSError as error:
        raise InvalidArgument(error.strerror or type(error).__name__) from error
    except UnicodeDecodeError as error:
        raise InvalidArgument("the file is not UTF-8") from error
