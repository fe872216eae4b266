"""Keys that are known by their value, kept out of whatever could carry them. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from a3s_code.security.spellings import spellings

PLACEHOLDER = "[redacted api key]"

_SHORTEST = 6  # shorter values are words such as "k" or "none", which would blank out half a text
# What people write where a local server wants any key at all: words of ordinary texts.
_NO_KEYS = frozenset(
    [
        "ollama",
        "lm-studio",
        "lmstudio",
        "not-needed",
        "notneeded",
        "not-used",
        "unused",
        "no-key-needed",
        "no-key",
        "sk-no-key-required",
        "nokey",
        "none-needed",
        "dummy",
        "dummy-key",
        "placeholder",
        "anything",
        "default",
        "local",
        "localhost",
        "your-key",
        "your-api-key",
        "changeme",
        "password",
        "secret",
    ]
)


class KnownKeys:
    """The values that a configuration holds. Looking for them costs next to nothing where none is."""

    def __init__(self, values: Iterable[str] = ()) -> None:
        self._given: frozenset[str] = frozenset()
        self.add(values)

    def __repr__(self) -> str:
        return f"KnownKeys({len(self._given)})"

    def __bool__(self) -> bool:
        return bool(self._given)

    def add(self, values: Iterable[str]) -> None:
        """Know further keys, from now on; also in other `spellings`."""
        keys = (value for value in values if len(value) >= _SHORTEST)
        self._given |= {value for value in keys if value.lower() not in _NO_KEYS}
        self._spelled: tuple[str, ...] | None = None

    def copy(self) -> KnownKeys:
        """Others with the same values; what is added to one of the two is unknown to the other."""
        other = KnownKeys()
        other._given, other._spelled = self._given, self._spelled
        return other

    @property
    def _values(self) -> tuple[str, ...]:
        """All spellings, made when a text is looked at first: many sessions never see one."""
        if self._spelled is None:
            found = {text for value in self._given for text in spellings(value)}
            # The longest first: one key may begin like another.
            self._spelled = tuple(sorted(found, key=lambda text: (-len(text), text)))
        return self._spelled

    def redact(self, text: str) -> str:
        """The text with a placeholder for each key."""
        for value in self._values:
            if value in text:
                text = text.replace(value, PLACEHOLDER)
        return text

    def redact_all(self, value: Any) -> Any:
        """The same for all texts in a structure of mappings and lists."""
        if not self._given:
            return value
        match value:
            case str():
                return self.redact(value)
            case Mapping():
                return {name: self.redact_all(item) for name, item in value.items()}
            case list() | tuple():
                return type(value)([self.redact_all(item) for item in value])
        return value

    def stand_in(self, args: Mapping[str, Any]) -> bool:
        """Whether an argument has the placeholder in the place of a key."""
        return bool(self._given) and any(
            isinstance(value, str) and PLACEHOLDER in value for value in args.values()
        )

    def stream(self) -> KeyStream:
        """`redact` for one text that arrives in pieces."""
        return KeyStream(self._values)


class KeyStream:
    """Pieces in, what may be shown out; only what may yet become a key is held back."""

    def __init__(self, values: tuple[str, ...]) -> None:
        self._values, self._held = values, ""

    def feed(self, piece: str) -> str:
        """Take a piece; returns what may be shown now."""
        if not self._values:
            return piece
        text, self._held = self._held + piece, ""
        shown = []
        while found := self._first(text):
            at, value = found
            if value is None:
                self._held, text = text[at:], text[:at]
                break
            shown += [text[:at], PLACEHOLDER]
            text = text[at + len(value) :]
        return "".join([*shown, text])

    def close(self) -> str:
        """What was held back and is no key after all."""
        rest, self._held = self._held, ""
        for value in self._values:  # a key that a longer one might have followed
            rest = rest.replace(value, PLACEHOLDER)
        return rest

    def _first(self, text: str) -> tuple[int, str | None] | None:
        """Where the first key is, the longest at its place; None for one that has not ended yet."""
        best: tuple[int, int, str | None] | None = None
        for value in self._values:
            at = text.find(value)
            whole: str | None = value
            if at < 0:
                begun = _begun(text, value)
                if begun is None:
                    continue
                at, whole = begun, None
            if best is None or (at, -len(value)) < best[:2]:
                best = at, -len(value), whole
        return None if best is None else (best[0], best[2])


def _begun(text: str, value: str) -> int | None:
    """Where the end of the text is the beginning of the value, None when it is not."""
    at = text.find(value[0], max(0, len(text) - len(value) + 1))
    while at >= 0:
        if value.startswith(text[at:]):
            return at
        at = text.find(value[0], at + 1)
    return None
