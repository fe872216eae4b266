"""Data classes whose methods are made when they are first needed.

The standard library's decorator writes and compiles six methods for every class when it is defined. With
200 classes that is more than half of the time of importing this package, and a program uses few of
them. Here a class is only given its slots; the constructor is compiled by the first call, the other
methods are the same functions for all classes. In everything else such a class is one of the standard
library's: `fields`, `replace`, `asdict`, pattern matching, copies and pickles work, and to a type
checker nothing is special. Slots are always made.
"""

from __future__ import annotations

import dataclasses
import inspect
from collections.abc import Callable
from dataclasses import MISSING, Field, FrozenInstanceError
from operator import attrgetter
from reprlib import recursive_repr
from typing import TYPE_CHECKING, Any, NamedTuple

if TYPE_CHECKING:
    from dataclasses import dataclass, field

__all__ = ["compiled", "dataclass", "field", "is_record", "names_of"]


class _Options(NamedTuple):
    frozen: bool
    kw_only: bool
    eq: bool
    init: bool


class _Layout:
    """What is known of a class: its fields in order, those of its bases first."""

    def __init__(self, cls: type, entries: dict[str, Field[Any]], options: _Options) -> None:
        self.cls, self.entries, self.options = cls, entries, options
        self.names = tuple(entries)
        self.shown = tuple(name for name, entry in entries.items() if entry.repr)
        compared = [name for name, entry in entries.items() if entry.compare]
        # Two names at least, so that the result is always a tuple.
        self.key: Callable[[Any], Any] = (
            attrgetter(*(compared * 2)[: max(2, len(compared))]) if compared else _no_key
        )

    def twin(self) -> type:
        """The same class as the standard library makes it, without methods of its own."""
        body: dict[str, Any] = {"__annotations__": {}, "__module__": self.cls.__module__}
        for name, entry in self.entries.items():
            body["__annotations__"][name] = entry.type
            body[name] = dataclasses.field(
                default=entry.default,
                default_factory=entry.default_factory,
                init=entry.init,
                repr=entry.repr,
                compare=entry.compare,
                kw_only=entry.kw_only is True,
            )
        plain = type(self.cls.__name__, (), body)
        options = self.options
        return dataclasses.dataclass(frozen=options.frozen, eq=options.eq, init=options.init)(plain)


def names_of(cls: type) -> tuple[str, ...]:
    """The names of a class's fields, in order."""
    layout: _Layout = cls.__layout__  # type: ignore[attr-defined]  # every class of the decorator has it
    return layout.names


def compiled(cls: type) -> Callable[..., None]:
    """The constructor of a class as its first call makes it."""
    layout: _Layout = vars(cls)["__layout__"]
    return _constructor(layout)


def is_record(cls: object) -> bool:
    """Whether this very class was made by the decorator."""
    return isinstance(cls, type) and "__layout__" in vars(cls)


# -- making a class --------------------------------------------------------------------------------


def _decorated(
    *,
    frozen: bool = False,
    slots: bool = True,
    kw_only: bool = False,
    eq: bool = True,
    init: bool = True,
) -> Callable[[type], type]:
    assert slots, "a class without slots is not made here"
    options = _Options(frozen, kw_only, eq, init)
    return lambda cls: _made(cls, options)


def _made(cls: type, options: _Options) -> type:
    entries: dict[str, Field[Any]] = {}
    for base in reversed(cls.__mro__[1:]):
        entries |= base.__dict__["__layout__"].entries if "__layout__" in base.__dict__ else {}
    body = dict(cls.__dict__)
    for name, annotation in cls.__annotations__.items():
        if str(annotation).startswith(("ClassVar", "typing.ClassVar")):
            continue
        default = body.pop(name, MISSING)
        entry = default if isinstance(default, Field) else dataclasses.field(default=default)
        if entry.kw_only is MISSING:
            entry.kw_only = options.kw_only
        entry.type = annotation
        entries[name] = entry
    inherited = {slot for base in cls.__mro__[1:-1] for slot in base.__dict__.get("__slots__", ())}
    body["__slots__"] = tuple(name for name in entries if name not in inherited)
    for name in ("__dict__", "__weakref__"):
        body.pop(name, None)
    if "__eq__" in body and body["__hash__"] is None:  # set by Python, not by the class
        del body["__hash__"]
    made: type = type(cls)(cls.__name__, cls.__bases__, body)
    made.__qualname__ = cls.__qualname__
    layout = _Layout(made, entries, options)
    for name, value in _methods(layout).items():
        if name not in body:
            setattr(made, name, value)
    return made


def _methods(layout: _Layout) -> dict[str, Any]:
    options = layout.options
    methods: dict[str, Any] = {
        "__layout__": layout,
        "__repr__": _repr,
        "__replace__": _replace,
        "__match_args__": tuple(
            name for name, entry in layout.entries.items() if entry.init and not entry.kw_only
        ),
        "__dataclass_fields__": _OfTwin("__dataclass_fields__"),
        "__dataclass_params__": _OfTwin("__dataclass_params__"),
    }
    if options.init and "__init__" not in vars(layout.cls):
        methods["__signature__"] = _OfTwin("__signature__")
        methods["__init__"] = _first_call(layout)
    if options.eq:
        methods |= {"__eq__": _eq, "__hash__": _hash if options.frozen else None}
    if options.frozen:
        methods |= {
            "__setattr__": _refuse_setting,
            "__delattr__": _refuse_deleting,
            "__getstate__": _state,
            "__setstate__": _set_state,
        }
    return methods


class _OfTwin:
    """A fact that only tools ask for; the standard library tells it the first time."""

    def __init__(self, name: str) -> None:
        self._name = name

    def __get__(self, instance: object, owner: type) -> Any:
        made = next(cls for cls in owner.__mro__ if vars(cls).get(self._name) is self)
        twin = vars(made)["__layout__"].twin()
        value = _signature(twin) if self._name == "__signature__" else vars(twin)[self._name]
        setattr(made, self._name, value)
        return value


def _signature(cls: type) -> Any:
    return inspect.signature(cls)


# -- the constructor -------------------------------------------------------------------------------


def _first_call(layout: _Layout) -> Callable[..., None]:
    """A constructor that puts the compiled one in its own place."""

    def __init__(self: Any, *args: Any, **keywords: Any) -> None:
        real = _constructor(layout)
        layout.cls.__init__ = real  # type: ignore[misc]  # which is what it is for
        real(self, *args, **keywords)

    return __init__


def _constructor(layout: _Layout) -> Callable[..., None]:
    scope: dict[str, Any] = {"_made_here": _MADE_HERE}
    positional, keyword_only, lines = ["self"], list[str](), list[str]()
    for name, entry in layout.entries.items():
        scope[f"_put_{name}"] = getattr(layout.cls, name).__set__  # the slot itself, never frozen
        value = name
        default = ""
        if entry.default is not MISSING:
            scope[f"_default_{name}"] = entry.default
            default = f"=_default_{name}"
            value = name if entry.init else f"_default_{name}"
        elif entry.default_factory is not MISSING:
            scope[f"_make_{name}"] = entry.default_factory
            default = "=_made_here"
            value = f"_make_{name}()"
            if entry.init:
                value += f" if {name} is _made_here else {name}"
        elif not entry.init:
            continue
        if entry.init:
            (keyword_only if entry.kw_only else positional).append(name + default)
        lines.append(f" _put_{name}(self, {value})")
    if hasattr(layout.cls, "__post_init__"):
        lines.append(" self.__post_init__()")
    parameters = [*positional, *(["*", *keyword_only] if keyword_only else [])]
    text = f"def __init__({', '.join(parameters)}):\n" + "\n".join(lines or [" pass"])
    exec(text, scope)  # noqa: S102  # the names are those of the fields, the rest is written above
    made: Callable[..., None] = scope["__init__"]
    made.__qualname__ = f"{layout.cls.__qualname__}.__init__"
    made.__module__ = layout.cls.__module__
    return made


class _MadeHere:
    """Stands for a default that is made for each object."""

    def __repr__(self) -> str:
        return "<factory>"


_MADE_HERE = _MadeHere()


# -- methods of all classes ------------------------------------------------------------------------


@recursive_repr()
def _repr(self: Any) -> str:
    values = ", ".join(f"{name}={getattr(self, name)!r}" for name in self.__layout__.shown)
    return f"{type(self).__qualname__}({values})"


def _no_key(_: Any) -> tuple[()]:
    return ()


def _eq(self: Any, other: Any) -> Any:
    if other.__class__ is not self.__class__:
        return NotImplemented
    key: Callable[[Any], Any] = self.__layout__.key
    return bool(key(self) == key(other))


def _hash(self: Any) -> int:
    return hash(self.__layout__.key(self))


def _is_frozen(self: Any, name: str) -> bool:
    layout = self.__layout__
    return type(self) is layout.cls or name in layout.entries


def _refuse_setting(self: Any, name: str, value: Any) -> None:
    if _is_frozen(self, name):
        raise FrozenInstanceError(f"cannot assign to field {name!r}")
    object.__setattr__(self, name, value)


def _refuse_deleting(self: Any, name: str) -> None:
    if _is_frozen(self, name):
        raise FrozenInstanceError(f"cannot delete field {name!r}")
    object.__delattr__(self, name)


def _replace(self: Any, /, **changes: Any) -> Any:
    return dataclasses.replace(self, **changes)


def _state(self: Any) -> list[Any]:
    return [getattr(self, name) for name in self.__layout__.names]


def _set_state(self: Any, state: list[Any]) -> None:
    for name, value in zip(self.__layout__.names, state, strict=True):
        object.__setattr__(self, name, value)


if not TYPE_CHECKING:
    dataclass, field = _decorated, dataclasses.field
