"""What is taught about Xception (2016)."""

from __future__ import annotations

from explorer.analysis.trace import Trace
from explorer.analysis.units import residual_units
from explorer.teaching.common import mistake, most, statement, without
from explorer.teaching.comparison import against
from explorer.teaching.question import Posed, Question, Subject, counted
from explorer.teaching.separable import (
    depthwise_picture,
    depthwise_share,
    pair_designs,
    separable_pair,
    separable_saving,
    silenced_channel,
)
from explorer.teaching.step import Step, View
from explorer.teaching.units import skippable, what_halves

TOUR = (
    Step(
        "Two regular convolutions",
        "entry_flow.module1.relu2",
        "A separable one could make only three filtered maps of three colours, and mix those. All that follows "
        "is separable, but for shortcuts.",
    ),
    Step(
        "Depthwise: space",
        "middle_flow.module5.residual.separable1.depthwise",
        "One 3×3 filter for each channel: map 7 depends on map 7 of **relu1** alone. Side by side, on one scale.",
        beside="middle_flow.module5.residual.relu1",
        section="spectrum",
    ),
    Step(
        "Pointwise: channels",
        "middle_flow.module5.residual.separable1.pointwise",
        "A 1×1 then mixes all channels at each position. Coloured by **Parameters**: nearly all of them are here.",
        colour="params",
    ),
    Step(
        "From full to separable",
        "middle_flow.module5.residual.separable1.pointwise",
        "Between a full convolution and one filter a channel lie all numbers of groups: the costs of each.",
        section="spectrum",
        look="section",
    ),
    Step(
        "Nothing in between",
        "middle_flow.module5.residual.bn1",
        "No ReLU separates the two halves. With one, the paper's network trained more slowly and ended less "
        "accurate. MobileNet has one.",
    ),
    Step(
        "The shortcut is not separable",
        "entry_flow.module3.shortcut.conv",
        "Where a module halves the maps, a regular 1×1 of stride 2 makes the shortcut fit. The paper does "
        "not count these among its 36 layers.",
    ),
    Step(
        "Eight times the same",
        "middle_flow.module12.add",
        "The middle flow repeats one module. Its input is added unchanged, and no ReLU follows the sum.",
    ),
    Step(
        "The price is memory",
        "entry_flow.module2.residual.separable2.pointwise",
        "Each pair writes two stacks of maps where a regular convolution writes one. Coloured by **Memory**: "
        "the first modules' maps weigh most.",
        colour="memory",
    ),
    Step(
        "No shortcut at the end",
        "exit_flow.module14.relu2",
        "The last two separable convolutions double the channels. The mean of each map is all that the "
        "classifier gets.",
        section="class-activation",
    ),
)


def _regular_convolutions(subject: Subject) -> Posed | None:
    """How many convolutions are neither depthwise nor the 1×1 of a pair."""
    t = subject.trace
    convolutions = [n for n in t.nodes if n.type == "Conv2d"]
    mixing = {n.name for n in convolutions if t.node(n.inputs[0]).kind == "depthwise"}
    regular = [n for n in convolutions if n.kind != "depthwise" and n.name not in mixing]
    shortcuts = [n for n in regular if n.kind == "pointwise"]
    units = residual_units(t)
    return counted(
        subject,
        f"How many of the convolutions are regular ones, in no separable pair? ({len(units)} modules have a shortcut.)",
        len(regular),
        [len(regular) - len(shortcuts), len(regular) - len(shortcuts) + len(units), len(shortcuts)],
        f"{len(regular) - len(shortcuts)} at the start, and a 1×1 on each of {len(shortcuts)} shortcuts where the maps "
        f"halve. The other {len(units) - len(shortcuts)} pass x on.",
        View(node=shortcuts[0].name, colour="params"),
    )


def _pair_writes_less(subject: Subject) -> bool | None:
    """Whether a separable pair's maps are fewer than those of the regular convolution in its place."""
    pair = separable_pair(subject.trace)
    if pair is None:
        return None
    full, separable = pair_designs(*pair)
    return separable.activation_bytes < full.activation_bytes


def _nothing_between(subject: Subject) -> bool:
    """Whether each 1×1 of a pair reads what the depthwise convolution gives."""
    t = subject.trace
    read = {name for n in t.nodes if n.kind == "pointwise" for name in n.inputs}
    return all(n.name in read for n in t.nodes if n.kind == "depthwise")


def _halving_module(trace: Trace) -> str:
    return trace.stages[0].blocks[-1].path


def _node_of_pair(trace: Trace, which: int) -> str:
    pair = separable_pair(trace)
    return pair[which].name if pair else ""


QUESTIONS = (
    most("params"),
    most("memory"),
    separable_saving("saving"),
    depthwise_share("depthwise-share"),
    silenced_channel("silenced"),
    depthwise_picture("depthwise"),
    Question("regular", _regular_convolutions),
    what_halves("halving", _halving_module),
    without("without-a-module", skippable),
    against("inception", lambda name: "inception_v3", "params", "macs"),
    statement(
        "memory",
        "A separable pair writes fewer values than one regular 3×3 from and to as many maps.",
        _pair_writes_less,
        "It writes two stacks of maps where the regular one writes one. What it saves are parameters and MACs.",
        lambda t: View(node=_node_of_pair(t, 1), colour="memory"),
    ),
    statement(
        "nothing-between",
        "Between the two halves of a separable convolution of Xception there is no ReLU.",
        _nothing_between,
        "With one, the paper’s network trained more slowly and ended less accurate. MobileNet V1 has one there.",
        lambda t: View(node=_node_of_pair(t, 1)),
    ),
    mistake(
        "more-complex",
        5,
        shows=lambda t: View(node=_node_of_pair(t, 1), section="spectrum"),
        why="Whatever it computes, a regular 3×3 with suitable weights computes, too. What it buys is cost.",
    ),
)
