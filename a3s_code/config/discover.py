"""Which configuration holds for a folder when the caller names none."""

from __future__ import annotations

import logging
import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from a3s_code.config.fields import expand_home, home_folder
from a3s_code.config.model import EMBEDDED_MODEL, LOCAL_PROVIDER
from a3s_code.errors import ConfigError

_logger = logging.getLogger("a3s_code")

FILE_NAME = "agent.hcl"
_ROOT_MARKS = (".git", "pyproject.toml")


@dataclass(frozen=True, slots=True)
class DiscoveredConfig:
    """A source for `Agent.create`, and in a few words where it comes from.

    `with_folder` says that it came with the folder and was not put in place by the user: a folder
    may be somebody else's.
    """

    source: str
    origin: str
    with_folder: bool = False


def discover_config(
    folder: str | Path, *, environ: Mapping[str, str] | None = None, home: Path | None = None
) -> DiscoveredConfig:
    """The configuration for work in `folder`.

    `A3S_CONFIG`, else the nearest `agent.hcl` from the folder up to the project's root, else the
    user's and the system's `config.hcl`, else API keys in the environment, else the embedded model.
    Raises `ConfigError` when `A3S_CONFIG` names no file. Nothing is parsed.
    """
    environ = os.environ if environ is None else environ
    home = home_folder(environ) if home is None else home
    named = environ.get("A3S_CONFIG", "").strip()
    if named:
        return _of_file(_named_file(named, home))
    for candidate in _files(Path(os.path.abspath(folder)), environ, Path(os.path.abspath(home))):
        if os.path.isfile(candidate):
            return _of_file(candidate, with_folder=candidate.name == FILE_NAME)
    return _from_keys(environ) or DiscoveredConfig(
        f'default_model = "{LOCAL_PROVIDER}/{EMBEDDED_MODEL.id}"\n',
        f"no {FILE_NAME} and no API key: using the embedded model {EMBEDDED_MODEL.id}",
    )


def _of_file(path: Path, *, with_folder: bool = False) -> DiscoveredConfig:
    return DiscoveredConfig(str(path), str(path), with_folder)


def _named_file(named: str, home: Path) -> Path:
    path = Path(os.path.abspath(expand_home(named, {"HOME": str(home)})))
    if not path.suffix:
        raise ConfigError("A3S_CONFIG must name a file whose name ends in .hcl", path=str(path))
    if not path.is_file():
        raise ConfigError("A3S_CONFIG names a file that does not exist", path=str(path))
    return path


def _files(folder: Path, environ: Mapping[str, str], home: Path) -> Iterator[Path]:
    for place in _up_to_root(folder, home):
        candidate = place / FILE_NAME
        if place == folder or _is_trusted(candidate):
            yield candidate
    yield home / ".a3s" / "config.hcl"
    yield system_config(environ)


def system_config(environ: Mapping[str, str]) -> Path:
    """The file that holds for all users of this machine."""
    if sys.platform == "win32":
        return Path(environ.get("ProgramData", r"C:\ProgramData"), "a3s", "config.hcl")
    return Path("/etc/a3s/config.hcl")


def _up_to_root(folder: Path, home: Path) -> Iterator[Path]:
    """The folder and its parents, as far as the project's root and never above the home folder."""
    real_home = os.path.realpath(home)
    for place in (folder, *folder.parents):
        yield place
        if os.path.realpath(place) == real_home or any(
            (place / mark).exists() for mark in _ROOT_MARKS
        ):
            return


def _is_trusted(path: Path) -> bool:
    """Whether a file above the folder was put there by this user or by the system.

    Somebody else's `agent.hcl` in a shared temporary folder could send prompts, and what env() finds, to their server.
    """
    if sys.platform == "win32":
        return True
    try:
        owner = path.stat().st_uid
    except OSError:
        return True  # not there: nothing to trust
    if owner in (os.geteuid(), 0):
        return True
    _logger.warning("%s belongs to another user and is not used; name it in A3S_CONFIG", path)
    return False


# -- keys in the environment ------------------------------------------------------------------------

# The text holds env() calls and no values: what is shown of it, or stored, contains no key.
_ANTHROPIC = """\
providers {{
  name    = "anthropic"
  api_key = env("ANTHROPIC_API_KEY")
{base_url}  models {{
    id          = "claude-sonnet-5-5"
    name        = "Claude Sonnet 5.5"
    family      = "claude"
    attachment  = true
    temperature = false
    modalities {{ input = ["text", "image"]  output = ["text"] }}
    cost {{ input = 2.0  output = 10.0  cache_read = 0.2  cache_write = 2.5 }}
    limit {{ context = 200000  output = 32000 }}
  }}
}}
"""
# No output limit: this family refuses the parameter `max_tokens`. Above 272,000 tokens of context
# every token costs twice as much.
_OPENAI = """\
providers {{
  name    = "openai"
  api_key = env("OPENAI_API_KEY")
{base_url}  models {{
    id          = "gpt-5.4"
    name        = "GPT-5.4"
    family      = "gpt"
    attachment  = true
    temperature = false
    modalities {{ input = ["text", "image"]  output = ["text"] }}
    cost {{ input = 2.5  output = 15.0  cache_read = 0.25 }}
    limit {{ context = 272000 }}
  }}
}}
"""
_FROM_ENVIRONMENT = {
    "ANTHROPIC": ("anthropic/claude-sonnet-5-5", _ANTHROPIC),
    "OPENAI": ("openai/gpt-5.4", _OPENAI),
}


def _from_keys(environ: Mapping[str, str]) -> DiscoveredConfig | None:
    found = [name for name in _FROM_ENVIRONMENT if environ.get(f"{name}_API_KEY", "").strip()]
    if not found:
        return None
    text = f'default_model = "{_FROM_ENVIRONMENT[found[0]][0]}"\n'
    for name in found:
        own = environ.get(f"{name}_BASE_URL", "").strip()
        base_url = f'  base_url = env("{name}_BASE_URL")\n' if own else ""
        text += _FROM_ENVIRONMENT[name][1].format(base_url=base_url)
    keys = " and ".join(f"{name}_API_KEY" for name in found)
    return DiscoveredConfig(text, f"{keys} of the environment (no {FILE_NAME} found)")
