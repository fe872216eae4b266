"""Which configuration holds for a folder."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from a3s_code.config.discover import DiscoveredConfig, discover_config, system_config
from a3s_code.config.load import load_config
from a3s_code.config.secret import Secret
from a3s_code.errors import ConfigError


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """A home folder with a project two folders deep in it."""
    (tmp_path / "home" / "project" / "notebooks").mkdir(parents=True)
    return tmp_path / "home"


@pytest.fixture
def folder(home: Path) -> Path:
    return home / "project" / "notebooks"


def found(folder: Path, home: Path, environ: dict[str, str] | None = None) -> DiscoveredConfig:
    if system_config({}).exists():
        pytest.skip("this machine has a configuration for all users")
    return discover_config(folder, environ=environ or {}, home=home)


def write(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text('default_model = "local/smollm2-135m-instruct"\n', encoding="utf-8")
    return path


def test_the_order(folder: Path, home: Path) -> None:
    """Each place beats those after it; taking them away one by one shows all of them."""
    named = write(home / "elsewhere.hcl")
    nearest = write(folder / "agent.hcl")
    parent = write(folder.parent / "agent.hcl")
    user = write(home / ".a3s" / "config.hcl")
    environ = {"A3S_CONFIG": str(named), "ANTHROPIC_API_KEY": "a", "OPENAI_API_KEY": "o"}

    assert found(folder, home, environ) == DiscoveredConfig(str(named), str(named))
    del environ["A3S_CONFIG"]
    for path in (nearest, parent, user):
        with_folder = path.name == "agent.hcl"
        assert found(folder, home, environ) == DiscoveredConfig(str(path), str(path), with_folder)
        path.unlink()
    assert 'default_model = "anthropic/' in found(folder, home, environ).source
    del environ["ANTHROPIC_API_KEY"]
    assert 'default_model = "openai/' in found(folder, home, environ).source
    del environ["OPENAI_API_KEY"]
    assert found(folder, home, environ) == DiscoveredConfig(
        'default_model = "local/smollm2-135m-instruct"\n',
        "no agent.hcl and no API key: using the embedded model smollm2-135m-instruct",
    )


@pytest.mark.parametrize("mark", [".git", "pyproject.toml"])
def test_the_search_ends_at_the_projects_root(mark: str, folder: Path, home: Path) -> None:
    """The root's own file counts, those above it do not."""
    write(home / "agent.hcl")
    (folder.parent / mark).mkdir()
    assert found(folder, home).source.startswith("default_model")
    inside = write(folder.parent / "agent.hcl")
    assert found(folder, home).source == str(inside)


def test_the_search_ends_at_the_home_folder(folder: Path, home: Path) -> None:
    """Which itself counts."""
    write(home.parent / "agent.hcl")
    assert found(folder, home).source.startswith("default_model")
    assert found(folder, home).source.startswith("default_model")
    own = write(home / "agent.hcl")
    assert found(folder, home).source == str(own)


def test_outside_of_the_home_folder_parents_count_too(tmp_path: Path, home: Path) -> None:
    """A container's workspace often lies elsewhere."""
    place = tmp_path / "work" / "notebooks"
    place.mkdir(parents=True)
    parent = write(tmp_path / "work" / "agent.hcl")
    assert found(place, home).source == str(parent)


@pytest.mark.skipif(
    sys.platform == "win32" or os.geteuid() != 0, reason="only root may give files away"
)
def test_a_strangers_file_above_the_folder_is_not_used(
    tmp_path: Path, home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """It could have the prompts sent elsewhere; the log says so."""
    place = tmp_path / "shared" / "mine"
    place.mkdir(parents=True)
    planted = write(tmp_path / "shared" / "agent.hcl")
    os.chown(planted, 12345, 12345)
    assert found(place, home).source.startswith("default_model")
    assert str(planted) in caplog.text
    assert found(tmp_path / "shared", home).source == str(planted)


def test_a_directory_of_that_name_is_no_file(folder: Path, home: Path) -> None:
    """The search goes on."""
    (folder / "agent.hcl").mkdir()
    parent = write(folder.parent / "agent.hcl")
    assert found(folder, home).source == str(parent)


def test_the_named_file_may_lie_in_the_home_folder(folder: Path, home: Path) -> None:
    """`~/` is expanded."""
    path = write(home / "x.hcl")
    assert found(folder, home, {"A3S_CONFIG": "~/x.hcl"}).source == str(path)
    assert found(folder, home, {"A3S_CONFIG": " "}).source.startswith("default_model")


@pytest.mark.parametrize(
    ("name", "problem"),
    [("gone.hcl", "does not exist"), ("plain", "must name a file whose name ends in .hcl")],
)
def test_a_named_file_that_cannot_be_used(
    name: str, problem: str, folder: Path, home: Path
) -> None:
    """The variable and the path are named; nothing else is tried."""
    with pytest.raises(ConfigError, match="A3S_CONFIG") as caught:
        found(folder, home, {"A3S_CONFIG": str(home / name), "OPENAI_API_KEY": "k"})
    assert problem in caught.value.problem
    assert caught.value.path == str(home / name)


@pytest.mark.parametrize(
    ("environ", "selector", "base_url", "origin"),
    [
        ({"ANTHROPIC_API_KEY": "hush"}, "anthropic/", None, "ANTHROPIC_API_KEY of"),
        ({"OPENAI_API_KEY": "hush"}, "openai/", None, "OPENAI_API_KEY of"),
        ({"ANTHROPIC_API_KEY": "hush", "OPENAI_API_KEY": "hush"}, "anthropic/", None, "ANTHROPIC_API_KEY and OPENAI_API_KEY of"),
        ({"ANTHROPIC_API_KEY": " ", "OPENAI_API_KEY": "hush"}, "openai/", None, "OPENAI_API_KEY of"),
        ({"OPENAI_API_KEY": "hush", "OPENAI_BASE_URL": "http://h/v1"}, "openai/", "http://h/v1", "OPENAI_API_KEY of"),
        ({"OPENAI_API_KEY": "hush", "OPENAI_BASE_URL": ""}, "openai/", None, "OPENAI_API_KEY of"),
        ({"ANTHROPIC_API_KEY": "hush", "ANTHROPIC_BASE_URL": "http://h"}, "anthropic/", "http://h", "ANTHROPIC_API_KEY of"),
    ],
)  # fmt: skip
def test_keys_in_the_environment(
    environ: dict[str, str],
    selector: str,
    base_url: str | None,
    origin: str,
    folder: Path,
    home: Path,
) -> None:
    """The generated text loads, and holds no key itself."""
    discovered = found(folder, home, environ)
    assert "hush" not in discovered.source + discovered.origin
    assert discovered.origin.startswith(origin)

    config = load_config(discovered.source, environ=environ)
    model = config.resolve()
    assert model.selector.startswith(selector)
    assert (model.base_url, model.api_key) == (base_url, Secret("hush"))
    assert config.warnings == ()
    assert model.limit.context > 100_000
    assert model.tool_call
    assert model.attachment


def test_the_default_places_come_from_the_environment(folder: Path, home: Path) -> None:
    """Without `home=`, the variable `HOME` or `USERPROFILE` is used."""
    user = write(home / ".a3s" / "config.hcl")
    for variable in ("HOME", "USERPROFILE"):
        assert discover_config(str(folder), environ={variable: str(home)}).source == str(user)
