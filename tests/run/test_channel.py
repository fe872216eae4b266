"""Hand-over of events between the runtime loop and consumers of every kind."""

import asyncio
import threading

import pytest

from a3s_code.background import runtime
from a3s_code.events import AgentEvent, TextDelta
from a3s_code.run.channel import MAX_WAITING_EVENTS, EventChannel
from a3s_code.run.stream import EventStream
from tests.deadlines import DEADLINE_S


class Producer:
    """Puts numbered deltas on the runtime loop; remembers how far it got and whether it was told."""

    def __init__(self, batches: int, size: int) -> None:
        self.channel = EventChannel(runtime().call_soon)
        self.produced = 0
        self.cancelled = threading.Event()
        self.held_back = threading.Event()
        self.done = runtime().submit(self._produce(batches, size))

    async def _produce(self, batches: int, size: int) -> None:
        for batch in range(batches):
            if self.produced + size > MAX_WAITING_EVENTS:
                self.held_back.set()
            events: list[AgentEvent] = [
                TextDelta(text=str(batch * size + number)) for number in range(size)
            ]
            self.produced += size
            await self.channel.put(events)
        self.channel.close()

    def stream(self) -> EventStream:
        return EventStream(self.channel, self.cancelled.set)


def numbers(events: list[AgentEvent]) -> list[int]:
    return [int(event.text) for event in events]


def test_a_for_loop_gets_everything_in_order() -> None:
    assert numbers(list(Producer(300, 70).stream())) == list(range(21_000))


def test_an_async_for_gets_everything_in_order() -> None:
    async def consume() -> list[AgentEvent]:
        return [event async for event in Producer(300, 70).stream()]

    assert numbers(asyncio.run(consume())) == list(range(21_000))


def test_next_and_for_share_one_position() -> None:
    stream = Producer(2, 3).stream()
    first = next(stream)
    second = next(iter(stream))
    assert numbers([first, second, *stream]) == list(range(6))
    with pytest.raises(StopIteration):
        next(stream)


def test_polling_tells_waiting_from_the_end() -> None:
    channel = EventChannel(runtime().call_soon)
    stream = EventStream(channel, lambda: None)
    assert stream.poll(0.01) == []
    runtime().call_soon(lambda: channel.put_nowait([TextDelta(text="1")]))
    assert stream.poll(DEADLINE_S) == [TextDelta(text="1")]
    runtime().call_soon(channel.close)
    assert stream.poll(DEADLINE_S) is None
    assert stream.poll() is None


def test_an_unread_stream_holds_the_producer_back() -> None:
    producer = Producer(1000, 100)
    stream = producer.stream()
    assert producer.held_back.wait(DEADLINE_S)
    assert producer.produced <= MAX_WAITING_EVENTS + 200
    assert numbers(list(stream)) == list(range(100_000))
    producer.done.result(DEADLINE_S)


def test_an_async_consumer_does_not_block_its_loop() -> None:
    async def consume() -> int:
        channel = EventChannel(runtime().call_soon)
        ticks = 0

        async def tick() -> None:
            nonlocal ticks
            while ticks < 5:
                ticks += 1
                await asyncio.sleep(0)
            runtime().call_soon(channel.close)

        ticking = asyncio.create_task(tick())
        async for _ in EventStream(channel, lambda: None):
            pass
        await ticking
        return ticks

    assert asyncio.run(consume()) == 5


@pytest.mark.parametrize("leave", ["close", "with", "drop"])
def test_leaving_early_cancels(leave: str) -> None:
    producer = Producer(1000, 100)
    stream = producer.stream()
    next(stream)
    if leave == "close":
        stream.close()
    elif leave == "with":
        with stream:
            pass
    else:
        del stream
    assert producer.cancelled.wait(DEADLINE_S)


def test_a_for_loop_over_a_temporary_stream_cancels_on_break() -> None:
    producer = Producer(1000, 100)
    for _ in producer.stream():
        break
    assert producer.cancelled.wait(DEADLINE_S)


def test_cancelling_the_iterating_task_cancels() -> None:
    async def consume() -> bool:
        channel = EventChannel(runtime().call_soon)
        cancelled = threading.Event()
        stream = EventStream(channel, cancelled.set)

        async def iterate() -> None:
            async for _ in stream:
                pass

        task = asyncio.create_task(iterate())
        await asyncio.sleep(0)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        return cancelled.is_set()

    assert asyncio.run(consume())
