"""A session as far as commands need one: plain values that a test sets."""

from __future__ import annotations

from collections.abc import Sequence

from a3s_code.commands.host import CompactReport, McpServer
from a3s_code.errors import A3SError, UnknownModel
from a3s_code.results import BtwResult, TokenUsage
from a3s_code.schedule.scheduler import Scheduler
from tests.schedule.clock import Clock

USAGE = TokenUsage(prompt_tokens=1_000, completion_tokens=234, total_tokens=1_234)
SIDE_USAGE = TokenUsage(prompt_tokens=5, completion_tokens=2, total_tokens=7)


class Host:
    """Answers from its attributes; `failure` is raised by whatever may fail."""

    session_id = "0123456789abcdef"
    workspace = "/proj"
    usage = USAGE
    cost_usd = 0.01234

    def __init__(self) -> None:
        self.model = "openai/gpt-4o"
        self.messages = ["hi", "hello", "more", "sure"]
        self.clock = Clock()
        ids = iter(f"{number:08x}" for number in range(0xA1B2C3D4, 0xFFFFFFFF))
        self.scheduler = Scheduler(self.clock, lambda: next(ids))
        self.tools = ["read", "bash"]
        self.servers: list[McpServer] = []
        self.report: CompactReport | None = None
        self.failure: A3SError | None = None
        self.questions: list[str] = []

    @property
    def message_count(self) -> int:
        return len(self.messages)

    @property
    def turn_count(self) -> int:
        return len(self.messages) // 2

    def use_model(self, selector: str) -> None:
        if selector != "anthropic/claude":
            raise UnknownModel(f"no model {selector!r} is configured")
        self.model = selector

    def clear(self) -> int:
        self._fail()
        removed, self.messages = len(self.messages), []
        return removed

    async def acompact(self) -> CompactReport | None:
        self._fail()
        return self.report

    async def abtw(self, question: str) -> BtwResult:
        self._fail()
        self.questions.append(question)
        return BtwResult(question=question, answer="42", usage=SIDE_USAGE)

    def tool_names(self) -> Sequence[str]:
        return self.tools

    def mcp_servers(self) -> Sequence[McpServer]:
        return self.servers

    def _fail(self) -> None:
        if self.failure is not None:
            raise self.failure
