"""The button for published weights, its progress and its end, with a server on this machine as the hub."""

from __future__ import annotations

import io
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
import torch
from streamlit.testing.v1 import AppTest

from explorer.architectures import variant
from explorer.runtime.weights import download
from explorer.runtime.weights.download import job_of
from explorer.runtime.weights.published import downloaded_file, published_weights
from tests.runtime.weights.hub import PIECE, Hub, serve

NAME = "mobilenet_v3_small"


@pytest.fixture(autouse=True)
def hub(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Hub]:
    buffer = io.BytesIO()
    torch.save(variant(NAME).build().state_dict(), buffer)
    with serve(Hub(buffer.getvalue())) as hub:
        monkeypatch.setenv("EXPLORER_CACHE", str(tmp_path))
        monkeypatch.setenv("EXPLORER_HUB_MIRROR", hub.address)
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        monkeypatch.delenv("EXPLORER_WEIGHTS", raising=False)
        monkeypatch.setattr(download, "_jobs", {})
        yield hub
    for job in download._jobs.values():
        job.wait(20)


def _page(name: str) -> None:
    from explorer.ui.weights_box import download_panel

    download_panel(name)


def look(name: str = NAME) -> AppTest:
    app = AppTest.from_function(_page, args=(name,), default_timeout=60).run()
    assert not app.exception
    return app


def test_a_variant_without_published_weights_says_so() -> None:
    app = look("lenet5")
    assert len(app.caption) == 1
    assert not app.button


def test_the_button_states_size_and_licence_and_nothing_is_fetched_before_it_is_pressed(hub: Hub) -> None:
    app = look()
    assert app.button(key=f"download-{NAME}").label == "Download ImageNet weights (10 MB)"
    assert "IMAGENET1K_V1" in app.caption[0].value and "BSD-3-Clause" in app.caption[0].value
    assert hub.asked == []


def test_weights_of_the_folder_need_no_download(hub: Hub, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXPLORER_WEIGHTS", str(tmp_path))
    file = tmp_path / f"{NAME}.pth"
    file.write_text("damaged")
    assert look().button
    file.write_bytes(hub.body)
    assert not look().button


def test_progress_then_the_weights_are_here(hub: Hub, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download.Job, "_check", lambda *_: None)  # our file hasn't the hash of torchvision's
    hub.after = 2 * PIECE
    app = look()
    app.button(key=f"download-{NAME}").click().run()
    other = look()
    for viewer in (app, other):
        assert [b.label for b in viewer.button] == ["Cancel"]
        assert len(viewer.get("progress")) == 1
    hub.go.set()
    job = job_of(NAME)
    assert job is not None and job.wait(20) == "done"
    for viewer in (app, other):
        viewer.run()
        assert not viewer.button and not viewer.error
    assert downloaded_file(NAME) is not None
    assert hub.downloads == 1


def test_cancel_brings_the_button_back(hub: Hub, tmp_path: Path) -> None:
    hub.after = PIECE
    app = look()
    app.button(key=f"download-{NAME}").click().run()
    app.button(key=f"cancel-{NAME}").click().run()
    assert [b.key for b in app.button] == [f"download-{NAME}"]
    assert app.caption[-1].value == "The download was cancelled."
    hub.go.set()
    job = job_of(NAME)
    assert job is not None
    job.wait(20)
    assert list(tmp_path.iterdir()) == []


def test_a_failure_is_a_sentence_below_the_button(hub: Hub) -> None:
    hub.status = 404
    app = look()
    app.button(key=f"download-{NAME}").click().run()
    end = time.monotonic() + 20
    while not app.error and time.monotonic() < end:
        app.run()
    assert "does not have the file (404)" in app.error[0].value
    assert app.button(key=f"download-{NAME}")
    assert published_weights(NAME) is not None and downloaded_file(NAME) is None


def _answer(name: str) -> None:
    import streamlit as st

    from explorer.ui.more_classes import more_classes, what_else

    st.markdown(what_else(name) or "nothing")
    more_classes(name)


def test_the_answers_button_begins_the_same_download_and_prefers_what_comes(
    hub: Hub, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(download.Job, "_check", lambda *_: None)
    app = AppTest.from_function(_answer, args=(NAME,), default_timeout=60).run()
    assert [b.label for b in app.button] == ["ImageNet, 10 MB"] and hub.asked == []
    app.button[0].click().run()
    assert app.session_state["weights"] == "imagenet"
    job = job_of(NAME)
    assert job is not None and job.wait(20) == "done" and hub.downloads == 1
    app.session_state["weights"] = ""
    app.run()
    assert [b.label for b in app.button] == ["Use ImageNet"]
    app.button[0].click().run()
    assert app.session_state["weights"] == "imagenet" and hub.downloads == 1


def test_the_answer_says_what_a_press_led_to_or_that_there_is_nothing_to_press(hub: Hub) -> None:
    hub.status = 404
    app = AppTest.from_function(_answer, args=(NAME,), default_timeout=60).run()
    app.button[0].click().run()
    job = job_of(NAME)
    assert job is not None and job.wait(20) == "failed"
    app.run()
    assert "404" in app.markdown[0].value and [b.label for b in app.button] == ["ImageNet, 10 MB"]
    none = AppTest.from_function(_answer, args=("lenet5",), default_timeout=60).run()
    assert "EXPLORER_WEIGHTS" in none.markdown[0].value.replace("\\", "") and not none.button
