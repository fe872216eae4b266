"""Arguments of a tool call: from the JSON text that a model wrote to a dictionary."""

from __future__ import annotations

import json
from typing import Any


def parse_arguments(text: str) -> dict[str, Any]:
    """The arguments in `text`; blank text means none.

    Text that is not a JSON object becomes `{"__parse_error": reason and raw text}`, which the loop
    reports to the model instead of running the call.
    """
    if not text.strip():
        return {}
    try:
        value = json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        return _unreadable(f"not valid JSON ({error})", text)
    if not isinstance(value, dict):
        return _unreadable(f"a JSON object was expected, not {type(value).__name__}", text)
    return value


def _unreadable(reason: str, text: str) -> dict[str, Any]:
    return {"__parse_error": f"{reason}; the text was: {text}"}


def _refuse_constant(name: str) -> Any:
    """NaN and the infinities are no JSON: no server would take them back in the next request."""
    raise ValueError(f"{name} is not a JSON number")
