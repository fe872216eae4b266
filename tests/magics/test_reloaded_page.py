"""A page that is loaded in the middle of a turn: it draws the view, its buttons work, it sees the end."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.deadlines import DEADLINE_S
from tests.magics.conftest import StartKernel
from tests.magics.kernel import WIDGET, Kernel, Message, Screen, once
from tests.magics.page import Page
from tests.magics.test_kernel import static
from tests.model_server import ModelServer, calls, says, wait

BROKEN = """
import ipywidgets
mine, broken = ipywidgets.HTML("mine"), ipywidgets.HTML("broken")
broken.get_state = None
"""
OpenPage = Callable[[], Page]

CLICK = {"method": "custom", "content": {"event": "click"}}

pytestmark = [pytest.mark.kernel, pytest.mark.versions]


@pytest.fixture
def kernel(start_kernel: StartKernel) -> Kernel:
    """A kernel with the live view."""
    return start_kernel(A3S_UI="widgets")


@pytest.fixture
def open_page(kernel: Kernel) -> Iterator[OpenPage]:
    """Opens pages while a turn runs."""
    pages: list[Page] = []

    def open_one() -> Page:
        pages.append(Page(kernel))
        return pages[-1]

    yield open_one
    for page in pages:
        page.close()


def view_of(screen: Screen) -> str:
    """The model that the notebook's output names."""
    shown = [m["content"]["data"] for m in screen.messages if m["msg_type"] == "display_data"]
    (bundle,) = (data for data in shown if WIDGET in data)
    return str(bundle[WIDGET]["model_id"])


def is_over(text: str) -> bool:
    """Whether the view shows the finished turn of `says("half ", wait(), "and half")`."""
    return "half and half" in text and ">done<" in text and "Cancel" not in text


def test_a_question_is_answered_on_a_page_that_was_loaded_meanwhile(
    kernel: Kernel, model_server: ModelServer, workspace: Path, open_page: OpenPage
) -> None:
    """Before the turn is over it knows kernel, comms and states; a cell sent before waits its turn."""
    model_server.script(calls("write", file_path="a.txt", content="x"), says("It is written."))
    pages = []

    def load_and_approve(screen: Screen) -> None:
        page = open_page()
        pages.append(page)
        page.send("execute_request", {"code": "print('later')", "silent": False})
        page.load()
        comms = page.ask("comm_info", target_name="jupyter.widget")["comms"]
        view, approve = view_of(screen), page.button("Approve once")
        assert {view, approve} <= set(comms) & set(page.widgets)
        assert page.ask("comm_info", target_name="none.such")["comms"] == {}
        assert approve is not None
        page.send("comm_msg", {"comm_id": approve, "data": CLICK})

    at_the_question = once(lambda screen: screen.button("Approve once"), load_and_approve)
    screen = kernel.run("%%a3s\nwrite", at_the_question, answer="").succeeded()

    (page,) = pages
    assert (workspace / "a.txt").read_text() == "x"
    assert "It is written." in str(static(screen)["text/markdown"])
    later = page.client.get_shell_msg(timeout=DEADLINE_S)
    assert (later["msg_type"], later["content"]["status"]) == ("execute_reply", "ok")


def test_what_passed_a_page_by_while_it_drew_is_told_again(
    kernel: Kernel, model_server: ModelServer, open_page: OpenPage
) -> None:
    """Pages drop what is sent to widgets that they have not built yet."""
    model_server.script(says("alpha\n\n", wait(), "beta\n\n", wait(), "gamma"))
    pages: list[Page] = []

    def load(screen: Screen) -> None:
        pages.append(open_page())
        pages[0].load()
        assert "alpha" in pages[0].text_in(view_of(screen))
        model_server.release()

    def draw(screen: Screen) -> None:
        page, view = pages[0], view_of(screen)
        page.miss()
        page.count(view)
        while "beta" not in page.text_in(view):
            page.follow()
        model_server.release()

    loads = once(lambda screen: "alpha" in screen.shown, load)
    draws = once(lambda screen: "beta" in screen.shown, draw)

    def watch(screen: Screen, message: Message) -> None:
        loads(screen, message)
        draws(screen, message)

    screen = kernel.run("%%a3s\ncount", watch, answer="").succeeded()

    assert "gamma" in str(static(screen)["text/plain"])


def test_the_view_stays_without_buttons_for_a_page_that_was_loaded_meanwhile(
    kernel: Kernel, model_server: ModelServer, open_page: OpenPage
) -> None:
    """Such a page does not hear of the static output; it may even draw when the turn is over."""
    model_server.script(says("half ", wait(), "and half"), says("next"))
    pages: list[Page] = []

    def load(screen: Screen) -> None:
        pages.append(open_page())
        pages[0].load()
        model_server.release()

    at_the_gate = once(lambda screen: "half" in screen.shown, load)
    screen = kernel.run("%%a3s\ncount", at_the_gate, answer="").succeeded()

    assert static(screen)
    page, view = pages[0], view_of(screen)
    assert "Cancel" in page.text_in(view)
    page.miss()
    page.count(view)
    while not is_over(page.text_in(view)):
        page.follow()

    kernel.run("%%a3s\nnext", answer="").succeeded()
    page.load()
    assert "half and half" in page.text_in(view)


def test_the_state_of_one_widget_is_told_to_who_asked(
    kernel: Kernel, model_server: ModelServer, open_page: OpenPage
) -> None:
    """As pages ask that know no other way; one widget of the user's own is broken."""
    kernel.run(BROKEN).succeeded()
    model_server.script(says("half ", wait(), "and half"))

    def ask(screen: Screen) -> None:
        page = open_page()
        page.load()
        (text,) = (c for c, state in page.widgets.items() if "half" in str(state.get("value")))
        assert "mine" in page.shown
        assert "broken" not in page.shown
        request = page.send("comm_msg", {"comm_id": text, "data": {"method": "request_state"}})
        (told,) = (
            message
            for message in page.until_idle(request)
            if message["parent_header"].get("msg_id") == request
            and message["msg_type"] == "comm_msg"
        )
        assert told["content"]["data"]["method"] == "update"
        assert told["content"]["data"]["state"] == page.widgets[text]
        model_server.release()

    at_the_gate = once(lambda screen: "half" in screen.shown, ask)
    screen = kernel.run("%%a3s\ncount", at_the_gate, answer="").succeeded()

    assert static(screen)


def saved(notebook: Path, view: str) -> None:
    """Write the notebook as it is when it was saved during the turn, and not again."""
    plain = ["The live view of a turn, which needs widgets.\n", "While it runs: ..."]
    output = {"data": {WIDGET: {"model_id": view}, "text/plain": plain}}
    notebook.write_text(json.dumps({"cells": [{"outputs": [output]}]}))


def test_a_turn_that_ended_while_its_page_was_closed_is_drawn_for_the_next_page(
    start_kernel: StartKernel, model_server: ModelServer, workspace: Path
) -> None:
    """If the file still shows its live view; nothing is left of the widgets of any other turn."""
    notebook = workspace / "one.ipynb"
    notebook.write_text("{}")
    kernel = start_kernel(A3S_UI="widgets", JPY_SESSION_NAME=str(notebook))
    model_server.script(says("the first"), says("the second"))
    turns = [kernel.run("%%a3s\ncount", answer="").succeeded() for _ in range(2)]
    first, second = map(view_of, turns)
    page = Page(kernel)
    try:
        page.load()
        assert not {first, second} & set(page.widgets)

        saved(notebook, first)
        page.load()

        assert second not in page.widgets
        assert "the first" in page.text_in(first)
        assert ">done<" in page.text_in(first)
        assert "Cancel" not in page.text_in(first)

        kernel.run("%unload_ext a3s_magics").succeeded()
        saved(notebook, second)
        page.load()
        assert second not in page.widgets
        assert "the first" in page.text_in(first)
    finally:
        page.close()


def test_where_a_turn_was_whose_kernel_ended_the_page_says_where_its_text_is(
    start_kernel: StartKernel, workspace: Path
) -> None:
    """Before any prompt; a page without such a view makes the kernel import nothing."""
    notebook = workspace / "one.ipynb"
    notebook.write_text("{}")
    kernel = start_kernel(JPY_SESSION_NAME=str(notebook))
    page, dead = Page(kernel), "0123456789abcdef" * 2
    try:
        page.open_control()
        imported = kernel.run("import sys; 'ipywidgets' in sys.modules").succeeded()
        assert imported.outputs == [{"text/plain": "False"}]

        saved(notebook, dead)
        for _ in range(2):
            page.load()
            assert "%a3s history" in page.text_in(dead)

        saved(notebook, "<script>")
        page.load()
        assert dead in page.widgets
        assert "<script>" not in page.widgets
    finally:
        page.close()
