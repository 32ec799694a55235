"""A step of a tour, and what it is a view of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from explorer.runtime.edits import Edit

Look = Literal["screen", "section"]


@dataclass(frozen=True, kw_only=True)
class View:
    """What to look at on an architecture's page; what is empty stays as it is by default.

    `node`: the operation that is selected; `section`: one below the screen; `beside`: a second operation whose maps
    stand beside the first one's, on one scale; `colour`: what colours the nodes; `edits`: what is altered; `value`:
    channel, row and column of one that is taken apart.
    """

    node: str = ""
    section: str = ""
    beside: str = ""
    colour: str = ""
    edits: tuple[Edit, ...] = ()
    value: tuple[int, int, int] | None = None


@dataclass(frozen=True)
class Step:
    """What to see: a `title` and a `text` of two lines at most, with **bold** words.

    `variant`: empty for the family's default; `look`: where the point is; `asks`: the name of a question of the page
    that stands beside the diagrams, to be predicted first; all else as of a `View`.
    """

    title: str
    node: str
    text: str
    variant: str = ""
    section: str = ""
    look: Look = "screen"
    beside: str = ""
    colour: str = ""
    edits: tuple[Edit, ...] = ()
    asks: str = ""

    @property
    def view(self) -> View:
        """What the step is a view of."""
        return View(node=self.node, section=self.section, beside=self.beside, colour=self.colour, edits=self.edits)
