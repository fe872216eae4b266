"""Images that tools return: in the live card once, in the saved notebook small, in the record."""

from __future__ import annotations

import base64
import json
import random
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

from a3s_code import Attachment, ToolEnd, event_from_dict
from a3s_magics.images.in_cards import MAX_BYTES, ImageBudget, reduced
from a3s_magics.record import MIME
from tests.magics.conftest import StartKernel, bundles
from tests.magics.kernel import RECORD, once
from tests.magics.test_attach import png
from tests.magics.test_images import log_of
from tests.magics.test_shell import run
from tests.model_server import ModelServer, calls, says, wait


def photograph(edge: int = 900) -> Attachment:
    """A picture that PNG cannot make small."""
    noise = random.Random(1).randbytes(edge * edge * 3)
    buffer = BytesIO()
    Image.frombytes("RGB", (edge, edge), noise).save(buffer, "PNG")
    return Attachment.png(buffer.getvalue())


def ended(*images: Attachment) -> ToolEnd:
    return ToolEnd(
        tool_id="c1", tool_name="shoot", tool_output="done", exit_code=0, args={}, images=images
    )


def sources(markdown: str) -> list[bytes]:
    """The data of the images in Markdown; an address of another kind has none."""
    heads = markdown.split("](")[1:]
    assert all(head.startswith("data:image/") for head in heads)
    return [base64.b64decode(head.partition("base64,")[2].partition(")")[0]) for head in heads]


def test_events_with_images_survive_json() -> None:
    event = ended(Attachment.png(png("red")))
    saved = json.loads(json.dumps(event.to_dict()))

    assert event_from_dict(saved) == event
    assert "images" not in ended().to_dict()
    saved["images"][0]["data"] = "no base64!"
    assert event_from_dict(saved).event_type == "tool_end"  # unknown, but no error


def test_small_images_stay_and_large_ones_become_small() -> None:
    small = Attachment.png(png("red"))
    large = reduced(photograph())

    assert reduced(small) is small
    assert large is not None
    assert len(large.data) <= MAX_BYTES
    assert reduced(Attachment.png(b"\x89PNG\r\n\x1a\n and no more")) is None


def test_a_turn_keeps_no_more_than_its_budget() -> None:
    image = Attachment.png(png("red"))
    budget = ImageBudget(2 * len(image.data))
    (first, second) = budget.spend([ended(image), ended(image, image)])

    assert (len(first.images), len(second.images)) == (1, 1)
    assert budget.spend([ended(image)])[0].images == ()


def test_an_image_that_was_read_stays_in_the_notebook_and_in_the_record(
    loaded: InteractiveShell, workspace: Path, model_server: ModelServer
) -> None:
    (workspace / "a.png").write_bytes(png("red"))
    model_server.script(calls("read", file_path="a.png"), says("It is red."))
    run(loaded, "%%a3s\nlook")

    (bundle,) = bundles(loaded)
    assert sources(bundle["text/markdown"]) == [png("red")]
    assert "<details open>" in bundle["text/markdown"]
    (event,) = (e for e in bundle[MIME]["events"] if e["type"] == "tool_end")
    assert base64.b64decode(event["images"][0]["data"]) == png("red")
    assert log_of(loaded) == []  # it can be attached by its path


@pytest.mark.kernel
def test_the_live_card_gets_the_image_once(
    start_kernel: StartKernel, workspace: Path, model_server: ModelServer
) -> None:
    (workspace / "a.png").write_bytes(png("red"))
    encoded = base64.b64encode(png("red")).decode()
    model_server.script(
        calls("read", file_path="a.png"), says("It is ", wait(), "red. ", "red. " * 200)
    )
    kernel = start_kernel(A3S_UI="widgets")
    seen = once(lambda screen: encoded in screen.shown, lambda _: model_server.release())
    screen = kernel.run("%%a3s\nlook", seen, answer="").succeeded()

    live = [
        message
        for message in screen.messages
        if message["msg_type"] in ("comm_open", "comm_msg") and encoded in str(message["content"])
    ]
    assert len(live) == 1
    assert f'<img class="a3s-image" alt="image of read" src="data:image/png;base64,{encoded}"' in (
        str(live[0]["content"]["data"]["state"]["value"])
    )
    assert [RECORD in output for output in screen.outputs] == [True]


@pytest.mark.kernel
def test_plain_outputs_show_the_image_and_are_no_images_of_the_notebook(
    start_kernel: StartKernel, workspace: Path, model_server: ModelServer
) -> None:
    (workspace / "a.png").write_bytes(png("red"))
    model_server.script(calls("read", file_path="a.png"), says("It is red."))
    kernel = start_kernel(A3S_UI="display")
    shown: list[dict[str, Any]] = []
    kernel.run("%%a3s\nlook", lambda screen, _: shown.extend(screen.outputs)).succeeded()

    assert any(sources(str(output.get("text/markdown", ""))) for output in shown)
    assert "has not shown an image yet" in str(kernel.run("%a3s images").outputs)
