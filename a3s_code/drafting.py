"""Writing a running turn down, so that little of it is lost when the process is killed."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from a3s_code.errors import A3SError
from a3s_code.keeping import Keeper, log
from a3s_code.messages import Message
from a3s_code.store.protocol import TurnDraft
from a3s_code.store.saved import SavedSession
from a3s_code.tools.threads import Stop, in_thread

EVERY_S = 1.0  # a turn that is shorter than this is never written before its end


class Drafting:
    """Writes what there is of one turn, once a second. On the runtime loop.

    `before` gives the session as it is when the turn starts, `so_far` the conversation as it stands,
    `costs` the records of all model calls. What cannot be written is logged: the turn goes on.
    """

    def __init__(
        self,
        keeper: Keeper,
        *,
        before: Callable[[], SavedSession],
        so_far: Callable[[], list[Message]],
        costs: Callable[[], Sequence[Mapping[str, Any]]],
    ) -> None:
        self._keeper, self._before, self._so_far, self._costs = keeper, before, so_far, costs
        self._draft: TurnDraft | None = None
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin, unless sessions like this one are not saved."""
        if self._keeper.auto_save:
            self._task = asyncio.create_task(self._write_again_and_again(self._before()))

    async def stop(self) -> None:
        """Write nothing more; what was written stays."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait([self._task])

    async def remove(self) -> None:
        """The turn is saved as a whole, or is not to be kept."""
        draft = self._draft
        if draft is not None:
            await in_thread(lambda _stop: draft.remove())

    async def _write_again_and_again(self, before: SavedSession) -> None:
        known = len(before.cost_records)
        try:
            await asyncio.sleep(EVERY_S)
            while True:
                messages, costs = self._so_far(), self._costs()[known:]

                def write(_stop: Stop, messages: Any = messages, costs: Any = costs) -> None:
                    if self._draft is None:
                        self._draft = self._keeper.running_turn(before)
                    if self._draft is not None:
                        self._draft.write(messages, costs)

                await in_thread(write)
                if self._draft is None:
                    return  # the store has no place for it
                await asyncio.sleep(EVERY_S)
        except A3SError as error:
            log.warning("a running turn cannot be written down: %s", error.problem)
