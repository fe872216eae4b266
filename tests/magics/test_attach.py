"""Images and variables that go along with a prompt: a real shell, real files, real figures."""

from __future__ import annotations

import base64
import io
from pathlib import Path
from typing import Any

import pytest
from IPython.core.interactiveshell import InteractiveShell
from PIL import Image

from a3s_magics.images.shrink import MAX_BYTES, MAX_EDGE_PIXELS
from tests.magics.conftest import bundles
from tests.magics.kernel import RECORD
from tests.magics.test_shell import complaint, run
from tests.model_server import ModelServer, agent_hcl, says

SHOW = "from IPython.display import Image as Shown, display, HTML\ndisplay(Shown(data=data))"


def png(colour: str = "red", size: tuple[int, int] = (4, 3)) -> bytes:
    """A real PNG of one colour."""
    buffer = io.BytesIO()
    Image.new("RGB", size, colour).save(buffer, "PNG")
    return buffer.getvalue()


def sent(server: ModelServer, request: int = -1) -> tuple[list[bytes], str]:
    """Images and text of the last message of a request."""
    content = server.requests[request]["messages"][-1]["content"]
    if isinstance(content, str):
        return [], content
    images = [
        base64.b64decode(part["image_url"]["url"].partition(",")[2])
        for part in content
        if part["type"] == "image_url"
    ]
    return images, "".join(part["text"] for part in content if part["type"] == "text")


@pytest.fixture
def shown(loaded: InteractiveShell) -> InteractiveShell:
    """Cell 1 has shown red, cell 2 nothing, cell 3 green and blue."""
    loaded.execution_count = 1
    for colour in ("red", "green", "blue"):
        loaded.user_ns[colour] = png(colour)
    run(loaded, "from IPython.display import Image as Shown, display; display(Shown(data=red))")
    run(loaded, "1 + 1")
    run(loaded, "display(Shown(data=green)); display(Shown(data=blue))")
    return loaded


@pytest.mark.parametrize(
    ("options", "colours"),
    [
        ("--attach last", ["blue"]),
        ("--attach cell:1", ["red"]),
        ("--attach cell:3", ["green", "blue"]),
        ("--attach 1..3", ["red", "green", "blue"]),
        ("--attach last --attach cell:1", ["blue", "red"]),
        ("--attach last --attach 3..9", ["blue", "green"]),
        ("--attach green", ["green"]),
        ("--attach a.png", ["red"]),
        ("--attach 'in a folder/b.png'", ["green"]),
    ],
)
def test_what_was_named_goes_along(
    shown: InteractiveShell,
    model_server: ModelServer,
    workspace: Path,
    options: str,
    colours: list[str],
) -> None:
    (workspace / "a.png").write_bytes(png("red"))
    (workspace / "in a folder").mkdir()
    (workspace / "in a folder" / "b.png").write_bytes(png("green"))
    model_server.script(says("I see."))

    run(shown, f"%%a3s {options}\nWhat is {{this}}?")

    assert sent(model_server) == ([png(colour) for colour in colours], "What is {this}?")
    bundle = bundles(shown)[-1]
    assert bundle[RECORD]["prompt"] == "What is {this}?"
    assert "Sent along: " in bundle["text/markdown"]


@pytest.mark.parametrize(
    ("options", "culprit"),
    [
        ("--attach gone.png", "gone.png"),
        ("--attach gone", "'gone'"),
        ("--attach cell:2", "cell 2"),
        ("--attach cell:99", "cells with images: 1, 3"),
        ("--attach 3..1", "3..1"),
        ("--attach 7..8", "7 to 8"),
        ("--attach number", "number"),
        ("--attach corrupt.png", "corrupt.png"),
        ("--attach half.png", "half.png"),
        ("--attach empty.png", "empty"),
        ("--attach text.txt", "text.txt"),
        ("--attach .", "folder"),
        ("--attach https://127.0.0.1:9/a.png", "never fetched"),
        ("--attach", "--attach"),
        ("--out 1x", "1x"),
        ("--out class", "class"),
        ("--max-rounds 0", "--max-rounds"),
        ("--max-rounds many", "many"),
    ],
)
def test_a_mistake_is_one_line_and_nothing_is_lost(
    shown: InteractiveShell,
    model_server: ModelServer,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
    options: str,
    culprit: str,
) -> None:
    (workspace / "corrupt.png").write_bytes(b"\x89PNG\r\n\x1a\n" + b"no image behind the name")
    (workspace / "half.png").write_bytes(png("red", (200, 200))[:-30])
    (workspace / "empty.png").touch()
    (workspace / "text.txt").write_text("words")
    shown.user_ns["number"] = 5
    model_server.script(says("one"), says("two"))
    run(shown, "%%a3s\nfirst")

    assert culprit in complaint(shown, f"%%a3s --new {options}\nWhat is this?", capsys)

    assert len(model_server.requests) == 1
    run(shown, "%%a3s\nsecond")
    assert "first" in str(model_server.requests[1])


def test_what_a_prompt_names_and_cannot_be_drawn_is_said_of_the_name(
    shown: InteractiveShell, model_server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    run(shown, "class Broken:\n    def _repr_png_(self): raise OSError('no pen')\nb = Broken()")
    problem = "b cannot be drawn: OSError: no pen"

    told = complaint(shown, "%%a3s --attach green\nWhat is @b?", capsys)
    assert told == f"UsageError: %%a3s: @{problem}"
    told = complaint(shown, "%%a3s --attach b\nWhat is @b?", capsys)
    assert told == f"UsageError: %%a3s --attach: {problem}"
    assert model_server.requests == []


@pytest.mark.parametrize(
    "option", ["--attach ''", "--attach cell:abc", "--attach 3", "--attach 1..x"]
)
def test_what_is_no_form_is_told_the_forms(
    shown: InteractiveShell,
    model_server: ModelServer,
    capsys: pytest.CaptureFixture[str],
    option: str,
) -> None:
    told = complaint(shown, f"%%a3s {option}\nWhat is this?", capsys)

    value = option.removeprefix("--attach ").strip("'")
    assert told.startswith(f"UsageError: %%a3s --attach: {value!r} ")
    assert told.endswith("use last, cell:N, N..M (cells), a variable or a file")
    assert model_server.requests == []


def test_a_side_question_takes_no_images(
    shown: InteractiveShell, model_server: ModelServer, capsys: pytest.CaptureFixture[str]
) -> None:
    told = complaint(shown, "%%a3s --btw --attach last\nWhat is this?", capsys)
    assert told == "UsageError: %%a3s --btw: a side question takes no images"
    assert model_server.requests == []


def test_a_model_without_vision_is_named(
    shown: InteractiveShell,
    model_server: ModelServer,
    workspace: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    blind = agent_hcl(model_server).replace("attachment = true", "")
    (workspace / "agent.hcl").write_text(blind)

    assert "openai/m" in complaint(shown, "%%a3s --attach last\nWhat is this?", capsys)
    assert model_server.requests == []


def test_large_images_are_scaled_down(
    loaded: InteractiveShell, model_server: ModelServer, workspace: Path
) -> None:
    Image.effect_noise((2600, 2000), 90).convert("RGB").save(workspace / "noise.png")
    assert (workspace / "noise.png").stat().st_size > MAX_BYTES
    model_server.script(says("Noise."))

    run(loaded, "%%a3s --attach noise.png\nWhat is this?")

    ((data,), _) = sent(model_server)
    assert len(data) <= MAX_BYTES
    assert max(Image.open(io.BytesIO(data)).size) <= MAX_EDGE_PIXELS


# -- @name -----------------------------------------------------------------------------------------


def test_a_figure_that_is_named_is_drawn(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    run(loaded, "import matplotlib; matplotlib.use('agg')\nimport matplotlib.pyplot as plt")
    run(loaded, "fig, ax = plt.subplots(); ax.plot([1, 2]); plt.close(fig)")
    model_server.script(says("A line."), says("Axes."))

    run(loaded, "%%a3s\nWhat does @fig show, and @ax?")

    images, text = sent(model_server)
    assert text == "What does @fig show, and @ax?"
    assert [Image.open(io.BytesIO(data)).format for data in images] == ["PNG", "PNG"]


def test_a_pil_image_that_is_named_is_sent(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    loaded.user_ns["cmyk"] = Image.new("CMYK", (5, 5))
    model_server.script(says("Black."))

    run(loaded, "%%a3s\n(@cmyk) is what?")

    ((data,), _) = sent(model_server)
    assert Image.open(io.BytesIO(data)).size == (5, 5)


def test_a_data_frame_is_told_by_its_columns(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    pytest.importorskip("pandas")
    run(loaded, "import pandas as pd")
    run(loaded, "df = pd.DataFrame({'price': [1.5, None], 'name': ['Ann-Secret', 'Bob-Secret']})")
    model_server.script(says("Clean it."))

    run(loaded, "%%a3s\nHow do I clean @df?")

    _, text = sent(model_server)
    prompt, _, context = text.partition("\n\n")
    assert prompt == "How do I clean @df?"
    for fact in ("2 rows x 2 columns", "- price: float64, 1 null", "- name: ", ", 0 null"):
        assert fact in context
    assert "Secret" not in context


def test_other_objects_are_told_by_a_short_repr_and_other_words_stay(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    class Broken:
        def __repr__(self) -> str:
            raise ValueError("no repr")

    loaded.user_ns.update(n=41, big=list(range(100_000)), broken=Broken(), key="sk-" + "a" * 30)
    prompt = "@n and @big, @broken; @key. mail me@n or @nobody, @"
    model_server.script(says("ok"))

    run(loaded, f"%%a3s\n{prompt}")

    _, text = sent(model_server)
    sent_prompt, _, context = text.partition("\n\n")
    assert sent_prompt == prompt
    assert "@n: int: 41" in context
    assert "@big: list, 100000 items: [0, 1," in context
    assert "Broken: <Broken instance" in context
    assert "aaaa" not in context
    assert "nobody" not in context
    assert len(context) < 1500
    assert bundles(loaded)[-1][RECORD]["prompt"] == prompt


# -- other options ---------------------------------------------------------------------------------


def test_the_result_is_kept_under_a_name(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(says("An **answer** <b>."))

    run(loaded, "%%a3s --out answer\nhi")

    result = loaded.user_ns["answer"]
    assert str(result) == "An **answer** <b>."
    shown = result._repr_markdown_()
    assert "An **answer** &lt;b>." in shown
    assert "openai/m" in shown
    assert "15 (" in shown


def test_the_result_tells_tools_and_files(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    from tests.model_server import calls

    model_server.script(
        calls("write", file_path="a.txt", content="x"),
        calls("read", file_path="a.txt"),
        calls("read", file_path="gone.txt"),
        says("Done."),
    )

    run(loaded, "%%a3s --yes --out r\nwrite")

    result: Any = loaded.user_ns["r"]
    assert result.files == ("a.txt",)
    assert result.facts["tools"] == "1 write, 2 read"
    assert "3 tool calls" in result._repr_markdown_()


def test_a_turn_ends_after_so_many_rounds(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    from tests.model_server import calls

    model_server.script(calls("ls"), calls("ls"), says("never"))

    run(loaded, "%%a3s --max-rounds 2\ngo")

    assert len(model_server.requests) == 2
    assert "no more calls of the model were allowed" in bundles(loaded)[-1]["text/markdown"]


@pytest.mark.parametrize("answer", ["An answer.", ""])
def test_an_answer_in_the_last_round_is_not_told_of(
    loaded: InteractiveShell, model_server: ModelServer, answer: str
) -> None:
    from tests.model_server import calls

    model_server.script(calls("ls"), says(answer))

    run(loaded, "%%a3s --max-rounds 2\ngo")

    assert "were allowed" not in bundles(loaded)[-1]["text/markdown"]


def test_a_side_question_is_a_turn_that_is_forgotten(
    loaded: InteractiveShell, model_server: ModelServer
) -> None:
    model_server.script(says("Blue."), says("ok"))

    run(loaded, "%%a3s --btw\nWhich colour\nis it?")
    run(loaded, "%%a3s\nhi")

    assert "Which colour\nis it?" in sent(model_server, 0)[1]
    assert "Blue." in bundles(loaded)[0]["text/markdown"]
    assert "colour" not in str(model_server.requests[1])
