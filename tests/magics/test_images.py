"""What counts as an image of the notebook, whose cell it belongs to, and when it is gone."""

from __future__ import annotations

import base64
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from IPython.core.displaypub import CapturingDisplayPublisher
from IPython.core.interactiveshell import InteractiveShell

from a3s_magics.cell_log import TURN
from a3s_magics.images.gallery import Gallery
from a3s_magics.images.log import ImageLog, Shown, images_in
from a3s_magics.images.pick import NoImage, pick
from a3s_magics.images.shrink import MAX_BYTES
from a3s_magics.record import MIME
from tests.magics.conftest import ROOT, StartKernel
from tests.magics.kernel import Kernel
from tests.magics.test_attach import png, sent
from tests.magics.test_shell import complaint, run
from tests.model_server import ModelServer, says


def log_of(shell: InteractiveShell) -> list[Shown]:
    """The images that the extension knows of."""
    return list(shell.magics_manager.registry["A3SMagics"]._watch.images)


def cells(shell: InteractiveShell) -> list[tuple[int | None, bytes]]:
    """Number and bytes of each image."""
    return [(image.cell, image.data) for image in log_of(shell)]


@pytest.fixture
def ready(loaded: InteractiveShell) -> InteractiveShell:
    """A shell with images in variables, whose next cell is number 1."""
    for colour in ("red", "green", "blue"):
        loaded.user_ns[colour] = png(colour)
    loaded.user_ns["b64"] = lambda data: base64.b64encode(data).decode()
    loaded.run_cell("from IPython.display import *; from PIL import Image as Pil; import io")
    loaded.execution_count = 1
    return loaded


# -- what is heard ---------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "code",
    [
        "display(Image(data=red))",
        "Image(data=red)",
        "handle = display(Image(data=red), display_id=True)",
        "display({'image/png': red}, raw=True)",
        "display({'image/png': b64(red)}, raw=True)",
        "HTML(f'<p><img src=\"data:image/png;base64,{b64(red)}\"></p>')",
        "Markdown('![x](data:image/png;base64,' + b64(red) + ')')",
    ],
)
def test_every_way_of_showing_an_image_is_heard(ready: InteractiveShell, code: str) -> None:
    run(ready, code)

    assert cells(ready) == [(1, png("red"))]


def test_a_pil_image_as_a_value_is_heard(ready: InteractiveShell) -> None:
    run(ready, "Pil.open(io.BytesIO(red))")

    ((cell, data),) = cells(ready)
    assert (cell, data[:4]) == (1, b"\x89PNG")


def test_remote_images_are_not(ready: InteractiveShell) -> None:
    run(ready, "display(Image(url='http://127.0.0.1:9/a.png'))")
    run(ready, "HTML('<img src=\"http://127.0.0.1:9/a.png\">')")

    assert cells(ready) == []


def test_an_update_replaces_the_image_where_it_stands(ready: InteractiveShell) -> None:
    run(ready, "handle = display(Image(data=red), display_id=True)")
    run(ready, "display(Image(data=green))")
    run(ready, "handle.update(Image(data=blue))")
    assert cells(ready) == [(1, png("blue")), (2, png("green"))]

    run(ready, "handle.update('no image any more')")
    assert cells(ready) == [(2, png("green"))]


def test_a_placeholder_that_becomes_an_image_belongs_to_its_cell(ready: InteractiveShell) -> None:
    run(ready, "handle = display('soon', display_id=True)")
    run(ready, "handle.update(Image(data=blue))")

    assert cells(ready) == [(1, png("blue"))]


@pytest.mark.parametrize(
    ("clearing", "left"),
    [
        ("clear_output()", []),
        ("clear_output(wait=True)", ["red"]),
        ("clear_output(wait=True); print('new')", []),
        ("clear_output(wait=True); display(Image(data=blue))", ["blue"]),
    ],
)
def test_what_is_cleared_is_gone(ready: InteractiveShell, clearing: str, left: list[str]) -> None:
    run(ready, "display(Image(data=green))")
    run(ready, f"display(Image(data=red)); {clearing}")

    assert cells(ready) == [(1, png("green")), *((2, png(colour)) for colour in left)]


def test_a_cell_that_runs_again_has_only_its_new_images(ready: InteractiveShell) -> None:
    for colour in ("red", "green"):
        ready.run_cell(f"display(Image(data={colour}))", store_history=True, cell_id="a")

    assert cells(ready) == [(2, png("green"))]


def test_a_cell_inside_of_a_cell_belongs_to_it(ready: InteractiveShell) -> None:
    run(ready, "get_ipython().run_cell('display(Image(data=red))')\ndisplay(Image(data=blue))")

    assert cells(ready) == [(1, png("red")), (1, png("blue"))]


def test_a_failing_cell_keeps_its_images(ready: InteractiveShell) -> None:
    ready.run_cell("display(Image(data=red)); 1 / 0", store_history=True)

    assert cells(ready) == [(1, png("red"))]


def test_the_oldest_images_make_room() -> None:
    log = ImageLog(max_bytes=25)
    for number in range(1, 5):
        log.cell_began("", None)
        log.shown({"image/png": bytes([number]) * 10}, None, False)
        log.cell_ended(number, None)

    assert [image.cell for image in log] == [3, 4]
    assert log.size_bytes == 20

    log.shown({"image/png": b"x" * 26}, None, False)
    assert (list(log), log.size_bytes) == ([], 0)


@pytest.mark.parametrize(
    "bundle",
    [
        {},
        {"image/png": ""},
        {"image/png": "abc"},
        {"image/png": None},
        {"text/html": None},
        {"text/html": "data:image/png;base64,"},
        {"text/html": "data:image/svg+xml;base64,AAAA"},
        {"text/plain": "data:image/png;base64,AAAA"},
    ],
)
def test_what_is_no_image(bundle: dict[str, Any]) -> None:
    assert images_in(bundle) == []


def test_one_output_is_one_image() -> None:
    uri = base64.b64encode(png()).decode()
    bundle = {"image/png": png(), "image/jpeg": b"x", "text/html": f"data:image/png;base64,{uri}"}

    assert images_in(bundle) == [("image/png", png())]


def test_only_svg_is_said_to_be_the_problem() -> None:
    log = ImageLog()
    log.shown({"image/svg+xml": "<svg/>"}, None, False)
    log.cell_ended(4, None)

    with pytest.raises(NoImage, match="cell 4 shows no image but SVG"):
        pick("cell:4", log, {}, Path())
    with pytest.raises(NoImage, match="not shown an image yet"):
        pick("last", log, {}, Path())


# -- loading and unloading -------------------------------------------------------------------------

LATER = {"PIL", "a3s_magics.record", "a3s_magics.transcript", "a3s_code.events", "matplotlib"}


def test_listening_costs_nothing_to_load() -> None:
    code = (
        "import sys; from IPython.core.interactiveshell import InteractiveShell\n"
        "shell = InteractiveShell.instance(); shell.history_manager.enabled = False\n"
        "shell.run_line_magic('load_ext', 'a3s_magics'); shell.run_cell('1 + 1')\n"
        f"print(sorted(set(sys.modules) & {LATER!r}))"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "magics")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.stdout.strip().endswith("[]"), ran.stdout + ran.stderr


def test_the_turn_that_is_not_taken_for_output_is_ours() -> None:
    assert TURN == MIME


def test_unloading_gives_the_shell_its_methods_back(shell: InteractiveShell) -> None:
    def state() -> tuple[object, ...]:
        return (
            dict(vars(shell.display_pub)),
            {name for name in ("write_format_data",) if name in vars(shell.displayhook)},
            {name: list(known) for name, known in shell.events.callbacks.items()},
            "write" in vars(sys.stdout),
        )

    shell.run_cell("1")  # IPython itself leaves something at stdout
    before = state()
    shell.run_cell("%load_ext a3s_magics")
    assert state() != before
    shell.run_cell("%reload_ext a3s_magics")
    shell.run_cell("print(1)")
    shell.run_cell("%unload_ext a3s_magics")
    assert state() == before


def test_a_later_wrapper_of_others_stays(shell: InteractiveShell) -> None:
    publisher = shell.display_pub
    assert isinstance(publisher, CapturingDisplayPublisher)
    shell.run_line_magic("load_ext", "a3s_magics")
    ours, seen = publisher.publish, []

    def theirs(*args: Any, **kwargs: Any) -> None:
        seen.append(args)
        ours(*args, **kwargs)

    publisher.publish = theirs  # type: ignore[method-assign]  # what another extension would do
    shell.run_line_magic("unload_ext", "a3s_magics")
    shell.run_cell("from IPython.display import display; display('x')")

    assert len(seen) == len(publisher.outputs) == 1


def test_printing_is_followed_and_left_alone(
    loaded: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    run(loaded, "print('hello')")

    assert capsys.readouterr().out == "hello\n"


# -- the gallery -----------------------------------------------------------------------------------


def test_thumbnails_name_their_cells_and_are_no_images_of_the_notebook(
    ready: InteractiveShell,
) -> None:
    run(ready, "display(Image(data=red))")
    gallery = run(ready, "%a3s images")

    assert isinstance(gallery, Gallery)
    assert [image.cell for image in gallery] == [1]
    assert repr(gallery).startswith("cell:1  PNG, ")
    html = gallery._repr_html_()
    assert "cell:1" in html
    assert "data:image/png;base64," in html
    assert cells(ready) == [(1, png("red"))]
    assert len(run(ready, "%a3s images")) == 1


def test_a_word_too_many_is_named(
    ready: InteractiveShell, capsys: pytest.CaptureFixture[str]
) -> None:
    assert "'last'" in complaint(ready, "%a3s images last", capsys)


def test_hostile_images_are_not_shown_as_they_are() -> None:
    svg = Shown("image/svg+xml", b"<svg onload='x'/>")
    assert "onload" not in Gallery((svg,))._repr_html_()
    assert "cannot be attached" in repr(Gallery((svg,)))


# -- without Pillow --------------------------------------------------------------------------------


def without_pillow(code: str) -> str:
    """What a program prints in a Python that has no Pillow."""
    block = "import sys; sys.modules['PIL'] = None\n"
    ran = subprocess.run(
        [sys.executable, "-c", block + code],
        env={**os.environ, "PYTHONPATH": os.pathsep.join([str(ROOT), str(ROOT / "magics")])},
        capture_output=True,
        text=True,
        check=False,
    )
    assert ran.returncode == 0, ran.stderr
    return ran.stdout.strip()


def test_small_images_need_no_pillow() -> None:
    code = f"from a3s_magics.images.shrink import *; d = {png()!r}; print(fitted(d, 'x') == d)"
    assert without_pillow(code) == "True"


def test_large_ones_say_what_is_missing() -> None:
    code = (
        "from a3s_magics.images.pick import NoImage\n"
        "from a3s_magics.images.shrink import fitted\n"
        f"try: fitted(bytes({MAX_BYTES + 1}), 'big.png')\n"
        "except NoImage as problem: print(problem)"
    )
    (line,) = without_pillow(code).splitlines()
    assert "big.png" in line
    assert "pip install pillow" in line


# -- in a kernel -----------------------------------------------------------------------------------


@pytest.mark.kernel
def test_figures_of_a_kernel_have_the_numbers_of_their_cells(
    start_kernel: StartKernel, model_server: ModelServer
) -> None:
    kernel: Kernel = start_kernel(A3S_UI="final")  # its first cell loads the extension
    kernel.run("import matplotlib.pyplot as plt; plt.plot([1, 2]);").succeeded()
    kernel.run("import asyncio; await asyncio.sleep(0); plt.plot([2, 1]); plt.show()").succeeded()
    kernel.run("plt.plot([3]); plt.show(); plt.plot([4]); plt.show()").succeeded()
    model_server.script(says("two"), says("one"))

    kernel.run("%%a3s --attach cell:2 --attach cell:3\nCompare").succeeded()
    kernel.run("%%a3s --attach last\nAnd this?").succeeded()

    assert [data[:4] for data in sent(model_server, 0)[0]] == [b"\x89PNG"] * 2
    assert len(sent(model_server, 1)[0]) == 1
    listed = kernel.run("%a3s images").succeeded().outputs[0]["text/plain"]
    assert [line.split()[0] for line in listed.splitlines()] == [
        "cell:2",
        "cell:3",
        "cell:4",
        "cell:4",
    ]
