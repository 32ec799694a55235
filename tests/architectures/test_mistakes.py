"""Each error of the list (tests/golden/MISTAKES.txt) is corrected on the page that it names; no other has a number."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

from explorer.analysis import accuracy
from explorer.architectures import families

LINE = re.compile(r"(\d+)\s+(\w+|-)\s+(\S.*)")
NOT_TAUGHT = "-"


def listed() -> list[tuple[int, str]]:
    """(number, page) of each line; a line that is none raises."""
    lines = (Path(__file__).parents[1] / "golden" / "MISTAKES.txt").read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        if not line.startswith("#"):
            number, page, _ = LINE.fullmatch(line).groups()
            found.append((int(number), page))
    return found


def test_the_list_has_every_number_once_more_for_each_page() -> None:
    numbers = [number for number, _ in listed()]
    assert numbers == sorted(numbers)
    assert set(numbers) == set(range(1, max(numbers) + 1))
    taught = {number for number, page in listed() if page != NOT_TAUGHT}
    assert not taught & {number for number, page in listed() if page == NOT_TAUGHT}


def test_pages_correct_what_the_list_says_and_nothing_else() -> None:
    pages = {f.name: f.mistakes for f in families()} | {"accuracy": accuracy.MISTAKES}
    corrected = Counter((number, page) for page, mistakes in pages.items() for m in mistakes for number in m.corrects)
    assert corrected == Counter(line for line in listed() if line[1] != NOT_TAUGHT)


def test_a_correction_says_what_is_true_and_how_one_knows() -> None:
    for mistake in (*accuracy.MISTAKES, *(m for f in families() for m in f.mistakes)):
        for sentence in (mistake.often_written, mistake.correct, mistake.evidence):
            assert sentence.endswith("."), sentence
        assert len(set(mistake.corrects)) == len(mistake.corrects)
