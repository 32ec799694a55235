"""The diagram component: a Graphviz drawing with selection, hover text, colouring, pan and zoom.

The selection is deliberately not part of a diagram's data. Diagrams are tens of kilobytes and unchanged data
is not sent again, so a click costs one small message: `link` alone carries the selection, both ways, for all
diagrams of its `group`. A page therefore reads `clicked(key)`, draws its diagrams and mounts one `link`:

    node = clicked("resnet-link") or st.session_state.get("node", first_node)
    diagram(network, group="resnet", key="resnet-network", label="Stages of ResNet-50")
    link(group="resnet", key="resnet-link", node=node, block=block, stage=stage)
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import streamlit as st

from explorer.analysis.palette import INK, KINDS, RAMP_DARK, RAMP_LIGHT, Ramp
from explorer.ui.components import component

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from explorer.analysis.element import Element
    from explorer.analysis.types import Kind
    from explorer.diagrams.scale import Scale


class Drawn(Protocol):
    """What is shown: a diagram, or one that was drawn before (the cards of the home page)."""

    def svg(self) -> str: ...

    @property
    def elements(self) -> Mapping[str, Element]: ...

    @property
    def described(self) -> dict[str, dict[str, Any]]: ...

    @property
    def scale(self) -> Scale | None: ...


def _palette_css() -> str:
    """The palette as custom properties: `--fill` and `--stroke` per kind class, `--ramp-N` per theme."""

    def ramp(colours: Ramp) -> str:
        steps = "".join(f"--ramp-{step}:{colour};" for step, colour in enumerate(colours.steps))
        return f"--ramp-none:{colours.none};{steps}"

    # Skip edges end in additions and concatenations: they share that kind's hue.
    skip = KINDS["merge"]
    rules = [
        f".root{{--ink:{INK};--skip:{skip.light_stroke};{ramp(RAMP_LIGHT)}}}",
        f".root.dark{{--skip:{skip.dark_stroke};{ramp(RAMP_DARK)}}}",
    ]
    steps = ["none", *map(str, range(len(RAMP_LIGHT.steps)))]
    rules += [f".root .element.step-{step}{{--fill:var(--ramp-{step});--stroke:var(--line)}}" for step in steps]
    for kind, style in KINDS.items():
        rules.append(f".kind-{kind}{{--fill:{style.light_fill};--stroke:{style.light_stroke}}}")
        rules.append(f".dark .kind-{kind}{{--fill:{style.dark_fill};--stroke:{style.dark_stroke}}}")
    return "\n".join(rules)


_FOLDER = Path(__file__).parent
_DIAGRAM = component(_FOLDER / "diagram.js", _FOLDER / "diagram.css", _palette_css())
_LINK = component(_FOLDER / "link.js")


def diagram(
    drawing: Drawn,
    *,
    group: str,
    key: str,
    label: str,
    legend: bool | Iterable[Kind] = True,
    zoomable: bool = False,
    fill: bool = False,
    marked: Iterable[str] = (),
) -> None:
    """Show a drawing; clicks reach the page through the `link` of the same group.

    Lays nothing out itself but calls `drawing.svg()` on each run: keep the drawing's layout cached. Its type is as
    large as the page's, or smaller where the drawing would not fit.

    Args:
        drawing: its SVG is trusted to come from this program; element texts may hold anything.
        group: diagrams of one group share their selection.
        key: identity of this diagram; keeps scroll position and zoom when its data changes.
        label: accessible name.
        legend: names the kinds that occur, or the given ones, for diagrams that share a legend; for a drawing that is
            coloured by a cost its scale, which is the same for all of a network.
        zoomable: pan and zoom instead of scrolling, for graphs that never fit.
        fill: as high as its place on the page, and fitted into it. Else as high as it is; so is all on a phone.
        marked: ids of elements that get a frame, as what another drawing lacks.
    """
    data: dict[str, Any] = {
        "svg": drawing.svg(),
        "elements": drawing.described,
        "group": group,
        "label": label,
        "kinds": {},
        "scale": None,
        "zoomable": zoomable,
        "fill": fill,
        "marked": [name for name in marked if name in drawing.elements],
    }
    if legend is not False and drawing.scale is not None:
        low, high = drawing.scale.ends
        data["scale"] = {"label": drawing.scale.label, "low": low, "high": high, "steps": len(RAMP_LIGHT.steps)}
    elif legend is not False:
        kinds = {element.kind for element in drawing.elements.values()} if legend is True else set(legend)
        # Kinds that share a style share a legend entry, too.
        data["kinds"] = {style.short: kind for kind, style in KINDS.items() if kind in kinds}
    _DIAGRAM(key=key, data=data, height="stretch" if fill else "content")


def link(
    *,
    group: str,
    key: str,
    node: str,
    block: str,
    stage: str,
    hidden: Sequence[str] = (),
    edited: Sequence[str] = (),
    on_node_change: Callable[[], None] = lambda: None,
    on_silenced_change: Callable[[], None] = lambda: None,
) -> None:
    """Highlight the selection in all diagrams of `group`, and listen for clicks in them.

    Args:
        group: as given to the diagrams.
        key: where `clicked` finds the answer; one link per group and page.
        node: the selected operation's id. Elements whose id is `node`, `block` or `stage` are highlighted.
        block: id of the block that holds it.
        stage: id of the stage that holds it.
        hidden: ids of elements and edges that are not shown yet, while a block is built up.
        edited: ids of elements in which something is altered: they get a frame of dashes.
        on_node_change: called after a click, before the run that it causes; read the operation with `clicked`.
        on_silenced_change: the same for the key that silences; read the operation with `clicked(key, "silenced")`.
    """
    data = {
        "group": group,
        "node": node,
        "block": block,
        "stage": stage,
        "hidden": list(hidden),
        "edited": list(edited),
    }
    # A callback also declares the trigger; without one Streamlit would not report it.
    _LINK(key=key, data=data, on_node_change=on_node_change, on_silenced_change=on_silenced_change)


def clicked(key: str, trigger: str = "node") -> str | None:
    """The operation that a click in this run's diagrams chose, if one did; call it before drawing.

    Reading it first, instead of the link's return value, lets everything on the page follow in the same run.
    A test without a browser clicks by setting `session_state[key] = {"node": operation_id}`.
    """
    return (st.session_state.get(key) or {}).get(trigger)
