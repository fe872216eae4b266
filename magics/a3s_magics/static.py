"""What stays in the notebook when a turn is over: Markdown and plain text, readable anywhere."""

from __future__ import annotations

from html import escape

from a3s_magics.cards import card_markdown, card_text, fenced
from a3s_magics.sanitise import safe_markdown, terminal_text, without_controls
from a3s_magics.statusline import Surroundings, status_line
from a3s_magics.transcript import (
    Failure,
    Notice,
    Reasoning,
    Segment,
    Text,
    ToolCall,
    Transcript,
)


def segment_markdown(part: Segment) -> str:
    """One segment as Markdown that no front end can be hurt by."""
    match part:
        case Text(content=content):
            return safe_markdown(str(content))
        case Reasoning(content=content):
            thought = fenced(without_controls(str(content)).strip())
            return f"<details><summary>Reasoning</summary>\n\n{thought}\n\n</details>"
        case ToolCall():
            return card_markdown(part)
        case Notice(text=text):
            return f"*{_inert(text)}*"
        case Failure():
            return failure_html(part)


def failure_html(failure: Failure) -> str:
    """The red card; JupyterLab and the classic notebook know the class, others show the text."""
    text = _inert(failure.text)
    return (
        f'<div class="alert alert-block alert-danger"><b>{_inert(failure.kind)}</b>: {text}</div>'
    )


def segment_text(part: Segment) -> str:
    """One segment as plain text."""
    match part:
        case Text(content=content):
            return without_controls(str(content)).strip("\n")
        case Reasoning():
            return ""
        case ToolCall():
            return card_text(part)
        case Notice(text=text):
            return f"({_oneline(text)})"
        case Failure(kind=kind, text=text):
            return f"{kind}: {_oneline(text)}"


def turn_markdown(view: Transcript, around: Surroundings) -> str:
    """The whole turn, with the status line at its end."""
    blocks = [segment_markdown(part) for part in view.segments]
    blocks.append(f"<sub>{_inert(status_line(view, around))}</sub>")
    return "\n\n".join(block for block in blocks if block.strip())


def turn_text(view: Transcript, around: Surroundings) -> str:
    """The whole turn in plain text."""
    blocks = [segment_text(part) for part in view.segments]
    blocks.append(f"[{status_line(view, around)}]")
    return "\n\n".join(block for block in blocks if block.strip())


def _oneline(text: str) -> str:
    return " ".join(terminal_text(text).split())


def _inert(text: str) -> str:
    """Text that is neither HTML nor Markdown nor a formula."""
    plain = escape(_oneline(text))
    for mark in "\\`*_[]$~|!":
        plain = plain.replace(mark, f"&#{ord(mark)};")
    return plain
