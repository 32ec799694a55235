"""The sections of an inception module: the box, a click that it follows, and the other sections."""

from __future__ import annotations

from tests.browser.conftest import OpenPage
from tests.browser.parts import choose, element, link, pick, section


def test_the_module_follows_the_selection_and_the_box(open_page: OpenPage) -> None:
    view = open_page("/googlenet?section=module")
    shown = [section(view, "module")]
    element(view, "Stages of", "inception4").click()
    view.settle()
    shown.append(section(view, "module"))
    assert "inception.module" not in link(view)
    pick(view, "inception.module", "inception3.3b: 28×28×480")
    shown.append(section(view, "module"))
    assert link(view)["inception.module"] == "inception3.3b"
    choose(view, "All modules")
    shown.append(section(view, "modules"))
    choose(view, "Auxiliary heads")
    shown.append(section(view, "heads"))
    assert "aux1" in shown[-1] and "aux2" in shown[-1]
    assert len(set(shown)) == len(shown)
