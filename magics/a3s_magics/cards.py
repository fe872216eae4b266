"""A tool call as a card: HTML for widgets, Markdown for the saved notebook, plain text elsewhere.

Everything a card shows was chosen by the model or by what a tool found: it is escaped, stripped of
terminal escapes, capped and folded when long.
"""

from __future__ import annotations

import base64
import difflib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from html import escape
from typing import Any

from a3s_magics.counted import counted
from a3s_magics.inert import inert
from a3s_magics.sanitise import terminal_text
from a3s_magics.transcript import ToolCall

MAX_LINES = 40  # of one part of a card; the middle of longer ones is left out
MAX_LINE_CHARS = 400
ASKING_LINES, ASKING_LINE_CHARS = 1000, 20_000  # who is to decide must be able to see it all
FOLD_LINES = 12  # a card with more lines than this starts folded
_SUMMARY_CHARS = 90
_DIFF_LINES = 2000  # of either side; above that a diff would cost more than it tells

_SIGNS = {
    "preparing": "…",
    "asking": "?",
    "running": "●",
    "done": "✓",
    "refused": "⊘",
    "cancelled": "■",
}
_PROGRAMS = {"bash": "command", "python": "code"}  # fence languages, and classes of the live card
# Per tool: the argument that is a program, and its language.
_PROGRAM_ARGUMENTS = {"bash": ("command", "bash"), "python": ("code", "python")}
_TOLD_BY_DIFFS = {"content", "old_string", "new_string", "diff"}
_FIRST_ARGUMENT = (
    "command",
    "code",
    "pattern",  # what is looked for tells more than where
    "file_path",
    "path",
    "url",
    "query",
    "name",
    "description",
    "prompt",
)


@dataclass(frozen=True, slots=True)
class Part:
    """One piece of a card: a diff, a command, an output. `language` is for the fence's info."""

    language: str
    text: str

    @property
    def lines(self) -> int:
        """How many lines it has."""
        return self.text.count("\n") + 1


def capped(text: str, max_lines: int = MAX_LINES, max_chars: int = MAX_LINE_CHARS) -> str:
    """At most `max_lines` lines of at most `max_chars`; head and tail stay, the middle goes."""
    lines = text.rstrip("\n").split("\n")
    if len(lines) > max_lines:
        head = max_lines * 2 // 3
        tail = max_lines - head
        left_out = len(lines) - head - tail
        lines = [*lines[:head], f"… {counted(left_out, 'line')} left out …", *lines[-tail:]]
    return "\n".join(line if len(line) <= max_chars else f"{line[:max_chars]} …" for line in lines)


def headline(call: ToolCall) -> str:
    """What the call is about in a few words: the command, the path, the pattern."""
    args = _arguments(call)
    value = next((args[name] for name in _FIRST_ARGUMENT if args.get(name)), None)
    if value is None and args:
        value = json.dumps(dict(args), ensure_ascii=False, default=str)
    if value is None and call.state == "preparing":
        value = str(call.args_text)[:_SUMMARY_CHARS]
    if value is not None and value is args.get("code"):  # a program says little in one line
        first, *rest = terminal_text(str(value)).strip().split("\n")
        value = f"{first} …" if rest else first
    text = " ".join(terminal_text(str(value or "")).split())
    return text if len(text) <= _SUMMARY_CHARS else f"{text[: _SUMMARY_CHARS - 1]}…"


def standing(call: ToolCall) -> str:
    """The call's state in words, with exit code and duration once it is over."""
    match call.state:
        case "preparing":
            return "comes next" if _arguments(call) else "is being written"
        case "asking":
            return "waits for approval"
        case "running":
            return "runs"
        case "refused":
            return f"denied: {_oneline(call.reason)}" if call.reason else "denied"
        case "cancelled" if call.not_run:
            return "cancelled, not run"
    words = ["approved"] if call.approved else []
    if call.state == "cancelled":
        words.append("cancelled")
    elif call.exit_code:
        words.append(f"exit {call.exit_code}")
    elif call.exit_code is None:  # of a call inside another one
        words.append("result above")
    if call.duration_ms or (call.state == "done" and call.exit_code is not None):
        words.append(f"{call.duration_ms / 1000:.1f} s")
    return ", ".join(words)


def sign(call: ToolCall) -> str:
    """One character for the state."""
    return "✗" if call.state == "done" and call.exit_code else _SIGNS[call.state]


def parts(call: ToolCall) -> list[Part]:
    """The pieces below the headline, in reading order, capped.

    Together with the headline they tell every argument: who approves a call approves all of it.
    """
    found: list[Part] = []
    args = _arguments(call)
    lines, chars = MAX_LINES, MAX_LINE_CHARS
    if call.state == "asking":
        lines, chars = ASKING_LINES, ASKING_LINE_CHARS
    program, diff = _program(call.name, args), _diff(call, args)
    told: set[str] = _headline_tells(args)
    if program:
        told.add(_PROGRAM_ARGUMENTS[call.name][0])
        if program.text.strip() != headline(call):
            found.append(Part(program.language, capped(program.text, lines, chars)))
    elif diff:
        told |= _TOLD_BY_DIFFS
        found.append(Part("diff", capped(diff, 2 * lines, chars)))
    rest = {name: value for name, value in args.items() if name not in told}
    if rest and not found and not program:
        rest = dict(args)  # in one place, since some of them need it
    if rest:
        found.append(Part("json", capped(_as_json(rest), lines, chars)))
    elif not args and call.args_text:
        found.append(Part("json", capped(terminal_text(str(call.args_text)), lines, chars)))
    output = call.result if call.result is not None else str(call.output)
    succeeded = call.state == "done" and not call.exit_code
    if output.strip() and not (diff and succeeded):
        found.append(Part("text", capped(terminal_text(output))))
    return found


def question_text(call: ToolCall) -> str:
    """All that a person must know who is asked about the call where no card shows it."""
    told = [f"Allow {call.name} {headline(call)}?"]
    told += [f"    {line}" for part in parts(call) for line in part.text.split("\n")]
    return "\n".join(told)


def _headline_tells(args: Mapping[str, Any]) -> set[str]:
    """The argument that the headline shows as a whole, if it does."""
    name = next((name for name in _FIRST_ARGUMENT if args.get(name)), None)
    if name is None:
        return set()
    value = args[name]
    whole = isinstance(value, str) and len(value) <= _SUMMARY_CHARS
    return {name} if whole and " ".join(terminal_text(value).split()) == value else set()


def _as_json(args: Mapping[str, Any]) -> str:
    return terminal_text(json.dumps(dict(args), indent=1, ensure_ascii=False, default=str))


def _program(tool: str, args: Mapping[str, Any]) -> Part | None:
    """What the call would run, if it runs something."""
    name, language = _PROGRAM_ARGUMENTS.get(tool, ("", ""))
    return Part(language, terminal_text(str(args[name]))) if args.get(name) else None


def card_html(call: ToolCall) -> str:
    """The card for the live view."""
    pieces = parts(call)
    busy = call.state in ("asking", "running", "preparing")
    unfolded = busy or sum(piece.lines for piece in pieces) <= FOLD_LINES
    body = "".join(_part_html(piece) for piece in pieces)
    body += "".join(
        f'<img class="a3s-image" alt="{escape(name)}" src="{source}">'
        for name, source in _pictures(call)
    )
    kind = "failed" if sign(call) == "✗" else call.state
    # The stylesheet hides a topic that the open card repeats in full.
    topic = headline(call)
    told_below = any(piece.language in _PROGRAMS for piece in pieces)
    hidden = ' class="a3s-topic"' if told_below else ""
    if topic:
        topic = f"<code{hidden}>{escape(topic)}</code> "
    return (
        f'<details class="a3s-card a3s-{kind}"{" open" if unfolded else ""}>'
        f'<summary><span class="a3s-sign" aria-hidden="true">{sign(call)}</span> '
        f"<b>{escape(call.name)}</b> {topic}"
        f'<span class="a3s-quiet">{escape(standing(call))}</span></summary>{body}</details>'
    )


def card_markdown(call: ToolCall) -> str:
    """The card for the saved notebook: `<details>`, which GitHub, nbconvert and JupyterLab fold."""
    title = f"{sign(call)} <b>{_inert(call.name)}</b>"
    if topic := headline(call):
        title += f" <code>{_inert(topic)}</code>"
    pieces = "\n\n".join(map(_fenced, parts(call)))
    blocks = [monospaced(pieces)] if pieces else []
    blocks += [f"![{inert(name)}]({source})" for name, source in _pictures(call)]
    body = "\n\n".join(blocks)
    body = f"\n{body}\n" if body else ""
    unfolded = " open" if call.images else ""
    summary = f"<summary>{title} ({_inert(standing(call))})</summary>"
    return f"<details{unfolded}>{summary}\n{body}\n</details>"


def card_text(call: ToolCall) -> str:
    """The card in plain text."""
    topic = headline(call)
    lines = [f"{sign(call)} {call.name}{f': {topic}' if topic else ''} ({standing(call)})"]
    for piece in parts(call):
        lines += [f"    {line}" for line in piece.text.split("\n")]
    return "\n".join(lines)


def fenced(text: str, language: str = "text") -> str:
    """A code block whose fence no line of the text can close."""
    longest = max((len(run) for run in re.findall(r"`{3,}", text)), default=2)
    fence = "`" * (longest + 1)
    return f"{fence}{language}\n{text}\n{fence}"


def monospaced(blocks: str) -> str:
    """Code blocks inside of `<details>`, in a font of equal widths everywhere.

    In outputs, nbconvert's stylesheet has highlighted code inherit the font of the text around it.
    """
    return f"<samp>\n\n{blocks}\n\n</samp>"


def _arguments(call: ToolCall) -> Mapping[str, Any]:
    """The arguments, also those of a call whose text is complete but that has not begun."""
    if call.args is not None or call.state != "preparing":
        return call.args or {}
    text = str(call.args_text).rstrip()
    if not text.endswith("}"):
        return {}
    try:
        args = json.loads(text)
    except ValueError:
        return {}
    return args if isinstance(args, dict) else {}


def _fenced(part: Part) -> str:
    return fenced(part.text, part.language)


def _inert(text: str) -> str:
    """Escaped for HTML inside Markdown, where `$` would start a formula and `|` a table."""
    return escape(text).replace("$", "&#36;").replace("\n", " ")


def _pictures(call: ToolCall) -> list[tuple[str, str]]:
    """Name and address of each image; the address holds the data, nothing is fetched."""
    found = []
    for number, image in enumerate(call.images, 1):
        which = f" {number}" if len(call.images) > 1 else ""
        data = base64.b64encode(image.data).decode("ascii")
        found.append((f"image{which} of {call.name}", f"data:{image.media_type};base64,{data}"))
    return found


def _oneline(text: str | None) -> str:
    return " ".join(terminal_text(text or "").split())[:200]


def _part_html(part: Part) -> str:
    if part.language != "diff":
        label = f' class="a3s-{_PROGRAMS[part.language]}"' if part.language in _PROGRAMS else ""
        return f"<pre{label}>{escape(part.text)}</pre>"
    marks = {"+": "a3s-added", "-": "a3s-removed", "@": "a3s-quiet"}
    rows = (
        f'<span class="{marks[line[0]]}">{escape(line)}</span>'
        if line[:1] in marks and (at > 1 or line[:3] not in ("---", "+++"))
        else escape(line)
        for at, line in enumerate(part.text.split("\n"))
    )
    return f"<pre>{chr(10).join(rows)}</pre>"


def _diff(call: ToolCall, args: Mapping[str, Any]) -> str:
    """What changes in a file: from the tool's own before and after, else from the arguments."""
    facts = call.metadata or {}
    if "before" in facts and "after" in facts:
        before, after = str(facts["before"]), str(facts["after"])
    elif "old_string" in args and "new_string" in args:
        before, after = str(args["old_string"]), str(args["new_string"])
    elif "diff" in args:
        return terminal_text(str(args["diff"])).rstrip("\n")
    elif call.name == "write" and "content" in args:
        before, after = "", str(args["content"])
    else:
        return ""
    old, new = terminal_text(before).splitlines(), terminal_text(after).splitlines()
    if max(len(old), len(new)) > _DIFF_LINES:
        return f"@@ {len(old)} lines become {len(new)} lines @@"
    path = _oneline(str(args.get("file_path", facts.get("file_path", "")))).lstrip("/")
    lines = list(difflib.unified_diff(old, new, f"a/{path}", f"b/{path}", lineterm="", n=3))
    return "\n".join(lines)
