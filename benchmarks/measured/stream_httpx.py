"""The loop that one writes by hand with httpx and json: what plain Python costs per event."""

from __future__ import annotations

import json

import httpx
from common import PARAMETERS, Clock, report


def read(client: httpx.Client, url: str, openai: bool) -> tuple[int, int]:
    path = "/v1/chat/completions" if openai else "/v1/messages"
    events = characters = 0
    with client.stream("POST", url + path, json={"messages": [{"role": "user"}]}) as response:
        for line in response.iter_lines():
            if not line.startswith("data: ") or line == "data: [DONE]":
                continue
            data = json.loads(line[6:])
            delta = data["choices"][0]["delta"] if data.get("choices") else data.get("delta", {})
            text = delta.get("content") or delta.get("text")
            if text:
                events += 1
                characters += len(text)
    return events, characters


def main() -> None:
    openai = PARAMETERS["protocol"] == "openai"
    with httpx.Client(timeout=60, trust_env=False) as client:
        read(client, PARAMETERS["warm_url"], openai)
        clock = Clock()
        events, characters = read(client, PARAMETERS["url"], openai)
        spent = clock.figures()
    report(
        **spent,
        received=events,
        characters=characters,
        per_s=PARAMETERS["deltas"] / spent["wall_s"],
        per_cpu_s=PARAMETERS["deltas"] / spent["cpu_s"],
    )


main()
