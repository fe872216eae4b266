"""When a lane in which many commands wait is reported."""

from __future__ import annotations

from a3s_code.events import QueueAlert

WARNING_DEPTH = 50
CRITICAL_DEPTH = 100


class DepthWatch:
    """Compares the number of waiting commands with its limits; tells each crossing once.

    `queue.lane.pressure` comes when `pressure` commands wait, and `queue.lane.idle` when, after
    that, none does. Warnings come only with `alerts`, and again after the lane was empty.
    """

    def __init__(self, lane: str, pressure: int, *, alerts: bool) -> None:
        self._lane, self._pressure, self._alerts = lane, pressure, alerts
        self._pressed, self._level = False, 0

    def at(self, depth: int) -> list[QueueAlert]:
        """What is to be reported now that `depth` commands wait."""
        told: list[QueueAlert] = []
        if depth >= self._pressure and not self._pressed:
            self._pressed = True
            told.append(self._alert("info", "queue.lane.pressure", depth))
        level = 2 if depth >= CRITICAL_DEPTH else 1 if depth >= WARNING_DEPTH else 0
        if self._alerts and level > self._level:
            self._level = level
            told.append(self._alert(("warning", "critical")[level - 1], "queue_depth", depth))
        if depth == 0:
            if self._pressed:
                told.append(self._alert("info", "queue.lane.idle", depth))
            self._pressed, self._level = False, 0
        return told

    def _alert(self, level: str, kind: str, depth: int) -> QueueAlert:
        message = f"{depth} commands wait in lane '{self._lane}'"
        return QueueAlert(level=level, alert_type=kind, message=message)
