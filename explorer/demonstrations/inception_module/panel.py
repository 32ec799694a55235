"""Inception modules on the current picture: branches, costs, what the 1x1 reductions save, auxiliary heads.

For GoogLeNet and for the networks of the Inception page: a module is any block whose branches are concatenated.
"""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explorer.analysis.text import shape_text, si, thousands
from explorer.analysis.words import WORDS
from explorer.architectures import variant as variant_called
from explorer.architectures.googlenet import GoogLeNetConfig
from explorer.demonstrations.inception_module import charts
from explorer.demonstrations.inception_module.compute import (
    Branch,
    Module,
    epochs_with_heads,
    heads,
    modules,
    reductions,
)
from explorer.runtime.maps import statistics
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.network import BUNDLED
from explorer.ui import cache
from explorer.ui.answer import answer, answers
from explorer.ui.charts import chart, dark
from explorer.ui.controls import select
from explorer.ui.link import Control, choice, plain
from explorer.ui.map_figure import limits, tiles
from explorer.ui.section import Section
from explorer.ui.selection import enclosing, selected

TILES = 4  # of each branch
TILES_PER_ROW = 2
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


@cache.kept()
def _modules(name: str) -> dict[str, Module]:
    return {m.path: m for m in modules(cache.trace(name))}


def _titles(name: str) -> dict[str, str]:
    return {path: f"{path}: {shape_text(module.merge.out_shape)}" for path, module in _modules(name).items()}


def _module_control(run: Run) -> Control:
    return choice("inception.module", "Module", lambda: _titles(run.variant), follows=True)


def _as_selected(run: Run) -> str:
    found = _modules(run.variant)
    return enclosing(found, selected(cache.trace(run.variant))) or next(iter(found))


# ---- one module --------------------------------------------------------------------------------------------


def _show_module(run: Run) -> None:
    """The strongest maps of each branch, its shares, and what its 1x1 saves."""
    as_selected = _as_selected(run)
    chosen = select(_module_control(run), as_selected=_titles(run.variant)[as_selected], width=460)
    module = _modules(run.variant)[chosen or as_selected]
    st.markdown(
        f"All branches read the same **{module.in_channels}** maps; their outputs are stacked, not added. "
        "**What to look for:** a branch whose share of the MACs is not its share of the maps."
    )
    _maps(run, next(m for m in modules(cache.running_trace(run)) if m.path == module.path))
    st.markdown("**Shares of the branches** (the published network's counts)")
    left, right = st.columns([3, 2], gap="medium")
    with left:
        chart(charts.shares(module, dark()), "branch-shares", "Shares of the branches in maps, parameters and MACs")
    with right:
        _reductions(module)


def _maps(run: Run, module: Module) -> None:
    """The strongest maps of each branch, all on one scale; `module` is of the network that runs."""
    activations = cache.activations(run)
    outputs = [activations.maps(b.output.name).numpy() for b in module.branches]
    scale = limits(min(float(o.min()) for o in outputs), max(float(o.max()) for o in outputs))
    for i, (column, branch, maps) in enumerate(zip(st.columns(len(outputs)), module.branches, outputs, strict=True)):
        strongest = statistics(maps).order("strength")[:TILES]
        last = branch.first + branch.channels - 1
        with column:
            st.markdown(f"**{branch.title}**  \nmaps {branch.first} to {last} of the stack")
            titles = [f"#{branch.first + k}" for k in strongest]
            figure = tiles(maps[strongest], titles, dark(), TILES_PER_ROW, scale)
            chart(figure, f"branch-{i}", f"Strongest maps of {branch.output.name}")
    st.caption(
        f"{run.picture.title}: the {TILES} strongest maps of each branch (mean absolute value), numbered as in the "
        f"stack, on one scale. {activations.network.caption}"
    )


def _reductions(module: Module) -> None:
    """What the 1x1 before a larger convolution saves."""
    found = reductions(module)
    if not found.pairs:
        st.markdown("No branch of this module is just a 1×1 and one larger convolution after it.")
        return
    st.table(
        [
            {
                "branch": reduced.name,
                "1×1 leaves": f"{reduced.layers[0].out_channels} of {reduced.layers[0].in_shape[0]}",
                "MACs": si(reduced.macs),
                "without 1×1": si(alone.macs),
                "ratio": f"{alone.macs / reduced.macs:.1f}×",
            }
            for reduced, alone in found.pairs
        ]
    )
    macs = module.macs + found.saved_macs
    st.markdown(
        f"With the larger kernels on all {module.in_channels} maps the module would need **{si(macs)}** MACs instead "
        f"of **{si(module.macs)}** ({macs / module.macs:.2f}×), and {si(module.params + found.saved_params)} "
        f"parameters instead of {si(module.params)}."
    )


# ---- all modules -------------------------------------------------------------------------------------------


def _show_modules(run: Run) -> None:
    """A table of all modules, beside the paper's where the network is the paper's."""
    found, config = list(_modules(run.variant).values()), variant_called(run.variant).config
    published = isinstance(config, GoogLeNetConfig) and not config.batch_norm
    rows = []
    for module in found:
        saved = reductions(module)
        row = {
            "module": _short(module.path) if published else module.path,
            "in": shape_text(module.branches[0].nodes[0].in_shapes[0]),
            "branches: maps after each convolution": "; ".join(map(_widths, module.branches)),
            "out": shape_text(module.merge.out_shape),
            "parameters": thousands(module.params),
            "MACs": thousands(module.macs),
            "MACs without 1×1": thousands(module.macs + saved.saved_macs) if saved.pairs else "",
        }
        if published:
            row["printed"] = " / ".join(PRINTED[_short(module.path)])
        rows.append(row)
    total = sum(m.macs for m in found)
    without = total + sum(reductions(m).saved_macs for m in found)
    slowest, largest = max(found, key=lambda m: m.macs), max(found, key=lambda m: m.params)
    answer(f"{si(total)} MACs together; without the 1×1 before larger kernels: {si(without)}", help=WORDS["MAC"])
    st.markdown(
        f"**What to look for:** the most MACs ({_short(slowest.path)}, {shape_text(slowest.merge.out_shape)}) and the "
        f"most parameters ({_short(largest.path)}, {shape_text(largest.merge.out_shape)})."
    )
    st.table(rows)
    st.caption(
        "Only branches of a 1×1 and one larger convolution are counted without the 1×1; the modules' inputs stay as "
        "they are. All counts are of the published network, from its trace."
        + (
            " Printed: parameters and operations in table 1 of arXiv 1409.4842. Of its parameters 3a and 3b fit with "
            "K = 1024, others do not (4c, 5a); of its operations all fit to the million but 5a."
            if published
            else ""
        )
    )


def _short(path: str) -> str:
    """inception3.3a -> 3a."""
    return path.rpartition(".")[2]


def _widths(branch: Branch) -> str:
    """16 → 32: the channels after each convolution of a branch."""
    counts = [str(n.out_shape[0]) for n in branch.windows if n.kind != "pooling"]
    return " → ".join(["pooling", *counts] if branch.pools else counts)


# ---- auxiliary heads ---------------------------------------------------------------------------------------


def _show_heads(run: Run) -> None:
    """What each head predicts, beside the main one."""
    activations, found = cache.activations(run), heads(cache.trace(run.variant))
    st.markdown(
        "Each early head predicts the same classes from earlier maps; only its loss is used, in training, to bring "
        "gradient to the lower layers and to regularize. "
        "**What to look for:** whether the earlier head names the same class, and how sure it is."
        + (_training_of_heads(run.variant) if run.weights == BUNDLED else "")
    )
    titles = [head.stage + (" (main)" if head == found[-1] else "") for head in found]
    said = {
        title: replace(activations, logits=activations.maps(head.scores)).answer
        for title, head in zip(titles, found, strict=True)
    }
    if activations.network.trained:
        answer("; ".join(f"{title}: {plain(a.first)}" for title, a in said.items()))
        answers("heads", said)
    else:
        st.caption("**Untrained network**: random weights, seeded. The heads' predictions mean nothing.")
    for title, head in zip(titles, found, strict=True):
        st.markdown(f"**{title}** reads {head.reads}: {si(head.params)} parameters, {si(head.macs)} MACs.")


def _training_of_heads(name: str) -> str:
    entry = manifest()[name]
    count = epochs_with_heads(entry)
    return f" Here the early heads were trained in the last {count} of {entry.epochs} epochs only: they know little."


MODULE = Section("module", "Inside a module", _show_module, lambda run: (_module_control(run),), follows=True)
MODULES = Section("modules", "All modules", _show_modules)
HEADS = Section("heads", "Auxiliary heads", _show_heads, available=lambda run: bool(cache.trace(run.variant).auxiliary))
