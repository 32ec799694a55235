"""The button beside the answer, pressed where nothing can be fetched: the page says so and stays as it was."""

from __future__ import annotations

from playwright.sync_api import expect

from tests.browser.conftest import OpenPage
from tests.browser.test_layout import LAPTOP, assert_one_screen


def test_the_answer_leads_to_more_classes_and_says_what_happens_without_a_network(open_page: OpenPage) -> None:
    view = open_page("/resnet?variant=resnet34&sample=bricks&sidebar=hidden", size=LAPTOP)
    answer = view.page.locator('[class*="-answer"]')
    expect(answer).to_contain_text("None of its ten classes fits")
    assert_one_screen(view)
    answer.get_by_role("button", name="ImageNet, 87 MB").click()
    expect(answer).to_contain_text("There is no connection to 127.0.0.1", timeout=20_000)
    view.settle()
    expect(answer).to_contain_text("None of its ten classes fits")
    assert_one_screen(view)
