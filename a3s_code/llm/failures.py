"""What is said about requests that failed: reasons in words, bodies shortened, secrets removed."""

from __future__ import annotations

import json
import re
import socket
import ssl
from collections.abc import Iterable, Iterator, Sequence
from urllib.parse import quote

from a3s_code.errors import ModelError
from a3s_code.llm.refusal import error_message

MAX_BODY_BYTES = 4096

GAVE_UP = "gave up after"
_MIN_SECRET = 4  # anything shorter would blot out ordinary words
_TITLE = re.compile(r"<title[^>]*>([^<]*)</title", re.IGNORECASE)
_BEARER = re.compile(r"(?i)\b(bearer\s+)[a-z0-9._~+/=-]{8,}")


def redact(text: str, secrets: Iterable[str]) -> str:
    """`text` without any of `secrets`, in whatever spelling a server may echo them."""
    for secret in sorted(secrets, key=len, reverse=True):
        if len(secret) < _MIN_SECRET:
            continue
        for spelling in {secret, quote(secret, safe=""), json.dumps(secret)[1:-1]}:
            text = text.replace(spelling, "[redacted]")
    return _BEARER.sub(r"\1[redacted]", text)


def redacted(error: ModelError, secrets: Sequence[str], *, before: str = "") -> ModelError:
    """The same error with `before` in front of its sentence, and without secrets."""
    return type(error)(
        redact(before + error.problem, secrets),
        text=error.text,
        url=error.url,
        status=error.status,
        retry_after_s=error.retry_after_s,
        request_id=error.request_id and redact(error.request_id, secrets),
        retryable=error.retryable,
    )


def placed(error: ModelError, url: str, request_id: str | None) -> ModelError:
    """The same error with the server's address behind its sentence."""
    return type(error)(
        f"{error.problem} ({url})",
        text=error.text,
        url=url,
        status=error.status,
        retry_after_s=error.retry_after_s,
        request_id=request_id,
        retryable=error.retryable,
    )


def said_in_body(body: bytes) -> str:
    """What the body of an HTTP error says, in one line of at most 4 KiB; "" when it says nothing."""
    text = body.decode("utf-8", "replace")
    try:
        message = error_message(json.loads(text))
    except (ValueError, RecursionError):
        message = None
    if message is None and (title := _TITLE.search(text)):
        message = title[1]
    line = " ".join((message or text).split())
    return line.encode("utf-8", "replace")[:MAX_BODY_BYTES].decode("utf-8", "ignore")


def connection_problem(error: BaseException) -> str:
    """Why no connection came about, from the operating system's own error below `error`."""
    causes = list(_causes(error))
    for cause in causes:
        if isinstance(cause, ssl.SSLError):
            detail = getattr(cause, "verify_message", "") or cause.reason or "TLS failed"
            return f"no secure connection: {detail}"
        if isinstance(cause, socket.gaierror):
            return "the host name cannot be resolved"
    for cause in causes:
        if isinstance(cause, ConnectionRefusedError):
            return "connection refused; is the server running?"
        if isinstance(cause, ConnectionResetError | BrokenPipeError):
            return "the connection was reset"
    for cause in causes:
        if isinstance(cause, OSError) and cause.strerror:
            return cause.strerror[:1].lower() + cause.strerror[1:]
    return "no connection"


def is_final(error: BaseException) -> bool:
    """Whether connecting again cannot help: the server's certificate is not accepted."""
    return any(isinstance(cause, ssl.SSLCertVerificationError) for cause in _causes(error))


def _causes(error: BaseException | None) -> Iterator[BaseException]:
    """`error` and all that it came from, also inside groups of parallel attempts."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        if isinstance(error, BaseExceptionGroup):
            for member in error.exceptions:
                yield from _causes(member)
        error = error.__cause__ or error.__context__
