"""HTML that escapes by itself: a text is shown as it is, only what `tag` made is markup."""

from __future__ import annotations

import html
import re
from collections.abc import Iterable

_VOID = ("br", "img", "meta")
_BOLD = re.compile(r"\*\*(.+?)\*\*")


class Html(str):
    """Markup, which is not escaped again."""

    __slots__ = ()


def tag(name: str, /, *inside: str, **attributes: str) -> Html:
    """An element. `class_` is written class, `aria_label` aria-label."""
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(value)}"' for key, value in attributes.items()
    )
    return Html(f"<{name}{written}>" if name in _VOID else f"<{name}{written}>{joined(inside)}</{name}>")


def joined(parts: Iterable[str]) -> Html:
    """Texts and markup, one after the other."""
    return Html("".join(part if isinstance(part, Html) else html.escape(part) for part in parts))


def bold(text: str) -> Html:
    """A text with **bold** words."""
    parts = _BOLD.split(text)
    return joined(tag("strong", part) if place % 2 else part for place, part in enumerate(parts))


def items(kind: str, lines: Iterable[str], **attributes: str) -> Html:
    """A list, ol or ul."""
    return tag(kind, *(tag("li", line) for line in lines), **attributes)


def table(head: Iterable[str], rows: Iterable[Iterable[str]], **attributes: str) -> Html:
    """A table with a row of headings."""
    heads = tag("thead", tag("tr", *(tag("th", cell, scope="col") for cell in head)))
    return tag("table", heads, tag("tbody", *(tag("tr", *(tag("td", c) for c in row)) for row in rows)), **attributes)


def document(title: str, style: str, *inside: str) -> str:
    """A whole page, which needs nothing but itself: no script, no request."""
    policy = "default-src 'none'; img-src data:; style-src 'unsafe-inline'"
    head = tag(
        "head",
        tag("meta", charset="utf-8"),
        tag("meta", name="viewport", content="width=device-width, initial-scale=1"),
        tag("meta", http_equiv="Content-Security-Policy", content=policy),
        tag("title", title),
        tag("style", Html(style)),
    )
    page = f"<!DOCTYPE html>\n{tag('html', head, tag('body', tag('main', *inside)), lang='en')}\n"
    return page.encode(errors="replace").decode()  # a file's name can hold what is no text
