"""From what the caller names (a path, HCL text, a dictionary) to a checked configuration."""

from __future__ import annotations

import json
import logging
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from a3s_code.config.fields import Scope, expand_home
from a3s_code.config.hcl import parse_hcl
from a3s_code.config.model import AgentConfig, find_model
from a3s_code.config.schema import build_config
from a3s_code.config.secret import Secret
from a3s_code.config.tree import Body, Entry, Mistake, Value
from a3s_code.errors import ConfigError, UnknownModel, WrongType

_logger = logging.getLogger("a3s_code")
_BEGINNING_BYTES = 8192  # no text has a NUL there


def load_config(
    source: str | os.PathLike[str], *, environ: Mapping[str, str] | None = None
) -> AgentConfig:
    """The configuration in a file or in a text.

    A source that ends in `.hcl` or `.json`, or an existing file with another extension, is a path
    (`~/` is expanded, relative to the current working directory); anything else is the text. Text
    that begins with a brace is JSON with the keys of the HCL form, in which no `env()` is looked
    up; other text is HCL. `environ` stands for `os.environ`. Raises `ConfigError`, and
    `InvalidArgument` for a source that is neither text nor path.
    """
    environ = os.environ if environ is None else environ
    path = _path_of(source, environ)
    text = str(source) if path is None else _read(path)
    shown = None if path is None else str(path)
    if path is None and _looks_like_a_path(text):
        raise _no_text(text.strip(), environ)
    if text.removeprefix("\ufeff").lstrip().startswith("{"):
        return _checked(_json(text.removeprefix("\ufeff"), shown), environ, path)
    return _checked(parse_hcl(text, shown), environ, path)


def config_from_mapping(
    mapping: Mapping[str, Any], *, environ: Mapping[str, str] | None = None
) -> AgentConfig:
    """The same from a dictionary with the keys of the HCL form; blocks are dictionaries.

    Strings are taken as they are: no `env()` in them is looked up. Raises `ConfigError`.
    """
    if not isinstance(mapping, Mapping):
        raise WrongType(f"config must be a dict, not {type(mapping).__name__}")
    try:
        body = _body(mapping)
    except Mistake as mistake:
        raise mistake.located(None) from None
    return _checked(body, os.environ if environ is None else environ, None)


def _checked(body: Body, environ: Mapping[str, str], path: Path | None) -> AgentConfig:
    scope = Scope(environ)
    shown = None if path is None else str(path)
    try:
        config = build_config(scope, body)
    except Mistake as mistake:
        raise mistake.located(shown) from None
    config = replace(config, path=path, warnings=_sentences(scope, shown))
    line = next((e.line for e in body if e.name in ("default_model", "defaultModel")), None)
    try:
        find_model(config.providers, config.default_model)
    except UnknownModel as error:
        raise ConfigError(f"default_model: {error.problem}", path=shown, line=line) from None
    config.resolve()
    for warning in config.warnings:
        _logger.warning("%s", warning)
    return config


def _sentences(scope: Scope, path: str | None) -> tuple[str, ...]:
    place = path or "inline configuration"
    return tuple(
        f"{place}{f':{line}' if line else ''}: {sentence}" for line, sentence in scope.warnings
    )


# -- sources ----------------------------------------------------------------------------------------


def _path_of(source: str | os.PathLike[str], environ: Mapping[str, str]) -> Path | None:
    """The file that a source names, or None for a text."""
    if isinstance(source, os.PathLike):
        return Path(os.path.abspath(expand_home(os.fsdecode(source), environ)))
    if not isinstance(source, str):
        kind = type(source).__name__  # type: ignore[unreachable]  # callers need not be typed
        problem = f"config_source must be a path or the text itself, not {kind}"
        raise WrongType(ConfigError.prefix + problem)
    if "\n" in source or "\0" in source:
        return None
    expanded = Path(expand_home(source.strip(), environ))
    if expanded.suffix.lower() in (".hcl", ".json"):
        return Path(os.path.abspath(expanded))
    if expanded.suffix and os.path.isfile(expanded):
        return Path(os.path.abspath(expanded))
    return None


def _looks_like_a_path(text: str) -> bool:
    return bool(text.strip()) and not any(sign in text for sign in "={\n#")


def _no_text(given: str, environ: Mapping[str, str]) -> ConfigError:
    """Why what looks like a path is no configuration."""
    path = os.path.abspath(expand_home(given, environ))
    if not os.path.exists(path):
        return ConfigError("is neither an existing file nor HCL text", path=given)
    if os.path.isdir(path):
        return ConfigError("is a directory; name a file in it, such as agent.hcl", path=path)
    if not _is_text_file(path):
        return ConfigError("is not a text file", path=path)
    return ConfigError(
        "is not read: a configuration file has an extension, such as agent.hcl", path=path
    )


def _is_text_file(path: str) -> bool:
    if not os.path.isfile(path):  # reading a pipe or a device may never end
        return False
    try:
        with open(path, "rb") as file:
            return b"\0" not in file.read(_BEGINNING_BYTES)
    except OSError:  # what cannot be read is named as a file of the wrong name
        return True


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise ConfigError("the file does not exist", path=str(path)) from None
    except UnicodeDecodeError:
        raise ConfigError("the file is not UTF-8 text", path=str(path)) from None
    except OSError as error:
        raise ConfigError(f"cannot be read: {error.strerror}", path=str(path)) from error
    except ValueError:
        raise ConfigError("this cannot be the name of a file", path=repr(path)) from None


def _json(text: str, path: str | None) -> Body:
    try:
        document = json.loads(text, object_pairs_hook=_once, parse_constant=_no_number)
        return _body(document)
    except json.JSONDecodeError as error:
        raise ConfigError(
            f"not JSON: {error.msg}", path=path, line=error.lineno, column=error.colno
        ) from None
    except RecursionError:
        raise ConfigError("lists and objects are nested too deeply", path=path) from None
    except Mistake as mistake:
        raise mistake.located(path) from None


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """An object whose keys are each given once."""
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise Mistake(f"`{key}` is given twice")
        found[key] = value
    return found


def _no_number(word: str) -> Any:
    raise Mistake(f"{word} is no number")


# -- dictionaries -----------------------------------------------------------------------------------


def _body(mapping: Mapping[str, Any]) -> Body:
    entries = []
    for key, value in mapping.items():
        if not isinstance(key, str):
            raise Mistake(f"keys must be strings, not {key!r}")
        entries.append(Entry(key, _value(key, value)))
    return Body(tuple(entries))


def _value(key: str, value: Any) -> Value:
    match value:
        case None | bool() | int() | float() | str():
            plain: Value = value
            return plain
        case Secret():
            return value.reveal()
        case os.PathLike():
            return os.fsdecode(value)
        case Mapping():
            return _body(value)
        case list() | tuple():
            return tuple(_value(key, item) for item in value)
    raise Mistake(f"`{key}` cannot be {type(value).__name__}")
