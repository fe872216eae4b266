"""A configured model, ready to be called: endpoint, protocol, limits and prices in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TYPE_CHECKING

from a3s_code.config.model import ProviderKind, ResolvedModel
from a3s_code.config.secret import reveal_all
from a3s_code.events import AgentEvent, ModelPreparing
from a3s_code.llm.anthropic import AnthropicCodec
from a3s_code.llm.cost import cost_usd, prices_of
from a3s_code.llm.model import ModelReply, ModelRequest, ToolDefinition
from a3s_code.llm.openai import OpenAICodec
from a3s_code.llm.retry import RetryConfig
from a3s_code.local.server import REQUEST_HEADERS, local_models
from a3s_code.messages import Message
from a3s_code.results import TokenUsage

if TYPE_CHECKING:  # httpx is imported with the first call, not with the library
    from a3s_code.llm.http import ModelClient

Emit = Callable[[list[AgentEvent]], Awaitable[None]]

_CODECS: dict[ProviderKind, type[AnthropicCodec | OpenAICodec]] = {
    "anthropic": AnthropicCodec,
    "openai": OpenAICodec,
    "local": OpenAICodec,
}


class BoundModel:
    """One model of the configuration with a session's settings for it.

    `temperature` is from 0.0 to 1.0, `thinking_budget` in tokens; each is sent only to a model
    whose configuration accepts it, and is None otherwise. `secrets` are keys of others that no
    error may show either: one server may serve several providers.
    """

    def __init__(
        self,
        resolved: ResolvedModel,
        *,
        retry: RetryConfig | None = None,
        temperature: float | None = None,
        thinking_budget: int | None = None,
        secrets: Callable[[], Iterable[str]] = tuple,
    ) -> None:
        self._resolved, self._retry, self._secrets = resolved, retry, secrets
        self._temperature = temperature if resolved.temperature else None
        self.thinking_budget = thinking_budget if resolved.reasoning else None
        self._prices = prices_of(resolved.model, resolved.cost)
        self._client: ModelClient | None = None

    @property
    def selector(self) -> str:
        """`provider/model`."""
        return self._resolved.selector

    @property
    def family(self) -> str:
        """A tag that groups models in reports of cost, "" when the configuration has none."""
        return self._resolved.family

    @property
    def base_url(self) -> str | None:
        """The configured address, which may carry credentials; None for the provider's own."""
        return self._resolved.base_url

    @property
    def calls_tools(self) -> bool:
        """Whether tools are offered to the model."""
        return self._resolved.tool_call

    @property
    def accepts_images(self) -> bool:
        """Whether the configuration says that the model takes images."""
        return self._resolved.attachment or "image" in self._resolved.modalities.input

    @property
    def context_tokens(self) -> int:
        """Size of the context window, 0 when the configuration does not tell."""
        return self._resolved.limit.context

    def cost_usd(self, usage: TokenUsage) -> float | None:
        """US dollars of a call with these figures, None when no prices are known."""
        if self._prices is None:
            return None
        return cost_usd(usage, self._prices, self._resolved.kind)

    def call(
        self,
        system: str,
        messages: Sequence[Message],
        tools: Sequence[ToolDefinition],
        session_id: str | None = None,
    ) -> ModelCall:
        """One request, not yet sent."""
        resolved = self._resolved
        request = ModelRequest(
            model=resolved.model,
            messages=messages,
            system=system,
            tools=tools if resolved.tool_call else (),
            max_tokens=resolved.limit.output or None,
            temperature=self._temperature,
            thinking_budget=self.thinking_budget,
        )
        prepare = resolved.model if resolved.kind == "local" else None
        return ModelCall(self._connected(), request, session_id, prepare)

    def _connected(self) -> ModelClient:
        if self._client is None:
            from a3s_code.llm.http import ModelClient

            resolved = self._resolved
            key, local = resolved.api_key, resolved.kind == "local"
            self._client = ModelClient(
                _CODECS[resolved.kind](images=self.accepts_images),
                self._local_url if local else resolved.base_url or "",
                api_key=(lambda: local_models().api_key)
                if local
                else (lambda: key.reveal() if key else None),
                headers=REQUEST_HEADERS if local else reveal_all(resolved.headers),
                session_id_header=resolved.session_id_header,
                secrets=self._secrets,
                retry=self._retry,
            )
        return self._client

    async def _local_url(self) -> str:
        return await local_models().base_url(self._resolved.model)


class ModelCall:
    """One request and its answer, readable while it grows and after it was broken off."""

    def __init__(
        self,
        client: ModelClient,
        request: ModelRequest,
        session_id: str | None,
        local_model: str | None,
    ) -> None:
        from a3s_code.llm.http import LiveReply

        self._client, self._request, self._session_id = client, request, session_id
        self._local_model = local_model
        self._live = LiveReply()

    async def run(self, emit: Emit) -> ModelReply:
        """Send, hand over the events of each network read, return the whole answer."""
        if self._local_model is not None:
            await _prepare(self._local_model, emit)
        return await self._client.stream(
            self._request, emit, session_id=self._session_id, live=self._live
        )

    def partial(self) -> Message:
        """What has arrived so far."""
        return self._live.partial()


async def _prepare(model: str, emit: Emit) -> None:
    """Wait until the local model answers, passing on what is told about fetching and loading."""
    told: asyncio.Queue[ModelPreparing | None] = asyncio.Queue()
    start = asyncio.create_task(local_models().base_url(model, told.put_nowait))
    start.add_done_callback(lambda _: told.put_nowait(None))
    try:
        while (event := await told.get()) is not None:
            await emit([event])
        await start
    finally:
        start.cancel()
