"""SIGINT during a turn, with real signals; decisions handed in from anywhere."""

from __future__ import annotations

import signal
import threading

import pytest

from a3s_magics.desk import Desk
from a3s_magics.interrupt import TurnInterrupt


def press() -> None:
    signal.raise_signal(signal.SIGINT)


def test_the_first_press_cancels_and_the_second_raises() -> None:
    cancelled = []
    before = signal.getsignal(signal.SIGINT)
    with TurnInterrupt() as interrupt:
        interrupt.on_press(lambda: cancelled.append(1))
        press()
        assert cancelled == [1]
        with pytest.raises(KeyboardInterrupt):
            press()

    assert signal.getsignal(signal.SIGINT) is before


def test_a_press_before_there_is_a_turn_is_remembered() -> None:
    cancelled = []
    with TurnInterrupt() as interrupt:
        press()
        assert interrupt.pressed
        interrupt.on_press(lambda: cancelled.append(1))

    assert cancelled == [1]


def test_a_wait_for_the_keyboard_is_left_by_the_first_press() -> None:
    with TurnInterrupt() as interrupt:
        with pytest.raises(KeyboardInterrupt), interrupt.raising():
            press()
        interrupt.on_press(lambda: None)


def test_outside_of_the_main_thread_nothing_is_installed() -> None:
    before = signal.getsignal(signal.SIGINT)
    inside = []

    def work() -> None:
        with TurnInterrupt():
            inside.append(signal.getsignal(signal.SIGINT))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert inside == [before]


class Session:
    """Remembers what it was told."""

    def __init__(self) -> None:
        self.told: list[tuple[object, ...]] = []

    def cancel(self) -> bool:
        self.told.append(("cancel",))
        return True

    def confirm_tool_use(self, tool_id: str, approved: bool, reason: str | None = None) -> bool:
        self.told.append((tool_id, approved, reason))
        return True


def test_decisions_reach_the_session_in_order() -> None:
    session, approved = Session(), {"ls"}
    with Desk(session, approved) as desk:
        desk.approve("1", "bash")
        desk.approve("2", "write", for_session=True)
        desk.deny("3", "  ")
        desk.deny("4", " no thanks ")
        desk.cancel()
        assert desk.cancelling

    assert session.told == [
        ("1", True, None),
        ("2", True, None),
        ("3", False, None),
        ("4", False, "no thanks"),
        ("cancel",),
    ]
    assert approved == {"ls", "write"}
