"""What is taught about MobileNet (2017)."""

from __future__ import annotations

from collections import Counter
from functools import lru_cache
from typing import Literal

from explorer.analysis.text import percent_text, si
from explorer.analysis.trace import Node, Trace, trace_variant
from explorer.analysis.units import Unit, residual_units
from explorer.teaching.common import mistake, statement, without
from explorer.teaching.comparison import against, at_width
from explorer.teaching.layers import products_of
from explorer.teaching.question import Posed, Question, Subject, counted, posed
from explorer.teaching.separable import depthwise_picture, depthwise_share, separable_saving, silenced_channel
from explorer.teaching.step import Step, View
from explorer.teaching.units import sees, skippable, what_halves

TOUR = (
    Step(
        "One filter per channel",
        "stage2.0.depthwise.conv",
        "The depthwise convolution filters each map with a 3×3 of its own. Map 5 comes from map 5 of the "
        "input alone: no channel learns about another.",
        section="mix",
    ),
    Step(
        "A 1×1 mixes the channels",
        "stage2.0.pointwise.conv",
        "The pointwise convolution sees one position, and all channels there. Together they see what one "
        "full 3×3 sees, but cannot express all that it can.",
        section="mix",
    ),
    Step(
        "Filter, then mix",
        "stage2.0.pointwise.conv",
        "One output map, taken apart: first each channel filtered on its own, then their weighted sum.",
        section="mix",
        look="section",
    ),
    Step(
        "Where the cost is",
        "stage5.1.pointwise.conv",
        "Coloured by **MACs**: the 1×1 convolutions, plain matrix products, do nearly all of the arithmetic, "
        "the depthwise ones next to none.",
        colour="macs",
    ),
    Step(
        "Strides instead of pooling",
        "stage3.0.depthwise.conv",
        "From stage 2 to stage 5, the first depthwise convolution has stride 2 and halves the maps. Nothing "
        "is pooled before the average at the end.",
    ),
    Step(
        "The same with full convolutions",
        "stage4.1.conv",
        "One full 3×3 in place of each pair: in the paper about one point more accurate, at more than eight "
        "times the MACs.",
        variant="mobilenet_v1_full",
    ),
    Step(
        "V2: the inverted residual",
        "stage2.1.add",
        "A 1×1 makes six times as many maps, the depthwise works there, a 1×1 makes them few again. The "
        "shortcut joins the narrow ends.",
        variant="mobilenet_v2",
        section="widths",
    ),
    Step(
        "V2: the linear bottleneck",
        "stage2.1.project.bn",
        "No activation follows the projection: a ReLU would destroy what the few channels hold, as it does "
        "to this spiral.",
        variant="mobilenet_v2",
        section="spiral",
        look="section",
    ),
    Step(
        "V3: a gate",
        "stage3.1.se.mul",
        "Some blocks of V3 weigh their wide maps with a squeeze-and-excitation gate. Its hard sigmoid is "
        "piecewise linear, hence cheap on a phone.",
        variant="mobilenet_v3_large",
        section="gates",
    ),
    Step(
        "V3: hard swish",
        "stage4.1.depthwise.hardswish",
        "The stem and the deeper stages use hard swish, which dips below zero where a ReLU is flat. The "
        "stages between them keep the ReLU.",
        variant="mobilenet_v3_large",
    ),
)


def _inverted(trace: Trace) -> tuple[Unit, Node] | None:
    """A unit whose shortcut joins narrow ends, and the depthwise convolution in it."""
    units = [u for u in residual_units(trace) if u.kind == "identity"]
    found = ((u, trace.node(name)) for u in units for name in trace.block(u.path).nodes)
    return next(((u, n) for u, n in found if n.kind == "depthwise" and n.out_shape[1] <= 14), None)


_COUNTED = {
    "convolution": "Convolutions with larger kernels",
    "pointwise": "1×1 convolutions",
    "depthwise": "Depthwise convolutions",
    "linear": "Fully connected layers",
    "gate": "Gates",
}


def _kind_with_most(quantity: Literal["params", "macs"], name: str) -> Question:
    """Which kind of layer has most of what is counted."""

    def pose(subject: Subject) -> Posed | None:
        counts: Counter[str] = Counter()
        for n in subject.trace.nodes:
            counts[_COUNTED.get(n.kind, "")] += getattr(n, quantity)
        ranked = [(kind, count) for kind, count in counts.most_common() if kind and count]
        (first, most_of), (second, next_most), *_ = ranked
        whole = sum(counts.values())
        if most_of > 0.99 * whole:
            return None
        what = {"params": "parameters", "macs": "MACs"}[quantity]
        return posed(
            subject,
            f"Which layers have the most {what}, all together?",
            first,
            [kind for kind, _ in ranked[1:]],
            f"{first}: {percent_text(100 * most_of / whole)} of {si(whole)}. {second}: "
            f"{percent_text(100 * next_most / whole)}.",
            View(colour=quantity),
        )

    return Question(name, pose)


def _alpha(subject: Subject) -> Posed:
    """What half as many channels leave of the MACs."""
    narrow = at_width(subject.run.variant, 0.5)
    share = 100 * narrow.macs / subject.trace.macs
    put = posed(
        subject,
        "With α = 0.5, half the channels, what part of the MACs is left?",
        percent_text(share),
        [percent_text(n) for n in (50.0, 75.0, 12.5)],
        f"{si(narrow.macs)} of {si(subject.trace.macs)}. Most convolutions read half as many maps and make half as "
        "many, but not all.",
        View(section="multipliers"),
    )
    assert put is not None
    return put


@lru_cache(maxsize=8)
def _of_side(name: str, side: int) -> Trace:
    """The trace of a variant for pictures of that side."""
    return trace_variant(name, side)


def _rho(subject: Subject) -> Posed | None:
    """What a picture of half the side leaves of MACs and parameters."""
    side = subject.trace.input_size[1] // 2
    small = _of_side(subject.run.variant, side)
    macs, params = (100 * a / b for a, b in ((small.macs, subject.trace.macs), (small.params, subject.trace.params)))

    def words(of_macs: float, of_params: float) -> str:
        return f"{of_macs:.0f} % of the MACs, {of_params:.0f} % of the parameters"

    return posed(
        subject,
        f"A picture of {side}×{side} in place of {2 * side}×{2 * side}: what is left?",
        words(macs, params),
        [words(*pair) for pair in ((macs, macs), (50, 100), (50, 50))],
        f"{si(small.macs)} of {si(subject.trace.macs)} MACs: a quarter of the positions. Filters know nothing of the "
        "picture’s size.",
        View(section="multipliers"),
    )


def _wide(subject: Subject) -> Posed | None:
    """How many maps the depthwise convolution of an inverted residual filters."""
    found = _inverted(subject.trace)
    if found is None:
        return None
    unit, depthwise = found
    narrow, wide = subject.trace.block(unit.path).in_shape[0], depthwise.out_shape[0]
    return counted(
        subject,
        f"{narrow} maps enter {unit.path}, and {narrow} leave it. How many does its depthwise convolution filter?",
        wide,
        [narrow, narrow // 4, 2 * narrow],
        f"The first 1×1 expands {narrow} maps to {wide}, the last one projects them back: narrow, wide, narrow.",
        View(node=depthwise.name, section="widths"),
    )


def _joins_wide(subject: Subject) -> bool | None:
    """Whether a shortcut carries as many maps as the depthwise convolution beside it filters."""
    found = _inverted(subject.trace)
    return None if found is None else subject.trace.node(found[0].sum).out_shape[0] >= found[1].out_shape[0]


def _linear_projection(subject: Subject) -> bool | None:
    """Whether no activation follows the last 1×1 of any block that adds its input."""
    units = residual_units(subject.trace)
    if not units:
        return None
    return all(subject.trace.node(u.residual).kind == "normalization" for u in units)


def _pointwise(trace: Trace) -> list[Node]:
    return [n for n in trace.nodes if n.kind == "pointwise"]


def _weight_for_each(subject: Subject) -> bool | None:
    """Whether a 1×1 has as many weights as pairs of an input and an output map."""
    ones = _pointwise(subject.trace)
    return all(n.params == n.in_shapes[0][0] * n.out_shape[0] for n in ones) if ones else None


def _in_unit(trace: Trace, which: Literal["sum", "residual"]) -> View:
    found = _inverted(trace)
    return View(node=getattr(found[0], which)) if found else View()


_TWINS = {"mobilenet_v1": "mobilenet_v1_full", "mobilenet_v1_full": "mobilenet_v1"}
_PREDECESSORS = {
    "mobilenet_v2": "mobilenet_v1",
    "mobilenet_v3_large": "mobilenet_v2",
    "mobilenet_v3_small": "mobilenet_v2",
}

QUESTIONS = (
    _kind_with_most("macs", "most-macs"),
    _kind_with_most("params", "most-params"),
    separable_saving("saving"),
    depthwise_share("depthwise-share"),
    products_of("products", lambda t: next((n.name for n in t.nodes[9:] if n.kind == "depthwise"), None)),
    silenced_channel("silenced"),
    depthwise_picture("depthwise"),
    Question("alpha", _alpha),
    Question("rho", _rho),
    Question("wide", _wide),
    what_halves("halving", lambda t: t.stages[3].blocks[0].path),
    without("without-a-block", skippable),
    against("twin", _TWINS.get, "params", "memory"),
    against("predecessor", _PREDECESSORS.get, "params", "macs"),
    sees("field"),
    statement(
        "own-weights",
        "Each filter of a 1×1 has a weight of its own for every map that it reads.",
        _weight_for_each,
        "Input times output maps: what a filter shares are its weights across the positions, as in every convolution.",
        lambda t: View(node=_pointwise(t)[-1].name, colour="params"),
    ),
    statement(
        "wide-ends",
        "The shortcuts join the wide layers, as in ResNet.",
        _joins_wide,
        "They join the narrow ends: ResNet’s unit is wide, narrow, wide, the inverted residual narrow, wide, narrow.",
        lambda t: _in_unit(t, "sum"),
    ),
    statement(
        "linear",
        "Where a 1×1 has made the maps few again, no activation follows.",
        _linear_projection,
        "That is the linear bottleneck: a ReLU would destroy what the few channels hold.",
        lambda t: _in_unit(t, "residual"),
    ),
    mistake(
        "faster",
        2,
        why="Less. A depthwise convolution does little arithmetic for what it reads and writes: memory sets the pace.",
    ),
)
