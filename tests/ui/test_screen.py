"""What the screen says about a run."""

from __future__ import annotations

import re

from streamlit.testing.v1 import AppTest


def _result_page(variant: str, weights: str, picture: str = "") -> None:
    from explorer.runtime.run import Run
    from explorer.runtime.samples import samples
    from explorer.ui import screen
    from explorer.ui.sidebar import sample_picture

    run = Run(variant, weights, "cpu", sample_picture(picture or samples()[0].id))
    screen.input_and_answer(run, group=variant, key="input")


def result(variant: str, weights: str, picture: str = "pagoda") -> str:
    app = AppTest.from_function(_result_page, args=(variant, weights, picture), default_timeout=60).run()
    assert not app.exception
    return str(app.markdown[0].value)


def test_a_trained_network_names_its_first_classes_with_probabilities() -> None:
    text = result("mobilenet_v2", "bundled")
    found = [(name, float(percent)) for name, percent in re.findall(r"([A-Za-z][\w ]+) ([\d.]+)%", text)]
    assert len(found) == len({name for name, _ in found}) == 3
    assert [share for _, share in found] == sorted((share for _, share in found), reverse=True)
    assert "Imagenette" in text


def test_an_untrained_network_says_so_and_names_none() -> None:
    text = result("resnet20_cifar", "untrained")
    assert text.startswith("**Untrained network**")
    assert "%" not in text


def test_an_answer_to_a_picture_unlike_all_others_begins_with_that() -> None:
    text = result("resnet34", "bundled", "bricks")
    assert text.startswith("**None of its ten classes fits.**")
    measured, most = map(float, re.findall(r"0\.\d+", text))
    assert measured > most
    assert len(re.findall(r"[a-z] \d+%", text)) == 1  # one class is named, since a softmax must
