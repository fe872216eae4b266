"""Spans of what sessions do, for OpenTelemetry; where nobody listens they cost next to nothing.

Spans hold names, numbers and ids, never the text of a prompt, an answer or an argument. A program
that has set OpenTelemetry up gets them through its own provider. Otherwise they are exported only if
`OTEL_EXPORTER_OTLP_ENDPOINT` names a place. Source of the names: the telemetry reference.
"""

from __future__ import annotations

import importlib
import logging
import os
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

log = logging.getLogger("a3s_code")

ENDPOINT = "OTEL_EXPORTER_OTLP_ENDPOINT"
SERVICE_NAME = "OTEL_SERVICE_NAME"
SERVICE = "a3s-code"

_lock = threading.Lock()
_looked = False  # whether the environment has been asked for an endpoint


class Span:
    """A span, or nothing."""

    __slots__ = ("_real",)

    def __init__(self, real: Any = None) -> None:
        self._real = real

    def set(self, attributes: Mapping[str, Any]) -> None:
        """Add attributes; those that are None are left out."""
        if self._real is not None:
            given = {name: value for name, value in attributes.items() if value is not None}
            self._real.set_attributes(given)


_NOTHING = Span()


@contextmanager
def span(name: str, attributes: Mapping[str, Any]) -> Iterator[Span]:
    """A span around a piece of work, below the one that the running code is in.

    An exception marks it as failed; its message, which may quote the conversation, is not told.
    """
    trace = sys.modules.get("opentelemetry.trace")
    if trace is None:
        yield _NOTHING
        return
    tracer = trace.get_tracer("a3s_code")
    with tracer.start_as_current_span(
        name, attributes=dict(attributes), record_exception=False, set_status_on_exception=False
    ) as real:
        try:
            yield Span(real)
        except Exception:
            real.set_status(trace.StatusCode.ERROR)
            raise


def current() -> Span:
    """The span that the running code is in."""
    trace = sys.modules.get("opentelemetry.trace")
    return _NOTHING if trace is None else Span(trace.get_current_span())


def export_if_asked() -> None:
    """Start the exporter, once, if the environment names an endpoint. Not on the runtime loop."""
    global _looked
    with _lock:
        if _looked:
            return
        _looked = True
        if not os.environ.get(ENDPOINT):
            return
        try:
            _export()
        except ImportError:
            log.warning(
                "%s is set, but spans need packages that are not installed: "
                'pip install "a3s-kernel[otel]"',
                ENDPOINT,
            )


def _export() -> None:
    # By name: the packages are an extra, which need not be there when types are checked either.
    trace = importlib.import_module("opentelemetry.trace")
    sdk = importlib.import_module("opentelemetry.sdk.trace")
    processing = importlib.import_module("opentelemetry.sdk.trace.export")
    resources = importlib.import_module("opentelemetry.sdk.resources")
    otlp = importlib.import_module("opentelemetry.exporter.otlp.proto.http.trace_exporter")
    if not isinstance(trace.get_tracer_provider(), trace.ProxyTracerProvider):
        return  # the program has set up its own
    service = os.environ.get(SERVICE_NAME) or SERVICE
    provider = sdk.TracerProvider(resource=resources.Resource.create({"service.name": service}))
    provider.add_span_processor(processing.BatchSpanProcessor(otlp.OTLPSpanExporter()))
    trace.set_tracer_provider(provider)
