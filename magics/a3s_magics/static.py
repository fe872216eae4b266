"""What stays in the notebook when a turn is over: Markdown and plain text, readable anywhere."""

from __future__ import annotations

from collections.abc import Iterable

from a3s_magics.cards import card_markdown, card_text, fenced, monospaced
from a3s_magics.child_card import child_sign, child_standing, child_title
from a3s_magics.fences import with_closed_fence
from a3s_magics.inert import inert, oneline
from a3s_magics.plan_card import heading_text, plan_markdown, plan_text
from a3s_magics.problems import said_in_full
from a3s_magics.sanitise import safe_markdown, without_controls
from a3s_magics.statusline import Surroundings, status_line
from a3s_magics.transcript import (
    Child,
    Failure,
    Notice,
    Plan,
    Reasoning,
    Segment,
    StepHeading,
    Text,
    ToolCall,
    Transcript,
)

FAILED = "The last line says why; what had arrived is kept, and the cell can be run again."


def segment_markdown(part: Segment) -> str:
    """One segment as Markdown that no front end can be hurt by."""
    match part:
        case Text(content=content):
            return with_closed_fence(safe_markdown(str(content)))
        case Reasoning(content=content):
            thought = monospaced(fenced(without_controls(str(content)).strip()))
            return f"<details><summary>Reasoning</summary>\n\n{thought}\n\n</details>"
        case ToolCall():
            return card_markdown(part)
        case Notice(text=text):
            return f"*{inert(text)}*"
        case Failure(kind=kind, text=text):
            return f"✗ **{inert(kind)}**: {inert(text)}"
        case Plan():
            return plan_markdown(part)
        case StepHeading():
            return f"**{inert(heading_text(part))}**"
        case Child():
            return child_markdown(part)


def failure_markdown(failure: Failure) -> str:
    """What is said above the cell's error line, which tells the error itself."""
    told = f"✗ **The turn failed.** {FAILED}"
    if said_in_full(failure.text):
        return told
    whole = monospaced(fenced(without_controls(failure.text).strip()))
    return f"{told}\n\n<details><summary>The whole message</summary>\n\n{whole}\n\n</details>"


def failure_text(failure: Failure) -> str:
    """The same in plain text."""
    told = f"✗ The turn failed. {FAILED}"
    return told if said_in_full(failure.text) else f"{told}\n{without_controls(failure.text)}"


def child_markdown(child: Child) -> str:
    """The run of another agent, folded."""
    title = (
        f"{child_sign(child)} <b>{inert(child.agent)}</b> {inert(child_title(child))} "
        f"({inert(child_standing(child))})"
    )
    blocks = [segment_markdown(part) for part in child.view.segments]
    body = _below_each_other(blocks)
    # Not a quote made of `>`: inside of one, front ends fold nothing.
    inside = f"<blockquote>\n\n{body}\n\n</blockquote>\n" if body else ""
    return f"<details><summary>{title}</summary>\n\n{inside}\n</details>"


def child_text(child: Child) -> str:
    """The run of another agent in plain text, indented."""
    who = f"{child_sign(child)} {oneline(child.agent)}"
    lines = [f"{who}: {child_title(child)} ({child_standing(child)})"]
    for block in map(segment_text, child.view.segments):
        if block.strip():
            lines += [f"    {line}" for line in block.split("\n")]
    return "\n".join(lines)


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
            return f"({oneline(text)})"
        case Failure(kind=kind, text=text):
            return f"{kind}: {oneline(text)}"
        case Plan():
            return plan_text(part)
        case StepHeading():
            return f"[{heading_text(part)}]"
        case Child():
            return child_text(part)


def turn_markdown(view: Transcript, around: Surroundings) -> str:
    """The whole turn, with the status line at its end."""
    blocks = [_block(part, verbatim=view.of_command) for part in view.segments]
    blocks.append(f"<sub>{inert(status_line(view, around))}</sub>")
    return _below_each_other(blocks)


def _block(part: Segment, *, verbatim: bool) -> str:
    match part:
        case Failure():
            return failure_markdown(part)
        case Text(content=content) if verbatim and "\n" in str(content).strip():
            return fenced(without_controls(str(content)).strip("\n"))  # its lines stay lines
    return segment_markdown(part)


def _below_each_other(blocks: Iterable[str]) -> str:
    """Folded cards stand close together; text behind them keeps its distance, as between paragraphs."""
    shown: list[str] = []
    for block in blocks:
        if not block.strip():
            continue
        if shown and shown[-1].endswith("</details>") and not block.startswith("<details"):
            shown.append("<p></p>")
        shown.append(block)
    return "\n\n".join(shown)


def turn_text(view: Transcript, around: Surroundings) -> str:
    """The whole turn in plain text."""
    blocks = [
        failure_text(part) if isinstance(part, Failure) else segment_text(part)
        for part in view.segments
    ]
    blocks.append(f"[{status_line(view, around)}]")
    return "\n\n".join(block for block in blocks if block.strip())
