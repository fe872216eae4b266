"""What kind of cell a piece of source is: Python, or a prompt for the agent."""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Mapping
from typing import Any, Literal, get_args

Mode = Literal["python", "prompt"]
MODES: tuple[Mode, ...] = get_args(Mode)

PROMPT_MAGIC = "%%a3s"
PYTHON_MAGIC = "%%py"
HELP = {"-h", "--help"}
PARAMETER_TAGS = {"parameters", "injected-parameters"}
_LEAVING = {"exit", "quit", "exit()", "quit()"}
_ESCAPES = ("%", "!", "?")
_INSPECTED = re.compile(r"\s*([A-Za-z_]\w*)(?:\.\w+)*\?\??\s*")


def is_prompt(
    source: str, *, defined: Callable[[str], bool], metadata: Mapping[str, Any] | None = None
) -> bool:
    """Whether a cell of a chat notebook goes to the agent.

    Python are: cells that begin with `%` (`%%py` above all), `!` or `?`; `name?` when there is such
    a name (`defined`), because prompts are questions, too; `exit` and `quit`, by which one leaves a
    console; and parameters. Those are cells tagged as
    such, and cells of nothing but plain assignments: papermill injects one, whose tag does not
    reach the kernel. Blank cells are nothing.
    """
    text = source.strip()
    if not text or text.startswith(_ESCAPES) or text in _LEAVING:
        return False
    inspected = _INSPECTED.fullmatch(source)
    if inspected and defined(inspected[1]):
        return False
    tags = (metadata or {}).get("tags")
    if isinstance(tags, list) and any(tag in PARAMETER_TAGS for tag in tags):
        return False
    return not _only_assigns(text)


def _only_assigns(text: str) -> bool:
    """Whether this is Python that gives names plain values, and does nothing else."""
    if "=" not in text:
        return False
    try:
        statements = ast.parse(text).body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return False
    return bool(statements) and all(map(_assigns_value, statements))


def _assigns_value(statement: ast.stmt) -> bool:
    match statement:
        case ast.Assign(targets=[ast.Name()], value=value):
            return _is_value(value)
        case ast.AnnAssign(target=ast.Name(), value=ast.expr() as value):
            return _is_value(value)
    return False


def _is_value(value: ast.expr) -> bool:
    match value:
        case ast.Call(func=ast.Name(id="float"), args=[ast.Constant(value=str())], keywords=[]):
            return True  # papermill's spelling of infinity and of "not a number"
    try:
        ast.literal_eval(value)
    except (ValueError, TypeError, SyntaxError, MemoryError, RecursionError):
        return False
    return True


def prompt_completeness(source: str) -> Literal["complete", "incomplete"] | None:
    """Whether a `%%a3s` cell can be run as it stands; None for any other cell.

    IPython wants a blank line below every cell magic, which in a console means one more Enter for
    each prompt. A prompt that has begun can be sent; a header alone waits for one, unless it asks
    for help or a blank line says that nothing will follow.
    """
    header, _, prompt = source.lstrip().partition("\n")
    words = header.split()
    if words[:1] != [PROMPT_MAGIC]:
        return None
    begun = prompt.strip() != "" or prompt.endswith("\n")
    return "complete" if begun or not HELP.isdisjoint(words) else "incomplete"


def prompt_start(source: str) -> int | None:
    """Where the prompt begins in a `%%a3s` cell; None for any other cell or without a prompt."""
    blank = len(source) - len(source.lstrip())
    header, newline, _ = source[blank:].partition("\n")
    if header.split()[:1] != [PROMPT_MAGIC] or not newline:
        return None
    return blank + len(header) + 1


def without_python_magic(lines: list[str]) -> list[str]:
    """The lines of a `%%py` cell as Python; the header becomes a comment, so that numbers stay."""
    for at, line in enumerate(lines):
        if line.split()[:1] == [PYTHON_MAGIC]:
            return [*lines[:at], "#" + line.lstrip()[1:], *lines[at + 1 :]]
        if line.strip():
            break
    return lines


def as_python(source: str) -> str:
    """`without_python_magic` for a text; its length stays, and so do positions in it."""
    return "".join(without_python_magic(source.splitlines(keepends=True)))
