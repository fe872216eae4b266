"""Writes docs/api/ from signatures and docstrings: `python scripts/api_reference.py`.

A page for each room of `a3s_code`, and one for the magics. With `--check` nothing is written, and the
exit code is 1 when a page is not what it would be.
"""

from __future__ import annotations

import argparse
import dataclasses
import enum
import inspect
import re
import sys
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT), str(ROOT / "magics")]

import a3s_code
from a3s_magics import current_session
from a3s_magics.control import COMMANDS
from a3s_magics.magics import A3SMagics
from a3s_magics.options import prompt_parser
from a3s_magics.result import TurnResult

API = ROOT / "docs" / "api"
NOTE = (
    "<!-- Written by scripts/api_reference.py from the docstrings: change those, not this. -->\n\n"
)

# The page of a module's names, by the first part of the module; others have a page of that name.
PAGES = {
    "agent": "sessions",
    "cost_summary": "sessions",
    "session": "sessions",
    "options": "sessions",
    "results": "sessions",
    "messages": "sessions",
    "run": "sessions",
    "config": "configuration",
    "llm": "configuration",
    "security": "permissions",
    "store": "memory-and-stores",
    "memory": "memory-and-stores",
    "agents": "teams",
    "ahp": "supervision",
    "lanes": "queue",
    "tool_names": "tools",
}
# Where the other public methods are for the library itself.
ONLY = {"SessionOptions": ("add_instruction", "add_persona", "check")}
FIRST = ("Agent", "Session", "SessionOptions", "AgentResult")  # of their pages


def pages() -> dict[str, str]:
    """The text of each page by file name."""
    rooms: dict[str, list[str]] = {}
    for name in a3s_code.__all__:
        room = getattr(a3s_code, name).__module__.split(".")[1]
        rooms.setdefault(PAGES.get(room, room), []).append(name)
    texts = {f"{page}.md": page_of(page, names) for page, names in rooms.items()}
    texts["magics.md"] = magics_page()
    texts["README.md"] = index(rooms)
    return {name: NOTE + text.rstrip() + "\n" for name, text in sorted(texts.items())}


# -- pages -----------------------------------------------------------------------------------------


def index(rooms: dict[str, list[str]]) -> str:
    """The list of all names, each with a link and its first sentence."""
    lines = [
        "# API reference",
        "",
        "Every public name of `a3s_code`, and the magics of the notebook. Whatever is not listed here",
        "may change without notice.",
        "",
        "- [The magics](magics.md): `%%a3s`, `%a3s` and their options",
    ]
    for page, names in sorted(rooms.items()):
        lines += ["", f"## [{title(page)}]({page}.md)", "", "| Name | Meaning |", "|---|---|"]
        for name in ordered(names):
            sentence = first_sentence(documented(getattr(a3s_code, name)))
            lines.append(f"| [`{name}`]({page}.md#{name.lower()}) | {cell(sentence)} |")
    return "\n".join(lines)


def page_of(page: str, names: Iterable[str]) -> str:
    """One page: every name with what it offers."""
    parts = [f"# {title(page)}"]
    for name in ordered(names):
        value = getattr(a3s_code, name)
        parts.append(f"## {name}")
        if name != value.__name__:
            parts.append(f"Another name of [`{value.__name__}`](#{value.__name__.lower()}).")
        else:
            parts += entry(value)
    return "\n\n".join(parts)


def magics_page() -> str:
    """Options of `%%a3s`, commands of `%a3s`, settings, and the result of a turn."""
    options = [
        (" ".join(filter(None, (", ".join(action.option_strings), shown_metavar(action)))), action)
        for action in prompt_parser()._actions  # argparse has no public list of them
    ]
    commands = [(f"%a3s {line}".strip(), text) for line, text in COMMANDS]
    settings = [
        (f"A3SMagics.{name}", f"{trait.help} Default: `{trait.default_value!r}`.")
        for name, trait in sorted(A3SMagics.class_traits(config=True).items())
    ]
    return "\n\n".join(
        [
            "# The magics",
            "## The cell magic",
            "`%%a3s [options]`, with the prompt on the lines below: sends the prompt to the agent.",
            table(("Option", "Meaning"), [(name, action.help or "") for name, action in options]),
            "## The line magic",
            "`%a3s COMMAND` shows and changes the session; `%a3s /NAME` runs a slash command.",
            table(("Line", "Meaning"), commands),
            "`%a3s_TOOL` calls a tool by hand; `%a3s_TOOL --help` lists its arguments.",
            "## Settings",
            "`%config A3SMagics.NAME = VALUE` sets one in a notebook; `c.A3SMagics.NAME = VALUE`, in "
            + "the file `ipython_config.py`, in all of them.",
            table(("Setting", "Meaning"), settings),
            "## From Python",
            "### a3s_magics.current_session",
            *callable_entry("current_session", current_session),
            "### The result of a turn",
            "What `_` and the variable of `--out` hold: a `TurnResult`.",
            *entry(TurnResult, level=4, constructor=False),
        ]
    )


# -- entries ---------------------------------------------------------------------------------------


def entry(value: Any, *, level: int = 3, constructor: bool = True) -> Iterator[str]:
    """What is said about a class or a function."""
    if not isinstance(value, type):
        yield from callable_entry(value.__name__, value)
        return
    text, shown = documented(value), fields_of(value)
    if constructor and not shown and has_constructor(value, text):
        yield f"`{value.__name__}{signature(value.__init__)}`"
    yield markdown(text)
    if isinstance(wire_name := getattr(value, "event_type", None), str):
        yield f"Its `event_type` is `{wire_name}`."
    if issubclass(value, enum.Enum):
        members = [(name, f"`{str(member.value)!r}`") for name, member in value.__members__.items()]
        yield table(("Member", "Value"), members)
        return
    if shown:
        yield table(("Field", "Type", "Default"), shown)
    bases = ", ".join(f"`{base.__name__}`" for base in value.__mro__[1:] if is_known(base))
    if bases:
        yield f"Base classes: {bases}."
    for name, member in members_of(value):
        yield f"{'#' * level} {value.__name__}.{name}"
        yield from member_entry(name, member)


def member_entry(name: str, member: Any) -> Iterator[str]:
    """What is said about a property or a method."""
    if isinstance(member, property):
        kind = inspect.signature(member.fget).return_annotation if member.fget else "Any"
        yield f"`{name}: {annotation(kind)}`"
        yield markdown(documented(member.fget))
    else:
        yield from callable_entry(name, getattr(member, "__func__", member))


def callable_entry(name: str, function: Callable[..., Any]) -> Iterator[str]:
    """What is said about a function."""
    yield f"`{name}{signature(function)}`"
    if function.__name__ != name:
        yield f"Another name of `{function.__name__}`."
    else:
        yield markdown(documented(function))


def has_constructor(value: type, text: str) -> bool:
    """Whether users make such objects by calling the class."""
    made_elsewhere = "Made by `" in text or getattr(value, "_is_protocol", False)
    inherited = not inspect.isfunction(value.__init__)
    return not (made_elsewhere or inherited or issubclass(value, enum.Enum | BaseException))


def members_of(value: type) -> Iterator[tuple[str, Any]]:
    """Public methods and properties, also those of base classes without an entry of their own."""
    skipped = {name for base in value.__mro__[1:] if is_known(base) for name in dir(base)}
    seen: set[str] = set()
    for owner in value.__mro__:
        if not owner.__module__.startswith(("a3s_code", "a3s_magics")):
            continue
        for name, member in vars(owner).items():
            hidden = name.startswith("_") or name not in ONLY.get(value.__name__, (name,))
            if hidden or name in seen or (owner is not value and name in skipped):
                continue
            function = getattr(member, "__func__", member)
            if isinstance(member, property) or (
                inspect.isfunction(function) and takes_public_types(function)
            ):
                seen.add(name)
                yield name, member


def takes_public_types(function: Callable[..., Any]) -> bool:
    """Whether a user could call it: its parameters have no types that are the library's own."""
    texts = [str(p.annotation) for p in inspect.signature(function).parameters.values()]
    found = inspect.unwrap(function).__globals__
    types = [found.get(name) for name in re.findall(r"\b[A-Z]\w+", " ".join(texts))]
    return not any(
        isinstance(each, type)
        and each.__module__.startswith("a3s_code")
        and each.__name__ not in a3s_code.__all__
        for each in types
    )


def is_known(base: type) -> bool:
    """Whether readers can look it up: it has an entry, or is a built-in error."""
    own = base.__module__.startswith("a3s_code") and base.__name__ in a3s_code.__all__
    return own or base in (RuntimeError, ValueError, TypeError)


def fields_of(value: type) -> list[tuple[str, str, str]]:
    """The fields of a dataclass with type and default, "" for what must be given."""
    if not dataclasses.is_dataclass(value) or not value.__dataclass_params__.init:  # type: ignore[attr-defined]
        return []
    return [
        (field.name, f"`{annotation(field.type)}`", default_of(field))
        for field in dataclasses.fields(value)
        if not field.name.startswith("_") and field.init
    ]


def default_of(field: dataclasses.Field[Any]) -> str:
    """How the default reads."""
    if field.default is not dataclasses.MISSING:
        return f"`{plain(field.default)}`"
    if field.default_factory is not dataclasses.MISSING:
        return "empty" if field.default_factory in (list, dict, tuple, set) else "its defaults"
    return ""


# -- texts -----------------------------------------------------------------------------------------


def documented(value: Any) -> str:
    """The docstring of the thing itself. Raises `ValueError` where there is none."""
    text = inspect.cleandoc(getattr(value, "__doc__", None) or "")
    if not text or text.startswith(f"{getattr(value, '__name__', '')}("):  # dataclass's own
        raise ValueError(f"{value!r} has no docstring")
    return text


def markdown(text: str) -> str:
    """A docstring as Markdown: a list where its lines explain names."""
    return "\n\n".join(map(_paragraph, text.split("\n\n")))


def _paragraph(text: str) -> str:
    lines = text.splitlines()
    if lines[0].strip() in ("Args:", "Raises:"):
        return "\n".join(
            [lines[0].strip(), "", *(f"- {line.strip()}" for line in lines[1:] if line.strip())]
        )
    starts = [re.match(r"([a-z_][\w, ()`.]*): ", line) for line in lines]
    named = [found for found, line in zip(starts, lines, strict=True) if not line.startswith(" ")]
    if all(named) and len(named) > 1:
        return "\n".join(
            re.sub(r"^([^:]+):", r"- **\1**:", line)
            if found and not line.startswith(" ")
            else f"  {line.strip()}"
            for found, line in zip(starts, lines, strict=True)
        )
    return text


def signature(function: Callable[..., Any]) -> str:
    """Parameters and result as they are written, without `self`."""
    found = inspect.signature(function)
    parts, star = [], False
    for parameter in found.parameters.values():
        if parameter.name in ("self", "cls"):
            continue
        if parameter.kind is parameter.KEYWORD_ONLY and not star:
            parts.append("*")
            star = True
        prefix = {parameter.VAR_POSITIONAL: "*", parameter.VAR_KEYWORD: "**"}.get(
            parameter.kind, ""
        )
        star = star or prefix == "*"
        part = f"{prefix}{parameter.name}"
        if parameter.annotation is not parameter.empty:
            part += f": {annotation(parameter.annotation)}"
        if parameter.default is not parameter.empty:
            part += f" = {plain(parameter.default)}"
        parts.append(part)
    result = annotation(found.return_annotation)
    arrow = "" if result in ("None", "<empty>") else f" -> {result}"
    return f"({', '.join(parts)}){arrow}"


def annotation(value: Any) -> str:
    """A type as its author wrote it; names alone, without their modules."""
    if value is inspect.Signature.empty:
        return "<empty>"
    text = value if isinstance(value, str) else getattr(value, "__name__", repr(value))
    return re.sub(r"\b(?:builtins\.|[a-z_]\w*\.(?=[A-Z]))", "", text).strip("'")


def plain(value: Any) -> str:
    """A default value, the same under every version of Python."""
    if isinstance(value, enum.Enum):
        return f"{type(value).__name__}.{value.name}"
    if isinstance(value, tuple) and value:
        return f"({', '.join(map(plain, value))},)"
    if callable(value):
        return "…" if value.__name__.startswith("_") else value.__name__
    return repr(value)


def first_sentence(text: str) -> str:
    """Up to the first full stop that is followed by a blank."""
    line = " ".join(text.split("\n\n")[0].split())
    return re.split(r"(?<=\.) ", line, maxsplit=1)[0]


def table(head: tuple[str, ...], rows: Iterable[tuple[str, ...]]) -> str:
    """A table whose first column is code."""
    lines = [f"| {' | '.join(head)} |", "|---" * len(head) + "|"]
    lines += [f"| `{cell(first)}` | {' | '.join(map(cell, rest))} |" for first, *rest in rows]
    return "\n".join(lines)


def cell(text: str) -> str:
    """Text that fits into a table."""
    return " ".join(text.replace("|", "\\|").split())


def shown_metavar(action: argparse.Action) -> str:
    """What stands for the option's value."""
    if action.nargs == 0:
        return ""
    return str(action.metavar or "|".join(map(str, action.choices or ())))


def title(page: str) -> str:
    """A page's heading."""
    return page.replace("-", " ").capitalize()


def ordered(names: Iterable[str]) -> list[str]:
    """What a reader looks for first, then the alphabet."""
    names = list(names)
    first = [name for name in FIRST if name in names]
    return first + sorted((name for name in names if name not in first), key=str.lower)


# -- the program -----------------------------------------------------------------------------------


def out_of_step() -> list[str]:
    """Names of the pages that are missing, different, or there for no reason."""
    wanted = pages()
    there = {path.name: path.read_text("utf-8") for path in API.glob("*.md")}
    return sorted(
        name for name in wanted.keys() | there.keys() if wanted.get(name) != there.get(name)
    )


def main(argv: list[str]) -> int:
    """Write the pages, or check them."""
    if argv == ["--check"]:
        for name in out_of_step():
            print(f"docs/api/{name} is out of step")  # noqa: T201  # a command line program
        return int(bool(out_of_step()))
    API.mkdir(parents=True, exist_ok=True)
    wanted = pages()
    for path in API.glob("*.md"):
        if path.name not in wanted:
            path.unlink()
    for name, text in wanted.items():
        (API / name).write_text(text, "utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
