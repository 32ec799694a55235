"""The cost calculator's panels: the numbers of a convolution, and what its relatives would cost instead.

Each control's key is its name in the link. `begin` gives all of them their values before anything is drawn.
"""

from __future__ import annotations

from collections.abc import Callable, Collection
from dataclasses import dataclass

import streamlit as st

from explorer.analysis import cost, designs
from explorer.analysis.cost import Convolution, CostError, Design, parse_padding, parse_pair
from explorer.analysis.text import bytes_text, pair_text, shape_text, thousands
from explorer.analysis.trace import UnknownNode
from explorer.architectures import UnknownVariant, family_of, variant
from explorer.demonstrations.pointwise.formulas import macs_formula, params_formula, sum_formula
from explorer.ui import cache, cost_bars
from explorer.ui.charts import chart, dark
from explorer.ui.link import asked, keep, seed, seed_number
from explorer.ui.sidebar import settings

MOST = 65_536  # of everything that is typed: what follows stays readable
USUAL = "usual"  # in the session: the values that are left out of the link
FROM = "from"  # VARIANT:NODE, the network's convolution that the numbers came from
GROUPS = 4  # of the grouped relative of a convolution that has none itself
WIDTH = 124  # of a control, in pixels
KERNELS = ("1", "3", "5", "7", "9", "11")
PADDINGS = ("same", "valid", "1", "2", "3")
BATCHES = ("1", "8", "32")


def whole(text: str) -> int:
    """A whole number from 1 to `MOST`. Raises CostError."""
    if not (text.isascii() and text.isdecimal() and len(text) < 6 and 1 <= int(text) <= MOST):
        raise CostError(f"{text!r} is no number from 1 to {thousands(MOST)}.")
    return int(text)


def _kernel(text: str) -> str:
    return cost.format_pair(parse_pair(text, "kernel size"))


def _padding(text: str) -> str:
    return cost.format_pair(parse_padding(text))


def _yes(text: str) -> bool:
    if text not in ("yes", "no"):
        raise CostError(f"{text!r} is neither yes nor no.")
    return text == "yes"


@dataclass(frozen=True)
class Field:
    """A control: its label, the classic case's value, and how a link's text is read."""

    label: str
    classic: int | str | bool
    read: Callable[[str], int | str | bool] = whole
    help: str | None = None


FIELDS = {
    "height": Field("Height", 28),
    "width": Field("Width", 28),
    "channels": Field("Channels in", 192),
    "out": Field("Maps out", 32),
    "kernel": Field("Kernel", "5", _kernel, "The side, or height x width: type 1x7 for one row of seven."),
    "stride": Field("Stride", 1),
    "padding": Field(
        "Padding",
        "same",
        _padding,
        "same: kernel - 1 zeros, so that stride 1 keeps the size. valid: none. Or the zeros on each side.",
    ),
    "groups": Field("Groups", 1, help="Of the k×k: each filter sees only its group's channels."),
    "bottleneck": Field("Bottleneck", designs.BOTTLENECK, help="The maps that the 1×1 convolution leaves."),
    "expansion": Field("Expansion", designs.EXPANSION, help="Of the inverted residual: times the channels in."),
    "bias": Field("Bias", True, _yes),
}
# What `begin` of other panels puts into the session, and the link carries too.
OF_NETWORK = ("net", "at", "map", "row", "column")
OTHERS = (*OF_NETWORK, "batch", "module", "widths")


# ---- state -------------------------------------------------------------------------------------------------


def begin() -> None:
    """Give every control of this module its value: the link's, the one before, or the usual one.

    The link says only what is not usual, so that one which says nothing of a control means the usual value.
    """
    state = st.session_state
    state.setdefault(USUAL, {})
    if any(asked(name) for name in (*FIELDS, *OTHERS, FROM, "sample")):
        for name in (*FIELDS, *OTHERS, FROM):
            state.pop(name, None)
    if wish := asked(FROM):
        try:
            state[FROM] = _found(wish)
        except (UnknownVariant, UnknownNode, CostError) as error:
            st.warning(f"{error} The link asks for the numbers of {wish}.")
    usual = _usual_numbers()
    for name, field in FIELDS.items():
        state.setdefault(name, field.read(usual[name]))
        if wish := asked(name):
            try:
                state[name] = field.read(wish)
            except CostError as error:
                st.warning(f"The link's {name}: {error}")
    choose("batch", BATCHES, BATCHES[0], "batch size")


def choose(key: str, options: Collection[str], usual: str, what: str) -> str:
    """As `linked.seed`; the `usual` option is left out of the link."""
    st.session_state[USUAL][key] = usual
    return seed(key, options, usual, what)


def choose_number(key: str, low: int, high: int, usual: int) -> None:
    """The same for a whole number from `low` to `high`."""
    st.session_state[USUAL][key] = str(usual)
    seed_number(key, low, high, usual)


def write_link() -> None:
    """Write everything that is shown and not usual into the link."""
    state = st.session_state
    usual = state[USUAL] | _usual_numbers()
    shown = {name: _text(state[name]) for name in (*FIELDS, *OTHERS) if name in state}
    unusual = {name: text for name, text in shown.items() if text != usual.get(name)}
    keep(**unusual, **{FROM: state.get(FROM)}, sample=settings().sample)


def _text(value: int | str | bool) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)


def _found(wish: str) -> str:
    """VARIANT:NODE of a convolution, as the link asks for it. Raises UnknownVariant, UnknownNode or CostError."""
    name, _, node = wish.partition(":")
    found = cache.trace(variant(name).name).resolve(node)
    cost.convolution_of(found)
    return f"{name}:{found.name}"


def _usual_numbers() -> dict[str, str]:
    """The numbers as a link would say them: those of the network's convolution, else of the classic case."""
    numbers = {name: field.classic for name, field in FIELDS.items()}
    if FROM in st.session_state:
        name, _, node = st.session_state[FROM].partition(":")
        c = cost.convolution_of(cache.trace(name).node(node))
        numbers |= {
            "channels": c.in_shape[0],
            "height": c.in_shape[1],
            "width": c.in_shape[2],
            "out": c.out_channels,
            "kernel": cost.format_pair(c.kernel),
            "stride": c.stride[0],
            "padding": cost.format_pair(c.padding),
            "groups": c.groups,
            "bottleneck": designs.default_width(c.groups),
            "bias": c.bias,
        }
    return {name: _text(value) for name, value in numbers.items()}


def _classic() -> None:
    state = st.session_state
    state.update({name: field.classic for name, field in FIELDS.items()})
    state.pop(FROM, None)
    for name in OF_NETWORK:  # what was usual beside that network is no more
        state[USUAL].pop(name, None)


# ---- numbers in --------------------------------------------------------------------------------------------


def came_from() -> None:
    """The way back to the convolution that the numbers came from."""
    if FROM in st.session_state:
        name, _, node = st.session_state[FROM].partition(":")
        family = family_of(name)
        label = f"← {family.variant(name).title}, {node}"
        with st.container(key="cost-came-from"):
            st.page_link(f"../pages/{family.name}.py", label=label, query_params=_network_link(name, node))


def _network_link(name: str, node: str) -> dict[str, str]:
    """As complete as that page writes it: a link that it has to complete would be a step that Back cannot pass."""
    link = {"variant": name, "node": node, "colour": st.session_state.get("colour", "kind")}
    return link | ({"sample": chosen} if (chosen := settings().sample) else {})


def inputs() -> None:
    """The controls."""
    with st.container(horizontal=True, gap="small"):
        for name in FIELDS:
            if name not in ("expansion", "bias"):
                _control(name)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.toggle(FIELDS["bias"].label, key="bias", persist_state="session")
        st.button("The classic case", on_click=_classic, key="classic", help="GoogLeNet's first 5×5, module 3a")


def _control(name: str) -> None:
    field = FIELDS[name]
    if name in ("kernel", "padding"):
        usual = KERNELS if name == "kernel" else PADDINGS
        typed = st.session_state[name] or usual[0]
        st.selectbox(
            field.label,
            dict.fromkeys((*usual, typed)),
            key=name,
            accept_new_options=True,
            help=field.help,
            width=WIDTH,
            persist_state="session",
        )
    else:
        whole_number(field.label, 1, MOST, name, field.help)


def whole_number(label: str, low: int, high: int, key: str, help: str | None = None) -> None:
    """A number's control, three to a row beside the charts, two on a phone."""
    st.number_input(label, low, high, key=key, step=1, help=help, width=WIDTH, persist_state="session")


def convolution() -> Convolution:
    """What the controls say. Raises CostError for what cannot be, or has no such bottleneck."""
    state = st.session_state
    c = Convolution(
        in_shape=(state["channels"], state["height"], state["width"]),
        out_channels=state["out"],
        kernel=parse_pair(state["kernel"] or "", "kernel size"),
        stride=(state["stride"], state["stride"]),
        padding=parse_padding(state["padding"] or ""),
        groups=state["groups"],
        bias=state["bias"],
    )
    designs.bottleneck(c, state["bottleneck"])
    return c


def family(c: Convolution) -> dict[str, Design | CostError]:
    """It and its relatives with the chosen bottleneck and expansion."""
    state = st.session_state
    return designs.alternatives(c, state["bottleneck"], c.groups if c.groups > 1 else GROUPS, state["expansion"])


# ---- comparisons -------------------------------------------------------------------------------------------


def pair(c: Convolution) -> tuple[Design, Design]:
    """The direct convolution and the one with a bottleneck."""
    return designs.direct(c), designs.bottleneck(c, st.session_state["bottleneck"])


def comparison(c: Convolution) -> None:
    """Bars, and what they say in one sentence."""
    direct, reduced = pair(c)
    ratio = direct.macs / reduced.macs
    saying = f"**{ratio:.2f}×** fewer" if ratio >= 1 else f"**{1 / ratio:.2f}×** more"
    st.markdown(
        f"{thousands(direct.macs)} multiplications, or {thousands(reduced.macs)} with a bottleneck of "
        f"{st.session_state['bottleneck']}: {saying}."
    )
    chart(cost_bars.comparison((direct, reduced), dark()), "comparison", "Costs of both, layer by layer")
    cost_bars.legend(direct, reduced)


def formulas(c: Convolution) -> None:
    """Each design's multiplications and parameters with the numbers put in, and all its counts."""
    for place, design in zip(st.columns(2, gap="medium"), pair(c), strict=True):
        with place:
            st.markdown(f"**{design.name}**: {' → '.join(shape_text(s) for s in _shapes(design))}")
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


def _shapes(design: Design) -> list[tuple[int, int, int]]:
    return [design.layers[0].in_shape, *(layer.out_shape for layer in design.layers)]


def widths(c: Convolution) -> None:
    """Multiplications by the bottleneck's width, and where nothing is saved any more."""
    direct, reduced = pair(c)
    break_even = float(designs.break_even_width(c))
    figure = cost_bars.width_curve(designs.sweep(c), reduced, direct, break_even, dark())
    chart(figure, "curve", "Multiplications by bottleneck width")
    st.markdown(f"Break-even: a bottleneck saves multiplications below **{break_even:.1f}** maps, of {c.in_shape[0]}.")


def relatives(c: Convolution) -> None:
    """The whole family in its place, as bars and as a table, and why some of it is not possible."""
    _control("expansion")
    found = family(c)
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
