"""Error objects of model servers: what they say, and whether asking again can help."""

from __future__ import annotations

from typing import Any

from a3s_code.errors import ModelRefused

# Anthropic's error types, and OpenAI's, with the HTTP status that they stand for.
_STATUS_OF_TYPE = {
    "invalid_request_error": 400,
    "authentication_error": 401,
    "permission_error": 403,
    "not_found_error": 404,
    "request_too_large": 413,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "api_error": 500,
    "server_error": 500,
    "internal_server_error": 500,
    "timeout_error": 504,
    "overloaded_error": 529,
}


def error_message(document: Any) -> str | None:
    """What an error document says, None when it is not one.

    Known forms: `{"error": {"message": ...}}`, `{"error": "..."}`, and `message` or `detail` at the
    top level.
    """
    if not isinstance(document, dict):
        return None
    error = document.get("error")
    candidates = (
        [error.get("message"), error.get("type"), error.get("code")]
        if isinstance(error, dict)
        else [error, document.get("message"), document.get("detail")]
    )
    return next((text for text in candidates if isinstance(text, str) and text.strip()), None)


def error_in_stream(error: Any, text: str) -> ModelRefused:
    """The exception for an error object inside a stream that had delivered `text` before."""
    status = _status(error)
    message = error_message({"error": error}) or "no reason given"
    return ModelRefused(
        f"the model's server reported an error inside its answer: {message}",
        text=text,
        status=status,
        retryable=status is not None and (status == 429 or status >= 500),
    )


def _status(error: Any) -> int | None:
    if not isinstance(error, dict):
        return None
    for value in (error.get("status"), error.get("code"), error.get("type")):
        if isinstance(value, int) and 400 <= value <= 599:
            return value
        if isinstance(value, str):
            if value.isascii() and value.isdigit() and 400 <= int(value[:4]) <= 599:
                return int(value[:4])
            if value in _STATUS_OF_TYPE:
                return _STATUS_OF_TYPE[value]
    return None
