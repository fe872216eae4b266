"""Sessions to save, made of numbered turns."""

from __future__ import annotations

from a3s_code.messages import Message, TextBlock
from a3s_code.results import TokenUsage
from a3s_code.store.saved import SavedConfig, SavedSession

LONG = 20
"""A number of turns after which turns are appended and the session is not written whole."""


def turn(number: int, size: int = 0) -> list[Message]:
    """A prompt and its answer; the answer has at least `size` characters."""
    answer = f"answer {number}".ljust(size, ".")
    return [Message.user(f"prompt {number}"), Message("assistant", (TextBlock(answer),))]


def session(turns: int | list[Message], session_id: str = "s", size: int = 0) -> SavedSession:
    """A session after so many turns, with totals that grow along."""
    messages = turns
    if isinstance(messages, int):
        messages = [message for number in range(messages) for message in turn(number, size)]
    count = len(messages) // 2
    return SavedSession(
        id=session_id,
        config=SavedConfig(name="demo", workspace="/proj", system_prompt="Be brief."),
        messages=messages,
        total_usage=TokenUsage(
            prompt_tokens=count, completion_tokens=count, total_tokens=2 * count
        ),
        total_cost=count / 8,
        cost_records=[{"model": "a/b", "total_cost": 0.125, "turn": n} for n in range(count)],
        created_at=1_700_000_000,
        updated_at=1_700_000_000 + count,
    )


def prompts(saved: SavedSession | None) -> list[str]:
    """The prompts of a loaded session."""
    assert saved is not None
    return [message.text for message in saved.messages if message.role == "user"]
