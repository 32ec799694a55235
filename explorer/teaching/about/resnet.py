"""What is taught about ResNet (2015)."""

from __future__ import annotations

from dataclasses import replace

import torch

from explorer.analysis.cost import convolution_of
from explorer.analysis.text import si, thousands
from explorer.analysis.trace import Node, Trace
from explorer.analysis.units import plain_units, residual_units
from explorer.runtime.edits import Edit
from explorer.teaching.common import maps_leaving, mistake, most, statement, without
from explorer.teaching.comparison import against
from explorer.teaching.layers import products_of
from explorer.teaching.question import Posed, Question, Subject, counted, happening, posed, true_or_false
from explorer.teaching.step import Step, View
from explorer.teaching.units import identity_unit, residual_picture, sees, skippable, what_halves

TOUR = (
    Step(
        "A residual unit",
        "conv2_x.1.add",
        "Three convolutions make the residual F(x); the dashed edge carries x past them. **add** makes "
        "h(x) = F(x) + x. Nothing to change? Then F = 0 will do.",
    ),
    Step(
        "What it adds",
        "conv2_x.1.add",
        "Input and residual, map by map, and their sum on one scale. The bars: how much each unit adds to "
        "what it is given.",
        section="sum",
        look="section",
    ),
    Step(
        "Without the unit",
        "conv2_x.1.add",
        "Its residual is set to zero, and its input goes on: here in all that is shown. In plain-34 no other path "
        "carries the input past the same layers.",
        variant="resnet34",
        edits=(Edit("conv2_x.1", "skip"),),
        section="removal",
        look="section",
    ),
    Step(
        "The same without shortcuts",
        "conv2_x.1.relu2",
        "plain-34 is ResNet-34 without its shortcuts. In the paper it trains worse than plain-18, although "
        "its gradients do not vanish.",
        variant="plain34",
    ),
    Step(
        "Degradation",
        "conv2_x.1.relu2",
        "Both trained alike, with shortcuts and without. The plain network's **training** loss is the higher "
        "one, too: it does not overfit, it trains worse.",
        variant="plain34",
        section="degradation",
        look="section",
    ),
    Step(
        "ReLU after the sum",
        "conv2_x.1.relu3",
        "In v1 a ReLU follows. x is never negative, so a unit that learned nothing passes it on unchanged; only a "
        "strongly negative residual is cut off.",
        beside="conv2_x.1.add",
    ),
    Step(
        "A shortcut that projects",
        "conv3_x.0.shortcut.conv",
        "Where shapes change, x does not fit the sum. Option **B** projects it there, by a 1×1; **A** appends "
        "zeros; **C** projects everywhere.",
        asks="projections",
    ),
    Step(
        "The bottleneck",
        "conv4_x.1.conv2",
        "1×1 reduces to a quarter of the channels, 3×3 works there, 1×1 restores. Coloured by **MACs**: even "
        "so, the 3×3 costs most.",
        colour="macs",
    ),
    Step(
        "Pre-activation",
        "conv2_x.1.add",
        "v2 normalizes and activates before each convolution. Nothing follows the sum: the input travels "
        "through a stage untouched.",
        variant="preact_resnet50",
    ),
    Step(
        "What the last maps see",
        "conv5_x.2.add",
        "One of 49 positions could see the whole picture. Their mean is all that the classifier gets: so maps "
        "can show where it sees a class.",
        section="class-activation",
        look="section",
    ),
)


def _convolutions(trace: Trace) -> tuple[Node, ...]:
    """The convolutions of a unit with an identity shortcut."""
    unit = identity_unit(trace)
    nodes = trace.block(unit.path).nodes if unit else ()
    return tuple(n for n in map(trace.node, nodes) if n.type == "Conv2d")


def _set_to_zero(subject: Subject) -> Posed | None:
    """What a unit gives when the last layer before its sum gives zeros: with a shortcut, what enters it."""
    t = subject.trace
    unit = identity_unit(t) or (None if residual_units(t) else plain_units(t)[0])
    if unit is None:
        return None
    has_shortcut = unit.kind == "identity"
    edit = Edit(unit.residual if has_shortcut else t.node(unit.sum).inputs[0], "zero")
    output = t.block(unit.path).output
    run = subject.run.unedited.edited(edit)
    maps = subject.activations(run).several([unit.shortcut, output])
    outcomes = {
        "Exactly what enters it": torch.equal(maps[output], maps[unit.shortcut]),
        "Only zeros": not maps[output].any(),
        "Half of what enters it": torch.equal(maps[output], maps[unit.shortcut] / 2),
    }
    return happening(
        subject,
        f"All that {edit.node} gives is set to zero. What does {unit.path} put out?",
        outcomes,
        "The shortcut adds the input to zeros. So a unit with nothing to do needs only zeros as its residual."
        if has_shortcut
        else "No shortcut carries the input past the convolutions: all that follows gets zeros.",
        View(node=output, edits=(edit,), section="sum" if has_shortcut else ""),
    )


def _shortcut_parameters(subject: Subject) -> Posed | None:
    """What the shortcut of a unit costs."""
    unit = identity_unit(subject.trace)
    if unit is None:
        return None
    block = subject.trace.block(unit.path)
    channels = block.in_shape[0]
    return posed(
        subject,
        f"How many parameters does the shortcut of {unit.path} have?",
        "None",
        [thousands(n) for n in (channels, channels * channels, 2 * channels)],
        f"It passes on x as it is. All {thousands(block.params)} parameters of the unit lie in its residual.",
        View(node=unit.sum, colour="params"),
    )


def _projections(subject: Subject) -> Posed | None:
    """How many shortcuts have parameters: in a bottleneck network one more than there are halvings."""
    t = subject.trace
    units = residual_units(t)
    if not units:
        return None
    projecting = [u for u in units if u.kind == "projection"]
    halving = sum(t.block(u.path).in_shape[1] > t.block(u.path).out_shape[1] for u in units)
    growing = sum(t.block(u.path).in_shape[0] < t.block(u.path).out_shape[0] for u in units)
    return counted(
        subject,
        f"Of the shortcuts of the {len(units)} units, how many have parameters?",
        len(projecting),
        [halving, growing, halving + 1, len(units)],
        f"{len(projecting)} project x by a 1×1. In {halving} units the maps halve, in {growing} their number grows.",
        View(node=projecting[0].shortcut if projecting else units[0].sum, colour="params"),
    )


def _next_stage(subject: Subject) -> Posed | None:
    """What a 3×3 costs one stage later: sides halved, channels doubled."""
    kernels = {n.stage: n for n in subject.trace.nodes if n.kernel == (3, 3) and n.in_shapes[0] == n.out_shape}
    *_, a, b = [n for n in kernels.values() if n.type == "Conv2d"]

    def words(macs: float, params: float) -> str:
        return f"{macs:g} × the MACs, {params:g} × the parameters"

    return posed(
        subject,
        f"From {a.stage} to {b.stage} the maps’ sides halve, the channels double. What does a 3×3 need then?",
        words(b.macs / a.macs, b.params / a.params),
        [words(*factors) for factors in ((4, 4), (2, 2), (1, 1), (0.5, 2))],
        f"MACs: a quarter of the positions, four times the weights, {si(a.macs)} and {si(b.macs)}. Parameters: "
        f"{thousands(a.params)} and {thousands(b.params)}.",
        View(node=b.name, colour="macs"),
    )


def _bottleneck(subject: Subject) -> Posed | None:
    """What a 3×3 on all maps would cost, beside the three layers of a bottleneck."""
    layers = _convolutions(subject.trace)
    if len(layers) != 3:
        return None
    reduce, middle, restore = map(convolution_of, layers)
    direct = replace(middle, in_shape=(reduce.in_shape[0], *middle.in_shape[1:]), out_channels=restore.out_channels)
    own = sum(c.macs for c in (reduce, middle, restore))
    factor = restore.out_channels // middle.out_channels
    return counted(
        subject,
        f"One 3×3 on all {thousands(restore.out_channels)} maps: about how many times the MACs of the unit’s 1×1, 3×3, "
        "1×1?",
        round(direct.macs / own),
        [factor**2, factor, 2],
        f"{si(direct.macs)} against {si(own)}. On a quarter of the maps the 3×3 needs a sixteenth, but two 1×1 are "
        "added.",
        View(node=layers[1].name, colour="macs"),
        "times",
    )


def _first_of_stage(trace: Trace) -> str | None:
    """The unit that halves the maps for the last time."""
    return trace.stages[-2].blocks[0].path


def _last_sum(trace: Trace) -> str | None:
    unit = identity_unit(trace)
    return unit.sum if unit else None


def _free_shortcuts(subject: Subject) -> Posed:
    """That shortcuts of option A cost nothing."""
    plain, with_shortcuts = (subject.trace_of(name).params for name in ("plain34", "resnet34_a"))
    return true_or_false(
        "plain-34 and ResNet-34 with option A have equally many parameters.",
        plain == with_shortcuts,
        f"{thousands(plain)} and {thousands(with_shortcuts)}. A block learns the residual alone; passing x on and "
        "appending zeros need no parameters.",
    )


def _reads_one_channel(subject: Subject) -> bool | None:
    if not residual_units(subject.trace):
        return None
    return any(n.kind == "depthwise" for n in subject.trace.nodes)


def _first_3x3(trace: Trace) -> str:
    unit = residual_units(trace)[0]
    return next(name for name in trace.block(unit.path).nodes if trace.node(name).kernel == (3, 3))


def _early_3x3(trace: Trace) -> str | None:
    return next((n.name for n in trace.nodes if n.kernel == (3, 3) and n.stage == trace.stages[1].path), None)


QUESTIONS = (
    most("params"),
    most("macs"),
    residual_picture("residual", section="sum"),
    without("without-a-unit", skippable),
    Question("set-to-zero", _set_to_zero),
    Question("shortcut", _shortcut_parameters),
    Question("projections", _projections),
    maps_leaving(
        "sum",
        _last_sum,
        "How many maps leave the sum {node}?",
        lambda t, node: [sum(s[0] for s in t.node(node).in_shapes), t.node(node).in_shapes[0][0] // 2],
        "A sum keeps the number, {channels}: only a concatenation adds its inputs’ numbers.",
    ),
    Question("next-stage", _next_stage),
    Question("bottleneck", _bottleneck),
    products_of("products", _early_3x3),
    what_halves("halving", _first_of_stage),
    against("version", {f"resnet{n}": f"resnet{n}_v1" for n in (50, 101, 152)}.get, "params", "macs", noted=True),
    against("vgg", lambda name: None if "cifar" in name else "vgg16", "params", "macs"),
    sees("field"),
    mistake(
        "vanishing",
        0,
        shows=lambda t: View(section="degradation"),
        false="In the paper, deep plain networks train badly because their gradients vanish.",
        why="They have batch normalization, and the authors find that unlikely: gradients do not vanish there. They "
        "call the problem degradation.",
    ),
    Question("more-parameters", _free_shortcuts),
    statement(
        "depthwise",
        "Each 3×3 filter of a residual unit reads one channel, as in a depthwise convolution.",
        _reads_one_channel,
        "It reads all channels: there is one group throughout.",
        lambda t: View(node=_first_3x3(t)),
    ),
)
