"""The conversations that the turns shown again make up: a session store that nothing is saved in."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from a3s_code import SessionSummary
from a3s_magics.session_names import MAIN


class ReplayedStore:
    """Holds a conversation for each session of the notebook of which a turn was shown."""

    def __init__(self, workspace: Path) -> None:
        self._workspace = str(workspace)
        self._records: dict[str, list[Mapping[str, Any]]] = {}

    def add(self, session: str, record: Mapping[str, Any], *, anew: bool) -> None:
        """One more turn of a session was shown; with `anew` it is the first of its conversation."""
        kept = self._records.setdefault(id_of(session), [])
        if anew:
            kept.clear()
        kept.append(record)

    def forget(self, session: str) -> None:
        """The session's conversation begins anew."""
        self._records.pop(id_of(session), None)

    @property
    def names(self) -> dict[str, str]:
        """The ids by the names of the sessions; empty as long as there is only the first one."""
        names = {known.removeprefix(_PREFIX): known for known in self._records}
        return {} if list(names) == [MAIN] else names

    def summaries(self) -> list[SessionSummary]:
        """What can be told of each session."""
        return [
            SessionSummary(
                id=known,
                first_prompt=str(records[0].get("prompt", "")),
                prompts=len(records),
            )
            for known, records in self._records.items()
        ]

    def load(self, session_id: str, /) -> Any:
        """The conversation as it was: prompts, answers and totals, without the tool calls."""
        records = self._records.get(session_id, [])
        messages = []
        for record in records:
            messages.append(_message("user", record.get("prompt")))
            messages.append(_message("assistant", record.get("text")))
        usage = [_mapping(record.get("usage")) for record in records]
        names = ("prompt_tokens", "completion_tokens", "total_tokens")
        return {
            "id": session_id,
            "config": {"workspace": self._workspace},
            "messages": [message for message in messages if message["content"][0]["text"]],
            "total_usage": {
                name: sum(int(_number(each.get(name))) for each in usage) for name in names
            },
            "total_cost": sum(_number(record.get("cost_usd")) for record in records),
        }

    def exists(self, session_id: str, /) -> bool:
        """Whether a turn of it was shown."""
        return session_id in self._records

    def save(self, data: object, /) -> None:
        """Nothing is kept: the notebook has it all."""

    def delete(self, session_id: str, /) -> None:
        """Forget what was shown."""
        self._records.pop(session_id, None)

    def list(self) -> list[str]:
        """The ids of the conversations."""
        return [*self._records]


_PREFIX = "replayed-"


def id_of(session: str) -> str:
    """The id of the session of a name."""
    return f"{_PREFIX}{session}"


def _mapping(value: object) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float:
    """A sum's part: records are foreign data and may hold anything."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return 0.0
    return float(value) if 0 <= value < 1e15 else 0.0


def _message(role: str, text: object) -> dict[str, Any]:
    return {"role": role, "content": [{"type": "text", "text": str(text or "")}]}
