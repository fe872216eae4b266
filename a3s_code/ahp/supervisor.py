"""A harness in the place of a session's hooks."""

from __future__ import annotations

import asyncio
import logging
import weakref
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from a3s_code.ahp import protocol
from a3s_code.ahp.http import HttpLink
from a3s_code.ahp.link import Link, LinkFailed
from a3s_code.ahp.protocol import Allow, Block, Decision, Defer, Escalate, Modify, ProtocolError
from a3s_code.ahp.stdio import StdioLink
from a3s_code.ahp.transports import StdioTransport, Transport
from a3s_code.hooks.contract import MAX_ASKED_RETRIES
from a3s_code.hooks.executor import HookVerdict
from a3s_code.hooks.names import BLOCKING

log = logging.getLogger("a3s_code.ahp")

CONNECT_S = 30.0  # a harness that is fetched at its first start takes long
_NOTIFY_S = 5.0  # nobody waits for what is only told, so a harness gets this long to take it

_ENDED = "supervision has ended with the session"


class Supervision:
    """The connection to one harness, shared by a session and its children.

    A harness that cannot be reached at the start leaves the session unsupervised, which is said
    once. One that fails later blocks: ending it must not be a way around it.
    """

    def __init__(
        self, transport: Transport, session_id: str, *, connect_s: float = CONNECT_S
    ) -> None:
        self.agent_id = session_id
        self._timeout_s, self._connect_s = transport.timeout_ms / 1000, connect_s
        self._link: Link = (
            StdioLink(transport) if isinstance(transport, StdioTransport) else HttpLink(transport)
        )
        self._opening = asyncio.Lock()
        self._state = "new"
        self._silent = False  # the harness does not take what it is told
        weakref.finalize(self, self._link.abandon).atexit = False

    @property
    def closed(self) -> bool:
        """Whether the session has ended; nothing may happen in it any more."""
        return self._state == "closed"

    @property
    def listens(self) -> bool:
        """Whether there is a harness that was connected to."""
        return self._state == "open"

    async def open(self) -> str | None:
        """Connect, once. What its user has to know, or None."""
        async with self._opening:
            if self._state != "new":
                return None
            try:
                async with asyncio.timeout(self._connect_s):
                    await self._link.open()
                    protocol.check_handshake(
                        await self._link.request(
                            protocol.HANDSHAKE,
                            protocol.handshake(
                                session_id=self.agent_id,
                                agent_id=self.agent_id,
                                version=_version(),
                            ),
                        )
                    )
            except (LinkFailed, ProtocolError, TimeoutError) as error:
                await self._link.close()
                self._state = "unsupervised"
                problem = (
                    f"no supervision, the session goes on without: {_told(error, self._connect_s)}"
                )
                log.warning("session %s: %s", self.agent_id, problem)
                return problem
            except BaseException:  # cancelled: the next prompt tries again
                await self._link.close()
                raise
            self._state = "open"
            return None

    async def decide(self, params: Mapping[str, Any]) -> Decision:
        """What the harness decides. Raises `LinkFailed`, `ProtocolError` or `TimeoutError`."""
        for asked in range(MAX_ASKED_RETRIES + 1):
            async with asyncio.timeout(self._timeout_s):
                result = await self._link.request(protocol.EVENT, params)
            self._silent = False
            decision = protocol.decision_in(result)
            if not isinstance(decision, Defer):
                return decision
            if asked < MAX_ASKED_RETRIES:
                await asyncio.sleep(decision.delay_ms / 1000)
        raise ProtocolError(f"it deferred its decision more than {MAX_ASKED_RETRIES} times")

    async def tell(self, params: Mapping[str, Any]) -> None:
        """Tell of something that is not decided about; what fails is logged, and told no more.

        Until the harness has decided something again, that is: a hanging one would otherwise
        hold up every step.
        """
        if self._silent:
            return
        try:
            async with asyncio.timeout(min(_NOTIFY_S, self._timeout_s)):
                await self._link.notify(protocol.EVENT, params)
        except (LinkFailed, TimeoutError) as error:
            self._silent = True
            log.warning("the harness is told no more: %s", _told(error, _NOTIFY_S))

    async def close(self) -> None:
        """End the connection, and a process behind it."""
        self._state = "closed"
        await self._link.close()

    def problem_of(self, error: BaseException) -> str:
        """The reason with which a failed decision blocks."""
        return f"supervision failed: {_told(error, self._timeout_s)}"


@dataclass(frozen=True, slots=True)
class Supervisor:
    """`HookExecutor` of one run; `depth` is 0 for the session, 1 for its children, and so on."""

    supervision: Supervision
    depth: int = 0

    registry: None = None
    is_calling: bool = False

    def of_child(self) -> Supervisor:
        """The same harness, one level below."""
        return replace(self, depth=self.depth + 1)

    def listens_to(self, event: str) -> bool:
        """Whether the harness would be told of the event."""
        return self.supervision.listens and protocol.is_told(event)

    async def open(self) -> str | None:
        """Connect. What the session's user has to know, or None."""
        return await self.supervision.open()

    async def close(self) -> None:
        """The end of the session."""
        await self.supervision.close()

    async def fire(
        self, event: str, payload: Mapping[str, Any], *, workspace: Path | None = None
    ) -> HookVerdict:
        """Tell the harness, and wait for its decision where something can be decided."""
        if not protocol.is_told(event):
            return HookVerdict()
        await self.supervision.open()  # a child started by hand comes before any prompt
        if not self.supervision.listens:
            return HookVerdict(_ENDED if self.supervision.closed and event in BLOCKING else None)
        params = protocol.event_params(
            event,
            payload,
            agent_id=self.supervision.agent_id,
            depth=self.depth,
            timestamp=datetime.now(UTC).isoformat(),
        )
        if event not in BLOCKING:
            await self.supervision.tell(params)
            return HookVerdict()
        try:
            return _verdict(await self.supervision.decide(params), payload.get("tool"))
        except (LinkFailed, ProtocolError, TimeoutError) as error:
            problem = self.supervision.problem_of(error)
            log.warning("%s is blocked: %s", event, problem)
            return HookVerdict(problem)


def _verdict(decision: Decision, tool: str | None) -> HookVerdict:
    """What a decision means for a call of `tool`, or for a prompt (None)."""
    match decision:
        case Block(reason):
            return HookVerdict(reason)
        case Modify(payload):
            if tool is None:
                raise ProtocolError("it changed a prompt; only tool calls may be changed")
            return HookVerdict(args=protocol.changed_arguments(payload, tool))
        case Escalate(reason):
            if tool is None:
                return HookVerdict(f"{reason} (nobody can be asked about a prompt)")
            return HookVerdict(escalated=reason)
        case Allow() | Defer():
            return HookVerdict()


def _told(error: BaseException, limit_s: float) -> str:
    return str(error) or f"no answer within {limit_s:g} s"


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # here: few sessions need it

    try:
        return version("a3s-kernel")
    except PackageNotFoundError:
        return "unknown"
