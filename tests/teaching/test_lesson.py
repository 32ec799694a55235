"""Lessons: those that come with the app are right, and a wrong one is told its line."""

from __future__ import annotations

from random import Random

import pytest

from explorer.analysis.trace import trace_variant
from explorer.architectures import family
from explorer.runtime.samples import samples
from explorer.teaching.about import questions, tour
from explorer.teaching.lesson import FOLDER, MOST_BYTES, MOST_ITEMS, Item, Lesson, LessonError, lessons, parse

HEAD = "# A lesson\n5 minutes, first year\n\n"
STEP = "## resnet, step 1 (5 min)\n"


@pytest.mark.parametrize(("name", "lesson"), lessons(), ids=[name for name, _ in lessons()])
def test_a_lesson_takes_its_minutes_and_asks_before_it_shows(name: str, lesson: Lesson) -> None:
    assert lesson.title and lesson.audience and lesson.minutes == 45
    assert sum(item.minutes for item in lesson.items) == lesson.minutes
    for item in lesson.items:
        assert (item.step is None) != (item.question is None)
        assert 1 <= len(item.say) <= 2
        if item.step is not None:
            assert tour(item.page)[item.number - 1] is item.step
        else:
            assert item.question in questions(item.page)
    shown = [item.question is not None for item in lesson.items]
    assert sum(shown) >= 5 and len(shown) - sum(shown) >= 5
    assert not any(all(shown[i : i + 3]) for i in range(len(shown) - 2))  # three in a row would be a test


def test_all_files_are_lessons() -> None:
    assert {name for name, _ in lessons()} == {file.stem for file in FOLDER.iterdir()}


def test_what_is_written_is_what_comes_of_it() -> None:
    found = parse(
        "\ufeff# Two things\r\n12 minutes, whoever comes\r\n\r\n"
        "## googlenet, step the mean, and one linear layer, sample coffee (5 min)\r\n"
        "Say: One.\r\nsay:  Two,  three.\r\n"
        "## resnet, question shortcut, sample cat, variant resnet34 (7 min)\r\n"
    )
    steps, asked = tour("googlenet"), {q.name: q for q in questions("resnet")}
    assert found == Lesson(
        "Two things",
        "whoever comes",
        12,
        (
            Item("googlenet", 5, ("One.", "Two, three."), steps[7], 8, sample="coffee"),
            Item("resnet", 7, question=asked["shortcut"], variant="resnet34", sample="cat"),
        ),
    )
    assert [item.network for item in found.items] == [family("googlenet").default, "resnet34"]


def test_what_runs_is_the_items_own() -> None:
    first, second = parse(f"{HEAD}## resnet, step 3 (2 min)\n## resnet, step 4, sample cat (3 min)").items
    assert (first.network, second.network) == ("resnet34", "plain34")
    (run,) = first.runs("cpu")
    assert (run.variant, run.weights, run.edits) == ("resnet34", "bundled", tour("resnet")[2].edits)
    titles = {s.id: s.title for s in samples()}
    assert (run.picture.title, second.runs("cpu")[0].picture.title) == (samples()[0].title, titles["cat"])


@pytest.mark.parametrize(
    ("text", "line", "said"),
    [
        ("", 1, "title"),
        ("Residual learning\n", 1, "title"),
        ("## resnet, step 1 (5 min)", 1, "title"),
        ("\n\n#\n", 3, "title"),
        ("# A lesson\n", 2, "how long"),
        ("# A lesson\n\nfive minutes, first year\n", 3, "how long"),
        (HEAD, 2, "nothing comes after"),
        (f"{HEAD}## resnet, step 1 (4 min)\n", 2, "5 minutes, its steps and questions take 4"),
        (f"{HEAD}## resnet (5 min)\n", 4, "no item"),
        (f"{HEAD}## resnet, step 1\n", 4, "no item"),
        (f"{HEAD}{STEP}Tell them.\n", 5, "“Tell them.”"),
        (f"{HEAD}Say: Hello.\n{STEP}", 4, "“Say: Hello.”"),
        (f"{HEAD}{STEP}Say: 1\nSay: 2\nSay: 3\n", 7, "at most 2 lines"),
        (f"{HEAD}## resnet, step 1 (five min)\n", 4, "“five min” is no number"),
        (f"{HEAD}## resnet, step 1 (0 min)\n", 4, "“0 min”"),
        (f"{HEAD}## resnet, step 1 (٥ min)\n", 4, "“٥ min”"),
        (f"{HEAD}## resnt, step 1 (5 min)\n", 4, "“resnt” is no page; the nearest: resnet"),
        (
            f"{HEAD}## resnet, step 99 (5 min)\n",
            4,
            f"no step 99: the tour of page resnet has steps 1 to {len(tour('resnet'))}",
        ),
        (f"{HEAD}## resnet, step 0 (5 min)\n", 4, "no step 0"),
        (f"{HEAD}## resnet, step The botleneck (5 min)\n", 4, "the nearest: The bottleneck"),
        (f"{HEAD}## convolution, step 1 (5 min)\n", 4, "no tour"),
        (
            f"{HEAD}## resnet, question shortcuts (5 min)\n",
            4,
            "“shortcuts” is no question of page resnet; the nearest: shortcut",
        ),
        (f"{HEAD}## resnet, step 1, variant vgg16 (5 min)\n", 4, "“vgg16” is no variant of page resnet"),
        (f"{HEAD}## senet, step 9, variant se_resnet50 (5 min)\n", 4, "Did you mean"),
        (f"{HEAD}## resnet, step 1, sample tiger (5 min)\n", 4, "“tiger” is no sample"),
        (f"{HEAD}## resnet, step 1, sample cat, sample coffee (5 min)\n", 4, "twice"),
        (f"{HEAD}{STEP}Say: {'x' * 300}\n", 5, "characters"),
        (HEAD + STEP * (MOST_ITEMS + 1), 4 + MOST_ITEMS, f"at most {MOST_ITEMS}"),
        (HEAD + STEP * (MOST_BYTES // len(STEP) + 1), 1, "64 KiB"),
    ],
)
def test_a_wrong_lesson_is_told_its_line(text: str, line: int, said: str) -> None:
    with pytest.raises(LessonError) as raised:
        parse(text)
    sentence = str(raised.value)
    assert sentence.startswith(f"Line {line}: ") and raised.value.line == line
    assert said in sentence and "\n" not in sentence


def test_every_step_with_a_variant_of_its_own_can_be_told_by_that() -> None:
    step = tour("resnet")[2]
    assert trace_variant(step.variant).resolve(step.node)
    assert parse(f"{HEAD}## resnet, step 3, variant {step.variant} (5 min)").items[0].step is step


def test_whatever_is_written_is_a_lesson_or_told_its_line() -> None:
    chance, lines = Random(0), (FOLDER / f"{lessons()[0][0]}.txt").read_text(encoding="utf-8").split("\n")
    outcomes = set()
    for _ in range(300):
        changed = list(lines)
        place = chance.randrange(len(lines))
        at = chance.randrange(len(lines[place]) + 1)
        odd = chance.choice(["", "#", ", ", "(", ")", "\0", "\udcff", "٣", "9", "\r", chance.choice(lines)])
        changed[place] = lines[place][:at] + odd + lines[place][at + chance.randrange(3) :]
        try:
            outcomes.add(type(parse("\n".join(changed))))
        except LessonError as error:
            outcomes.add(LessonError)
            assert str(error).startswith(f"Line {error.line}: ") and 1 <= error.line <= len(lines) + 1
    assert outcomes == {Lesson, LessonError}
