"""Our data classes beside the standard library's: the same class body, the same behaviour."""

from __future__ import annotations

import copy
import dataclasses
import importlib
import inspect
import pickle
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, ClassVar

import pytest

import a3s_code
from a3s_code import records


def twins(**options: Any) -> list[Callable[[type], type]]:
    """The decorator of the standard library, and ours."""
    ours: Any = records.dataclass
    return [dataclasses.dataclass(slots=True, **options), ours(slots=True, **options)]


@records.dataclass(frozen=True, slots=True)
class Point:
    """Something to pickle."""

    x: int
    y: list[int] = records.field(default_factory=list)


def points(**options: Any) -> list[Any]:
    """A class with every kind of field, made by both."""

    def made(decorator: Callable[[type], type]) -> type:
        @decorator
        class Sample:
            shared: ClassVar[int] = 7
            first: int
            second: str = records.field(default="two", repr=False)
            third: list[int] = records.field(default_factory=list, compare=False)
            fourth: int = records.field(default=4, init=False)
            fifth: int = 5

            def double(self) -> int:
                return 2 * self.first

        return Sample

    return [made(decorator) for decorator in twins(**options)]


@pytest.mark.parametrize("frozen", [True, False])
@pytest.mark.parametrize("kw_only", [True, False])
@pytest.mark.parametrize("eq", [True, False])
def test_the_same_as_the_standard_librarys(frozen: bool, kw_only: bool, eq: bool) -> None:
    """Constructor, text, comparison, hash, fields, copies."""
    seen = []
    for cls in points(frozen=frozen, kw_only=kw_only, eq=eq):
        one, same = cls(first=1), cls(first=1, third=[3])
        other = cls(first=1, second="x", fifth=6)
        facts: list[Any] = [
            repr(one).rpartition(".")[2],
            repr(other).rpartition(".")[2],
            (one == same, one == other, one == 1, one != other),
            cls.__match_args__,
            [(entry.name, entry.type, entry.init) for entry in dataclasses.fields(cls)],
            str(inspect.signature(cls)).replace("-> None", ""),
            dataclasses.asdict(other),
            dataclasses.asdict(dataclasses.replace(one, first=2)),
            dataclasses.asdict(copy.copy(other)),
            dataclasses.asdict(copy.deepcopy(other)),
            (cls.shared, one.double(), dataclasses.is_dataclass(cls)),
            hasattr(one, "__dict__"),
            cls.__hash__ is None,
        ]
        if frozen and eq:
            facts.append((hash(one) == hash(same), hash(one) == hash(other)))
        for mistake in ({}, {"first": 1, "none": 2}, {"first": 1, "fourth": 4}):
            with pytest.raises(TypeError) as error:
                cls(**mistake)
            facts.append(str(error.value).rpartition(".")[2])
        seen.append(facts)
    assert seen[0] == seen[1]


def test_frozen_is_frozen() -> None:
    """Fields cannot be set, added or deleted, by the same errors."""
    for cls in points(frozen=True):
        one = cls(1)
        with pytest.raises(dataclasses.FrozenInstanceError):
            one.first = 2
        with pytest.raises(dataclasses.FrozenInstanceError):
            del one.first
        assert one.first == 1


def test_what_the_class_says_itself_is_kept() -> None:
    """Its own constructor, text, equality; what it checks after construction."""
    for decorator in twins(frozen=True):

        @decorator
        class Own:
            number: int = 0

            def __post_init__(self) -> None:
                if self.number < 0:
                    raise ValueError("negative")

            def __repr__(self) -> str:
                return "own"

            def __eq__(self, other: object) -> bool:
                return True

        assert repr(Own()) == "own"
        assert Own() == 3
        assert hash(Own(number=1)) != hash(Own(number=2))  # type: ignore[call-arg]
        with pytest.raises(ValueError, match="negative"):
            Own(number=-1)  # type: ignore[call-arg]


def test_inheritance() -> None:
    """Fields of the base come first; each class has its constructor, whichever is called first."""
    for decorator in twins(kw_only=True):

        @decorator
        class Base:
            a: int

        @decorator
        class Derived(Base):
            b: int = 2

        base: Any = Base
        derived: Any = Derived
        assert dataclasses.asdict(derived(a=1)) == {"a": 1, "b": 2}
        assert dataclasses.asdict(base(a=3)) == {"a": 3}
        assert [entry.name for entry in dataclasses.fields(derived)] == ["a", "b"]
        assert base(a=1) != derived(a=1)


def test_pickles_and_recursion() -> None:
    """Frozen objects survive, and one that holds itself can be shown."""
    point = Point(1, [2])
    assert pickle.loads(pickle.dumps(point)) == point
    point.y.append(point)  # type: ignore[arg-type]
    assert repr(point) == "Point(x=1, y=[2, ...])"
    match Point(5):
        case Point(x, []):
            assert x == 5
        case _:
            pytest.fail("no match")


def all_records() -> Iterator[type]:
    """Every class of the package that the decorator made."""
    for module in pkgutil.walk_packages(a3s_code.__path__, "a3s_code."):
        if module.name.endswith((".__main__", ".mcp.sdk")):
            continue
        for value in vars(importlib.import_module(module.name)).values():
            if records.is_record(value) and value.__module__ == module.name:
                yield value


def test_every_constructor_is_what_the_standard_library_makes() -> None:
    """Parameters by name, kind and presence of a default, for all classes of the package."""
    found = list(all_records())
    assert len(found) > 100
    for cls in found:
        if "__signature__" not in vars(cls):
            continue  # it has a constructor of its own
        expected = inspect.signature(cls).parameters.values()
        compiled = inspect.signature(records.compiled(cls)).parameters.values()
        assert [
            (parameter.name, parameter.kind, parameter.default is inspect.Parameter.empty)
            for parameter in list(compiled)[1:]
        ] == [
            (parameter.name, parameter.kind, parameter.default is inspect.Parameter.empty)
            for parameter in expected
        ], cls
