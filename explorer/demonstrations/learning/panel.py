"""LeNet-5 learns from scratch while one watches: curves, kernels, maps, gradients, and each stage of a step."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from functools import partial

import numpy as np
import streamlit as st
from PIL import Image

from explorer.analysis.text import pair_text, thousands
from explorer.architectures import variant as variant_called
from explorer.architectures.lenet import BACKGROUND, FOREGROUND
from explorer.demonstrations.digits.panel import SAMPLE, canvas
from explorer.demonstrations.learning import charts
from explorer.demonstrations.learning.compute import (
    HELD_OUT,
    MAPS,
    MEASURED_EVERY,
    MOST_STEPS,
    STAGES,
    Initialization,
    Rates,
    Reading,
    Recipe,
    Stage,
    Step,
    View,
)
from explorer.demonstrations.learning.drawings import DIGITS, Handwriting
from explorer.demonstrations.learning.jobs import KEPT_S, LINE, PATIENCE_S, PLACES, Job
from explorer.runtime.run import Run
from explorer.runtime.weights.network import BUNDLED
from explorer.ui import cache
from explorer.ui.answer import answer
from explorer.ui.charts import dark
from explorer.ui.controls import number_box, pills, segments, slider
from explorer.ui.link import Control, choice, number, rerun_page
from explorer.ui.map_images import Strip, captioned, common, strips, wrapped
from explorer.ui.section import Section
from explorer.ui.window import BELOW

RATES = (0.0005, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
FIRST_RATES = {True: 0.002, False: 0.05}  # by whether the outputs are distances, whose loss is about ten times as large
WRITINGS: dict[str, tuple[Handwriting, ...]] = {"one": ("first",), "both": ("first", "second")}
INITIALIZATIONS: dict[Initialization, str] = {
    "torch": "torch's default",
    "paper": "The paper's",
    "zero": "Zero",
    "alike": "All alike",
    "large": "Too large",
}
INITIALIZATION_HELP = (
    "Of n inputs of a unit: torch's default draws each weight within ±1/√n, the paper (appendix A) within ±2.4/n. "
    "Zero; all alike: each 1/n, so that nothing tells two units apart; too large: within ±10/√n."
)

SOURCE = choice("learn.from", "Learns from", {"one": "One handwriting", "both": "Both"})
INITIALIZATION = choice("learn.init", "First weights", INITIALIZATIONS)
BATCH = choice("learn.batch", "Batch", (1, 8, 32, 128), 32)
MOMENTUM = choice("learn.momentum", "SGD", {0.0: "plain", 0.9: "momentum 0.9"}, 0.9)
SEED = number("learn.seed", "Seed", 0, 999)

JOB = "learn-job"  # in the session: the key of the viewer's network
LOOK_INTERVAL_S = 0.5  # while it learns
KEEP_INTERVAL_S = 60.0  # while it does not: an open page keeps its network
SHOWN = 8  # drawings of a batch
DRAWING_REM = 2.75
MAP_REM = {"c1": 4.2, "s2": 4.2, "c3": 3.0}
KERNEL_REM = 4.5
TITLES: dict[Stage, str] = {"forward": "Forward", "loss": "Loss", "backward": "Backward", "update": "Update"}
GUESSING = float(np.log(DIGITS))  # cross-entropy of ten equal probabilities


# ---- what can be set ---------------------------------------------------------------------------------------


def rate_control(run: Run) -> Control:
    """The learning rate; its default is one at which the variant learns well."""
    first = FIRST_RATES[variant_called(run.variant).config.output == "rbf"]
    return choice("learn.rate", "Learning rate", {rate: f"{rate:g}" for rate in RATES}, first)


def activation_control(run: Run) -> Control:
    """The activation; by default that of the variant."""
    options = {"tanh": "tanh", "relu": "ReLU"}
    return choice("learn.activation", "Activation", options, variant_called(run.variant).config.activation)


def _controls(run: Run) -> Sequence[Control]:
    return rate_control(run), MOMENTUM, BATCH, activation_control(run), INITIALIZATION, SOURCE, SEED


def _recipe(run: Run) -> Recipe:
    return Recipe(
        run.variant,
        WRITINGS[SOURCE.value],
        activation_control(run).value,
        INITIALIZATION.value,
        BATCH.value,
        SEED.value,
    )


def _boxes(run: Run) -> None:
    with st.container(horizontal=True, vertical_alignment="bottom", key="learn-settings"):
        slider(rate_control(run), width=240, help="How far an update goes. Acts at once, as momentum does.")
        segments(MOMENTUM)
        segments(BATCH, help="Drawings a step. This, and all that follows, begins the training anew.")
        segments(activation_control(run))
        pills(INITIALIZATION, help=INITIALIZATION_HELP)
        segments(SOURCE)
        number_box(SEED, width=130, help="Of the first weights and of the drawings: the same seed, the same training.")


# ---- the section -------------------------------------------------------------------------------------------


def _show(run: Run) -> None:
    """What can be set, and under it what moves."""
    _boxes(run)
    recipe, rates = _recipe(run), Rates(rate_control(run).value, MOMENTUM.value)
    job = LINE.find(st.session_state.get(JOB))
    if job is None:
        if JOB in st.session_state:
            st.caption(f"The former network was dropped: nobody had looked at it for {KEPT_S / 60:.0f} minutes.")
        job = LINE.new(recipe, rates)
        st.session_state[JOB] = job.key
    elif job.training.recipe != recipe:
        job.begin(recipe, rates)
    job.set_rates(rates)
    interval = LOOK_INTERVAL_S if job.going else KEEP_INTERVAL_S
    st.fragment(_live, run_every=interval)(run, job.going)


def _live(run: Run, going: bool) -> None:
    """The training as it stands; `going`: how it was when the interval was chosen at which this runs."""
    job = LINE.find(st.session_state.get(JOB))
    if job is None or job.going != going:  # dropped, ended, left
        rerun_page()
        return
    said = st.container()
    left, right = st.columns([2.2, 1], gap="medium")
    with right:
        run = canvas(run)
        view = job.view(cache.network_input(replace(run, weights=BUNDLED)).tensor)
        _reading(view)
    with said:
        _say(view)
        _buttons(job, view)
    with left:
        _curves(view)
        if view.finite:
            _kernels(view)
    pills(SAMPLE, label="The picture that it is tried on: draw one, or take a sample", on_change=rerun_page)
    _stages(view)
    _sizes(view)
    if view.finite:
        _maps(view.reading)
    _about(view)


def _press(act: Callable[[Job], None]) -> None:
    """Do something with the viewer's network, and choose anew how often the page looks at it."""
    job = LINE.find(st.session_state.get(JOB))
    if job is not None:
        act(job)
    st.rerun(BELOW)


def _reset(job: Job) -> None:
    LINE.pause(job)
    job.begin(job.training.recipe, job.training.rates)


def _buttons(job: Job, view: View) -> None:
    """Start, pause, one stage, one step, reset; and how it goes."""
    going, begun = job.going, view.number or view.stages
    with st.container(horizontal=True, vertical_alignment="center", key="learn-buttons"):
        # A press may be told twice where the page looks at the same moment: what is pressed must not alternate.
        if going:
            st.button("Pause", key="learn-pause", type="primary", on_click=_press, args=(LINE.pause,))
        else:
            st.button(
                "Go on" if begun else "Start",
                key="learn-start",
                type="primary",
                on_click=_press,
                args=(LINE.start,),
                disabled=view.done,
            )
        stopped, place = going or view.done, (view.number, view.stages)
        st.button(
            f"Next: {TITLES[STAGES[view.stages]].lower()}",
            key="learn-stage",
            on_click=_press,
            args=(partial(Job.advance, place=place),),
            disabled=stopped,
            help="One step, stage by stage: forward, loss, backward, update.",
        )
        st.button(
            "One step", key="learn-step", on_click=_press, args=(partial(Job.step, place=place),), disabled=stopped
        )
        st.button("Reset", key="learn-reset", on_click=_press, args=(_reset,), disabled=not begun)
        st.markdown(_status(job, view))


def _status(job: Job, view: View) -> str:
    """How it goes, in a sentence."""
    place = LINE.place(job)
    if view.failed:
        return f"Ended in step {view.number + 1}."
    if view.done:
        return f"Ended: {thousands(MOST_STEPS)} steps are the most."
    if place:
        return f"Waiting: number {place} in the line; {PLACES} networks learn at a time."
    if place == 0:
        return f"Learning: step {view.number} of at most {thousands(MOST_STEPS)}."
    if job.left:
        return f"Paused after step {view.number}: nobody looked for {PATIENCE_S:.0f} s."
    return f"Paused after step {view.number}." if view.number or view.stages else "Not begun."


def _say(view: View) -> None:
    """The result, and what is odd about it."""
    now = view.points[-1]
    if view.failed:
        answer(f"It diverged in step {view.number + 1}: the loss is no number any more")
        st.markdown(
            "The updates overshot, and the weights grew beyond all numbers. Choose a smaller learning rate, or smaller "
            "first weights, and press Reset."
        )
        return
    when = f"after {thousands(now.step)} steps" if now.step else "before the first step (a guess gets 10 %)"
    other = f"; another handwriting: **{now.unseen.accuracy:.1f} %**" if now.unseen else ""
    answer(f"**{now.fresh.accuracy:.1f} %** of {HELD_OUT} held-out drawings {when}{other}")
    if view.alike:
        st.markdown(
            "**C1's kernels are all alike**: each gets the same gradient as the others, so they stay alike. Random "
            "first weights break this symmetry."
        )


def _curves(view: View) -> None:
    for column, draw in zip(st.columns(2, gap="small"), (charts.accuracies, charts.losses), strict=True):
        with column:
            st.html(draw(view.points, view.changes, dark()))


def _kernels(view: View) -> None:
    reach = max(float(np.abs(view.kernels).max()), 1e-9)
    captions = [f"#{i}" for i in range(len(view.kernels))]
    title = f"C1's {len(view.kernels)} kernels of {pair_text(view.kernels.shape[1:])}"
    strips(Strip(title, view.kernels, captions, (-reach, reach), side=KERNEL_REM))


def _reading(view: View) -> None:
    """What the network as it stands makes of the picture."""
    found = view.reading
    if not found.finite:
        st.markdown("Its outputs are no numbers any more.")
        return
    if np.ptp(found.scores) == 0:
        st.markdown("**No answer**: its ten outputs are equal.")
        return
    sure = (
        f"distance {found.outputs.min():.3g}"
        if variant_called(view.recipe.variant).config.output == "rbf"
        else f"{found.probability:.0%}"
    )
    untrained = "" if view.number else " Untrained: a guess."
    st.markdown(f"#### It reads {found.answer} ({sure})")
    st.caption(f"The network after step {view.number}.{untrained}")


# ---- one step ----------------------------------------------------------------------------------------------


def _stages(view: View) -> None:
    """The four stages of the present step, or of the last one, each with its numbers."""
    step = view.step
    if step is None:
        st.markdown("**A step has four stages.** Press “Next: forward” to see them one by one.")
        return
    done = view.stages or len(STAGES)
    if view.failed:
        done = STAGES.index("loss") + 1
    right = int((step.answers == step.batch.labels).sum())
    st.markdown(f"**Step {step.number}**, a batch of {len(step.batch.labels)} new drawings")
    words = (
        f"**{right}** of {len(step.answers)} right. Each drawing goes through all layers.",
        _loss_words(view, step) if done > 1 else "",
        _gradient_words(step) if done > 2 else "",
        _update_words(step) if done > 3 else "",
    )
    for place, (column, stage, text) in enumerate(zip(st.columns(4, gap="small"), STAGES, words, strict=True), 1):
        with column, st.container(border=True, height="stretch", key=f"learn-in-{stage}"):
            st.markdown(f"**{place} {TITLES[stage]}**")
            st.markdown(text if place <= done else "…")
            if place == 1:
                st.html(_drawings(step))


def _drawings(step: Step) -> str:
    """The first drawings of the batch: the digit, and what it is read as where that is another one."""
    levels = (step.batch.inputs[:SHOWN, 0].numpy() - BACKGROUND) / (FOREGROUND - BACKGROUND)
    shown = []
    for picture, label, read in zip(
        np.rint(levels * 255).astype(np.uint8), step.batch.labels.tolist(), step.answers.tolist(), strict=False
    ):
        caption = f"{label} ✓" if label == read else f"{label}→{read}"
        alt = f"Drawing of a {label}, read as {read}"
        shown.append(captioned(Image.fromarray(picture), DRAWING_REM, alt, caption))
    return wrapped(shown, ".25rem .375rem")


def _loss_words(view: View, step: Step) -> str:
    assert step.loss is not None
    if variant_called(view.recipe.variant).config.output == "rbf":
        what = "The right digit's distance, and a term that pushes the others away (section II-C); the batch's mean."
    else:
        what = f"−ln of the right digit's probability, the batch's mean. Ten equal ones: {GUESSING:.2f}."
    return f"**{_number(float(step.loss))}**. {what}"


def _gradient_words(step: Step) -> str:
    assert step.weight is not None
    whole = float(np.sqrt(sum(s.gradient**2 for s in step.sizes)))
    return (
        f"Norm of all derivatives: **{_number(whole)}**. Of the middle weight of C1's kernel #0: "
        f"∂L/∂w = {_number(step.weight.gradient)}."
    )


def _update_words(step: Step) -> str:
    weight, rates = step.weight, step.rates
    assert weight is not None and weight.after is not None and rates is not None
    moved = "its gradient"
    if rates.momentum:
        moved = f"its velocity: the gradient, and {rates.momentum:g} of the velocity before"
    text = f"That weight: {_number(weight.before)} → **{_number(weight.after)}**, less {rates.rate:g} times {moved}."
    if step.again is not None and step.loss is not None:
        text += f" The loss on the same batch: {_number(float(step.loss))} → **{_number(step.again)}**."
    return text


def _number(value: float) -> str:
    return f"{value:.4g}".replace("-", "−")


def _sizes(view: View) -> None:
    """The sizes of gradients and updates, layer by layer."""
    if view.step is None or not view.step.sizes:
        return
    st.markdown(
        "**How large are gradients and updates?**",
        help="Of all weights and biases of a layer: the root of the sum of the squares of the loss's derivatives, and "
        "of what the step adds, in percent of that of the weights themselves. Far above 1 % a layer is thrown about; "
        "far below 0.01 % it hardly learns.",
    )
    st.html(charts.sizes(view.step.sizes, dark()))


# ---- all layers, and what this is --------------------------------------------------------------------------


def _maps(reading: Reading) -> None:
    """The picture's maps in C1 and S2, side by side, and in C3."""
    st.markdown("**The picture that it is tried on, in its first layers**")
    columns = st.columns(2, gap="small")
    for name, place in zip(MAPS, (*columns, st.container()), strict=True):
        maps = reading.maps[name]
        title = f"{name.upper()}: {len(maps)} maps of {pair_text(maps.shape[1:])}"
        with place:
            strips(Strip(title, maps, [f"#{i}" for i in range(len(maps))], common(*maps), side=MAP_REM[name]))


def _about(view: View) -> None:
    """What it learns from, what is held out, and what repeats."""
    writings = len(view.recipe.writings)
    held_out = f"{HELD_OUT} drawings of the same originals in other warps"
    held_out += f", and {HELD_OUT} of the ten originals of a second handwriting" if view.recipe.unseen else ""
    st.caption(
        f"Not MNIST: the drawings are made here, from the strokes of {writings * DIGITS} originals, "
        f"{'one' if writings == 1 else 'two'} of each digit. Each is drawn with another pen, turned, sheared, scaled, "
        f"moved and bent at random; each is new. Held out: {held_out}; measured every {MEASURED_EVERY} steps. "
        "The training line is the mean over the steps in between, each batch before its update. What to look for: how "
        "C1's kernels and the maps change while the loss falls, and the gap to another handwriting. "
        f"{_rates_words(view)}The same seed and settings give the same weights after as many steps."
    )


def _rates_words(view: View) -> str:
    """Which rates it had, where they were changed."""
    if len(view.changes) < 2:
        return ""
    said = [
        f"{rates.rate:g}{f' with momentum {rates.momentum:g}' if rates.momentum else ''} from step {step + 1} on"
        for step, rates in view.changes
    ]
    return f"Learning rate: {', '.join(said)} (upright lines). "


LEARNS = Section("learn", "Learns", _show, _controls)
