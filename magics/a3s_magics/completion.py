"""What Tab offers in our cells and lines. A pure core: text and cursor in, offers out."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from string import ascii_letters, digits
from typing import Protocol

from a3s_magics.options import GIVEN, LineParser

CELL = "%%a3s"
_LINE = re.compile(r"\s*(?:[\w.,\s\[\]]+=\s*)?%(?P<name>[A-Za-z][\w-]*)[ \t]+(?P<rest>.*)")
_WORD = f"{ascii_letters}{digits}_"
# What `--attach` takes, by its name, and folders, which may hold some.
_IMAGE = re.compile(r"(?:/|\.(?:png|jpe?g|gif|webp))'?$", re.IGNORECASE)
_MENTION = re.compile(r"(?:^|\s)(?P<word>@\w*)$")


class Known(Protocol):
    """What can be offered; asked only when it is needed."""

    def models(self) -> Sequence[str]:
        """All models as `provider/model`."""

    def names(self) -> Sequence[str]:
        """Names of the notebook's sessions."""

    def sessions(self) -> Sequence[str]:
        """Names of the notebook's sessions, and ids of saved ones."""

    def tools(self) -> Sequence[str]:
        """Names of the tools."""

    def variables(self) -> Sequence[str]:
        """Names of the user's variables."""

    def cells_with_images(self) -> Sequence[int]:
        """Numbers of the cells that show an image."""

    def slash_commands(self) -> Sequence[str]:
        """Slash commands, with the slash."""

    def verbs(self) -> Sequence[str]:
        """The words that may follow `%a3s`."""

    def paths(self, typed: str) -> Sequence[str]:
        """Paths that begin with what is typed; folders end with a slash."""

    def prompt_parser(self) -> LineParser:
        """The options of `%%a3s`."""

    def tool_parser(self, magic: str) -> LineParser | None:
        """The options of a tool's line, None when the magic is none of ours."""


@dataclass(frozen=True, slots=True)
class Offers:
    """Texts, each of which may stand in place of `fragment`, the end of what is typed."""

    fragment: str
    texts: tuple[str, ...] = ()
    kind: str = "text"


def offers(text: str, line: int, column: int, known: Known) -> Offers | None:
    """What can follow at the cursor; None where other completers are to be asked.

    `line` and `column` count from 0. Cells that a kernel takes for prompts are the kernel's affair.
    """
    before = text.split("\n")[line][:column]
    found = _offers(text.split("\n"), line, before, known)
    # A quotation mark in the middle of a word: what is meant so far is not what is typed.
    return Offers("") if found and not before.endswith(found.fragment) else found


def _offers(lines: Sequence[str], line: int, before: str, known: Known) -> Offers | None:
    head = next((n for n, content in enumerate(lines) if content.strip()), 0)
    name = lines[head].partition(" ")[0]
    if name == CELL and line == head and " " in before:
        return _options(known.prompt_parser(), before.partition(" ")[2], known)
    if name == CELL and line > head:
        return _prompt(before, known, first=line == head + 1)
    if name.startswith("%%"):
        return None
    found = _LINE.fullmatch(before)
    return _line(found["name"], found["rest"], known) if found else None


def _line(name: str, rest: str, known: Known) -> Offers | None:
    if name == "a3s":
        return _control(rest, known)
    parser = known.tool_parser(name)
    if parser is None:
        return None
    if parser.prog == "%a3s_bash" and not rest.startswith("-"):
        typed = _split(rest)[1]
        return Offers(typed, _paths(rest, typed, known), "path")
    if parser.prog == "%a3s_python" and not rest.startswith("-"):
        return _matching(rest[len(rest.rstrip(_WORD)) :], known.variables(), "variable")
    return _options(parser, rest, known)


def _control(rest: str, known: Known) -> Offers:
    words, typed = _split(rest)
    if not words:
        everything = known.slash_commands() if typed.startswith("/") else known.verbs()
        return _matching(typed, everything, "command")
    choices: dict[str, Callable[[], Iterable[str]]] = {
        "model": known.models,
        "/model": known.models,
        "resume": known.sessions,
        "explore": known.tools,
        "mode": lambda: ("prompt", "python"),
        "sessions": lambda: ("all",),
    }
    if words[0] in choices and len(words) == 1:
        return _matching(typed, choices[words[0]](), "value")
    if words[0] == "btw":
        return _prompt(rest, known, first=False)
    return Offers(typed)


def _prompt(before: str, known: Known, *, first: bool) -> Offers:
    """In a prompt: slash commands at its start, variables behind `@`, paths; never Python names."""
    if mention := _MENTION.search(before):
        word = mention["word"]
        return _matching(word, (f"@{name}" for name in known.variables()), "variable")
    typed = before.split()[-1] if before and not before[-1].isspace() else ""
    if first and typed.startswith("/") and typed == before.strip():
        return _matching(typed, known.slash_commands(), "command")
    if "/" in typed:
        return Offers(typed, tuple(known.paths(typed)), "path")
    return Offers(typed)


def _options(parser: LineParser, rest: str, known: Known) -> Offers:
    words, typed = _split(rest)
    actions = parser._actions
    flags = {flag: action for action in actions for flag in action.option_strings}
    flag, equals, value = typed.partition("=")
    if equals and flag in flags:
        return _value(flags[flag], rest, value, known)
    previous = flags.get(words[-1]) if words else None
    if previous is not None and previous.nargs is None:
        return _value(previous, rest, typed, known)
    if typed.startswith("-"):
        fresh = [
            flag
            for flag, action in flags.items()
            if len(flag) > 2 and not set(action.option_strings) & _given_once(action, words)
        ]
        return _matching(typed, fresh, "option")
    places = [action for action in actions if not action.option_strings]
    at = _places_filled(words, flags)
    return _value(places[at], rest, typed, known) if at < len(places) else Offers(typed)


def _given_once(action: argparse.Action, words: Sequence[str]) -> set[str]:
    """Options on the line that cannot be given again."""
    return set() if isinstance(action, argparse._AppendAction) else set(words)


def _places_filled(words: Sequence[str], flags: dict[str, argparse.Action]) -> int:
    filled, expects_value = 0, False
    for word in words:
        if expects_value:
            expects_value = False
        elif word in flags:
            expects_value = flags[word].nargs is None
        elif not word.startswith("-"):
            filled += 1
    return filled


def _value(action: argparse.Action, rest: str, typed: str, known: Known) -> Offers:
    if action.choices is not None:
        return _matching(typed, map(str, action.choices), "value")
    match action.dest.removeprefix(GIVEN):
        case "model":
            return _matching(typed, known.models(), "value")
        case "session":
            return _matching(typed, known.names(), "value")
        case "out":
            return _matching(typed, known.variables(), "variable")
        case "attach":
            cells = [f"cell:{number}" for number in known.cells_with_images()]
            words = ["last", *cells, *known.variables()]
            found = [word for word in words if word.startswith(typed)]
            files = [path for path in _paths(rest, typed, known) if _IMAGE.search(path)]
            return Offers(typed, (*found, *files), "value")
        case "path" | "file_path" | "file" | "folder" | "directory":
            return Offers(typed, _paths(rest, typed, known), "path")
    return Offers(typed)


def _paths(rest: str, typed: str, known: Known) -> tuple[str, ...]:
    """Paths; those with spaces are quoted unless a quotation mark is open already."""
    found = known.paths(typed)
    if rest[: len(rest) - len(typed)].endswith(("'", '"')):
        return tuple(found)
    return tuple(shlex.quote(path) if " " in path else path for path in found)


def _matching(typed: str, candidates: Iterable[str], kind: str) -> Offers:
    return Offers(typed, tuple(text for text in candidates if text.startswith(typed)), kind)


def _split(rest: str) -> tuple[list[str], str]:
    """The complete words, and what is typed of the last one, without its opening quotation mark."""
    words, word, quote, inside = [], "", "", False
    for sign in rest:
        if quote:
            quote, word = ("", word) if sign == quote else (quote, word + sign)
        elif sign in "'\"":
            quote, inside = sign, True
        elif sign.isspace():
            if word or inside:
                words.append(word)
            word, inside = "", False
        else:
            word += sign
    return words, word
