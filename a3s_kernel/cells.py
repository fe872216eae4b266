"""What kind of cell a piece of source is: Python, or a prompt for the agent."""

from __future__ import annotations

PROMPT_MAGIC = "%%a3s"


def is_complete_prompt(source: str) -> bool:
    """Whether `source` is a `%%a3s` cell whose prompt has begun, so that it can be run as it stands.

    IPython calls every cell magic incomplete until a blank line follows, which in a console means
    one more Enter per prompt. A header alone stays IPython's to judge.
    """
    header, _, prompt = source.lstrip().partition("\n")
    return header.split(maxsplit=1)[:1] == [PROMPT_MAGIC] and prompt.strip() != ""
