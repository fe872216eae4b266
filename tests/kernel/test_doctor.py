"""`doctor`: one page about the installation, without secrets."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deadlines import PROGRAM_S
from tests.model_server import ModelServer, agent_hcl

from .conftest import StartKernel

KEY = "sk-very-secret-0123456789"
CONFIG = f"""
default_model = "mine/large"
providers {{
  name    = "mine"
  api_key = "{KEY}"
  models {{ id = "large" }}
}}
max_tool_rounds = 7
"""


def doctor(folder: Path, **environment: str) -> subprocess.CompletedProcess[str]:
    """Run the command in `folder`, with our own code on the path and no keys but those given."""
    env = {name: value for name, value in os.environ.items() if not name.endswith("_API_KEY")}
    env.pop("A3S_CONFIG", None)
    return subprocess.run(
        [sys.executable, "-m", "a3s_kernel", "doctor"],
        cwd=folder,
        env={**env, "HOME": str(folder), **environment},
        timeout=PROGRAM_S,
        check=False,
        capture_output=True,
        text=True,
    )


def test_it_names_the_configuration_in_use_and_its_model(tmp_path: Path) -> None:
    """The nearest agent.hcl counts; the keys in it and around it are not shown."""
    (tmp_path / "agent.hcl").write_text(CONFIG, "utf-8")

    done = doctor(tmp_path, OPENAI_API_KEY=KEY)

    assert done.returncode == 0
    assert str(tmp_path / "agent.hcl") in done.stdout
    assert "mine/large" in done.stdout
    assert f"7 ({tmp_path / 'agent.hcl'})" in done.stdout
    assert "none (default)" in done.stdout
    assert KEY not in done.stdout + done.stderr
    keys = [line.split() for line in done.stdout.splitlines() if "_API_KEY" in line]
    assert keys == [["ANTHROPIC_API_KEY", "not", "set"], ["OPENAI_API_KEY", "set"]]


def test_it_finds_the_kernelspec_of_this_run(tmp_path: Path, jupyter_home: Path) -> None:
    """The folder is shown, because several may hold a kernel of that name."""
    done = doctor(tmp_path)

    assert str(jupyter_home / "share" / "jupyter" / "kernels" / "a3s") in done.stdout


def test_a_broken_configuration_is_a_problem_with_its_place(tmp_path: Path) -> None:
    """The marked line names file and line, and the exit code tells scripts."""
    (tmp_path / "agent.hcl").write_text('\ndefault_model = "mine/large', "utf-8")

    done = doctor(tmp_path)

    (problem,) = (line for line in done.stdout.splitlines() if line.startswith("!"))
    assert done.returncode == 1
    assert f"{tmp_path / 'agent.hcl'}:2" in problem


def test_the_native_package_of_the_same_name_is_reported(tmp_path: Path) -> None:
    """Even when it is the one that Python imports."""
    native = tmp_path / "native"
    (native / "a3s_code").mkdir(parents=True)
    (native / "a3s_code" / "__init__.py").write_text("", "utf-8")
    facts = native / "a3s_code-1.0.dist-info"
    facts.mkdir()
    (facts / "METADATA").write_text(
        "Metadata-Version: 2.1\nName: a3s-code\nVersion: 1.0\n", "utf-8"
    )
    (facts / "top_level.txt").write_text("a3s_code\n", "utf-8")
    path = os.pathsep.join([str(native), os.environ.get("PYTHONPATH", "")])

    done = doctor(tmp_path, PYTHONPATH=path)

    problems = [line for line in done.stdout.splitlines() if line.startswith("!")]
    assert done.returncode == 1
    assert "a3s-code" in problems[0]
    assert done.stderr == ""


def test_it_tries_the_address_of_the_model_without_sending_anything(
    tmp_path: Path, model_server: ModelServer
) -> None:
    """A server that takes connections is fine, a closed port is a problem; credentials stay out."""
    config = tmp_path / "agent.hcl"
    config.write_text(agent_hcl(model_server.url.replace("//", "//me:secret@")), "utf-8")

    alive = doctor(tmp_path, A3S_CONFIG=str(config))
    model_server.close()
    dead = doctor(tmp_path, A3S_CONFIG=str(config))

    assert alive.returncode == 0
    assert "takes connections" in alive.stdout
    assert "tool calls: yes, images: yes" in alive.stdout
    assert model_server.requests == []
    (problem,) = (line for line in dead.stdout.splitlines() if line.startswith("!"))
    assert dead.returncode == 1
    assert f"base_url, {config}" in problem
    assert "cannot be reached" in problem
    assert "secret" not in alive.stdout + dead.stdout


def test_it_names_proxy_and_certificates(tmp_path: Path) -> None:
    """The proxy without its password; a file of certificates that is missing is a problem."""
    done = doctor(
        tmp_path,
        https_proxy="http://me:secret@127.0.0.1:9",
        SSL_CERT_FILE=str(tmp_path / "none.pem"),
        SSL_CERT_DIR="",
    )

    assert "https: http://127.0.0.1:9" in done.stdout
    assert "secret" not in done.stdout
    assert [line.split()[1] for line in done.stdout.splitlines() if line.startswith("!")] == [
        "SSL_CERT_FILE"
    ]


@pytest.mark.kernel
def test_in_a_notebook_it_says_the_same_and_who_is_looking(
    start_kernel: StartKernel, tmp_path: Path, model_server: ModelServer
) -> None:
    """One implementation: every line of the command is there, with those of the running kernel."""
    (tmp_path / "agent.hcl").write_text(agent_hcl(model_server), "utf-8")
    notebook = tmp_path / "one.ipynb"
    notebook.write_text("{}", "utf-8")
    kernel = start_kernel({"JPY_SESSION_NAME": str(notebook), "A3S_UI": "display"}, "a3s-chat")

    page = kernel.run("%a3s doctor", allow_stdin=True).stream("stdout")
    outside = doctor(tmp_path, A3S_UI="display", A3S_MODE="prompt").stdout

    def topics(text: str) -> set[str]:
        return {line[2:].split("  ")[0] for line in text.splitlines()}

    assert topics(outside) - topics(page) == set()
    lines = {line[2:].split("  ")[0]: line for line in page.splitlines()}
    assert "mode prompt" in lines["kernel"]
    assert lines["front end"].endswith("a notebook, with somebody to ask")
    assert str(notebook) in lines["notebook"]
    assert lines["workspace"].endswith(f"{tmp_path} (folder of the notebook)")
    assert lines["shown as"].endswith("display (A3S_UI); questions go to: keyboard")
    assert "with Cancel, Approve and Deny" in lines["live view"]
    assert "agent.hcl" in lines["model"]
    assert "takes connections" in lines["model server"]
