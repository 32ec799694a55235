"""Where the parts of a page are, and what they show."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from urllib.parse import parse_qsl, urlparse

from playwright.sync_api import Locator
from playwright.sync_api import TimeoutError as PlaywrightTimeout

from tests.browser.conftest import AppPage


def diagram(view: AppPage, label: str) -> Locator:
    """The drawing whose accessible name begins with `label`: "Stages of", "Blocks of", "Operations of"."""
    return view.page.locator(f'svg[aria-label^="{label}"]')


def element(view: AppPage, label: str, name: str) -> Locator:
    """What can be clicked in a diagram, by the id of its stage, block or operation."""
    return diagram(view, label).locator(f'[data-element="{name}"]')


def selected(view: AppPage) -> set[str]:
    """The ids of everything that is highlighted, in all diagrams."""
    pressed = view.page.locator('.element[aria-pressed="true"]')
    return set(pressed.evaluate_all("elements => elements.map((e) => e.dataset.element)"))


def node(view: AppPage) -> str:
    """The selected operation, by the line about it."""
    return view.page.locator(".st-key-node-line strong").first.inner_text()


def link(view: AppPage) -> dict[str, str]:
    """The parameters in the address bar."""
    return dict(parse_qsl(urlparse(view.page.url).query))


def wait_for_link(view: AppPage, name: str, value: str | None) -> None:
    """Wait until the address bar says this; None: until it does not say the parameter."""
    view.page.wait_for_url(lambda url: dict(parse_qsl(urlparse(url).query)).get(name) == value)
    view.settle()


def maps(view: AppPage) -> dict[str, str]:
    """The pictures of the maps on the page, by their captions."""
    cells = view.page.locator("button.map")
    return dict(
        cells.evaluate_all("cells => cells.map((c) => [c.innerText.trim(), c.querySelector('canvas').toDataURL()])")
    )


def current_map(view: AppPage) -> list[str]:
    return view.page.locator('button.map[aria-current="true"]').all_inner_texts()


def choose(view: AppPage, option: str) -> None:
    """Click an option of a segmented control."""
    view.page.get_by_role("radio", name=option, exact=True).click()
    view.settle()


# Everything that a person sees of an element and the components in it: words, lines of drawings, pictures, what is
# painted. Not a slider's own number: it changes whether or not anything follows from it.
SHOWN = """element => {
  const components = Array.from(element.querySelectorAll("*"), (e) => e.shadowRoot).filter(Boolean);
  const numbers = element.querySelectorAll('[data-testid="stSliderThumbValue"]');
  for (const number of numbers) number.style.visibility = "hidden";
  const words = element.innerText;
  for (const number of numbers) number.style.visibility = "";
  const shown = [element, ...components].flatMap((root) => [
    ...Array.from(root.querySelectorAll("path"), (p) => p.getAttribute("d") + p.style.fill),
    ...Array.from(root.querySelectorAll("img, image"), (i) => i.src ?? i.href.baseVal),
    ...Array.from(root.querySelectorAll("canvas"), (c) => c.toDataURL()),
  ]);
  return [words, ...components.flatMap((c) => Array.from(c.children, (e) => e.innerText)), ...shown].join("\\n");
}"""


def section(view: AppPage, name: str) -> str:
    """What the open section shows; `name` as in the link."""
    opened = view.page.locator(f".st-key-section-{name}")
    opened.wait_for()
    shown: str = opened.evaluate(SHOWN)
    return shown


# A page reports that it has scrolled in the next frame.
TWO_FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def within(view: AppPage, control: str) -> Locator:
    """The widget of a control, by the control's name, in view: a list that is open closes when the page scrolls."""
    widget = view.page.locator(f".st-key-{control.replace('.', '-')}")
    widget.scroll_into_view_if_needed()
    view.page.evaluate(TWO_FRAMES)
    return widget


def pick(view: AppPage, control: str, option: str) -> None:
    """Choose an option of a select box."""
    offered(view, within(view, control).get_by_role("combobox"), option).click()
    view.settle()


def offered(view: AppPage, box: Locator, option: str) -> Locator:
    """An option of a select box, once its list is open: what is drawn anew meanwhile closes it."""
    found = view.page.get_by_role("option", name=option, exact=True)
    for _ in range(3):
        box.press("ArrowDown")
        with suppress(PlaywrightTimeout):
            found.wait_for(timeout=5_000)
            break
    return found


def press(view: AppPage, control: str, option: str) -> None:
    """Click an option in a row of buttons."""
    within(view, control).get_by_role("radio", name=option, exact=True).click()
    view.settle()


def step(view: AppPage, control: str, key: str = "ArrowRight") -> None:
    """Move a slider with a key."""
    within(view, control).get_by_role("slider").press(key)
    view.settle()


def type_number(view: AppPage, control: str, number: int) -> None:
    """Write a number into its box."""
    box = within(view, control).get_by_role("spinbutton")
    box.fill(str(number))
    box.press("Enter")
    view.settle()


def switch(view: AppPage, control: str) -> None:
    """Click a switch."""
    within(view, control).locator("label").click()
    view.settle()


Act = Callable[[AppPage, str], None]  # on the control of that name


def check_controls(view: AppPage, name: str, controls: Mapping[str, Act]) -> None:
    """Each control, one after the other, changes what the open section shows, and stands in the link."""
    for control, act in controls.items():
        before = section(view, name)
        act(view, control)
        view.page.wait_for_url(lambda url, control=control: control in dict(parse_qsl(urlparse(url).query)))
        view.settle()
        assert section(view, name) != before, f"{control} changes nothing"
