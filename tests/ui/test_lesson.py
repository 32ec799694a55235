"""A lesson's text: what it offers and hides, and that it is read strictly."""

from __future__ import annotations

import pytest

from explorer.architectures import family
from explorer.ui.lesson import CAN_GO, lesson_control, lesson_text

CONTROL = lesson_control(family("resnet"), ("sum", "removal", "class-activation"))


def test_a_lesson_is_words_with_names_after_dots() -> None:
    text = lesson_text({"sections": ["sum", "class-activation"], "variants": [], "samples": ["cat"]}, ["weights"])
    assert text == "sections.sum.class-activation samples.cat without.weights"
    assert CONTROL.parse(text) == text
    assert lesson_text({"sections": []}, []) == "" == CONTROL.default()


@pytest.mark.parametrize(
    "text",
    [
        "sections",
        "sections.",
        "sections.gates",
        "variants.vgg16",
        "samples.dog",
        "without.everything",
        "shows.sum",
        "sections.sum sections.removal",
        "sections.sum  without.weights",
        "",
    ],
)
def test_what_is_wrong_gives_a_sentence(text: str) -> None:
    with pytest.raises(ValueError, match="“"):
        CONTROL.parse(text)


def test_all_that_can_go_is_known() -> None:
    text = lesson_text({}, list(CAN_GO))
    assert CONTROL.parse(text) == text
