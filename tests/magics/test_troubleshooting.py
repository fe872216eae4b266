"""Each error line of docs/troubleshooting.md is what a user really sees."""

from __future__ import annotations

import re
import signal
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_code import A3SError, Agent
from tests.magics.conftest import bundles
from tests.model_server import ModelServer, agent_hcl, calls, says, status, wait
from tests.scripts import Reply

GUIDE = Path(__file__).parents[2] / "docs" / "troubleshooting.md"
MODEL = '  models { id = "m" }\n}\n'
PROVIDER = f'providers {{\n  name = "p"\n  base_url = "http://127.0.0.1:9"\n{MODEL}'
HOSTED = f'default_model = "anthropic/m"\nproviders {{\n  name = "anthropic"\n{MODEL}'
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108000000003a7e9b55"
    "0000000a49444154789c636000000002000148afa4710000000049454e44ae426082"
)


@dataclass(frozen=True)
class Try:
    """What a user did: a cell, under a configuration, with these answers of the model."""

    cell: str = "%a3s model"
    config: str = ""
    replies: Sequence[Reply] = ()


# Under words that only this line of the guide has.
TRIES = {
    "a string is not closed": Try(config='default_model = "p/m"\nproviders {\n  name = p"\n}\n'),
    "environment variable": Try(config=f'default_model = env("MY_KEY")\n{PROVIDER}'),
    "is not defined; defined: none": Try(config='default_model = "p/m"\n'),
    "neither an api_key nor a base_url": Try(config=HOSTED),
    "must be a whole number": Try(
        config=f'default_model = "p/m"\nmax_tool_rounds = "many"\n{PROVIDER}'
    ),
    "A3S_CONFIG": Try("%env A3S_CONFIG=/nowhere/agent.hcl\n%a3s model"),
    "HTTP 401": Try("%%a3s\nhi", replies=[status(401)]),
    "HTTP 404": Try("%%a3s\nhi", replies=[status(404)]),
    "HTTP 429": Try("%%a3s\nhi", replies=[status(429, retry_after=0.01)] * 4),
    "StreamInterrupted": Try("%%a3s\nhi", replies=[says("half").unfinished()]),
    "has no model 'x'": Try("%a3s model openai/x"),
    "does not name a model": Try("%a3s model x"),
    "unexpected 'hello'": Try("%%a3s hello\nhi"),
    "the prompt is empty": Try("%%a3s\n "),
    "unknown option": Try("%%a3s --modle x\nhi"),
    "unknown command": Try("%a3s nonsense"),
    "Unknown command": Try("%%a3s\n/hlep"),
    "has not shown an image": Try("%%a3s --attach last\nhi"),
    "there is no file": Try("%%a3s --attach nothere.png\nhi"),
    "does not accept images": Try(
        "%%a3s --attach pixel.png\nhi",
        config=f'default_model = "p/m"\n{PROVIDER}',
    ),
    "Failed to read file": Try("%a3s_read nothing.txt"),
    "boundary violation": Try("%a3s_read ../x"),
    "the session works in": Try('%a3s model\n%config A3SMagics.workspace = "/"\n%a3s model'),
    "only the A3S kernels": Try("%a3s mode prompt"),
    "Session not found": Try("%a3s resume zzz"),
    "nobody can be asked": Try(
        "%%a3s\nhi", replies=[calls("bash", command="rm x"), says("It stays.")]
    ),
    "Cell magic": Try("%unload_ext a3s_magics\nget_ipython().run_cell_magic('a3s', '', 'hi')"),
}
# The first comes from the Python interpreter; the guide of the first prompt shows the second.
ELSEWHERE = {
    *("ModuleNotFoundError", "the answer so far is kept", "nothing had arrived"),
    *("connection refused", "cannot be resolved"),
}


def symptoms() -> list[str]:
    """The lines of the guide: what stands in code in the first column."""
    return re.findall(r"^\| `([^`]{30,})` \|", GUIDE.read_text("utf-8"), re.MULTILINE)


def shows(symptom: str, text: str) -> bool:
    """Whether the text has the symptom; `…` stands for anything within a line."""
    return re.search(".*".join(map(re.escape, symptom.split("…"))), text) is not None


def test_every_line_of_the_guide_is_tried() -> None:
    marks = {*TRIES, *ELSEWHERE}
    assert [line for line in symptoms() if sum(mark in line for mark in marks) != 1] == []
    assert [mark for mark in marks if not any(mark in line for line in symptoms())] == []


@pytest.mark.parametrize("mark", TRIES)
def test_the_line_is_what_is_shown(
    mark: str,
    loaded: InteractiveShell,
    workspace: Path,
    model_server: ModelServer,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A3S_CONFIG", "")  # what a cell sets is taken back
    (symptom,) = (line for line in symptoms() if mark in line)
    made = TRIES[mark]
    if made.config:
        (workspace / "agent.hcl").write_text(made.config, "utf-8")
    (workspace / "pixel.png").write_bytes(PIXEL)
    model_server.script(*made.replies)

    loaded.run_cell(made.cell, store_history=True)

    shown = [str(bundle.get("text/plain", "")) for bundle in bundles(loaded)]
    captured = capsys.readouterr()
    text = re.sub(r"\x1b\[[0-9;]*m", "", "\n".join([captured.out, captured.err, *shown]))
    assert shows(symptom, text), text


@pytest.mark.parametrize(
    ("mark", "address"),
    [
        ("connection refused", "http://127.0.0.1:9"),
        ("cannot be resolved", "http://nowhere.invalid"),
    ],
)
def test_a_server_out_of_reach(mark: str, address: str, tmp_path: Path) -> None:
    """In a program, where the waits between the attempts can be made short."""
    (symptom,) = (line for line in symptoms() if mark in line)
    agent = Agent.create(agent_hcl(address))
    with (
        agent.session(tmp_path, retry_config={"base_delay_ms": 1}) as session,
        pytest.raises(A3SError) as caught,
    ):
        session.send("hi")
    assert shows(symptom, f"{type(caught.value).__name__}: {caught.value}")


def test_a_turn_that_is_stopped_before_its_first_word(
    loaded: InteractiveShell, model_server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    (symptom,) = (line for line in symptoms() if "nothing had arrived" in line)

    def stopped(_request: object) -> Reply:
        signal.raise_signal(signal.SIGINT)  # its handler runs in the thread of the cell
        return says(wait(), "never")

    model_server.answer_with(stopped)
    loaded.run_cell("%%a3s\nhi", store_history=True)
    assert symptom in capsys.readouterr().out
    model_server.answer_with(lambda _request: says("Hello."))
    loaded.run_cell("%%a3s\nagain").raise_error()
    assert "hi" in str(model_server.requests[-1]["messages"])
