"""Providers are asked at the same time, each on its own terms."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest

from a3s_code.context.choice import chosen_providers
from a3s_code.context.model import ContextItem, ContextQuery, ContextResult, ContextType
from a3s_code.context.provider import ContextProvider, provider_names
from a3s_code.context.resolve import Resolved, resolve, resolving, turn_complete
from a3s_code.errors import InvalidArgument, WorkspaceError
from tests.deadlines import DEADLINE_S


def items(*names: str, tokens: int = 10) -> list[ContextItem]:
    return [ContextItem(name, ContextType.RESOURCE, name, tokens, source=name) for name in names]


class Plain:
    """A provider with an ordinary method."""

    name = "plain"

    def __init__(self) -> None:
        self.threads: list[str] = []
        self.told: list[tuple[str, str, str]] = []

    def query(self, query: ContextQuery) -> ContextResult:
        self.threads.append(threading.current_thread().name)
        return ContextResult(items(f"plain: {query.query}"), provider="something else")

    def on_turn_complete(self, session_id: str, prompt: str, response: str) -> None:
        self.told.append((session_id, prompt, response))


class Asynchronous:
    name = "async"

    def __init__(self) -> None:
        self.told: list[tuple[str, str, str]] = []

    async def query(self, query: ContextQuery) -> ContextResult:
        await asyncio.sleep(0)
        return ContextResult(items(f"async: {query.query}"))

    async def on_turn_complete(self, session_id: str, prompt: str, response: str) -> None:
        self.told.append((session_id, prompt, response))


class Returning:
    """Returns whatever it was made with."""

    name = "returning"

    def __init__(self, value: Any) -> None:
        self.value = value

    def query(self, query: ContextQuery) -> Any:
        return self.value


class Broken:
    name = "broken"

    def query(self, query: ContextQuery) -> ContextResult:
        raise ZeroDivisionError("no luck")

    async def on_turn_complete(self, session_id: str, prompt: str, response: str) -> None:
        raise OSError("no disk")


def resolved(*providers: ContextProvider, **fields: Any) -> Resolved:
    async def bounded() -> Resolved:
        return await asyncio.wait_for(resolve(providers, ContextQuery("q", **fields)), DEADLINE_S)

    return asyncio.run(bounded())


def test_both_sorts_of_providers_are_asked_and_answer_in_their_order() -> None:
    result = resolved(Plain(), Asynchronous())
    assert [item.content for item in result.items] == ["plain: q", "async: q"]
    assert result.names == ("plain", "async")
    assert result.total_tokens == 20
    assert result.text().count("<context ") == 2
    event = result.event()
    assert (event.event_type, event.total_items, event.total_tokens) == ("context_resolved", 2, 20)


def test_the_event_before_names_all_who_are_asked() -> None:
    event = resolving((Plain(), Broken()))
    assert event.to_dict() == {"type": "context_resolving", "providers": ("plain", "broken")}


def test_an_ordinary_method_does_not_block_the_loop() -> None:
    plain = Plain()
    resolved(plain)
    assert plain.threads != [threading.main_thread().name]


def test_a_plain_method_may_return_an_awaitable() -> None:
    class Late:
        name = "late"

        def query(self, query: ContextQuery) -> Any:
            return Asynchronous().query(query)

    assert [item.content for item in resolved(Late()).items] == ["async: q"]


def test_providers_are_asked_at_the_same_time() -> None:
    """Each waits for the other one: one after the other they would never answer."""
    meeting = threading.Barrier(2)

    class Meeting(Plain):
        def query(self, query: ContextQuery) -> ContextResult:
            meeting.wait(DEADLINE_S)
            return super().query(query)

    assert len(resolved(Meeting(), Meeting()).items) == 2


@pytest.mark.parametrize(
    "broken", [Broken(), Returning("text"), Returning([1]), Returning({"itemz": []})]
)
def test_a_provider_that_fails_is_logged_and_skipped(
    broken: ContextProvider, caplog: pytest.LogCaptureFixture
) -> None:
    result = resolved(broken, Plain())
    assert result.names == ("plain",)
    assert [item.content for item in result.items] == ["plain: q"]
    (record,) = [record for record in caplog.records if record.levelname == "WARNING"]
    assert f"{type(broken).__name__} failed and is skipped" in record.getMessage()


@pytest.mark.parametrize("value", [None, [], {"items": []}, ContextResult()])
def test_a_provider_may_have_nothing_to_say(value: object) -> None:
    result = resolved(Returning(value))
    assert (result.items, result.total_tokens, result.names, result.text()) == (
        *((), 0, ("returning",)),
        "",
    )


def test_the_limits_hold_for_each_answer() -> None:
    long = Returning(items(*map(str, range(30))))
    assert len(resolved(long).items) == 10
    assert len(resolved(long, long, max_results=3).items) == 6
    assert resolved(long, max_tokens=45).total_tokens == 40


def test_cancelling_does_not_wait_for_a_provider() -> None:
    began, release = threading.Event(), threading.Event()

    class Slow(Plain):
        def query(self, query: ContextQuery) -> ContextResult:
            began.set()
            release.wait(DEADLINE_S)
            return super().query(query)

    async def cancel() -> None:
        task = asyncio.create_task(resolve((Slow(),), ContextQuery("q")))
        await asyncio.to_thread(began.wait, DEADLINE_S)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        release.set()

    asyncio.run(cancel())


def test_those_who_want_to_know_are_told_of_the_end_of_a_turn(
    caplog: pytest.LogCaptureFixture,
) -> None:
    plain, other = Plain(), Asynchronous()
    providers = (Broken(), plain, Returning(None), other)
    asyncio.run(turn_complete(providers, "s1", "prompt", "response"))
    assert plain.told == other.told == [("s1", "prompt", "response")]
    assert "Broken failed after the turn: OSError: no disk" in caplog.text


# -- which providers --------------------------------------------------------------------------------


def test_a_name_may_be_a_method_or_missing() -> None:
    class Method(Plain):
        def name(self) -> str:  # type: ignore[override]  # as some users would
            return "by method"

    class Nameless:
        def query(self, query: ContextQuery) -> None: ...

    assert provider_names((Method(), Nameless())) == ("by method", "Nameless")


def test_options_are_put_together_in_order(tmp_path: Any) -> None:
    (tmp_path / "docs").mkdir()
    chosen = chosen_providers([Plain()], Asynchronous(), "docs", workspace=tmp_path)
    assert provider_names(chosen) == ("plain", "async", "filesystem")
    assert chosen_providers() == ()


def test_options_that_cannot_be_honoured_are_refused(tmp_path: Any) -> None:
    with pytest.raises(InvalidArgument, match="str has none"):
        chosen_providers(["docs"])  # type: ignore[list-item]
    with pytest.raises(WorkspaceError, match=r"context folder .*nowhere' does not exist"):
        chosen_providers(fs_context="nowhere", workspace=tmp_path)
