"""What a finished turn leaves in `_` and in the variable of `--out`."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from a3s_code import TokenUsage
from a3s_magics.cards import headline, sign, standing
from a3s_magics.counted import counted
from a3s_magics.sanitise import safe_markdown, terminal_text
from a3s_magics.transcript import ToolCall

_WRITERS = ("write", "edit", "patch")


@dataclass(frozen=True)
class TurnResult:
    """Text, usage, cost, tool calls, the files they changed, and the record of a turn.

    `str(result)` is the answer; a cell that ends with the result shows all of it.
    """

    text: str
    model: str
    usage: TokenUsage
    cost_usd: float | None
    elapsed_s: float
    cancelled: bool
    tool_calls: tuple[ToolCall, ...] = field(repr=False)
    record: dict[str, Any] = field(repr=False)

    @property
    def files(self) -> tuple[str, ...]:
        """Paths that the file tools have changed, in the order of their first change.

        What commands of `bash` and Python code have changed is not known.
        """
        return tuple(dict.fromkeys(_changed(self.tool_calls)))

    @property
    def facts(self) -> dict[str, str]:
        """Model, tokens, cost, time, tools and files, each in a few words; empty ones are left out."""
        usage = self.usage
        counts = Counter(call.name for call in self.tool_calls)
        rows = {
            "model": self.model,
            "tokens": f"{usage.total_tokens:,} ({usage.prompt_tokens:,} in, "
            f"{usage.completion_tokens:,} out)",
            "cost": f"${self.cost_usd:.4f}" if self.cost_usd else "",
            "time": f"{self.elapsed_s:.1f} s",
            "tools": ", ".join(f"{count} {name}" for name, count in counts.items()),
            "files": ", ".join(self.files),
            "outcome": "cancelled" if self.cancelled else "",
        }
        return {name: terminal_text(value) for name, value in rows.items() if value}

    def __str__(self) -> str:
        return self.text

    def _repr_markdown_(self) -> str:
        rows = "".join(
            f"<tr><td>{name}</td><td>{_inert(value)}</td></tr>"
            for name, value in self.facts.items()
        )
        parts = [safe_markdown(self.text), f"<table>{rows}</table>"]
        if self.tool_calls:
            calls = "".join(f"<li>{_inert(_line(call))}</li>" for call in self.tool_calls)
            parts.append(
                f"<details><summary>{counted(len(self.tool_calls), 'tool call')}</summary>"
                f"<ul>{calls}</ul></details>"
            )
        return "\n\n".join(parts)


def _changed(calls: tuple[ToolCall, ...]) -> Iterator[str]:
    for call in calls:
        if call.name in _WRITERS and call.state == "done" and not call.exit_code:
            path = (call.metadata or {}).get("file_path") or (call.args or {}).get("file_path")
            if isinstance(path, str):
                yield path


def _line(call: ToolCall) -> str:
    return f"{sign(call)} {call.name} {headline(call)} ({standing(call)})"


def _inert(text: str) -> str:
    """Escaped for HTML inside Markdown, where `$` would start a formula."""
    return escape(" ".join(text.split())).replace("$", "&#36;")
