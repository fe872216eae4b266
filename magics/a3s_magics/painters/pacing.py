"""How often to repaint: fast enough to look alive, slow enough for the wire and the browser."""

from __future__ import annotations

FASTEST_S = 0.05  # 20 Hz
SLOWEST_S = 0.1
BYTES_PER_S = 24_000  # of repeated text; a server drops what exceeds its limits, silently


def repaint_interval_s(repeated_chars: int, slowest_s: float = SLOWEST_S) -> float:
    """Seconds until the next repaint when each one sends `repeated_chars` characters again."""
    return min(max(FASTEST_S, repeated_chars / BYTES_PER_S), slowest_s)
