"""`python -m explorer handout`, as a person runs it; what is in the file is tests/teaching/test_handout.py's."""

from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from explorer.cli import main
from explorer.teaching.lesson import lessons

VIEW = ["lenet5", "--image", "cat", "--node", "c3", "--weights", "bundled", "--device", "cpu"]
LESSON = "# Two\n3 minutes, all\n\n## lenet, step 3 (2 min)\nSay: Look.\n\n## lenet, step 4 (1 min)\n"


@pytest.fixture(autouse=True)
def in_an_empty_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("lesson.txt").write_text(LESSON, encoding="utf-8")
    Path("wrong.txt").write_text(LESSON.replace("step 4", "step 40"), encoding="utf-8")
    Image.new("RGB", (40, 40), "red").save("a <b> & c.png")


def written(*arguments: str) -> str:
    assert main(["handout", *arguments, "-o", "out.html"]) == 0
    return Path("out.html").read_text(encoding="utf-8")


def test_a_view_is_written_with_its_edits_and_its_link(capsys: pytest.CaptureFixture[str]) -> None:
    text = written(*VIEW, "--edit", "c1.conv:0-2:zero", "--link", "https://hall.example/lenet")
    assert "c3.tanh" in text and "c1.conv:0-2:zero" in text and "Cat" in text
    assert "https://hall.example/lenet" in text and 'class="qr"' in text
    assert capsys.readouterr().out == ""


def test_an_own_picture_is_called_by_its_file(capsys: pytest.CaptureFixture[str]) -> None:
    text = written(*VIEW[:2], "a <b> & c.png", *VIEW[3:])
    assert "a &lt;b&gt; &amp; c.png" in text and "<b>" not in text


def test_a_lesson_is_written_for_those_who_listen_or_present() -> None:
    listeners, presenters = written("--lesson", "lesson.txt"), written("--lesson", "lesson.txt", "--presenter")
    assert "Six kernels, six maps" in listeners
    assert ("Look." in listeners, "Look." in presenters) == (False, True)


def test_a_lesson_that_comes_along_has_a_name(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("explorer.teaching.lesson.lessons", lambda: (("small", lessons()[0][1]),))
    monkeypatch.setattr("explorer.teaching.handout.of_lesson", lambda lesson, *rest, **more: lesson.title)
    assert written("--lesson", "small") == lessons()[0][1].title


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "VARIANT with --image and --node, or of a --lesson"),
        (VIEW[:3], "VARIANT with --image and --node"),
        ([*VIEW, "--lesson", "lesson.txt"], "A lesson names its own"),
        (["--lesson", "wrong.txt"], "Line 7: there is no step 40"),
        (["--lesson", "nothing"], "'nothing' is no file, and none of the lessons"),
        (["--lesson", "."], "Is a directory"),
        (["lenet6", *VIEW[1:]], "no variant called"),
        ([*VIEW[:4], "c9"], "no node called"),
        ([*VIEW, "--edit", "c1"], "no edit"),
        (["lenet5", "--image", "nothing.png", "--node", "c3"], "nothing.png"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(arguments: list[str], said: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["handout", *arguments, "-o", "out.html"]) == 2
    captured = capsys.readouterr()
    assert captured.out == "" and not Path("out.html").exists()
    assert said in captured.err and len(captured.err.splitlines()) == 1
