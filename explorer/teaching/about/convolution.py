"""What is asked with the convolution page: of GoogLeNet's module 3a, and of the network that is chosen there."""

from __future__ import annotations

import math

from explorer.analysis import designs
from explorer.analysis.cost import Convolution
from explorer.analysis.text import si
from explorer.analysis.trace import Trace
from explorer.analysis.types import MapShape
from explorer.architectures.googlenet import MODULES
from explorer.teaching.common import statement
from explorer.teaching.layers import at_twice_the_side, parameters_of, reduction_saves
from explorer.teaching.question import Posed, Question, Subject, counted, posed
from explorer.teaching.step import View

CLASSIC = ("googlenet", "inception3.3a.conv5x5.conv")  # whose numbers the page shows at first
WIDTHS = MODULES["3a"]


def _entering(subject: Subject) -> MapShape:
    """The maps that enter module 3a."""
    name, node = CLASSIC
    trace = subject.trace_of(name)
    channels, height, width = trace.block(trace.node(node).block).in_shape
    return channels, height, width


def _direct(subject: Subject) -> Convolution:
    """The 5×5 of module 3a, on all maps."""
    return Convolution(_entering(subject), WIDTHS.conv5x5, (5, 5))


def _break_even(subject: Subject) -> Posed | None:
    """The widest bottleneck that saves something."""
    c = _direct(subject)
    channels, maps = c.in_shape[0], c.out_channels
    limit = designs.break_even_width(c)
    return counted(
        subject,
        f"A 5×5 makes {maps} of {channels} maps. At most how many may a 1×1 before it leave, to save MACs?",
        math.ceil(limit) - 1,
        [channels - 1, maps - 1, channels // maps],  # fewer than enter, fewer than leave, their ratio
        f"Break-even lies at {float(limit):.1f} maps: beyond, the 1×1 costs more than it saves the 5×5.",
        View(section="widths"),
    )


def _costliest_branch(subject: Subject) -> Posed | None:
    """The branch of the module with the most MACs."""
    branches = sorted(designs.inception(_entering(subject), WIDTHS), key=lambda b: b.macs, reverse=True)
    first, second = branches[:2]
    return posed(
        subject,
        "Which branch of GoogLeNet’s module 3a takes the most MACs?",
        first.name,
        [b.name for b in branches[1:]],
        f"{first.name}: {si(first.macs)} of {si(sum(b.macs for b in branches))}; {second.name}: {si(second.macs)}.",
        View(section="budget"),
    )


def _naive(subject: Subject) -> Posed | None:
    """What the whole module saves: less than its 5×5."""
    entering = _entering(subject)
    module, naive = designs.inception(entering, WIDTHS), designs.naive_inception(entering, WIDTHS)
    macs, more = sum(b.macs for b in module), sum(b.macs for b in naive)
    maps = sum(b.out_shape[0] for b in module)
    ratios = [
        more / macs,
        naive[2].macs / module[2].macs,  # the 5×5's
        entering[0] / WIDTHS.conv5x5_reduce,
        (sum(b.out_shape[0] for b in naive) + entering[0]) / maps,
    ]
    right, *wrong = (f"{ratio:.1f} times as many" for ratio in ratios)
    return posed(
        subject,
        "Without any 1×1 before the 3×3 and the 5×5 and behind the pooling, how many MACs would module 3a take?",
        right,
        wrong,
        f"{si(more)} instead of {si(macs)}: the 5×5 saves most, the 3×3 less, the 1×1 branch nothing.",
        View(section="budget"),
    )


def _separable(subject: Subject) -> Posed | None:
    """What a depthwise separable convolution saves."""
    c = _direct(subject)
    separable = designs.depthwise_separable(c)
    channels, maps, kernel = c.in_shape[0], c.out_channels, math.prod(c.kernel)
    spatial, mixing = separable.layers
    narrow = designs.bottleneck(c, WIDTHS.conv5x5_reduce)
    ratios = (c.macs / separable.macs, kernel, maps, c.macs / narrow.macs)  # one of the two parts alone, a bottleneck's
    right, *wrong = (f"{ratio:.1f} times as many" for ratio in ratios)
    return posed(
        subject,
        f"A depthwise 5×5 and a 1×1 in place of a 5×5, {channels} to {maps} maps. How many MACs has the 5×5?",
        right,
        wrong,
        f"{si(c.macs)} against {si(spatial.macs)} + {si(mixing.macs)}: each position takes {kernel}·{channels}·{maps}, "
        f"or {kernel}·{channels} + {channels}·{maps}.",
        View(section="family"),
    )


def _pointwise(trace: Trace) -> str | None:
    """The 1×1 that the page takes apart at first; None where the network has none."""
    nodes = [n for n in trace.nodes if n.kind == "pointwise" and n.groups == 1 and n.padding == (0, 0)]
    classic = [n for n in nodes if n.name == "inception3.3a.conv5x5_reduce.conv"]
    return next((n.name for n in classic or nodes), None)


def _reduce(subject: Subject) -> Convolution:
    """The 1×1 of module 3a before its 5×5."""
    return designs.bottleneck(_direct(subject), WIDTHS.conv5x5_reduce).layers[0]


QUESTIONS = (
    reduction_saves("saves", lambda t: CLASSIC[1], View(section="calculator"), variant=CLASSIC[0]),
    Question("break-even", _break_even),
    Question("costliest-branch", _costliest_branch),
    Question("naive", _naive),
    Question("separable", _separable),
    parameters_of("parameters", _pointwise, lambda node: View(section="position")),
    at_twice_the_side(
        "larger-picture",
        _pointwise,
        "On a picture of twice the side, what would {node}, a 1×1, cost?",
        lambda node: View(section="formulas"),
    ),
    statement(
        "one-weight",
        "On many maps, a filter of a 1×1 convolution is a single weight.",
        lambda s: _reduce(s).products == 1,
        "It has one for each channel of its input: it mixes them at each position.",
        lambda t: View(section="position"),
    ),
    statement(
        "fully-connected",
        "A 1×1 convolution is a fully connected layer, the same at each position.",
        lambda s: _reduce(s).params == (_reduce(s).in_shape[0] + 1) * _reduce(s).out_channels,
        "Its weights are a matrix from channels to channels, applied at every position by itself.",
        lambda t: View(section="position"),
    ),
    statement(
        "time",
        "A tenth of the multiplications takes a tenth of the time.",
        lambda s: False,
        "Memory sets the pace of layers that do little with each number, and small ones cannot keep a processor busy.",
        lambda t: View(section="measured"),
    ),
)
