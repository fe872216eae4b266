"""Sending what is due, after a prompt of the user has been answered."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable

from a3s_code.errors import A3SError
from a3s_code.schedule.scheduler import Scheduler

log = logging.getLogger("a3s_code")


class Firing:
    """Sends due prompts one after another through `send`, which may raise `A3SError`.

    A failed prompt is a warning: its task stays, and the next one is sent. While prompts are being
    sent, another call does nothing, so that scheduled prompts never fire each other.
    """

    def __init__(self, scheduler: Scheduler, send: Callable[[str], Awaitable[object]]) -> None:
        self._scheduler, self._send = scheduler, send
        self._active = False

    async def run(self) -> int:
        """Send what is due now; returns the number of prompts sent. On one event loop only."""
        if self._active:
            return 0
        self._active = True
        sent = 0
        try:
            for task in self._scheduler.take_due():
                if task.recurring and task.id not in self._scheduler:
                    continue  # cancelled by a prompt before it
                sent += 1
                try:
                    await self._send(task.prompt)
                except A3SError as error:
                    log.warning("scheduled task %s failed: %s", task.id, error)
        finally:
            self._active = False
        return sent
