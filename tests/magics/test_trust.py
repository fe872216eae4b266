"""What is said at the first use of a configuration that came with a folder."""

from __future__ import annotations

from pathlib import Path

import pytest
from IPython.core.interactiveshell import InteractiveShell

from a3s_code import Agent
from a3s_magics.trust import announcement, variables_in
from tests.magics.conftest import bundles
from tests.magics.test_shell import run
from tests.model_server import ModelServer, agent_hcl, says

PROVIDER = """
providers {{
  name = "{name}"
  {lines}
  models {{ id = "m" }}
}}
"""


def told(text: str, **environ: str) -> str:
    """The line for a configuration text."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environ.items():
            patch.setenv(name, value)
        config = Agent.create(f'default_model = "p/m"\n{text}').config
    return announcement(Path("/w/agent.hcl"), config, variables_in(text.encode(), environ))


def provider(*lines: str, name: str = "p") -> str:
    return PROVIDER.format(name=name, lines="\n  ".join(lines))


def test_servers_variables_and_programs_are_named() -> None:
    text = (
        provider(
            'api_key = env("A3S_T_KEY")',
            'base_url = "https://user:pass@models.example:8443/v1?x=1"',
        )
        + provider('base_url = "http://10.0.0.7"', name="q")
        + 'mcp_servers { name = "files"  transport = "stdio"  command = "npx" }\n'
    )
    assert told(text, A3S_T_KEY="v-123456", A3S_T_OTHER="x") == (
        "first use of /w/agent.hcl, which came with this folder: it sends prompts to "
        "https://models.example:8443 with A3S_T_KEY, http://10.0.0.7; it starts npx"
    )


@pytest.mark.parametrize(
    "text",
    [
        provider('api_key = "literal"', 'base_url = "http://127.0.0.1:8000"'),
        provider('base_url = "http://localhost:11434/v1"'),
        provider('base_url = "http://[::1]:8000"'),
    ],
)
def test_what_stays_on_this_machine_needs_no_line(text: str) -> None:
    assert told(text) == ""


def test_a_variable_is_named_even_if_the_server_is_here() -> None:
    """Another user of the machine may listen there."""
    text = provider('base_url = "http://127.0.0.1:8000"', 'headers = { "X-Key" = env("A3S_T_K") }')
    assert "http://127.0.0.1:8000 with A3S_T_K" in told(text, A3S_T_K="v-123456")


def test_the_default_address_of_a_hosted_provider_is_told() -> None:
    text = provider('api_key = env("A3S_T_KEY")', name="anthropic").replace("p/m", "anthropic/m")
    config = f"{text}{provider('base_url = ' + chr(34) + 'http://127.0.0.1:1' + chr(34))}"
    assert "the usual address of anthropic with A3S_T_KEY" in told(config, A3S_T_KEY="v-123456")


@pytest.fixture
def with_variable(
    workspace: Path, model_server: ModelServer, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """The workspace's configuration, with its key from the environment, never seen before."""
    monkeypatch.setenv("A3S_DATA_DIR", str(tmp_path / "data"))
    monkeypatch.setenv("A3S_T_KEY", "key-of-the-user")
    file = workspace / "agent.hcl"
    file.write_text(agent_hcl(model_server).replace('"test-key"', 'env("A3S_T_KEY")'))
    return file


def shown(shell: InteractiveShell, prompt: str) -> str:
    """What a prompt leaves on screen."""
    before = len(bundles(shell))
    run(shell, f"%%a3s\n{prompt}")
    return "\n".join(bundle["text/plain"] for bundle in bundles(shell)[before:])


def test_it_is_said_once_for_each_content(
    loaded: InteractiveShell, model_server: ModelServer, with_variable: Path
) -> None:
    """Also after a reset, and not again for what was seen; changed content is new."""
    model_server.answer_with(lambda _: says("Hello."))
    first = shown(loaded, "hi")
    assert f"first use of {with_variable}" in first.replace("\\", "/")
    assert f"{model_server.url} with A3S_T_KEY" in first
    assert "key-of-the-user" not in first
    assert "first use" not in shown(loaded, "again")
    run(loaded, "%a3s reset")
    assert "first use" not in shown(loaded, "anew")
    with_variable.write_text(with_variable.read_text() + "# changed\n")
    assert "first use" not in shown(loaded, "the session goes on with what it has")
    run(loaded, "%a3s reset")
    assert "first use" in shown(loaded, "anew")


def test_a_side_question_says_it_too(
    loaded: InteractiveShell,
    model_server: ModelServer,
    with_variable: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """Whatever is sent first."""
    model_server.answer_with(lambda _: says("Hello."))
    run(loaded, "%a3s btw hi")
    assert f"{model_server.url} with A3S_T_KEY" in capsys.readouterr().out
    assert "first use" not in shown(loaded, "hi")


def test_what_the_user_put_in_place_is_not_announced(
    loaded: InteractiveShell,
    model_server: ModelServer,
    with_variable: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("A3S_CONFIG", str(with_variable))
    model_server.script(says("Hello."))
    assert "first use" not in shown(loaded, "hi")


def test_a_data_folder_that_cannot_be_written_is_no_obstacle(
    loaded: InteractiveShell,
    model_server: ModelServer,
    with_variable: Path,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
) -> None:
    (tmp_path / "taken").write_text("a file")
    monkeypatch.setenv("A3S_DATA_DIR", str(tmp_path / "taken"))
    model_server.answer_with(lambda _: says("Hello."))
    assert "first use" in shown(loaded, "hi")
    run(loaded, "%a3s reset")
    assert "first use" in shown(loaded, "hi")
