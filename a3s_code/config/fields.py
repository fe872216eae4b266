"""From values of the text to values of Python: one small converter per kind of field.

A converter gets the `Scope` and one `Entry` and returns the field's value, or None for "as if it
were not there". It raises `Mistake`, which names the key and the line and never shows a secret.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeAlias

from a3s_code.config.secret import Secret, unfit_for_header
from a3s_code.config.tree import Body, Entry, EnvCall, Mistake, Template, Value


@dataclass(slots=True)
class Scope:
    """What converters may look at, and where they leave warnings: `(line, sentence)`."""

    environ: Mapping[str, str]
    warnings: list[tuple[int | None, str]] = field(default_factory=list)

    def variable(self, call: EnvCall) -> str:
        """The value of an environment variable; one that is not set is a mistake."""
        try:
            return self.environ[call.name]
        except KeyError:
            problem = f"environment variable `{call.name}` is not set"
            raise Mistake(problem, call.line) from None

    def warn(self, line: int | None, sentence: str) -> None:
        """Remember something that is odd but does no harm."""
        self.warnings.append((line, sentence))


Converter: TypeAlias = Callable[[Scope, Entry], Any]


# -- strings ----------------------------------------------------------------------------------------


def text_of(scope: Scope, value: Value) -> str | None:
    """The string that a value stands for, with `env()` looked up; None when it is no string."""
    match value:
        case str():
            return value
        case EnvCall():
            return scope.variable(value)
        case Template(parts):
            return "".join(p if isinstance(p, str) else scope.variable(p) for p in parts)
    return None


def string(scope: Scope, entry: Entry) -> str:
    """Any string."""
    text = text_of(scope, entry.value)
    if text is None:
        raise wrong_type(entry, "a string")
    return text


def name(scope: Scope, entry: Entry) -> str | None:
    """A string without surrounding blanks; an empty one counts as absent."""
    return string(scope, entry).strip() or None


def secret(scope: Scope, entry: Entry) -> Secret | None:
    """A credential; an empty one counts as absent. Its value appears in no error."""
    text = text_of(scope, entry.value)
    if text is None:
        raise wrong_type(entry, "a string", show=False)
    return Secret(text.strip()) if text.strip() else None


def key(scope: Scope, entry: Entry) -> Secret | None:
    """A credential that is sent in a header, so it must be plain ASCII in one line."""
    value = secret(scope, entry)
    _check_header(entry, value)
    return value


def headers(scope: Scope, entry: Entry) -> dict[str, Secret]:
    """HTTP headers: names are kept as they are written, values are secrets."""
    given = secret_map(scope, entry)
    values = {name: Secret(value.reveal().strip()) for name, value in given.items()}
    for item in body_of(entry):
        inner = Entry(f"{entry.name}.{item.name}", item.value, item.line)
        if not re.fullmatch(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+", item.name):  # RFC 9110 section 5.6.2
            raise Mistake(f"`{entry.name}` cannot have a header {item.name!r}", item.line)
        _check_header(inner, values.get(item.name))
    return values


def _check_header(entry: Entry, value: Secret | None) -> None:
    problem = "" if value is None else unfit_for_header(value.reveal())
    if problem:  # the value itself is not shown
        source = f" from {_shown(entry.value)}" if isinstance(entry.value, EnvCall) else ""
        raise Mistake(f"`{entry.name}`{source} {problem}, so it cannot be sent", entry.line)


def secret_map(scope: Scope, entry: Entry) -> dict[str, Secret]:
    """Headers or variables: names are kept as they are written, values are secrets."""
    secrets: dict[str, Secret] = {}
    for item in body_of(entry, "an object of strings"):
        text = text_of(scope, item.value)
        if text is None and type(item.value) in (int, float):
            text = str(item.value)
        if text is None:
            inner = Entry(f"{entry.name}.{item.name}", item.value, item.line)
            raise wrong_type(inner, "a string", show=False)
        secrets[item.name] = Secret(text)
    return secrets


def address(scope: Scope, entry: Entry) -> str | None:
    """An http(s) URL, not shown in errors because it may carry credentials."""
    text = name(scope, entry)
    if text is not None and not re.match(r"https?://[^/\s]", text, re.IGNORECASE):
        raise Mistake(f"`{entry.name}` must start with http:// or https://", entry.line)
    return text


def strings(scope: Scope, entry: Entry) -> tuple[str, ...]:
    """A list of strings."""
    expected = "a list of strings"
    if not isinstance(entry.value, tuple):
        raise wrong_type(entry, expected)
    texts = [text_of(scope, item) for item in entry.value]
    if None in texts:
        raise wrong_type(entry, expected)
    return tuple(text for text in texts if text is not None)


def choice(*allowed: str, synonyms: Mapping[str, str] | None = None) -> Converter:
    """One of some words."""

    def convert(scope: Scope, entry: Entry) -> str:
        text = (synonyms or {}).get(chosen := string(scope, entry), chosen)
        if text not in allowed:
            raise wrong_type(entry, f"one of {', '.join(allowed)}")
        return text

    return convert


# -- paths ------------------------------------------------------------------------------------------


def expand_home(text: str, environ: Mapping[str, str]) -> str:
    """`~/x` as a path below the home directory; other paths as they are."""
    if text == "~" or text.startswith(("~/", "~\\")):
        return str(home_folder(environ)) + text[1:]
    return text


def home_folder(environ: Mapping[str, str]) -> Path:
    """`HOME`, else `USERPROFILE`, else what the system says."""
    named = environ.get("HOME") or environ.get("USERPROFILE")
    return Path(named) if named else Path.home()


def folder(scope: Scope, entry: Entry) -> Path | None:
    """A directory; a relative one lies below the current working directory."""
    text = string(scope, entry)
    return _absolute(text, scope) if text else None


def folders(scope: Scope, entry: Entry) -> tuple[Path, ...]:
    """A list of directories."""
    return tuple(_absolute(text, scope) for text in strings(scope, entry) if text)


def _absolute(text: str, scope: Scope) -> Path:
    return Path(os.path.abspath(expand_home(text, scope.environ)))


# -- numbers and switches ---------------------------------------------------------------------------


def integer(least: int) -> Converter:
    """A whole number from `least` upwards."""
    expected = f"a whole number of at least {least}"

    def convert(_scope: Scope, entry: Entry) -> int:
        value = entry.value
        if isinstance(value, float) and value.is_integer():
            value = int(value)  # 1e6 is a whole number too
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            raise wrong_type(entry, expected)
        return value

    return convert


def number(scope: Scope, entry: Entry) -> float:
    """A number that is not negative."""
    value = entry.value
    if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
        raise wrong_type(entry, "a number of at least 0")
    return value


def switch(_scope: Scope, entry: Entry) -> bool:
    """`true` or `false`."""
    if not isinstance(entry.value, bool):
        raise wrong_type(entry, "true or false")
    return entry.value


# -- bodies -----------------------------------------------------------------------------------------


def body_of(entry: Entry, expected: str = "a block") -> Body:
    """The entries of a block, or of an object written in its place."""
    if not isinstance(entry.value, Body):
        raise wrong_type(entry, expected)
    return entry.value


def bodies_of(entries: Iterable[Entry]) -> list[Entry]:
    """Repeated blocks, or a list of objects in their place, as one list of entries."""
    found: list[Entry] = []
    for entry in entries:
        items = entry.value if isinstance(entry.value, tuple) else (entry.value,)
        for item in items:
            if not isinstance(item, Body):
                raise wrong_type(entry, "a block or a list of objects")
            found.append(Entry(entry.name, item, item.line or entry.line, entry.labels, True))
    return found


def fields_of(
    scope: Scope, body: Body, known: Mapping[str, Converter], where: str
) -> dict[str, Any]:
    """The values of a block whose keys each appear once; `where` names the block in warnings."""
    return {
        key: value
        for key, entries in grouped(scope, body, known, where).items()
        if (value := known[key](scope, only(entries))) is not None
    }


def grouped(scope: Scope, body: Body, known: Iterable[str], where: str) -> dict[str, list[Entry]]:
    """Entries by their snake_case key, without nulls; a key that is not known is warned about."""
    groups: dict[str, list[Entry]] = {}
    known = list(known)
    for entry in body:
        key = snake_case(entry.name)
        if key not in known:
            scope.warn(entry.line, _unknown(entry.name, key, known, where))
        elif entry.value is not None:
            groups.setdefault(key, []).append(entry)
    return groups


def only(entries: list[Entry]) -> Entry:
    """The one entry of a key. Of repeated blocks the last wins, a repeated attribute is refused."""
    for entry in entries[1:]:
        if not (entry.is_block and entries[0].is_block):
            first = f" (first in line {entries[0].line})" if entries[0].line else ""
            raise Mistake(f"`{entry.name}` is given twice{first}", entry.line)
    return entries[-1]


def snake_case(key: str) -> str:
    """`apiKey` and `api_key` are the same key."""
    return re.sub(r"(?<=[a-z0-9])([A-Z])", r"_\1", key).lower() if not key.islower() else key


def _unknown(written: str, key: str, known: list[str], where: str) -> str:
    from difflib import get_close_matches

    close = get_close_matches(key, known, n=1)
    hint = f"; did you mean `{close[0]}`?" if close else ""
    return f"unknown key `{written}` {where} is ignored{hint}"


# -- mistakes ---------------------------------------------------------------------------------------


def wrong_type(entry: Entry, expected: str, *, show: bool = True) -> Mistake:
    """The mistake of a value of the wrong kind; `show=False` for values that may be secret."""
    found = f", not {_shown(entry.value)}" if show else ""
    return Mistake(f"`{entry.name}` must be {expected}{found}", entry.line)


def _shown(value: Value) -> str:
    match value:
        case Body():
            return "a block"
        case tuple():
            return "a list" if not value else f"a list with {_shown(value[0])} in it"
        case EnvCall(variable):
            return f'env("{variable}")'
        case Template():
            return "a string with env() in it"
    shown = json.dumps(value)
    return shown if len(shown) <= 60 else f"{shown[:57]}..."
