"""Read one streamed answer through the openai SDK, the anthropic SDK or pydantic-ai."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from typing import Any

PARAMETERS: dict[str, Any] = json.loads(sys.argv[1])


def read_openai(url: str) -> int:
    from openai import OpenAI

    client = OpenAI(api_key="k", base_url=f"{url}/v1", max_retries=0)
    messages: Any = [{"role": "user", "content": "go"}]
    received = 0
    for chunk in client.chat.completions.create(model="m", messages=messages, stream=True):
        if chunk.choices and chunk.choices[0].delta.content:
            received += 1
    return received


def read_anthropic(url: str) -> int:
    from anthropic import Anthropic

    client = Anthropic(api_key="k", base_url=url, max_retries=0)
    messages: Any = [{"role": "user", "content": "go"}]
    received = 0
    for event in client.messages.create(model="m", messages=messages, max_tokens=10, stream=True):
        received += event.type == "content_block_delta"
    return received


def read_pydantic_ai(url: str) -> int:
    return asyncio.run(_read_pydantic_ai(url))


async def _read_pydantic_ai(url: str) -> int:
    from pydantic_ai import Agent
    from pydantic_ai.models.openai import OpenAIChatModel
    from pydantic_ai.providers.openai import OpenAIProvider

    provider = OpenAIProvider(base_url=f"{url}/v1", api_key="k")
    agent = Agent(OpenAIChatModel("m", provider=provider))
    received = 0
    async with agent.run_stream("go") as result:
        async for _ in result.stream_text(delta=True, debounce_by=None):
            received += 1
    return received


def main() -> None:
    read = {"openai": read_openai, "anthropic": read_anthropic, "pydantic-ai": read_pydantic_ai}
    of = read[PARAMETERS["sdk"]]
    of(PARAMETERS["warm_url"])
    wall, cpu = time.perf_counter(), time.process_time()
    received = of(PARAMETERS["url"])
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    count = PARAMETERS["deltas"]
    figures = {"wall_s": wall, "cpu_s": cpu, "received": received}
    figures |= {"per_s": count / wall, "per_cpu_s": count / cpu}
    sys.stdout.write(f"\n{json.dumps(figures)}\n")
    sys.stdout.flush()
    os._exit(0)


main()
