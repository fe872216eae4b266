"""`@name` in a prompt: variables of the notebook that the model is told about or shown."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from a3s_magics.images.pick import Variable
from a3s_magics.images.render import is_image
from a3s_magics.outline import described

# At the start of a word: `me@df` is an address, `@df` a variable, `(@df)` too.
_NAME = re.compile(r"(?<![^\s(\[{<\"'`,;:])@([^\W\d]\w*)")


@dataclass(frozen=True, slots=True)
class References:
    """What a prompt refers to: images to attach, and text that explains the other variables."""

    images: tuple[Variable, ...] = ()
    context: str = ""
    names: tuple[str, ...] = ()


def references(prompt: str, variables: Mapping[str, Any]) -> References:
    """The variables that a prompt names with `@`; any other `@word` is just text."""
    names = dict.fromkeys(name for name in _NAME.findall(prompt) if name in variables)
    images, told = [], []
    for name in names:
        value = variables[name]
        if is_image(value):
            images.append(Variable(name, value))
        else:
            told.append(f"@{name}: {_safely_described(value)}")
    return References(tuple(images), _context(told), tuple(names))


def user_variables(shell: Any) -> dict[str, Any]:
    """The variables of the notebook's user, without what IPython itself put there."""
    hidden = shell.user_ns_hidden
    return {
        name: value
        for name, value in list(shell.user_ns.items())
        if not name.startswith("_") and not (name in hidden and hidden[name] is value)
    }


def _context(told: list[str]) -> str:
    if not told:
        return ""
    lines = "\n".join(told)
    return f"<notebook_variables>\n{lines}\n</notebook_variables>"


def _safely_described(value: Any) -> str:
    try:
        return described(value)
    except Exception as error:  # noqa: BLE001  # a repr is the user's code
        return f"{type(value).__name__} ({type(error).__name__} while it was described)"
