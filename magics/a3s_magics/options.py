"""The options behind `%%a3s`, and a parser whose complaints are one line each."""

from __future__ import annotations

import argparse
import re
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from keyword import iskeyword
from typing import Any, NoReturn

from IPython.core.error import UsageError

from a3s_magics.wrapping import wrapped

# argparse's own sentence about an option at the end of the line.
_NO_VALUE = re.compile(r"^argument (\S+): expected one argument$")
SESSION_NAME = re.compile(r"\w[\w.-]{0,63}")
# In front of a tool's parameter where a parser keeps it: it may be called like anything, `__dict__` too.
GIVEN = "given "
UI_NAMES = ("widgets", "display", "final", "terminal")


class HelpWanted(Exception):
    """`--help` was given; the text is the message."""


class LineParser(argparse.ArgumentParser):
    """An `ArgumentParser` for magics: it raises instead of printing and leaving the process."""

    def __init__(self, **settings: Any) -> None:
        settings.setdefault("allow_abbrev", False)
        settings.setdefault("formatter_class", argparse.RawDescriptionHelpFormatter)
        for part in ("description", "epilog"):
            settings[part] = wrapped(settings.get(part) or "")
        super().__init__(add_help=False, **settings)
        self.add_argument("-h", "--help", action=_Help, help="show this and do nothing else")

    def error(self, message: str) -> NoReturn:
        """Raise `UsageError` with one line that names the culprit."""
        message = _NO_VALUE.sub(r"\1 needs a value", one_line(message))
        raise UsageError(f"{self.prog}: {message} (see {self.prog} --help)")

    def parse_line(self, line: str) -> argparse.Namespace:
        """The options of a magic's line. Raises `UsageError`, or `HelpWanted` with the help text."""
        return self.parse_args(words_of(line, self.prog))


class _Help(argparse.Action):
    def __init__(self, option_strings: Sequence[str], dest: str, **settings: Any) -> None:
        super().__init__(option_strings, argparse.SUPPRESS, nargs=0, **settings)

    def __call__(self, parser: argparse.ArgumentParser, *_: Any) -> NoReturn:
        raise HelpWanted(parser.format_help().rstrip())


def words_of(line: str, prog: str) -> list[str]:
    """The words of a line as a shell would split it; backslashes of Windows paths stay."""
    lexer = shlex.shlex(line, posix=True, punctuation_chars=False)
    lexer.whitespace_split, lexer.commenters, lexer.escape = True, "", ""
    try:
        return list(lexer)
    except ValueError:
        raise UsageError(f"{prog}: a quotation mark is not closed in: {one_line(line)}") from None


def one_line(text: str) -> str:
    """The text with every run of white space as one space and without control characters."""
    return " ".join("".join(c if c.isprintable() else " " for c in text).split())


@dataclass(frozen=True, slots=True)
class PromptOptions:
    """How one prompt is to be sent; None and False leave the settings as they are."""

    model: str | None = None
    ui: str | None = None
    new: bool = False
    yes: bool = False
    attach: tuple[str, ...] = ()
    out: str | None = None
    max_rounds: int | None = None
    btw: bool = False
    plan: bool | None = None
    session: str | None = None


def prompt_parser() -> LineParser:
    """The parser of the `%%a3s` line; its help is what Shift-Tab and `--help` show."""
    parser = LineParser(
        prog="%%a3s",
        usage="%%%%a3s [options]\n       <prompt, on the lines below>",
        description=(
            "Send the cell to the agent, exactly as it is typed, and watch it work.\n"
            "Stop (or Cancel) ends the turn and keeps what has arrived."
        ),
        epilog="@name in the prompt shows the model that variable: a figure as an image, a data frame as\n"
        "its columns. %a3s --help lists what else there is.",
    )
    parser.add_argument("--model", metavar="PROVIDER/MODEL", help="answer with this model, once")
    parser.add_argument(
        "--attach",
        action="append",
        default=[],
        metavar="IMAGE",
        help="send an image along: last, cell:N, N..M (cells), a variable or a file; repeatable",
    )
    parser.add_argument("--out", metavar="NAME", help="keep the result in this variable")
    parser.add_argument(
        "--max-rounds",
        type=int,
        metavar="N",
        help="at most N calls of the model in this turn; with --plan, in each of its steps",
    )
    parser.add_argument(
        "--btw", action="store_true", help="a side question that the conversation never sees"
    )
    parser.add_argument(
        "--plan",
        action=argparse.BooleanOptionalAction,
        help="make a plan first and show how far it is, or not",
    )
    parser.add_argument(
        "--session",
        metavar="NAME",
        help="go on with the session of this name, from here on; main is the notebook's own",
    )
    parser.add_argument("--ui", choices=UI_NAMES, help="how to show this turn")
    parser.add_argument("--new", action="store_true", help="forget the conversation first")
    parser.add_argument(
        "--yes", action="store_true", help="approve every tool call of this turn that asks"
    )
    return parser


def parse_prompt_options(line: str) -> PromptOptions:
    """The options of a `%%a3s` line. Raises `UsageError` or `HelpWanted`."""
    parser = prompt_parser()
    words = words_of(line, parser.prog)
    given, rest = parser.parse_known_args(words)
    if rest and not rest[0].startswith("-"):
        raise UsageError(
            f"%%a3s: unexpected {one_line(' '.join(rest))!r}: the prompt goes on the lines below %%a3s"
        )
    if rest:
        parser.error(f"unknown option {rest[0]}")
    for one, other in (("--plan", "--no-plan"), ("--new", "--btw")):
        if one in words and other in words:
            parser.error(f"{one} and {other} contradict each other")
    if given.out is not None and (not given.out.isidentifier() or iskeyword(given.out)):
        parser.error(f"--out {given.out!r} cannot be the name of a variable")
    if given.max_rounds is not None and given.max_rounds < 1:
        parser.error(f"--max-rounds must be at least 1, not {given.max_rounds}")
    if given.session is not None and not SESSION_NAME.fullmatch(given.session):
        parser.error(f"--session {given.session!r} cannot be a name: use letters, digits, - _ .")
    return PromptOptions(**{**vars(given), "attach": tuple(given.attach)})
