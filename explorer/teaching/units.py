"""Questions about units that add or skip, about what halves maps, and about how far the last ones see."""

from __future__ import annotations

from explorer.analysis.text import pair_text
from explorer.analysis.trace import Node, Trace
from explorer.analysis.units import Unit, plain_units, residual_units
from explorer.teaching.common import Find, picture_of
from explorer.teaching.question import Posed, Question, Subject, pictured, posed
from explorer.teaching.step import View

PICTURED_SIDE = 28  # pixels of maps on which a person recognizes something


def identity_units(trace: Trace) -> list[Unit]:
    """The units that add their input as it is."""
    return [u for u in residual_units(trace) if u.kind == "identity"]


def identity_unit(trace: Trace) -> Unit | None:
    """One of those, in the middle of the network."""
    units = identity_units(trace)
    return units[len(units) // 2] if units else None


def skippable(trace: Trace) -> str | None:
    """A unit that can be left out, in the middle of the network."""
    units = identity_units(trace) or plain_units(trace)
    return units[len(units) // 2].path if units else None


def residual_picture(name: str, section: str = "") -> Question:
    """Which map is the residual, beside the unit's input, the sum and in ResNet v1 what a ReLU leaves of it."""

    def pose(subject: Subject) -> Posed | None:
        t = subject.trace
        units = identity_units(t)
        if not units or not subject.trained:  # without training, the residual and the sum look alike
            return None
        unit = next((u for u in reversed(units) if t.node(u.sum).out_shape[1] >= PICTURED_SIDE), units[0])
        terms = subject.activations(subject.run).several([unit.residual, unit.shortcut])
        # both terms vary there, so that neither looks like the sum
        channel = int((terms[unit.residual].flatten(1).std(1) * terms[unit.shortcut].flatten(1).std(1)).argmax())
        others = dict.fromkeys((unit.shortcut, unit.sum, t.block(unit.path).output))
        pictures = {node: picture_of(subject, node, channel) for node in (unit.residual, *others)}
        relu = ", and what a ReLU leaves of it" if len(others) > 2 else ""
        return pictured(
            subject,
            f"Channel {channel} of {unit.path}: its input, residual and sum{relu}. Which is the residual F(x)?",
            pictures[unit.residual],
            [pictures[node] for node in others],
            f"The residual is what {unit.residual} gives; added to the input it makes the sum.",
            View(node=unit.residual, beside=unit.sum, section=section),
        )

    return Question(name, pose)


_WINDOWS = {"convolution": "convolution", "pointwise": "convolution", "depthwise": "depthwise convolution"}


def what_halves(name: str, find: Find) -> Question:
    """Which operation of a block halves its maps, on the way that has the most operations."""

    def pose(subject: Subject) -> Posed | None:
        path = find(subject.trace)
        if path is None:
            return None
        nodes = [n for n in map(subject.trace.node, subject.trace.block(path).nodes) if ".shortcut" not in n.name]
        windows = [n for n in nodes if n.kind in (*_WINDOWS, "pooling")]
        halves = next((n for n in windows if n.out_shape[1] < n.in_shapes[0][1]), None)
        if halves is None:
            return None

        def words(n: Node) -> str:
            what = _WINDOWS.get(n.kind, "pooling")
            return f"The {pair_text(n.kernel or ())} {what} {n.name.removeprefix(path + '.')}"

        beside = " (not on the shortcut)" if len(nodes) < len(subject.trace.block(path).nodes) else ""
        return posed(
            subject,
            f"What halves the sides of the maps in {path}{beside}?",
            words(halves),
            [*(words(n) for n in windows if n is not halves), f"A pooling before {path}"],
            f"{halves.name} has stride {(halves.stride or (1, 1))[0]}: {pair_text(halves.in_shapes[0][1:])} become "
            f"{pair_text(halves.out_shape[1:])}.",
            View(node=halves.name),
        )

    return Question(name, pose)


def last_maps(trace: Trace) -> Node | None:
    """What gives the last maps before they are averaged."""
    return next((n for n in reversed(trace.nodes) if len(n.out_shape) == 3 and n.out_shape[1] > 1), None)


def sees(name: str) -> Question:
    """How many pixels of the picture one value of the last maps could see; not where gates see all of it."""

    def pose(subject: Subject) -> Posed | None:
        t = subject.trace
        node = last_maps(t)
        if node is None or any(n.kind == "gate" for n in t.nodes):
            return None
        size, field, side = t.input_size[1:], node.receptive_field, node.out_shape[1]
        whole = field[0] >= size[0]
        others = [node.rf_stride, (side, side), (3 * node.rf_stride[0], 3 * node.rf_stride[1])]
        return posed(
            subject,
            f"The last maps are {side}×{side}. How much of the {pair_text(size)} picture can one of their values see?",
            "All of it" if whole else f"{pair_text(field)} pixels",
            [*(f"{pair_text(pair)} pixels" for pair in others), *(() if whole else ("All of it",))],
            f"The receptive field of {node.name} is {pair_text(field)} pixels"
            + (", larger than the picture: the rest is padding." if whole else "."),
            View(node=node.name),
        )

    return Question(name, pose)
