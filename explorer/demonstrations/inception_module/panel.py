"""Inception modules on the current picture: branches, costs, what the 1x1 reductions save, auxiliary heads.

For GoogLeNet and for the networks of the Inception page: a module is any block whose branches are concatenated.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from itertools import takewhile

import plotly.graph_objects as go
import streamlit as st

from explorer.analysis.palette import INK
from explorer.analysis.text import shape_text, si, thousands
from explorer.analysis.trace import Node, Trace
from explorer.analysis.types import Kind
from explorer.architectures.family import Variant
from explorer.architectures.googlenet import GoogLeNetConfig
from explorer.demonstrations.inception_module.compute import Branch, Module, modules, without_reduction
from explorer.runtime.activations import Activations
from explorer.runtime.maps import statistics
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import BUNDLED
from explorer.ui import cache
from explorer.ui.charts import FONT, ROW, chart, dark, fill, shared, styled
from explorer.ui.following import Follower, enclosing
from explorer.ui.link import beside, rewrite
from explorer.ui.map_figure import limits, tiles
from explorer.ui.sidebar import run_of, settings, weights_for

BOX = Follower("inception", "inception module")
TILES = 4  # of each branch
BRANCH_KINDS: tuple[Kind, ...] = ("pointwise", "convolution", "linear", "depthwise")  # fills, in order of the branches
# Table 1 of 1409.4842: parameters and operations as printed.
PRINTED = {
    "3a": ("159K", "128M"),
    "3b": ("380K", "304M"),
    "4a": ("364K", "73M"),
    "4b": ("437K", "88M"),
    "4c": ("463K", "100M"),
    "4d": ("580K", "119M"),
    "4e": ("840K", "170M"),
    "5a": ("1072K", "54M"),
    "5b": ("1388K", "71M"),
}


def begin(variant: Variant) -> None:
    """Give the select box its value, before the screen."""
    BOX.begin(_modules(variant.name))


def follow(trace: Trace, node: Node) -> bool:
    """Turn to the module of the selected node."""
    found = _modules(trace.variant)
    moved = BOX.follow(trace, node, enclosing(found, node))
    _into_link(found, node)
    return moved


def _into_link(found: Mapping[str, Module], node: Node) -> None:
    beside(**BOX.in_link(enclosing(found, node) or next(iter(found))))


def demonstration(variant: Variant) -> None:
    """Everything below the screen that inception modules have to show."""
    st.header("Inside an inception module", anchor=False)
    _one_module(variant)
    st.header("All modules", anchor=False)
    _table(variant)
    if cache.trace(variant.name).auxiliary:
        st.header("Auxiliary heads beside the main one", anchor=False)
        _heads(variant)


def _modules(name: str) -> dict[str, Module]:
    return {m.path: m for m in modules(cache.trace(name))}


def _short(path: str) -> str:
    """inception3.3a -> 3a."""
    return path.rpartition(".")[2]


# ---- one module --------------------------------------------------------------------------------------------


@st.fragment
def _one_module(variant: Variant) -> None:
    name, found, state = variant.name, _modules(variant.name), st.session_state
    with st.container(width=460):
        st.selectbox(
            "Module",
            found,
            key=BOX.key,
            persist_state="session",
            format_func=lambda p: f"{p}: {shape_text(found[p].merge.out_shape)}",
        )
    module = found[state[BOX.key]]
    st.markdown(
        f"All branches read the same **{module.in_channels}** maps; what they make is stacked, not added. "
        "**Look for** a branch whose share of the MACs is not its share of the maps."
    )
    chosen, weights = settings(), weights_for(name)
    activations = cache.activations(name, weights, chosen.device, chosen.image)
    ran = next(m for m in modules(cache.ran(name, weights)) if m.path == module.path)
    _maps(activations, ran)
    st.markdown("**Shares of the branches** (the published network's counts)")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        chart(_shares(module, dark()), "branch-shares", "Shares of the branches in maps, parameters and MACs")
    with right:
        _reductions(module)
    _into_link(found, cache.trace(name).node(state["node"]))
    rewrite()


def _maps(activations: Activations, module: Module) -> None:
    """The strongest maps of each branch, all on one scale; `module` is of the network that runs."""
    outputs = [activations.maps(b.output.name).numpy() for b in module.branches]
    scale = limits(min(float(o.min()) for o in outputs), max(float(o.max()) for o in outputs))
    for i, (place, branch, maps) in enumerate(zip(st.columns(len(outputs)), module.branches, outputs, strict=True)):
        strongest = statistics(maps).order("strength")[:TILES]
        last = branch.first + branch.channels - 1
        with place:
            st.markdown(f"**{branch.title}**  \nmaps {branch.first} to {last} of the stack")
            titles = [f"#{branch.first + k}" for k in strongest]
            chart(
                tiles(maps[strongest], titles, dark(), 2, scale),
                f"branch-{i}",
                f"Strongest maps of {branch.output.name}",
            )
    kind = "" if activations.network.trained else " **Untrained network**: random weights, seeded."
    st.caption(
        f"{settings().image_title}: the {TILES} strongest maps of each branch (mean absolute value), numbered as in "
        f"the stack, on one scale.{kind}"
    )


def _colour(module: Module, branch: Branch) -> Kind:
    if branch.pools:
        return "pooling"
    others = [b for b in module.branches if not b.pools]
    return BRANCH_KINDS[others.index(branch)]


@shared
def _shares(module: Module, dark: bool) -> go.Figure:
    """Three bars of the same length, divided among the branches."""
    quantities = {
        "Maps": [b.channels for b in module.branches],
        "Parameters": [b.params for b in module.branches],
        "MACs": [b.macs for b in module.branches],
    }
    figure = go.Figure()
    for i, branch in enumerate(module.branches):
        counts = [values[i] for values in quantities.values()]
        shares = [count / sum(values) for count, values in zip(counts, quantities.values(), strict=True)]
        figure.add_bar(
            x=shares,
            y=list(quantities),
            orientation="h",
            name=branch.title,
            width=0.8,
            marker={"color": fill(_colour(module, branch), dark), "line": {"width": 1, "color": INK}},
            text=[f"{share:.0%}" if share >= 0.1 else "" for share in shares],
            textposition="inside",
            insidetextanchor="middle",
            textangle=0,
            insidetextfont={"color": INK, "size": FONT},
            constraintext="none",
            customdata=[thousands(count) for count in counts],
            hovertemplate=f"{branch.title}: " + "%{customdata} (%{x:.1%})<extra></extra>",
        )
    figure.update_xaxes(visible=False, range=[0, 1])
    figure.update_yaxes(autorange="reversed", ticksuffix=" ")
    legend = {"orientation": "h", "y": -0.05, "yanchor": "top", "traceorder": "normal"}
    figure.update_layout(legend=legend)
    return styled(figure, dark, height=3 * ROW + 110)


def _reductions(module: Module) -> None:
    """What the 1x1 in front of a larger convolution saves."""
    pairs = [designs for b in module.branches if (designs := without_reduction(b))]
    if not pairs:
        st.markdown("No branch of this module is just a 1×1 and one larger convolution behind it.")
        return
    rows = [
        {
            "branch": reduced.name,
            "1×1 leaves": f"{reduced.layers[0].out_channels} of {reduced.layers[0].in_shape[0]}",
            "MACs": si(reduced.macs),
            "without 1×1": si(alone.macs),
            "ratio": f"{alone.macs / reduced.macs:.1f}×",
        }
        for reduced, alone in pairs
    ]
    st.table(rows)
    more = sum(alone.macs - reduced.macs for reduced, alone in pairs)
    params = sum(alone.params - reduced.params for reduced, alone in pairs)
    st.markdown(
        f"With the larger kernels on all {module.in_channels} maps the module would need **{si(module.macs + more)}** "
        f"MACs instead of **{si(module.macs)}** ({1 + more / module.macs:.2f}×), and {si(module.params + params)} "
        f"parameters instead of {si(module.params)}."
    )


# ---- all modules -------------------------------------------------------------------------------------------


def _table(variant: Variant) -> None:
    found = list(_modules(variant.name).values())
    published = isinstance(variant.config, GoogLeNetConfig) and not variant.config.batch_norm
    rows, saved = [], 0
    for module in found:
        pairs = [designs for b in module.branches if (designs := without_reduction(b))]
        more = sum(alone.macs - reduced.macs for reduced, alone in pairs)
        saved += more
        row = {
            "module": _short(module.path) if published else module.path,
            "in": shape_text(module.branches[0].nodes[0].in_shapes[0]),
            "branches: maps after each convolution": "; ".join(map(_widths, module.branches)),
            "out": shape_text(module.merge.out_shape),
            "parameters": thousands(module.params),
            "MACs": thousands(module.macs),
            "MACs without 1×1": thousands(module.macs + more) if pairs else "",
        }
        if published:
            row |= {"printed": " / ".join(PRINTED[_short(module.path)])}
        rows.append(row)
    total = sum(m.macs for m in found)
    slowest, largest = max(found, key=lambda m: m.macs), max(found, key=lambda m: m.params)
    st.markdown(
        f"Together **{si(total)}** MACs; with larger kernels on all maps it would be **{si(total + saved)}**. "
        f"**Look for** the most MACs ({_short(slowest.path)}, {shape_text(slowest.merge.out_shape)}) and the most "
        f"parameters ({_short(largest.path)}, {shape_text(largest.merge.out_shape)})."
    )
    st.table(rows)
    st.caption(
        "Only branches of a 1×1 and one larger convolution are counted anew; the modules' inputs stay what they are. "
        "All counts are of the published network, from its trace."
        + (
            " Printed: parameters and operations in table 1 of arXiv 1409.4842. Of its parameters 3a and 3b fit with "
            "K = 1024, others do not (4c, 5a); of its operations all modules fit but 5a."
            if published
            else ""
        )
    )


def _widths(branch: Branch) -> str:
    """16 → 32: the channels after each convolution of a branch."""
    counts = [str(n.out_shape[0]) for n in branch.windows if n.kind != "pooling"]
    return ("pooling → " if branch.pools and counts else "pooling" if branch.pools else "") + " → ".join(counts)


# ---- auxiliary heads ---------------------------------------------------------------------------------------


@st.fragment
def _heads(variant: Variant) -> None:
    trace = cache.trace(variant.name)
    activations = cache.activations(*run_of(variant.name))
    heads = {path: trace.stage(path) for path in trace.auxiliary}
    names = [trace.classifier, *(stage.output for stage in heads.values())]
    names.sort(key=lambda n: trace.node(n).stage == trace.output.stage)  # the main one last, as deepest
    st.markdown(
        "A head on earlier maps learns the same classes; only training uses its loss. **Look for** whether the earlier "
        f"head names the same class, and how sure it is.{_epochs_with_heads(variant)}"
    )
    for place, name in zip(st.columns(len(names), gap="medium"), names, strict=True):
        stage = trace.node(name).stage
        reads = trace.node(trace.stage(stage).nodes[0]).inputs[0]
        with place:
            st.markdown(f"**{stage}**" + (" (main)" if name == trace.classifier else "") + f", behind {reads}")
            scores = activations.maps(name)
            if activations.network.trained:
                for p in replace(activations, logits=scores).top():
                    st.progress(p.probability, f"{p.label} {p.probability:.1%}")
            else:
                best = int(scores.argmax())
                st.markdown(
                    f"Highest score: class {best} of {len(scores)}, {float(scores[best]):.3g}; lowest "
                    f"{float(scores.min()):.3g}."
                )
            cost = trace.stage(stage)
            st.caption(f"{si(cost.params)} parameters, {si(cost.macs)} MACs behind these maps.")
    if not activations.network.trained:
        st.caption("**Untrained network**: random weights, seeded. What the heads answer means nothing.")


def _epochs_with_heads(variant: Variant) -> str:
    """That the bundled weights' heads learned for a part of the training only: they need pictures of full size."""
    if weights_for(variant.name) != BUNDLED:
        return ""
    entry = manifest()[variant.name]
    phases = entry.record()["recipe"]["phases"]
    last = takewhile(lambda phase: phase["build"].get("aux", True), reversed(phases))  # before, they were given up
    with_heads = sum(phase["epochs"] for phase in last)
    return f" Here the early heads were trained in the last {with_heads} of {entry.epochs} epochs: they know little."
