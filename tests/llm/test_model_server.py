"""The scripted server as other tests use it: exhausted scripts, configuration, the program."""

from __future__ import annotations

import json
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any
from urllib.error import HTTPError

import pytest

from tests import model_server as program
from tests.llm.wire_facts import KINDS, codec, received, sent
from tests.model_server import ModelServer, agent_hcl, says


def ask(url: str, kind: str, prompt: str = "hi") -> bytes:
    """The body of the answer to a prompt."""
    from a3s_code.messages import Message

    body = sent(kind, [Message.user(prompt)])
    request = urllib.request.Request(codec(kind).url(url), data=json.dumps(body).encode())
    with urllib.request.urlopen(request, timeout=program.DEADLINE_S) as response:
        text = response.read()
    assert isinstance(text, bytes)
    return text


def test_an_exhausted_script_is_refused(model_server: ModelServer) -> None:
    """With a status that no client repeats, so that a test fails at once."""
    with pytest.raises(HTTPError) as caught:
        ask(model_server.url, "openai")
    with caught.value as response:
        assert (response.code, b"exhausted" in response.read()) == (400, True)


def test_answers_chosen_by_the_request(model_server: ModelServer) -> None:
    """Behind the end of the script."""
    model_server.answer_with(lambda body: says(f"model {body['model']}"))
    assert received("openai", [ask(model_server.url, "openai")])[1].message.text == "model m"


@pytest.mark.parametrize("kind", KINDS)
def test_the_configuration_names_this_server(model_server: ModelServer, kind: str) -> None:
    """The text is a valid configuration with one model."""
    text = agent_hcl(model_server, kind)
    assert f'default_model = "{kind}/m"' in text
    assert model_server.url in text


def test_as_a_program() -> None:
    """Its address in the first line; the answer depends on the prompt."""
    with subprocess.Popen(
        [sys.executable, str(Path(program.__file__)), "--script", "demo", "--port", "0"],
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:
            assert process.stdout is not None
            url = process.stdout.readline().strip()
            answers: dict[str, Any] = {
                prompt: received("openai", [ask(url, "openai", prompt)])[1].message
                for prompt in ("hello", "use a tool")
            }
            with pytest.raises(HTTPError) as caught:
                ask(url, "anthropic", "please fail")
            caught.value.close()
        finally:
            process.kill()
    assert "| column | mean |" in answers["hello"].text
    assert answers["use a tool"].tool_calls[0].input == {"command": "echo hi"}
    assert caught.value.code == 500
