"""What kind of cell a piece of source is: Python, or a prompt for the agent."""

from __future__ import annotations

from typing import Literal

PROMPT_MAGIC = "%%a3s"
HELP = {"-h", "--help"}


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
