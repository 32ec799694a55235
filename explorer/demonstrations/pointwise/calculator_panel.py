"""The calculator: numbers that are typed or come from a network, and what a bottleneck makes of their costs."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import streamlit as st

from explorer.analysis import cost, designs
from explorer.analysis.cost import Convolution, CostError, Design, parse_padding, parse_pair
from explorer.analysis.text import bytes_text, pair_text, shape_text, thousands
from explorer.analysis.trace import UnknownNode
from explorer.architectures import UnknownVariant, family_of, variant
from explorer.demonstrations.pointwise import charts
from explorer.demonstrations.pointwise.formulas import macs_formula, params_formula, sum_formula
from explorer.demonstrations.pointwise.in_network import reduction_before, without_reduction
from explorer.runtime.run import Run
from explorer.ui import cache, cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.controls import PERSIST, number_box, toggle
from explorer.ui.link import Control, link_to, number, plain, text_of
from explorer.ui.section import OPEN, Section

MAX_COUNT = 65_536  # of everything that is typed: what follows stays readable
MAX_TYPED = 999_999_999  # a wrong number has to arrive, so that the page can name it
KERNELS = ("1", "3", "5", "7", "9", "11")
PADDINGS = ("same", "valid", "1", "2", "3")
GROUPS = 4  # of the grouped relative of a convolution that has none itself
RIGHT = "cost-right"  # in the session: the last numbers that could be
REFUSED = "cost-refused"  # in the session: what was just typed that is no value, in a sentence

HELP = {
    "kernel": "The side, or height x width: type 1x7 for one row of seven.",
    "padding": "same: kernel - 1 zeros, so that stride 1 keeps the size. valid: none. Or the zeros on each side.",
    "groups": "Of the k×k: each filter sees only its group's channels.",
    "bottleneck": "The maps that the 1×1 convolution leaves.",
}


@dataclass(frozen=True)
class Numbers:
    """A convolution, and the width of the bottleneck before it."""

    c: Convolution
    width: int

    @property
    def direct(self) -> Design:
        return designs.direct(self.c)

    @property
    def reduced(self) -> Design:
        return designs.bottleneck(self.c, self.width)


@dataclass(frozen=True)
class Preset:
    """Numbers that one button sets, where they are from, and the section to look at them."""

    title: str
    numbers: Numbers
    source: str
    section: str = ""


CLASSIC = Numbers(Convolution((192, 28, 28), 32, (5, 5)), 16)
PRESETS = (
    Preset("GoogLeNet 3a", CLASSIC, "The 5×5 of inception module 3a"),
    Preset("6×6×32", Numbers(Convolution((32, 6, 6), 16, (1, 1)), 16), "A 1×1 on small maps, to count by hand"),
    Preset(
        "ResNet bottleneck",
        Numbers(Convolution((256, 56, 56), 64, (3, 3), bias=False), 64),
        "The 3×3 of conv2_x in ResNet-50, and the 1×1 before it",
    ),
    Preset(
        "MobileNet",
        Numbers(Convolution((512, 14, 14), 512, (3, 3), bias=False), 64),
        "MobileNet V1 at 14×14: it does the work of this 3×3 by a depthwise convolution and a 1×1",
        "family",
    ),
)


# ---- the numbers --------------------------------------------------------------------------------------------


def _convolution_named(text: str) -> str:
    """VARIANT:NODE with the node's own name. Raises ValueError where there is no such convolution."""
    name, _, node = text.partition(":")
    try:
        found = cache.trace(variant(name).name).resolve(node)
    except (UnknownVariant, UnknownNode) as error:
        raise ValueError(str(error)) from None
    cost.convolution_of(found)
    return f"{name}:{found.name}"


FROM = Control("cost.from", "Numbers from a network", _convolution_named)  # VARIANT:NODE


def _start() -> Convolution:
    """What the numbers are at first: those of the network's convolution, else the classic case."""
    if FROM.value is None:
        return CLASSIC.c
    name, _, node = FROM.value.partition(":")
    return cost.convolution_of(cache.trace(name).node(node))


def _count(name: str, label: str, default: Callable[[], int]) -> Control:
    return number(f"cost.{name}", label, -MAX_TYPED, MAX_TYPED, default)


def _kernel_text(text: str) -> str:
    return cost.format_pair(parse_pair(text, "kernel size"))


def _padding_text(text: str) -> str:
    return cost.format_pair(parse_padding(text))


HEIGHT = _count("height", "Height", lambda: _start().in_shape[1])
WIDTH = _count("width", "Width", lambda: _start().in_shape[2])
CHANNELS = _count("channels", "Channels in", lambda: _start().in_shape[0])
OUT = _count("out", "Maps out", lambda: _start().out_channels)
KERNEL = Control("cost.kernel", "Kernel", _kernel_text, lambda: cost.format_pair(_start().kernel))
STRIDE = _count("stride", "Stride", lambda: _start().stride[0])
PADDING = Control("cost.padding", "Padding", _padding_text, lambda: cost.format_pair(_start().padding))
GROUPED = _count("groups", "Groups", lambda: _start().groups)
BOTTLENECK = _count("bottleneck", "Bottleneck", lambda: designs.default_width(_start().groups))
BIAS = Control("cost.bias", "Bias", {"yes": True, "no": False}.get, lambda: _start().bias, text_of)
COUNTS = (HEIGHT, WIDTH, CHANNELS, OUT, STRIDE, GROUPED, BOTTLENECK)
NUMBERS = (*COUNTS[:4], KERNEL, STRIDE, PADDING, GROUPED, BOTTLENECK, BIAS)
EXPANSION = number("cost.expansion", "Expansion", 1, MAX_COUNT, designs.EXPANSION)


def _typed() -> Numbers:
    """What the boxes say. Raises CostError for what cannot be, or has no such bottleneck."""
    for control in COUNTS:
        if control.value > MAX_COUNT:
            raise CostError(f"{control.label}: {thousands(control.value)} is more than {thousands(MAX_COUNT)}.")
    c = Convolution(
        in_shape=(CHANNELS.value, HEIGHT.value, WIDTH.value),
        out_channels=OUT.value,
        kernel=parse_pair(KERNEL.value, "kernel size"),
        stride=(STRIDE.value, STRIDE.value),
        padding=parse_padding(PADDING.value),
        groups=GROUPED.value,
        bias=BIAS.value,
    )
    designs.bottleneck(c, BOTTLENECK.value)
    return Numbers(c, BOTTLENECK.value)


def numbers() -> tuple[Numbers, str]:
    """What the boxes say, and ""; where that cannot be, the last numbers that could, and the sentence why."""
    try:
        found = _typed()
    except CostError as error:
        start = _start()
        last: Numbers = st.session_state.get(RIGHT) or Numbers(start, designs.default_width(start.groups))
        return last, str(error)
    st.session_state[RIGHT] = found
    return found, ""


def _set(preset: Preset) -> None:
    c, state = preset.numbers.c, st.session_state
    values = {
        FROM.name: None,
        HEIGHT.name: c.in_shape[1],
        WIDTH.name: c.in_shape[2],
        CHANNELS.name: c.in_shape[0],
        OUT.name: c.out_channels,
        KERNEL.name: cost.format_pair(c.kernel),
        STRIDE.name: c.stride[0],
        PADDING.name: cost.format_pair(c.padding),
        GROUPED.name: c.groups,
        BOTTLENECK.name: preset.numbers.width,
        BIAS.name: c.bias,
        EXPANSION.name: EXPANSION.default(),
    }
    for name, value in values.items():
        state[name] = value
    if preset.section:
        state[OPEN] = preset.section


# ---- the boxes, beside each of the sections that are about them ----------------------------------------------


Shows = Callable[[Numbers, Run], None]


def about_numbers(beside: Shows, under: Shows = lambda found, run: None) -> Callable[[Run], None]:
    """A section with the boxes at the left, what it shows of the numbers at their right, and the rest below."""

    def show(run: Run) -> None:
        found, wrong = numbers()
        _presets()
        _in_the_network(found)
        left, right = st.columns([4, 5], gap="large")
        with left:
            _boxes()
            if refused := st.session_state.pop(REFUSED, ""):
                st.error(plain(refused))
            if wrong:
                st.error(plain(wrong))
                st.caption(f"Still shown: {_in_words(found)}.")
        with right:
            beside(found, run)
        under(found, run)

    return show


def _in_words(found: Numbers) -> str:
    c = found.c
    return f"{shape_text(c.in_shape)} → {shape_text(c.out_shape)}, {pair_text(c.kernel)}, bottleneck {found.width}"


def _presets() -> None:
    with st.container(horizontal=True, gap="small", key="presets"):
        for index, preset in enumerate(PRESETS):
            st.button(preset.title, on_click=_set, args=(preset,), key=f"preset-{index}", help=preset.source)


def _boxes() -> None:
    with st.container(horizontal=True, gap="small", key="numbers-cost"):
        for control in (HEIGHT, WIDTH, CHANNELS, OUT):
            number_box(control)
        _typed_box(KERNEL, KERNELS)
        number_box(STRIDE)
        _typed_box(PADDING, PADDINGS)
        for control in (GROUPED, BOTTLENECK):
            number_box(control, help=HELP[control.name.partition(".")[2]])
    toggle(BIAS)


def _typed_box(control: Control, offered: tuple[str, ...]) -> None:
    """A box with some values, in which others can be typed."""
    control.settle()
    st.selectbox(
        control.label,
        dict.fromkeys((*offered, control.value)),
        key=control.name,
        accept_new_options=True,
        on_change=_take_typed,
        args=(control, control.value),
        help=HELP[control.name.partition(".")[2]],
        persist_state=PERSIST,
    )


def _take_typed(control: Control, before: str) -> None:
    """What was typed, as the control writes it; where it is no such value, what stood there, and a sentence once."""
    typed = st.session_state[control.name] or ""
    try:
        st.session_state[control.name] = control.parse(typed)
    except CostError as error:
        st.session_state[control.name] = before
        st.session_state[REFUSED] = f"{control.label}: {error} It stays {before}."


def _in_the_network(found: Numbers) -> None:
    """The way back to the convolution that the numbers came from, and what stands before it there."""
    if FROM.value is None:
        return
    name, _, path = FROM.value.partition(":")
    family, trace = family_of(name), cache.trace(name)
    title, node = family.variant(name).title, trace.node(path)
    with st.container(key="cost-came-from"):
        st.page_link(
            f"../pages/{family.name}.py",
            label=f"← {title}, {path}",
            query_params=link_to(variant=name, node=path),
        )
    before = reduction_before(trace, node)
    if before is None:
        st.caption(f"In {title} no 1×1 makes fewer maps for it: the bottleneck of {found.width} is only supposed.")
        return
    direct, macs = without_reduction(node, before), before.macs + node.macs
    st.caption(
        f"In {title} {before.name} stands before it, a 1×1 from {before.in_shapes[0][0]} to {before.out_shape[0]} "
        f"maps: this network has its bottleneck. Both cost {thousands(macs)} multiplications; the "
        f"{pair_text(direct.kernel)} on all {direct.in_shape[0]} maps would cost {thousands(direct.macs)}, "
        f"{direct.macs / macs:.2f}×."
    )


# ---- the sections -------------------------------------------------------------------------------------------


def _comparison(found: Numbers, run: Run) -> None:
    """Bars, and what they say in one sentence."""
    if found.c.kernel == (1, 1):
        _beside_3x3(found)
        return
    direct, reduced = found.direct, found.reduced
    ratio = direct.macs / reduced.macs
    comparison = f"**{ratio:.2f}×** fewer" if ratio >= 1 else f"**{1 / ratio:.2f}×** more"
    st.markdown(
        f"{thousands(direct.macs)} multiplications, or {thousands(reduced.macs)} with a bottleneck of "
        f"{found.width}: {comparison}."
    )
    chart(cost_bars.comparison((direct, reduced), dark()), "comparison", "Costs of both, layer by layer")
    cost_bars.legend(direct, reduced)


def _beside_3x3(found: Numbers) -> None:
    """A 1×1 needs no bottleneck: it is beside what a 3×3 in its place would cost."""
    c = found.c
    larger = designs.direct(replace(c, kernel=(3, 3), padding="same"))
    st.markdown(
        f"A 1×1: {c.products} products for each of the {shape_text(c.out_shape)} values, {thousands(c.macs)} "
        f"multiplications. A 3×3 in its place: {thousands(larger.macs)}, **{larger.macs / c.macs:.2f}×**."
    )
    chart(cost_bars.comparison((found.direct, larger), dark()), "comparison", "Costs of both, layer by layer")
    cost_bars.legend(found.direct, larger)


def _show_formulas(found: Numbers, run: Run) -> None:
    """Each design's multiplications and parameters with the numbers put in, and all its counts."""
    for design in (found.direct, found.reduced):
        shapes = (design.layers[0].in_shape, *(layer.out_shape for layer in design.layers))
        st.markdown(f"**{design.name}**: {' → '.join(map(shape_text, shapes))}")
        for layer in design.layers:
            st.latex(macs_formula(layer))
        if len(design.layers) > 1:
            st.latex(sum_formula(design))
        st.markdown(
            f"{thousands(design.additions)} additions, {bytes_text(design.activation_bytes)} of activations, "
            f"{thousands(design.params)} parameters:"
        )
        for layer in design.layers:
            st.latex(params_formula(layer))


def _about_formulas(found: Numbers, run: Run) -> None:
    st.caption(
        "Multiplications with padding's zeros count too, as the libraries compute them. A bias adds one "
        "parameter a map, and one addition a value. Activations are the outputs of all layers, float32. "
        "FLOPs = 2 × multiplications."
    )


def _show_widths(found: Numbers, run: Run) -> None:
    """Multiplications by the bottleneck's width, and where nothing is saved any more."""
    st.markdown(
        "How narrow must the bottleneck be? The narrower, the cheaper: the line is straight. Past the break-even width "
        "the 1×1 costs more than it saves."
    )
    c = found.c
    break_even = float(designs.break_even_width(c))
    figure = charts.width_curve(designs.sweep(c), found.reduced, found.direct, break_even, dark())
    chart(figure, "curve", "Multiplications by bottleneck width")
    st.markdown(f"Break-even: a bottleneck saves multiplications below **{break_even:.1f}** maps, of {c.in_shape[0]}.")


def alternatives(found: Numbers) -> dict[str, Design | CostError]:
    """What could do the convolution's work, by name, or why it cannot."""
    groups = found.c.groups if found.c.groups > 1 else GROUPS
    return designs.alternatives(found.c, found.width, groups, EXPANSION.value)


def _possible(found: Numbers) -> list[Design]:
    return [design for design in alternatives(found).values() if isinstance(design, Design)]


def _show_family(found: Numbers, run: Run) -> None:
    """The multiplications of all that could do the same job."""
    with st.container(horizontal=True, key="numbers-expansion"):
        number_box(EXPANSION, help="Of the inverted residual: times the channels in.")
    possible = _possible(found)
    chart(cost_bars.bars(possible, dark()), "relatives", "Multiplications of the whole family")
    cost_bars.legend(*possible)


def _about_family(found: Numbers, run: Run) -> None:
    """The same as a table, and why some of it is not possible."""
    st.markdown(
        "The same job, done otherwise. A **grouped** filter sees its group only, a **depthwise** one a "
        "single channel: it mixes none, so a 1×1 follows. A **1×1** mixes channels and sees one position. An "
        "**inverted residual** expands first: it pays where few channels come in."
    )
    standard = designs.standard(found.c).macs
    st.table(
        [
            {
                "": design.name,
                "layers": "; ".join(map(cost_bars.layer_text, design.layers)),
                "output": shape_text(design.out_shape),
                "sees": pair_text(design.receptive_field),
                "parameters": thousands(design.params),
                "multiplications": thousands(design.macs),
                "standard ÷ this": f"{standard / design.macs:.2f}",
                "activations": bytes_text(design.activation_bytes),
            }
            for design in _possible(found)
        ]
    )
    for name, reason in alternatives(found).items():
        if isinstance(reason, CostError):
            st.caption(f"{name}: {reason}")


CALCULATOR = Section("calculator", "What it saves", about_numbers(_comparison), lambda run: NUMBERS)
FORMULAS = Section("formulas", "Formulas", about_numbers(_show_formulas, _about_formulas))
BOTTLENECKS = Section("widths", "How narrow", about_numbers(_show_widths))
FAMILY = Section("family", "The whole family", about_numbers(_show_family, _about_family), lambda run: (EXPANSION,))
