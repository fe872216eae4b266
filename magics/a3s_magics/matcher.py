"""Our part of IPython's Tab completion: one matcher, put in at loading and taken out at unloading."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from types import ModuleType
from typing import TYPE_CHECKING, Any

from IPython.core.completer import CompletionContext, SimpleCompletion, context_matcher

if TYPE_CHECKING:
    from a3s_magics.completion import Known

MAX_PATHS = 200
IDENTIFIER = "a3s_magics"
_FIRST = 100  # before IPython's own matchers, the slow ones of which are then not asked


class _Nothing:
    """No completions, yet enough of them for IPython to ask nobody else: prompts are not Python."""

    def __len__(self) -> int:
        return 1

    def __iter__(self) -> Iterator[SimpleCompletion]:
        return iter(())


def make_matcher(known: Callable[[], Known]) -> Callable[[CompletionContext], Any]:
    """A matcher for `Completer.custom_matchers`; `known` is asked at the first Tab of ours."""

    def match(context: CompletionContext) -> Any:
        if "%" not in context.full_text:  # nearly every cell: nothing is imported for it
            return {"completions": []}
        from a3s_magics.completion import offers

        line, column = context.cursor_line, context.cursor_position
        found = offers(context.full_text, line, column, known())
        if found is None:
            return {"completions": []}
        return {
            "completions": [SimpleCompletion(text, type=found.kind) for text in found.texts]
            or _Nothing(),
            "matched_fragment": found.fragment,
            "ordered": True,
            "suppress": True,
        }

    decorate: Any = context_matcher(identifier=IDENTIFIER, priority=_FIRST)  # untyped upstream
    made: Callable[[CompletionContext], Any] = decorate(match)
    return made


def paths_from(folder: Path, typed: str) -> list[str]:
    """Paths below `folder` (or absolute, or below `~`) that begin with what is typed."""
    start, _, name = typed.replace(os.sep, "/").rpartition("/")
    slash = "/" if "/" in typed.replace(os.sep, "/") else ""
    place = folder / os.path.expanduser(f"{start}{slash}")
    try:
        with os.scandir(place) as entries:
            found = [
                f"{start}{slash}{entry.name}{'/' if entry.is_dir() else ''}"
                for entry in entries
                if entry.name.startswith(name)
                and (name.startswith(".") or not entry.name.startswith("."))
                and entry.name.isprintable()
            ]
    except OSError:
        return []
    return sorted(found)[:MAX_PATHS]


def variables_of(user_ns: dict[str, Any], hidden: Sequence[str] | dict[str, Any]) -> list[str]:
    """Names that the user has given to something other than a module."""
    return sorted(
        name
        for name, value in user_ns.items()
        if not name.startswith("_") and name not in hidden and not isinstance(value, ModuleType)
    )
