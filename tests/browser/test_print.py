"""Paper: one column without what is for pressing, and nothing is cut off at a border or in a box that scrolls."""

from __future__ import annotations

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import OpenPage

A4_WIDTH_PX = 718  # 210 mm at 96 dpi, less Chromium's margins
# Everything with words or a picture that ends beyond the page, or beyond a box that hides the rest.
CUT = """() => {
  const found = [];
  const look = (root) => {
    for (const e of root.querySelectorAll("*")) {
      if (e.shadowRoot) look(e.shadowRoot);
      const box = e.getBoundingClientRect();
      const style = getComputedStyle(e);
      if (!box.width || !box.height || style.visibility === "hidden") continue;
      const scrolls = /auto|scroll/.test(style.overflowY) && e.scrollHeight > e.clientHeight + 2;
      if (scrolls) found.push(`scrolls: ${e.outerHTML.slice(0, 120)}`);
      const shows = /^(text|path|img|canvas)$/i.test(e.tagName)
        || [...e.childNodes].some((n) => n.nodeType === 3 && n.textContent.trim());
      if (shows && box.right > innerWidth + 1) found.push(e.outerHTML.slice(0, 120));
    }
  };
  look(document);
  return found;
}"""


@pytest.mark.parametrize("path", ["/resnet?section=layers", "/compare", "/accuracy?section=printed", "/"])
def test_a_page_on_paper(open_page: OpenPage, path: str) -> None:
    view = open_page(path, size=(1280, 720))
    page = view.page
    page.emulate_media(media="print")
    page.set_viewport_size({"width": A4_WIDTH_PX, "height": 1000})
    page.wait_for_timeout(700)  # charts follow the window after a while
    assert page.evaluate(CUT) == []
    for part in ("stSidebar", "stHeader"):
        expect(page.get_by_test_id(part)).to_be_hidden()
    if path == "/":
        return
    assert page.evaluate("() => document.documentElement.scrollHeight") > 1000
    columns = [box.bounding_box() for box in page.get_by_test_id("stColumn").all()]
    assert all(box is not None and box["width"] > 0.9 * A4_WIDTH_PX for box in columns)
