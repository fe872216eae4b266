"""Streaming throughput with `for` and `async for`, beside the native SDK, httpx and other SDKs."""

from __future__ import annotations

from typing import Any

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, Samples, interleaved, model_server
from benchmarks.lineup import (
    OURS,
    environment_of,
    fastest,
    lines_of,
    lineup,
    note_failures,
)

TITLE = "Streams"
_DELTAS, _ASYNC_DELTAS, _SDK_DELTAS = 100_000, 20_000, 5_000
_BY_HAND = "httpx and json by hand"
_CHUNKS = {
    "packed": "events packed into large chunks",
    "single": "one chunk per event",
    "single padded": "one chunk per event, each padded as OpenAI's own servers do",
}
_HEAD = ["", "events per s", "events per CPU-s", "text deltas received"]
_FIGURES = (("per_s", 0), ("per_cpu_s", 0), ("received", 0))


def run(rounds: int) -> Findings:
    """P1, P2, P3."""
    findings = Findings()
    for packing, padding in (("packed", 0), ("single", 0), ("single", 1)):
        with (
            model_server(deltas=_DELTAS, packing=packing, padding=padding) as url,
            model_server(deltas=3) as warm_url,
        ):
            for protocol in ("openai",) if padding else ("openai", "anthropic"):
                common = {"url": url, "warm_url": warm_url, "protocol": protocol}
                _loop(findings, common, packing + (" padded" if padding else ""), rounds)
    for protocol in ("openai", "anthropic"):
        _async(findings, protocol, rounds)
    _sdks(findings, max(1, rounds // 2))
    return findings


def _loop(findings: Findings, common: dict[str, Any], packing: str, rounds: int) -> None:
    parameters = {**common, "how": "for", "deltas": _DELTAS}
    runs = lineup("stream", parameters, findings)
    runs[_BY_HAND] = Run(ours(), "stream_httpx", parameters)
    samples = interleaved(runs, rounds)
    note_failures(samples, findings)
    protocol = common["protocol"]
    chunks = _CHUNKS[packing]
    findings.table(
        f"{_DELTAS:,} deltas, `for`, {protocol}, {chunks}", _HEAD, lines_of(samples, *_FIGURES)
    )
    number, least = ("P1", 1.3) if packing == "packed" else ("P2", 1.0)
    _against_native(findings, samples, number, f"`for`, {protocol}, {chunks}", least)
    if packing != "packed" and samples.has(OURS, _BY_HAND):
        ratio = samples.ratio(OURS, _BY_HAND, "per_cpu_s")
        findings.row(
            "P2 (stretch)",
            f"`for`, {protocol}, {chunks}: events per CPU-second against httpx and json",
            "at least 5",
            ratio.text(),
            ratio.median >= 5,
        )


def _against_native(
    findings: Findings, samples: Samples, number: str, what: str, least: float
) -> None:
    best = fastest(samples, "wall_s")
    if best is None or not samples.has(OURS):
        return
    ratio = samples.ratio(OURS, best, "per_s")
    findings.row(
        number,
        f"{what}: events/s against {best}",
        f"at least {least:g}",
        ratio.text(),
        ratio.median >= least,
    )
    per_cpu = samples.ratio(OURS, best, "per_cpu_s")
    findings.row(number, f"{what}: the same per CPU-second", "no limit", per_cpu.text(), None)


def _async(findings: Findings, protocol: str, rounds: int) -> None:
    with model_server(deltas=_ASYNC_DELTAS) as url, model_server(deltas=3) as warm_url:
        common = {"url": url, "warm_url": warm_url, "protocol": protocol, "deltas": _ASYNC_DELTAS}
        runs = lineup("stream", {**common, "how": "async for"}, findings)
        runs["ours, `for`"] = Run(ours(), "stream", {**common, "how": "for"})
        samples = interleaved(runs, rounds)
    note_failures(samples, findings)
    findings.table(
        f"{_ASYNC_DELTAS:,} deltas, `async for`, {protocol}", _HEAD, lines_of(samples, *_FIGURES)
    )
    _against_native(findings, samples, "P3", f"`async for`, {protocol}", 10)
    if samples.has(OURS, "ours, `for`"):
        ratio = samples.ratio(OURS, "ours, `for`", "per_s")
        findings.row(
            "P3",
            f"`async for`, {protocol}: events/s against our own `for`",
            "at least 0.7",
            ratio.text(),
            ratio.median >= 0.7,
        )


def _sdks(findings: Findings, rounds: int) -> None:
    environment = environment_of("SDKs", findings)
    if environment is None:
        return
    with (
        model_server(deltas=_SDK_DELTAS, packing="single") as url,
        model_server(deltas=3) as warm_url,
    ):
        common = {"url": url, "warm_url": warm_url, "deltas": _SDK_DELTAS}
        runs = {
            "ours, openai": Run(ours(), "stream", {**common, "protocol": "openai", "how": "for"}),
            "ours, anthropic": Run(
                ours(), "stream", {**common, "protocol": "anthropic", "how": "for"}
            ),
        }
        for sdk in ("openai", "anthropic", "pydantic-ai"):
            runs[f"{sdk} (SDK)"] = Run(environment, "stream_sdk", {**common, "sdk": sdk})
        samples = interleaved(runs, rounds)
    note_failures(samples, findings)
    findings.table(
        f"{_SDK_DELTAS:,} deltas beside other libraries, one chunk per event",
        _HEAD,
        lines_of(samples, *_FIGURES),
    )
