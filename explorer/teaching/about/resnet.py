"""What is taught about ResNet (2015)."""

from __future__ import annotations

from explorer.analysis.text import thousands
from explorer.analysis.trace import Trace
from explorer.analysis.units import Unit, plain_units, residual_units
from explorer.runtime.edits import Edit
from explorer.teaching.common import field_of, maps_leaving, mistake, most, picture_of, strongest, without
from explorer.teaching.question import Posed, Question, Subject, pictured, posed
from explorer.teaching.step import Step, View

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


def _identity_unit(trace: Trace) -> Unit | None:
    """A unit in the middle of the network that adds its input as it is."""
    units = [u for u in residual_units(trace) if u.kind == "identity"]
    return units[len(units) // 2] if units else None


def _skipped(trace: Trace) -> str | None:
    """The unit that is left out: in the middle of those that can be."""
    unit = _identity_unit(trace)
    if unit is not None:
        return unit.path
    plain = plain_units(trace)
    return plain[len(plain) // 2].path if plain else None


def _which_is_the_residual(subject: Subject) -> Posed | None:
    """Maps of one channel: what enters the unit, what it adds, the sum, and in v1 what a ReLU leaves of it."""
    unit = _identity_unit(subject.trace)
    if unit is None:
        return None
    channel = strongest(subject, unit.residual)
    others = dict.fromkeys((unit.shortcut, unit.sum, subject.trace.block(unit.path).output))
    pictures = {node: picture_of(subject, node, channel) for node in (unit.residual, *others)}
    return pictured(
        subject,
        f"Channel {channel} of {unit.path}: which of these maps is the residual F(x)?",
        pictures[unit.residual],
        [pictures[node] for node in others],
        f"The residual is what {unit.residual} gives; the others are the unit’s input, the sum and what a ReLU leaves "
        "of that.",
        View(node=unit.sum, section="sum"),
    )


def _shortcut_parameters(subject: Subject) -> Posed | None:
    """What the shortcut of a unit costs."""
    unit = _identity_unit(subject.trace)
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


def _last_map(trace: Trace) -> str | None:
    return next((n.name for n in reversed(trace.nodes) if len(n.out_shape) == 3 and n.out_shape[1] > 1), None)


def _last_sum(trace: Trace) -> str | None:
    unit = _identity_unit(trace)
    return unit.sum if unit else None


QUESTIONS = (
    most("params"),
    most("macs"),
    Question("residual", _which_is_the_residual),
    without("without-a-unit", _skipped),
    Question("shortcut", _shortcut_parameters),
    maps_leaving(
        "sum",
        _last_sum,
        "How many maps leave the sum {node}?",
        lambda t, node: [sum(s[0] for s in t.node(node).in_shapes), t.node(node).in_shapes[0][0] // 2],
        "A sum keeps the number, {channels}: only a concatenation adds its inputs’ numbers.",
    ),
    field_of("field", _last_map, "{node} sees {field}, more than the picture has: the rest of the field is padding."),
    mistake("vanishing", 0),
    mistake("more-parameters", 1, true="plain-34 and ResNet-34 with option A have equally many parameters."),
)
