"""Overfitting: networks that know their pictures by heart, and what they say of one picture altered a hundred times."""

from __future__ import annotations

import functools
from collections.abc import Sequence

import streamlit as st

from explorer.analysis.text import percent_text
from explorer.demonstrations.overfitting import charts, compute
from explorer.demonstrations.overfitting.compute import COUNT, FRAME, NOISES, STRENGTHS, Answers, Noise, Tested
from explorer.runtime.augmentation import augmented
from explorer.runtime.pictures import png_bytes
from explorer.runtime.run import Run
from explorer.runtime.weights.bundled import WIDTHS
from explorer.runtime.weights.overfitting import record, side, trained
from explorer.ui import cache
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.controls import number_box, segments
from explorer.ui.link import Control, choice, number, plain
from explorer.ui.section import Section
from explorer.ui.training_record import ONE_RUN

MAX_SEED = 999
SHOWN = 8  # of the hundred pictures
WITH, WITHOUT = "With augmentation", "Without augmentation"
PAIR = {WITHOUT: "plain", WITH: "augmented"}  # of the experiment's networks
BUNDLED = "Bundled AlexNet"

MEASURE = choice("overfitting.measure", "By epoch", {"accuracy": "Accuracy", "loss": "Loss"})
SEED = number("overfitting.seed", "Seed of the hundred", 0, MAX_SEED)
NOISE = choice("overfitting.noise", "Noise", {s: f"±{s}" for s in STRENGTHS[1:]}, 32)


# ---- by heart ----------------------------------------------------------------------------------------------


def _show_curves(run: Run) -> None:
    """Two networks on pictures that they saw and on others, by epoch, and at the end."""
    (seen, unseen), (seen_with, unseen_with) = (trained()[name].top1 for name in PAIR.values())
    answer(
        f"Without augmentation: **{percent_text(seen)}** right on pictures that it was trained on, "
        f"**{percent_text(unseen)}** on others. "
        f"With it: **{percent_text(seen_with)}** and **{percent_text(unseen_with)}**."
    )
    st.markdown(
        "A network **overfits** when it learns its training pictures by heart: what it knows of them does not carry "
        "over to pictures that it never saw. Only these count. What to look for: **the gap between the two lines**."
    )
    losses = segments(MEASURE) == "loss"
    pair = {title: trained()[name] for title, name in PAIR.items()}
    alt = "Loss" if losses else "Accuracy"
    chart(charts.curves(pair, losses, dark()), "overfitting-curves", f"{alt} on seen and unseen pictures, by epoch")
    st.table(
        [
            {
                "after the last epoch": title,
                "right, of pictures it was trained on": f"{network.top1[0]:.1f} %",
                "right, of pictures it never saw": f"{network.top1[1]:.1f} %",
                "gap": f"{network.top1[0] - network.top1[1]:.1f} points",
                "loss on these": f"{network.unseen_loss[-1]:.2f}",
                "at its lowest": f"{min(network.unseen_loss):.2f}",
            }
            for title, network in pair.items()
        ]
    )
    one, recipe = pair[WITH], record()["networks"][PAIR[WITH]]["recipe"]
    st.caption(
        f"The same small AlexNet twice: one tower, {WIDTHS[recipe['width']]}, {side()} pixels, the same recipe, "
        f"{len(one.seen)} epochs. {one.images[0]:,} training pictures of Imagenette, so few that it overfits soon, and "
        f"its {one.images[1]:,} validation pictures; curves and loss: {record()['watched']:,} of each, as they are. "
        f"Augmentation: crops of {100 * recipe['least_area']:.0f} to 100 % of the area, mirroring, AlexNet's colour "
        "shift; it began with other random weights, since with the first ones that network stayed at chance. "
        f"Neither has dropout or weight decay, which fight overfitting, too. {ONE_RUN} "
        "To repeat it: python -m explorer overfitting --data DIR --download"
    )


# ---- one picture, altered a hundred times ------------------------------------------------------------------


@functools.cache
def _pair() -> tuple[Tested, ...]:
    """Without and with augmentation; they are small and run on the CPU."""
    return tuple(compute.stored(name, title) for title, name in PAIR.items())


def _bundled(run: Run) -> Tested:
    network = cache.network(Run("alexnet", "bundled", "cpu", run.picture))
    return Tested(BUNDLED, network.model, network.preprocessing, network.classes)


def _of_picture(run: Run, seed: int) -> tuple[str, int]:
    return run.picture.digest, seed


@cache.kept(key=_of_picture)
def hundred(run: Run, seed: int) -> tuple[Answers, ...]:
    """What the pair and the bundled AlexNet answer to the run's picture, altered a hundred times."""
    frame, alterations = compute.frame_of(run.picture.image), compute.alterations(seed)
    return tuple(compute.answers(t, frame, alterations) for t in (*_pair(), _bundled(run)))


@cache.kept(key=_of_picture)
def noises(run: Run, seed: int) -> tuple[Noise, ...]:
    """What the same networks answer to the picture under noise."""
    frame = compute.frame_of(run.picture.image)
    return tuple(compute.noisy(t, frame, seed) for t in (*_pair(), _bundled(run)))


def _draw() -> None:
    SEED.set((SEED.value + 1) % (MAX_SEED + 1))


def _show_hundred(run: Run) -> None:
    """The hundred pictures, the answers to them, how sure these are; then noise."""
    found = hundred(run, SEED.value)
    without, with_it, _ = found
    answer(
        f"The same answer to {COUNT} altered pictures as to the unaltered one: "
        f"**{without.kept}** times without augmentation in training, **{with_it.kept}** times with it"
    )
    with st.container(horizontal=True, vertical_alignment="bottom"):
        number_box(SEED, width=200)
        st.button("Draw another hundred", key="overfitting-draw", on_click=_draw)
    _pictures(run)
    st.markdown("**Which answer, how often**; the answer to the unaltered picture comes first and in colour.")
    chart(charts.answers(found, dark()), "overfitting-answers", "Answers of each network to the hundred pictures")
    st.markdown(
        "**How sure of it.** A point is an altered picture, a cross one that gets another answer, the upright line the "
        "unaltered picture. What to look for: **how far the points scatter**."
    )
    chart(
        charts.certainty(found, dark()), "overfitting-certainty", "Probability of each network's answer, hundred times"
    )
    _table(found)
    st.caption(
        "All three get the same hundred pictures. They know ten classes only: where none fits, look at how steady the "
        "answer is, not at its name. Steady is not right: a network can be steadily wrong. The third is wider, had "
        "dropout, and was trained on all of Imagenette's training pictures, altered, too."
    )
    _noise(run)


def _pictures(run: Run) -> None:
    frame, preprocessing = compute.frame_of(run.picture.image), _pair()[0].preprocessing
    shown = [augmented(frame, a, preprocessing).picture for a in compute.alterations(SEED.value)[:SHOWN]]
    with st.container(horizontal=True, key="overfitting-pictures"):
        for picture in shown:
            st.image(png_bytes(picture), width=preprocessing.crop)
    st.caption(f"The first {SHOWN} of the hundred, as the small networks get them.")


def _table(found: Sequence[Answers]) -> None:
    st.table(
        [
            {
                "": network.title,
                "the unaltered picture": f"{plain(network.named)}, {network.plain[network.first]:.0%}",
                "same answer": f"{network.kept} of {len(network.altered)}",
                "mean probability of it": f"{network.certainty.mean():.0%}",
                "answers lie apart by": f"{network.distance:.0%}",
            }
            for network in found
        ]
    )
    st.caption("Apart: half of the sum of all differences of the probabilities, from 0 % to 100 %; the mean.")


def _noise(run: Run) -> None:
    """The picture under white noise, and what becomes of the answers."""
    st.markdown(
        "**And white noise?** Added to pictures in training it can help a network generalize ([Bishop 1995]"
        "(https://doi.org/10.1162/neco.1995.7.1.108): a form of regularization). What it does not bring is what other "
        "photographs bring: other places, sizes, sides and light. None of these networks was trained with noise; how "
        "much they bear:"
    )
    strength = segments(NOISE)
    left, right = st.columns([1, 3], gap="medium")
    with left:
        frame = compute.frame_of(run.picture.image)
        st.image(png_bytes(compute.noisy_picture(frame, strength, SEED.value)), width=FRAME)
    with right:
        found = noises(run, SEED.value)
        chart(charts.noise(found, dark()), "hundred-noise", "Probability of the answer under growing noise")
        column = STRENGTHS.index(strength)
        said = ", ".join(f"{n.title.lower() if n.title != BUNDLED else n.title} **{n.kept[column]}**" for n in found)
        st.markdown(f"Same answer at ±{strength}, of {NOISES} patterns: {said}.")


def _hundred_controls(run: Run) -> Sequence[Control]:
    return SEED, NOISE


OVERFITTING = Section("overfitting", "Overfitting", _show_curves, lambda run: (MEASURE,))
HUNDRED = Section("hundred", "A hundred alterations", _show_hundred, _hundred_controls)
