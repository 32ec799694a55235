"""The 1x1 convolution: a calculator of what it saves, one of its values taken apart, and time measured."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from explorer.analysis import cost, designs
from explorer.analysis.cost import Convolution, CostError, Design, parse_padding, parse_pair
from explorer.analysis.text import bytes_text, pair_text, shape_text, si, thousands
from explorer.analysis.trace import Node, UnknownNode
from explorer.analysis.types import MapShape
from explorer.architectures import UnknownVariant, catalogue, family_of, variant
from explorer.architectures.googlenet import MODULES
from explorer.demonstrations.pointwise import charts, timing
from explorer.demonstrations.pointwise.formulas import macs_formula, params_formula, sum_formula
from explorer.demonstrations.pointwise.timing import Job, Measurement
from explorer.demonstrations.pointwise.weighted_sum import WeightedSum, pointwise_nodes, weighted_sum
from explorer.runtime.device import describe, resolve
from explorer.runtime.run import Run
from explorer.ui import cache, cost_bars
from explorer.ui.charts import CHART, chart, dark
from explorer.ui.controls import PERSIST, number_box, segments, select, toggle
from explorer.ui.link import Control, choice, link_to, number, plain, text_of
from explorer.ui.section import Section

MAX_COUNT = 65_536  # of everything that is typed: what follows stays readable
BOX_PX = 120  # three boxes to a row beside the charts, two on a phone
KERNELS = ("1", "3", "5", "7", "9", "11")
PADDINGS = ("same", "valid", "1", "2", "3")
GROUPS = 4  # of the grouped relative of a convolution that has none itself
CLASSIC = Convolution((192, 28, 28), 32, (5, 5))  # GoogLeNet's first 5×5, in module 3a
CLASSIC_REDUCTION = ("googlenet", "inception3.3a.conv5x5_reduce.conv")  # the 1×1 before it
GOOGLENET = "googlenet"
JOB = "measured-job"  # in the session: what is being measured, or was
CHUNK_SECONDS = 0.3  # of measuring, between two looks at the progress
INTERVAL_SECONDS = 0.4

HELP = {
    "kernel": "The side, or height x width: type 1x7 for one row of seven.",
    "padding": "same: kernel - 1 zeros, so that stride 1 keeps the size. valid: none. Or the zeros on each side.",
    "groups": "Of the k×k: each filter sees only its group's channels.",
    "bottleneck": "The maps that the 1×1 convolution leaves.",
}


# ---- the numbers of the calculator --------------------------------------------------------------------------


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
        return CLASSIC
    name, _, node = FROM.value.partition(":")
    return cost.convolution_of(cache.trace(name).node(node))


def _count(name: str, label: str, default: Callable[[], int]) -> Control:
    return number(f"cost.{name}", label, 1, MAX_COUNT, default)


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
NUMBERS = (HEIGHT, WIDTH, CHANNELS, OUT, KERNEL, STRIDE, PADDING, GROUPED, BOTTLENECK, BIAS)
EXPANSION = number("cost.expansion", "Expansion", 1, MAX_COUNT, designs.EXPANSION)


def convolution() -> Convolution:
    """What the controls say. Raises CostError for what cannot be, or has no such bottleneck."""
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
    return c


def _direct_and_reduced(c: Convolution) -> tuple[Design, Design]:
    return designs.direct(c), designs.bottleneck(c, BOTTLENECK.value)


def _alternatives(c: Convolution) -> Mapping[str, Design | CostError]:
    return designs.alternatives(c, BOTTLENECK.value, c.groups if c.groups > 1 else GROUPS, EXPANSION.value)


def _about_convolution(show: Callable[[Convolution, Run], None]) -> Callable[[Run], None]:
    """What shows the convolution; where there is none, the sentence why."""

    def show_or_say_why_not(run: Run) -> None:
        try:
            c = convolution()
        except CostError as error:
            st.error(plain(str(error)))
        else:
            show(c, run)

    return show_or_say_why_not


def _set_classic() -> None:
    for control in (FROM, *NUMBERS, EXPANSION):
        st.session_state[control.name] = control.default()


def _show_calculator(run: Run) -> None:
    """The numbers, and what a bottleneck makes of their costs."""
    st.markdown(
        "At each position, a weighted sum over the channels. Before a k×k convolution it makes fewer channels of "
        "many, and the k×k then costs a fraction."
    )
    _way_back()
    left, right = st.columns([4, 5], gap="large")
    with left:
        _inputs()
    with right:
        _about_convolution(_comparison)(run)


def _way_back() -> None:
    """To the convolution that the numbers came from."""
    if FROM.value is not None:
        name, _, node = FROM.value.partition(":")
        family = family_of(name)
        with st.container(key="cost-came-from"):
            st.page_link(
                f"../pages/{family.name}.py",
                label=f"← {family.variant(name).title}, {node}",
                query_params=link_to(variant=name, node=node),
            )


def _inputs() -> None:
    with st.container(horizontal=True, gap="small"):
        for control in (HEIGHT, WIDTH, CHANNELS, OUT):
            number_box(control, width=BOX_PX)
        _typed_box(KERNEL, KERNELS)
        number_box(STRIDE, width=BOX_PX)
        _typed_box(PADDING, PADDINGS)
        for control in (GROUPED, BOTTLENECK):
            number_box(control, width=BOX_PX, help=HELP[control.name.partition(".")[2]])
    with st.container(horizontal=True, vertical_alignment="center"):
        toggle(BIAS)
        st.button("The classic case", on_click=_set_classic, key="classic", help="GoogLeNet's first 5×5, module 3a")


def _typed_box(control: Control, offered: tuple[str, ...]) -> None:
    """A box with some values, in which others can be typed."""
    control.settle()
    st.selectbox(
        control.label,
        dict.fromkeys((*offered, control.value)),
        key=control.name,
        accept_new_options=True,
        on_change=_take_typed,
        args=(control,),
        help=HELP[control.name.partition(".")[2]],
        width=BOX_PX,
        persist_state=PERSIST,
    )


def _take_typed(control: Control) -> None:
    """What was typed, as the control writes it; a sentence on the page where it is no such value."""
    typed = st.session_state[control.name] or ""
    try:
        st.session_state[control.name] = control.parse(typed)
    except CostError as error:
        st.warning(plain(f"{control.label}: {error} The default is shown."))


def _comparison(c: Convolution, run: Run) -> None:
    """Bars, and what they say in one sentence."""
    direct, reduced = _direct_and_reduced(c)
    ratio = direct.macs / reduced.macs
    comparison = f"**{ratio:.2f}×** fewer" if ratio >= 1 else f"**{1 / ratio:.2f}×** more"
    st.markdown(
        f"{thousands(direct.macs)} multiplications, or {thousands(reduced.macs)} with a bottleneck of "
        f"{BOTTLENECK.value}: {comparison}."
    )
    chart(cost_bars.comparison((direct, reduced), dark()), "comparison", "Costs of both, layer by layer")
    cost_bars.legend(direct, reduced)


# ---- sections about the calculator's convolution ------------------------------------------------------------


def _show_formulas(c: Convolution, run: Run) -> None:
    """Each design's multiplications and parameters with the numbers put in, and all its counts."""
    for column, design in zip(st.columns(2, gap="medium"), _direct_and_reduced(c), strict=True):
        with column:
            shapes = (design.layers[0].in_shape, *(layer.out_shape for layer in design.layers))
            st.markdown(f"**{design.name}**: {' → '.join(map(shape_text, shapes))}")
            for layer in design.layers:
                st.latex(macs_formula(layer))
            if len(design.layers) > 1:
                st.latex(sum_formula(design))
            memory = bytes_text(design.activation_bytes)
            st.markdown(
                f"{thousands(design.additions)} additions, {memory} of activations  \n"
                f"{thousands(design.params)} parameters:"
            )
            for layer in design.layers:
                st.latex(params_formula(layer))
    st.caption(
        "Multiplications with padding's zeros count too, as the libraries compute them. A bias adds one "
        "parameter a map, and one addition a value. Activations are the outputs of all layers, float32. "
        "FLOPs = 2 × multiplications."
    )


def _show_widths(c: Convolution, run: Run) -> None:
    """Multiplications by the bottleneck's width, and where nothing is saved any more."""
    st.markdown(
        "How narrow must the bottleneck be? The narrower, the cheaper: the line is straight. Past the break-even width "
        "the 1×1 costs more than it saves."
    )
    direct, reduced = _direct_and_reduced(c)
    break_even = float(designs.break_even_width(c))
    figure = charts.width_curve(designs.sweep(c), reduced, direct, break_even, dark())
    chart(figure, "curve", "Multiplications by bottleneck width")
    st.markdown(f"Break-even: a bottleneck saves multiplications below **{break_even:.1f}** maps, of {c.in_shape[0]}.")


def _show_family(c: Convolution, run: Run) -> None:
    """All that could do the same job, as bars and as a table, and why some of it is not possible."""
    st.markdown(
        "The same job, done otherwise. A **grouped** filter sees its group only, a **depthwise** one a "
        "single channel: it mixes none, so a 1×1 follows. A **1×1** mixes channels and sees one position. An "
        "**inverted residual** expands first: it pays where few channels come in."
    )
    number_box(EXPANSION, width=BOX_PX, help="Of the inverted residual: times the channels in.")
    found = _alternatives(c)
    possible = [design for design in found.values() if isinstance(design, Design)]
    standard = designs.standard(c).macs
    chart(cost_bars.bars(possible, dark()), "relatives", "Multiplications of the whole family")
    cost_bars.legend(*possible)
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
            for design in possible
        ]
    )
    for name, reason in found.items():
        if isinstance(reason, CostError):
            st.caption(f"{name}: {reason}")


# ---- one position of one map --------------------------------------------------------------------------------


def _default_sum() -> tuple[str, str]:
    """Network and 1×1 convolution: the one that the calculator's numbers came from, if they did."""
    if FROM.value is not None:
        name, _, node = FROM.value.partition(":")
        if node in {n.name for n in pointwise_nodes(cache.trace(name))}:
            return name, node
    return CLASSIC_REDUCTION


NET = choice(
    "one.net", "Network", lambda: {name: v.label for name, v in catalogue().items()}, lambda: _default_sum()[0]
)


def _nodes(run: Run) -> dict[str, Node]:
    return {n.name: n for n in pointwise_nodes(cache.running_trace(run))}


def _node_control(run: Run) -> Control:
    def default() -> str | None:
        nodes, node = _nodes(run), _default_sum()[1]
        return node if node in nodes else next(iter(nodes), None)

    return choice("one.node", "1×1 convolution", lambda: {name: name for name in _nodes(run)}, default)


def _position_controls(run: Run) -> tuple[Control, Control, Control]:
    """Output map, row and column."""

    def size(axis: int) -> int:
        nodes = _nodes(run)
        return nodes[_node_control(run).value].out_shape[axis] if nodes else 1

    return (
        number("one.map", "Output map", 0, lambda: size(0) - 1),
        number("one.row", "Row", 0, lambda: size(1) - 1, lambda: size(1) // 2),
        number("one.column", "Column", 0, lambda: size(2) - 1, lambda: size(2) // 2),
    )


def _show_position(run: Run) -> None:
    """The map with its position, and the sum that makes the value there."""
    st.markdown(
        "A weighted sum over the channels: the same weights at every position, one set for each output map. No "
        "neighbour is looked at: that is the k×k's job."
    )
    nodes = _nodes(run)
    with st.container(horizontal=True, gap="small"):
        select(NET, on_change=st.rerun, width=220)  # the whole page: what runs is another network
        if nodes:
            select(_node_control(run), width=300)
            for control in _position_controls(run):
                number_box(control, width=BOX_PX)
    if not nodes:
        st.markdown("This network has no 1×1 convolution.")
        return
    node = nodes[_node_control(run).value]
    channel, row, column = (control.value for control in _position_controls(run))
    value = weighted_sum(cache.activations(run), cache.running_trace(run), node, channel, row, column)
    picture, numbers = st.columns(2, gap="medium")
    with picture:
        key = f"map-{run.variant}-{node.name}"
        st.plotly_chart(
            charts.clickable_map(value, row, column, dark()),
            key=key,
            config=CHART,
            selection_mode="points",
            on_select=lambda: _take_position(run, st.session_state[key]),
            alt=f"Map {channel} of {node.name}",
        )
        st.markdown(
            f"Click a position. {run.picture.title}, {node.name}, {shape_text(node.out_shape)}. "
            f"{cache.network(run).caption}"
        )
    with numbers:
        chart(charts.products(value, dark()), "products", "Inputs, weights, products")
    _equation(value)
    with st.expander("All numbers"):
        columns = {"input": value.inputs, "weight": value.weights, "product": value.products}
        st.dataframe({"channel": range(len(value.inputs)), **columns}, hide_index=True, height=300, key="sum-numbers")


def _take_position(run: Run, event: Any) -> None:
    """The position that was clicked in the map."""
    points = event["selection"]["points"]
    if points:
        _, row, column = _position_controls(run)
        row.set(points[0]["y"])
        column.set(points[0]["x"])


def _equation(value: WeightedSum) -> None:
    """The sum with its numbers, and what becomes of it."""
    total = float(value.products.sum())
    bias = "" if value.bias is None else " + b"
    added = "" if value.bias is None else f" {value.bias:+.4g}"
    terms = rf"\sum_{{c=0}}^{{{len(value.inputs) - 1}}} w_c \, x_c{bias}"
    lines = rf"{terms} &= {total:.4g}{added} \\ &= \mathbf{{{value.total:.4g}}}"
    st.latex(rf"\begin{{aligned}} {lines} \end{{aligned}}")
    chain = "".join(f" → {n.type} **{v:.4g}**" for n, v in value.after)
    where = f"row {value.position[0]}, column {value.position[1]}"
    st.markdown(f"Input {where} · the network's own map: **{value.network:.4g}**{chain}")


# ---- an inception module as a budget ------------------------------------------------------------------------

MODULE = choice("budget.module", "Module", {name: f"inception {name}" for name in MODULES})


def _width_control(index: int, label: str) -> Control:
    name = label.replace("×", "x").replace(" ", "-")
    return number(f"budget.{name}", label, 1, MAX_COUNT, lambda: MODULES[MODULE.value][index])


WIDTHS = tuple(_width_control(i, label) for i, label in enumerate(designs.WIDTHS))


def _set_published() -> None:
    for control in WIDTHS:
        st.session_state[control.name] = control.default()


def _module_input(module: str) -> MapShape:
    """The maps that the network gives to the module."""
    blocks = (b for s in cache.trace(GOOGLENET).stages for b in s.blocks)
    channels, height, width = next(b.in_shape for b in blocks if b.path.endswith(f".{module}"))
    return channels, height, width


def _show_budget(run: Run) -> None:
    """Six numbers, and what each branch costs."""
    st.markdown(
        "Six numbers decide what a module costs. The two **reduce** widths cost little themselves and set the "
        "price of the 3×3 and the 5×5 after them."
    )
    with st.container(horizontal=True, gap="small"):
        module = select(MODULE, on_change=_set_published, width=140)
        widths = [number_box(control, width=BOX_PX) for control in WIDTHS]
    in_shape = _module_input(module)
    branches = designs.inception(in_shape, widths)
    naive = designs.naive_inception(in_shape, widths)
    params, macs = sum(b.params for b in branches), sum(b.macs for b in branches)
    maps = sum(b.out_shape[0] for b in branches)
    naive_macs = sum(d.macs for d in naive)
    naive_maps = sum(d.out_shape[0] for d in naive) + in_shape[0]
    st.markdown(
        f"{shape_text(in_shape)} → **{shape_text((maps, *in_shape[1:]))}**: {thousands(params)} parameters, "
        f"**{thousands(macs)}** multiplications.  \nWithout reductions and projection, {thousands(naive_macs)} "
        f"multiplications ({naive_macs / macs:.2f}×), and a stack of {naive_maps} maps: the pooling branch passes all "
        f"{in_shape[0]} maps through."
    )
    chart(cost_bars.bars(branches, dark()), "budget", "Multiplications of the four branches")
    cost_bars.legend(*branches)
    st.table(
        [
            {
                "branch": b.name,
                "layers": "; ".join(map(cost_bars.layer_text, b.layers)),
                "maps": thousands(b.out_shape[0]),
                "parameters": thousands(b.params),
                "multiplications": thousands(b.macs),
                "of the module": f"{b.macs / macs:.1%}",
            }
            for b in branches
        ]
    )


# ---- multiplications against time ---------------------------------------------------------------------------

BATCH = choice("time.batch", "Pictures at a time", (1, 8, 32))


def _show_measured(run: Run) -> None:
    """A button that measures what the calculator says, with progress; and what was measured last."""
    st.markdown(
        "A tenth of the multiplications does not take a tenth of the time. A depthwise convolution does little with "
        "each number that it loads, so memory sets its pace; small layers cannot keep a processor busy."
    )
    job: Job | None = st.session_state.get(JOB)
    device = resolve(run.device)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        segments(BATCH)
        st.button(
            f"Measure on {describe(device)}",
            key="measure",
            on_click=_start_job,
            args=(run,),
            disabled=job is not None and job.running,
        )
    if job is None:
        _about_convolution(lambda c, run: None)(run)
    elif job.running:
        _carry_on(job)
    else:
        if job.results:
            _compare(job.c, job.results)
        for sentence in job.refused:
            st.caption(sentence)
        if job.progress < 1:
            st.caption(f"Cancelled at {job.progress:.0%}.")


def _start_job(run: Run) -> None:
    try:
        c = convolution()
    except CostError:
        st.session_state.pop(JOB, None)  # the section says why
    else:
        st.session_state[JOB] = timing.begin(c, _alternatives(c).values(), resolve(run.device), BATCH.value)


@st.fragment(run_every=INTERVAL_SECONDS)
def _carry_on(job: Job) -> None:
    """Measure a little, show the progress, and let the viewer cancel; no thread has to be watched."""
    job.advance(CHUNK_SECONDS)
    if not job.running:
        st.rerun()
    st.progress(job.progress, f"{job.progress:.0%}" if job.results else "Warming up")
    st.button("Cancel", key="cancel", on_click=job.cancel)


def _compare(c: Convolution, results: tuple[Measurement, ...]) -> None:
    """Multiplications and time, relative to the first design that was measured."""
    first = results[0]
    st.markdown(
        f"**{shape_text(c.in_shape)} → {shape_text(c.out_shape)}, {pair_text(c.kernel)}** on {first.device}: batch "
        f"of {first.batch}, float32, after warming up, the median of {first.samples} samples. Compared with "
        f"**{first.design.name}**:"
    )
    chart(charts.speedups(results, dark()), "practice", "Fewer multiplications, and less time")
    st.table(
        [
            {
                "": m.design.name,
                "multiplications": thousands(m.batch * m.design.macs),
                "fewer": f"{first.design.macs / m.design.macs:.2f}×",
                "milliseconds": f"{1000 * m.seconds:.3f}",
                "less time": f"{first.seconds / m.seconds:.2f}×",
                "MAC/s": si(m.macs_per_second),
            }
            for m in results
        ]
    )


CALCULATOR = Section("calculator", "1×1 convolution", _show_calculator, lambda run: NUMBERS)
FORMULAS = Section("formulas", "Formulas", _about_convolution(_show_formulas))
BOTTLENECKS = Section("widths", "How narrow", _about_convolution(_show_widths))
FAMILY = Section("family", "The whole family", _about_convolution(_show_family), lambda run: (EXPANSION,))
POSITION = Section(
    "position", "One position", _show_position, lambda run: (_node_control(run), *_position_controls(run))
)
BUDGET = Section("budget", "Inception budget", _show_budget, lambda run: (MODULE, *WIDTHS))
MEASURED = Section("measured", "Measured time", _show_measured, lambda run: (BATCH,))
