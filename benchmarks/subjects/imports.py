"""CPU time of loading the library and the extension, and of starting the kernel."""

from __future__ import annotations

from benchmarks.environments import ours
from benchmarks.findings import Findings
from benchmarks.harness import Run, interleaved
from benchmarks.lineup import OURS, environment_of, lines_of, lineup, note_failures

TITLE = "Loading and starting"
_LIBRARY, _EXTENSION, _JUPYTER_AI = (
    "import a3s_code",
    "%load_ext a3s_magics",
    "%load_ext jupyter_ai_magics",
)


def run(rounds: int) -> Findings:
    """P8, P9."""
    findings = Findings()
    _plain(findings, rounds)
    _in_kernel(findings, rounds)
    _start(findings, rounds)
    return findings


def _plain(findings: Findings, rounds: int) -> None:
    samples = interleaved(lineup("plain_import", {}, findings), rounds)
    note_failures(samples, findings)
    findings.table(
        "`import a3s_code` in a bare interpreter, ms",
        ["", "CPU", "wall"],
        lines_of(samples, ("cpu_ms", 1), ("wall_ms", 1)),
    )


def _in_kernel(findings: Findings, rounds: int) -> None:
    def cell(code: str) -> dict[str, str]:
        return {"module": "ipykernel_launcher", "code": code}

    runs = {
        _LIBRARY: Run(ours(), "in_kernel", cell(_LIBRARY)),
        "from a3s_code import Agent": Run(ours(), "in_kernel", cell("from a3s_code import Agent")),
        _EXTENSION: Run(ours(), "in_kernel", cell(_EXTENSION)),
    }
    other = environment_of("jupyter-ai", findings)
    if other is not None:
        runs[_JUPYTER_AI] = Run(other, "in_kernel", cell(_JUPYTER_AI))
    samples = interleaved(runs, rounds)
    note_failures(samples, findings)
    findings.table("In a running kernel, CPU ms", ["", "CPU"], lines_of(samples, ("cpu_ms", 1)))
    for code, limit in ((_LIBRARY, 15), (_EXTENSION, 40)):
        if samples.has(code):
            spent = samples.spread(code, "cpu_ms")
            findings.row(
                "P8",
                f"`{code}` in a running kernel",
                f"at most {limit} ms CPU",
                spent.text(1, " ms"),
                spent.median <= limit,
            )


def _start(findings: Findings, rounds: int) -> None:
    runs = {
        OURS: Run(ours(), "in_kernel", {"module": "a3s_kernel"}),
        "stock ipykernel": Run(ours(), "in_kernel", {"module": "ipykernel_launcher"}),
    }
    samples = interleaved(runs, 2 * rounds)
    note_failures(samples, findings)
    findings.table(
        "From the start of a kernel to its first result, s",
        ["", "wall"],
        lines_of(samples, ("started_s", 3)),
    )
    if samples.has(*runs):
        ratio = samples.ratio(OURS, "stock ipykernel", "started_s")
        findings.row(
            "P9",
            "kernel start to first result against stock ipykernel",
            "at most 1.10",
            ratio.text(),
            ratio.median <= 1.10,
        )
