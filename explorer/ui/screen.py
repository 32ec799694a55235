"""The one screen of every architecture: the strip above, stage and block diagrams left, maps right, one selection.

Everything that a click changes is drawn in one fragment, so that a click runs nothing else again.
"""

from __future__ import annotations

from functools import partial

import streamlit as st

from explorer.analysis.text import pair_text, si
from explorer.analysis.trace import Block, Node, Trace
from explorer.analysis.words import explained
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Family, Variant
from explorer.diagrams.labels import element_for
from explorer.diagrams.scale import ColourBy
from explorer.runtime.activations import Answer, distance_text, none_fits
from explorer.runtime.device import kind_of
from explorer.runtime.edits import Edit
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import manifest
from explorer.runtime.weights.fit import MUST_NAME_ONE
from explorer.runtime.weights.network import BUNDLED, IMAGENET_CLASSES, NARROW, is_untrained
from explorer.ui import cache
from explorer.ui.build_up import built
from explorer.ui.components.diagram import clicked, diagram, link
from explorer.ui.components.feature_maps import model_input
from explorer.ui.controls import segments, select
from explorer.ui.download import download, handout
from explorer.ui.edits import altered_elements, apply, chips, current
from explorer.ui.followed import follow
from explorer.ui.lesson import hidden, offered
from explorer.ui.link import Control, choice, link_to, plain, publish, rerun_page
from explorer.ui.maps_title import maps_title
from explorer.ui.more_classes import more_classes, what_else
from explorer.ui.section import Section
from explorer.ui.selection import select as select_node
from explorer.ui.selection import selected
from explorer.ui.window import SCREEN

COLOURS: dict[ColourBy, str] = {
    "kind": "Colour: kind",
    "macs": "Colour: MACs",
    "params": "Colour: parameters",
    "memory": "Colour: memory",
}
COLOUR = choice("colour", "Colour the nodes by", COLOURS)
BLOCKS = "blocks"
OPERATIONS = "operations"
DIAGRAMS = choice("diagrams", "Diagrams", {BLOCKS: "Stage and block", OPERATIONS: "All operations"})
INSTRUMENT = "instrument"
STRIP = "strip"  # a fragment's key
SHOWN_CLASSES = 3
DISTANCE_HELP = (
    "Measured on the square roots of what the classifier reads: the root of the mean squared difference to their "
    "average for each class."
)
MIN_SHOWN_PROBABILITY = 0.001  # smaller ones are summed up in words


def variant_control(family: Family) -> Control:
    """Which of the family's networks is shown."""

    labels = {v.name: v.label for v in family.variants}

    def options() -> dict[str, str]:
        return {name: labels[name] for name in offered("variants", labels)}

    def default() -> str:
        names = offered("variants", labels)
        return family.default if family.default in names else names[0]

    return choice("variant", "Variant", options, default)


def instrument_control(instruments: tuple[Section, ...]) -> Control:
    """What stands beside the diagrams."""
    return choice(INSTRUMENT, "Beside the diagrams", {i.name: i.title for i in instruments})


def header(family: Family, variant: Variant, run: Run) -> None:
    """One line: title, variant, the key figures from the trace, and how the screen is drawn.

    No fragment: no click in a diagram changes it.
    """
    t = cache.trace(variant.name)
    with st.container(key="header", horizontal=True, vertical_alignment="center", gap="small"):
        st.title(f"{variant.title} ({variant.year})" if variant.year else variant.title, anchor=False)
        select(variant_control(family), label_visibility="collapsed", on_change=rerun_page)
        st.markdown(
            f"**{si(t.inference_params)}** parameters · **{si(t.inference_macs)}** MACs · "
            f"**{t.depth}** weight layers · {t.input_size[1]} × {t.input_size[2]}",
            help=f"{family.authors}.\n\n{explained('Parameter', 'MAC')}\n\n"
            "**Weight layers** are those on the longest path.",
        )
        if not hidden("colour"):
            select(COLOUR, label_visibility="collapsed", on_change=_redraw)
        if not hidden("view"):
            _view_box(variant.name, run)


@st.fragment
def _view_box(name: str, run: Run) -> None:
    """What is seldom asked for: all operations at once, and the diagrams as files."""
    with st.popover("View", key="view", on_change="rerun") as box:
        if box.open:
            segments(DIAGRAMS, on_change=_redraw)
            download(name, COLOUR.value)
            handout(current(run), COLOUR.value)


def _redraw() -> None:
    st.rerun([STRIP, SCREEN])


@st.fragment(key=STRIP)
def strip(name: str) -> None:
    """The stages of a variant; a fragment of its own, since no click changes it: the link marks what is selected."""
    diagram(
        cache.diagram(name, "network", None, COLOUR.value),
        group=name,
        key=f"{name}-network",
        label=f"Stages of {variant_called(name).title}",
        legend=sorted({n.kind for n in cache.trace(name).nodes}),
    )


@st.fragment(key=SCREEN)
def screen(run: Run, instruments: tuple[Section, ...]) -> None:
    """Stage, block and maps of a run: everything that a click changes."""
    name, run = run.variant, current(run)
    trace = cache.trace(name)
    node, building = selected(trace), built(trace)
    with st.container(key="stage"):
        left, right = st.columns(2, gap="small")
    with left, st.container(key="drawings"):
        _diagrams(trace, building.block)
    with right, st.container(key="beside"):
        _beside_diagrams(trace, node, run, instruments)
    key = f"{name}-link"
    link(
        group=name,
        key=key,
        node=node.name,
        block=building.block.path if building.count else node.block,
        stage=trace.node(building.block.output).stage if building.count else node.stage,
        hidden=building.hidden,
        edited=altered_elements(run, trace),
        on_node_change=partial(_select_clicked, trace, key),
        on_silenced_change=partial(_silence_reported, run, trace, key),
    )
    publish()
    follow(run, node)


def _select_clicked(trace: Trace, key: str) -> None:
    clicked_node = clicked(key)
    if clicked_node in {n.name for n in trace.nodes}:  # a browser can send anything
        select_node(str(clicked_node))


def _silence_reported(run: Run, trace: Trace, key: str) -> None:
    node = clicked(key, "silenced")
    if node in {n.name for n in trace.nodes}:
        apply(run, Edit(str(node), "zero"))


def _diagrams(trace: Trace, block: Block) -> None:
    """The stage as high as it is, and the block in what that leaves of the column; or all operations."""
    name, colour_by = trace.variant, COLOUR.value
    if DIAGRAMS.value == OPERATIONS:
        diagram(
            cache.diagram(name, "operations", None, colour_by),
            group=name,
            key=f"{name}-operations",
            zoomable=True,
            label=f"All operations of {name}",
            legend=False,
            fill=True,
        )
        return
    stage = trace.stage(trace.node(block.output).stage)
    if len(stage.blocks) > 1:
        diagram(
            cache.diagram(name, "stage", stage.path, colour_by),
            group=name,
            key=f"{name}-stage",
            label=f"Blocks of {stage.path}",
            legend=False,
        )
    diagram(
        cache.diagram(name, "block", block.path, colour_by),
        group=name,
        key=f"{name}-block",
        label=f"Operations of {block.path}",
        legend=False,
        fill=True,
    )


def _beside_diagrams(trace: Trace, node: Node, run: Run, instruments: tuple[Section, ...]) -> None:
    """The selected operation in words and an instrument on it; below, what went into the network and what came out."""
    node_line(trace, node)
    chips(run)
    control = instrument_control(instruments)
    instrument = next(i for i in instruments if i.name == control.value)
    with st.container(key="instrument-title", gap="small"):
        if not hidden(control.name):
            segments(control, label_visibility="collapsed")
        if instrument.head is None:
            st.markdown(maps_title(run, node), help=explained("Feature map", "Receptive field", *_words(run)))
        else:
            instrument.head(run)
    with st.container(key="instrument-shown"):
        instrument.show(run)
    input_and_answer(run, group=run.variant, key=f"{run.variant}-input", leads=True)


def node_line(trace: Trace, node: Node) -> None:
    """What the tooltip of an operation says: a hand that leaves the mouse, or a finger, has none."""
    kind, shapes, parameters, macs, memory, field = element_for(trace, node).lines
    shapes, memory = shapes.removeprefix("in ").replace("→ out", "→"), memory.removeprefix("memory ")
    said = kind, shapes, parameters, macs, memory, field
    with st.container(key="node-line"):
        st.markdown(f"**{node.name}** · {' · '.join(said)} ")
        if node.type == "Conv2d":
            # A link in Markdown would open another window, which knows nothing of a picture of one's own.
            st.page_link(
                "../pages/convolution.py",
                label="Cost of this convolution",
                query_params=link_to(**{"cost.from": f"{trace.variant}:{node.name}", "section": "calculator"}),
            )


def input_and_answer(run: Run, *, group: str, key: str, leads: bool = False) -> None:
    """What went into the network, and beside it what came out; an untrained network knows no classes.

    With `leads`, a network made for ImageNet's classes that knows fewer has a button to weights that know them all.
    """
    activations = cache.activations(run)
    network = activations.network
    how = f"{run.picture.title}, {activations.milliseconds:.0f} ms on the {kind_of(activations.device)}."
    made_for = variant_called(run.variant).config.num_classes
    few_classes = leads and made_for == IMAGENET_CLASSES > len(network.classes)
    next_step = what_else(run.variant) if few_classes else ""
    note = f" {activations.note}" if activations.note else ""
    note += f" {next_step}" if next_step else ""
    with st.container(key=f"{key}-answer", horizontal=True, vertical_alignment="center", gap="small"):
        with st.container(key=f"{key}-thumbnail"):
            size = pair_text(cache.trace(run.variant).input_size[1:])
            model_input(cache.input_png(run), group=group, caption=f"Input {size}", key=key)
        if network.trained:
            answer, words = activations.answer, explained("Softmax", *_words(run))
            about = f"{how} {network.description}. {_how_far(answer)}" if answer.fit else how
            if run.edits:
                said = f"{_after(cache.activations(run.unedited).answer, answer)}  \n{network.description}."
            else:
                said = _unlike(answer) if answer.unlike else f"{_top(answer)}  \n{network.description}."
            st.markdown(f"{said}{note}", help=f"{about}\n\n{words}")
        else:
            st.markdown(
                f"**{network.description}**: random weights, seeded.{note}",
                help=f"{how} The maps show what the wiring does to a picture, not what a trained network sees. "
                "Class probabilities would mean nothing, so none are shown.",
            )
        if few_classes:
            more_classes(run.variant)


def _words(run: Run) -> list[str]:
    """What the captions of a run's weights say without explaining it."""
    if is_untrained(run.weights):
        return ["Untrained, seeded", *(["Quarter width"] if run.weights == NARROW else [])]
    if run.weights != BUNDLED:
        return []
    entry = manifest()[run.variant]
    said = {"Imagenette": entry.data_title == "Imagenette", "Quarter width": entry.width == 0.25}
    return [word for word, is_said in said.items() if is_said]


def _how_far(answer: Answer) -> str:
    """The distance to what the network knows, and how far it is to be trusted."""
    counts = answer.fit.others.values() if answer.fit else ()
    pictures, unlike = sum(count for count, _ in counts), sum(count for _, count in counts)
    return (
        f"{distance_text(answer)} {DISTANCE_HELP} It is no proof: of {pictures:,} pictures of other things, it told "
        f"{unlike:,}."
    )


def _unlike(answer: Answer) -> str:
    """That no class fits, how that is known, and why one is named all the same."""
    first = answer.top(1)[0]
    return f"**{none_fits(answer)}.** {distance_text(answer)} {MUST_NAME_ONE} {first.label} {first.probability:.0%}."


def _after(before: Answer, after: Answer) -> str:
    """The classes that it takes the picture for after edits, with what they were before; what was first then is one."""
    shown = after.probabilities.topk(SHOWN_CLASSES).indices.tolist()
    was = int(before.probabilities.argmax())
    if was not in shown:
        shown[-1] = was
    first, *others = (
        f"{plain(after.classes[i])} {after.probabilities[i]:.1%} (was {before.probabilities[i]:.1%})" for i in shown
    )
    unlike = f"**{none_fits(before)}.** " if before.unlike else ""
    return f"{unlike}{' · '.join((f'**{first}**', *others))}"


def _top(answer: Answer) -> str:
    """The classes that it takes the picture for, the most probable first."""
    shown = [p for p in answer.top(SHOWN_CLASSES) if p.probability >= MIN_SHOWN_PROBABILITY]
    first, *others = (f"{p.label} {p.probability:.1%}" for p in shown)
    text = " · ".join((f"**{first}**", *others))
    return text if others else f"{text} · all others below {MIN_SHOWN_PROBABILITY:.1%}"
