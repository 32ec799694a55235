"""What the channels of the selected operation look for: all of them, or the selected one beside real pictures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import streamlit as st
from PIL import Image

from explorer.analysis.text import pair_text, thousands
from explorer.analysis.trace import Node
from explorer.instruments.kernels.compute import TYPES, feeding, kernels, rgb_kernels
from explorer.instruments.looks_for import charts
from explorer.instruments.looks_for.charts import Shown
from explorer.instruments.looks_for.compared import Seen, compared_with, seen_box, seen_of
from explorer.instruments.looks_for.component import ANEW, ANEW_MARK, Row, message, picked, tile, units
from explorer.instruments.looks_for.compute import STEPS, Ascent, Pixels, State, peaks
from explorer.instruments.looks_for.sprites import Drawn, drawn_of, index
from explorer.instruments.maps.panel import channel_control
from explorer.runtime.device import forward_slot, training_slot
from explorer.runtime.maps import Message
from explorer.runtime.preprocessing import model_input
from explorer.runtime.run import Run
from explorer.runtime.weights.network import BUNDLED, Network
from explorer.ui import cache
from explorer.ui.controls import number_box
from explorer.ui.link import Control, number, plain, reset, revision
from explorer.ui.section import Section
from explorer.ui.selection import select, selected
from explorer.ui.slices import Part, in_slices
from explorer.ui.window import SCREEN

PAGE = 48  # pictures of a page, where they are kept
MOST_BATCH = 12  # channels that are drawn together, where they are not
BATCH_MACS = 100e9  # of all steps for such a batch: some ten seconds
BACKWARDS = 3  # what a step costs, in forward passes
MORE = 4  # further pictures of one channel
PATCHES = 4  # of the samples
HONEST = (
    "An optimised picture is no natural one: no photograph has to look like it. Many channels answer to several "
    "things, of which a picture shows one or a mixture; and a narrow network that knows ten classes shows less than "
    "one that was trained on ImageNet."
)


# ---- what can be set ---------------------------------------------------------------------------------------


def page_control(run: Run) -> Control:
    """The page of pictures that is shown."""
    return number("looks_for.page", "Page", 1, lambda: _pages(run), 1, about=run.variant)


def controls(run: Run) -> Sequence[Control]:
    """The page; the channel is that of the selected map."""
    return (page_control(run),)


def _node(run: Run) -> Node:
    return selected(cache.running_trace(run))


def _drawn(run: Run) -> Drawn | None:
    """The pictures of the selected operation that came with the app."""
    return drawn_of(run.variant, run.weights, _node(run).name)


def _pages(run: Run) -> int:
    drawn = _drawn(run)
    count, each = (_node(run).out_shape[0], _batch(run)) if drawn is None else (drawn.count, PAGE)
    return -(-count // each)


def _batch(run: Run) -> int:
    """How many channels are drawn together: as many as take some seconds."""
    trace, node = cache.running_trace(run), _node(run)
    names = [n.name for n in trace.nodes]
    macs = sum(n.macs for n in trace.nodes[: names.index(node.name) + 1])
    side = trace.input_size[1]
    share = (min(96, side) / side) ** 2
    return max(1, min(MOST_BATCH, node.out_shape[0], int(BATCH_MACS / (BACKWARDS * STEPS * max(1.0, macs * share)))))


def _channels(run: Run, page: int) -> range:
    """The channels of a page."""
    drawn = _drawn(run)
    count, each = (_node(run).out_shape[0], _batch(run)) if drawn is None else (drawn.count, PAGE)
    return range((page - 1) * each, min(page * each, count))


# ---- what is computed on demand ----------------------------------------------------------------------------


@dataclass
class Climb:
    """Some channels' pictures on the way; another slice takes it further."""

    ascent: Ascent
    channels: tuple[int, ...]
    diverse: bool
    state: State

    @property
    def nbytes(self) -> int:
        return 3 * self.state.spectrum.nbytes

    def reach(self, steps: int) -> None:
        """Go on until so many steps are done."""
        left = max(0, steps - self.state.steps)
        self.state = self.ascent.climb(self.state, self.channels, left, self.diverse)


@dataclass(frozen=True)
class Sought:
    """Pictures, (N, side, side, 1 or 3), and the largest value that each gives its channel."""

    pixels: Pixels
    activations: tuple[float, ...]


@cache.kept(key=lambda run, node: (run.variant, run.weights, node))
def _ascent(run: Run, node: str) -> Ascent:
    trace = cache.running_trace(run)
    return Ascent(_network(run), trace, trace.node(node))


def _network(run: Run) -> Network:
    """On the processor, where each step is small."""
    return cache.network(replace(run, device="cpu"))


@cache.kept(key=lambda run, *more: (run.variant, run.weights, *more))
def _climb(run: Run, node: str, channels: tuple[int, ...], diverse: bool) -> Climb:
    ascent = _ascent(run, node)
    return Climb(ascent, channels, diverse, ascent.start(channels, seed=int(diverse)))


@cache.kept(key=lambda run, *more: (run.variant, run.weights, *more))
def _reached(run: Run, node: str, channels: tuple[int, ...], diverse: bool, steps: int) -> Sought | int:
    """The pictures after the last step, until then how many steps are done."""
    with training_slot():
        climb = _climb(run, node, channels, diverse)
        climb.reach(steps)
        if steps < STEPS:
            return steps
        pixels = climb.state.pixels
        return Sought(pixels, tuple(climb.ascent.activations(pixels, channels)))


@cache.kept(key=lambda run, *more: (run.variant, run.weights, *more))
def _seen(run: Run, node: str, name: str) -> Seen:
    network = _network(run)
    with forward_slot():
        return seen_of(network, [node], compared_with(network)[name].image)[node]


def _steps(run: Run, node: str, channels: Sequence[int], diverse: bool = False) -> list[Part]:
    return [Part(_reached, (run, node, tuple(channels), diverse, steps)) for steps in range(1, STEPS + 1)]


# ---- what is shown -----------------------------------------------------------------------------------------


def _place(run: Run) -> None:
    """Which channels are shown, and the way to others; widths are the style sheet's."""
    run = run.unedited
    node, drawn, channel = _node(run), _drawn(run), channel_control(run)
    with st.container(key="looks-for-place", horizontal=True, vertical_alignment="center", gap="small"):
        if node.kind == "input":
            return
        total = thousands(node.out_shape[0])
        if channel.value is not None:
            st.button("All", key="looks-for-back", help="All channels", on_click=_leave, args=(run,))
            number_box(channel, label_visibility="collapsed")
            return
        pages = _pages(run)
        if pages > 1:
            number_box(page_control(run), label_visibility="collapsed")
        of_all = f"{drawn.count} of {total}" if drawn is not None and drawn.count < drawn.channels else total
        about = f"of {pages} · {of_all} channels" if pages > 1 else f"{of_all} channels"
        anew = drawn is not None and set(_channels(run, page_control(run).value)) & set(drawn.anew)
        note, help_ = (f" ·{ANEW_MARK} begun at a sample", f"{ANEW.capitalize()}.") if anew else ("", None)
        st.markdown(f"{about}{note}", help=help_)


def show(run: Run) -> None:
    """All channels of the selected operation, or the selected one."""
    run = run.unedited
    node, channel = _node(run), channel_control(run).value
    if node.kind == "input":
        st.markdown("The input is the picture itself: it looks for nothing. Select an operation.")
    elif channel is None:
        _all(run, node)
    else:
        with st.container(key="looks-for"):
            _one(run, node, channel)


def _all(run: Run, node: Node) -> None:
    drawn = _drawn(run)
    channels = _channels(run, page_control(run).value)
    found = None if drawn is not None else _begun_all(run, node, channels)
    if drawn is None and found is None:
        return
    key = f"looks-for-units-{revision()}"
    units(
        _message(run, node.name, channels, drawn is not None),
        key=key,
        on_picked_change=lambda: _choose(run, channels, key),
        height="stretch",
    )


def _begun_all(run: Run, node: Node, channels: range) -> list[object] | None:
    """The pictures of a page, once they are there; else a button, or the progress."""
    which = f"channel {channels.start}" if len(channels) == 1 else f"channels {channels.start} to {channels.stop - 1}"
    wish = run.variant, run.weights, node.name, channels
    found = in_slices("looks-for-all", wish, f"Draw what {which} look for", _steps(run, node.name, channels), "passes")
    if found is None:
        st.caption(f"Gradient ascent on pictures, {STEPS} steps: seconds, or minutes in a wide network. {_random(run)}")
        _lead_on(run, node)
    return found


def _lead_on(run: Run, node: Node) -> None:
    """The way to the next operation whose pictures came with the app."""
    names = [n.name for n in cache.trace(run.variant).nodes]
    at = names.index(node.name)
    drawn = [name for name in (*names[at:], *reversed(names[:at])) if name in index(run.variant)]
    if drawn and run.weights == BUNDLED:
        st.button(f"Show {plain(drawn[0])}: drawn already", key="looks-for-drawn", on_click=select, args=(drawn[0],))


def _random(run: Run) -> str:
    return "" if cache.network(run).trained else "Untrained: random weights look for nothing in particular."


@cache.kept(key=lambda run, *more: (run.variant, run.weights, *more))
def _message(run: Run, node: str, channels: range, kept: bool) -> Message:
    drawn = index(run.variant)[node] if kept else None
    if drawn is None:
        sought = _reached(run, node, tuple(channels), False, STEPS)
        assert isinstance(sought, Sought)
        pixels = sought.pixels
    else:
        pixels = drawn.tiles()[channels.start : channels.stop]
    names = cache.class_names(run, node)
    tiles = [tile(names[c] if names else f"#{c}", "", drawn, c) for c in channels]
    return message([Row(node, f"What channels of {node} look for", tiles, pixels)])


def _choose(run: Run, channels: range, key: str) -> None:
    found = picked(key)
    if found is not None and found[1] < len(channels):
        channel_control(run).set(channels[found[1]])
        st.rerun(SCREEN)


def _leave(run: Run) -> None:
    reset((channel_control(run).name,))
    st.rerun(SCREEN)


# ---- one channel -------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class One:
    """What is known of a channel: its picture and what that gives it, what the samples give it and where.

    `dead` and `anew`: see `Drawn`.
    """

    pixels: Pixels
    activation: float
    values: dict[str, float]
    places: dict[str, int]
    dead: bool
    anew: bool = False

    def best(self, sign: int) -> str:
        """The sample that excites it most; of distances, least."""
        return max(self.values, key=lambda name: sign * self.values[name])


def _one(run: Run, node: Node, channel: int) -> None:
    found = _known(run, node, channel)
    if found is None:
        st.caption(f"And what the pictures that come with the app give it. {_random(run)}")
        return
    _pictures(run, node, channel, found)


def _known(run: Run, node: Node, channel: int) -> One | None:
    """What is known of the channel, computed where it did not come with the app; None until then."""
    drawn = _drawn(run)
    if drawn is not None and channel < drawn.count:
        return One(
            drawn.tiles()[channel],
            drawn.activations[channel],
            {name: values[channel] for name, values in drawn.samples.items()},
            {name: places[channel] for name, places in drawn.places.items()},
            channel in drawn.dead,
            channel in drawn.anew,
        )
    channels: tuple[int, ...] = (channel,)
    page = 1 + channel // _batch(run)
    if drawn is None and _steps(run, node.name, together := _channels(run, page))[-1].known:
        channels = tuple(together)
    names = list(compared_with(_network(run)))
    steps = _steps(run, node.name, channels)
    seen = [Part(_seen, (run, node.name, name)) for name in names]
    wish = run.variant, run.weights, node.name, channel
    found = in_slices("looks-for-one", wish, f"Draw what channel {channel} looks for", [*steps, *seen], "passes")
    if found is None:
        return None
    sought, each = found[len(steps) - 1], dict(zip(names, found[len(steps) :], strict=True))
    at = channels.index(channel)
    lowest = min(float(least[channel]) for _, _, least in each.values())
    values = {name: float(largest[channel]) for name, (largest, _, _) in each.items()}
    dead = lowest == max(values.values()) == sought.activations[at]
    places = {name: int(place[channel]) for name, (_, place, _) in each.items()}
    return One(sought.pixels[at], sought.activations[at], values, places, dead)


def _pictures(run: Run, node: Node, channel: int, found: One) -> None:
    network = cache.network(run)
    sign = -1 if network.distances and node.name == cache.running_trace(run).classifier else 1
    maps = cache.activations(run).maps(node.name)
    own, own_place = (float(v[0, channel]) for v in peaks(maps[None]))
    titles = {name: picture.title for name, picture in compared_with(network).items()}
    best = found.best(sign)
    names = cache.class_names(run, node.name)
    what = f"**{plain(names[channel])}**" if names else f"**#{channel}**"
    st.markdown(f"{what}: {_said(found, sign, plain(titles[best]))} {_random(run)}", help=HONEST)
    size = cache.running_trace(run).input_size[1:]
    seen = cache.network_input(run).picture
    shown = [Shown(seen, run.picture.title, [run.picture.title])]
    if maps.ndim == 3 and maps[0].numel() > 1:
        values = maps[channel].numpy()
        low, high = float(values.min()) + 0.0, float(values.max()) + 0.0
        shown.append(Shown(charts.map_image(values), f"Map {channel}", ["Its map", f"{low:.3g} to {high:.3g}"]))
    shown += _kernel(run, node, channel)
    optimised = charts.image_of(found.pixels)
    shown.append(Shown(optimised, f"What channel {channel} looks for", ["Optimised", f"{found.activation:.3g}"]))
    strongest = sorted(found.values, key=lambda name: -sign * found.values[name])[:PATCHES]
    patches = [
        Shown(
            _input(network, name).crop(seen_box(node, found.places[name], size)),
            f"Part of {titles[name]}",
            [titles[name], f"{found.values[name]:.3g}"],
        )
        for name in strongest
    ]
    here = seen.crop(seen_box(node, int(own_place), size))
    patches.append(Shown(here, "Part of this picture", ["This picture", f"{own:.3g}"]))
    given = {titles[name]: value for name, value in found.values.items()}
    st.html(
        charts.pictures(shown, charts.LARGE)
        + charts.scale(given, (run.picture.title, own), found.activation)
        + charts.pictures(patches, charts.SMALL, "What excites it most, as much as it sees of it")
    )
    _more(run, node, channel)


def _kernel(run: Run, node: Node, channel: int) -> list[Shown]:
    """The channel's kernel, of the operation itself or of the last one before it; in colours where it reads a picture.

    Of one that reads many maps, the part that reads the map with the largest weights. None of 1×1: that is no picture.
    """
    trace = cache.running_trace(run)
    before = [node] if node.type in TYPES else feeding(trace, node)
    if not before or before[0].out_shape[0] != node.out_shape[0]:  # a stack of several has no kernel for each channel
        return []
    own = kernels(cache.network(run), before[0].name)
    if own.size == (1, 1):
        return []
    name, weights = f"Kernel {channel} of {before[0].name}", own.filters[channel]
    if own.overview == "rgb":
        return [Shown(Image.fromarray(rgb_kernels(weights[None])[0][0]), name, ["Its kernel", pair_text(own.size)])]
    strongest = int((weights**2).sum((1, 2)).argmax())
    read = f"for #{own.sources[channel][strongest]} of {own.inputs}"
    return [Shown(charts.map_image(weights[strongest]), name, [f"Its {pair_text(own.size)} kernel", read])]


def _input(network: Network, name: str) -> Image.Image:
    return model_input(compared_with(network)[name].image, network.preprocessing).picture


def _said(found: One, sign: int, title: str) -> str:
    """How far out the optimised picture is."""
    own, best = found.activation, sign * max(sign * v for v in found.values.values())
    if found.dead:
        return f"**dead**. It gives {own:.3g} for every sample and for its own picture: it looks for nothing."
    numbers = f"its picture gives **{own:.3g}**, the best sample {best:.3g} ({title})"
    if found.anew:
        numbers = f"from noise the ascent ended below the best sample; begun as a part of it, {numbers}"
    if sign * own <= sign * best:
        return f"{numbers}. The picture is not stronger: the ascent ended below."
    return f"{numbers}: **{own / best:.1f} times** as much." if sign > 0 and best > 0 else f"{numbers}."


def _more(run: Run, node: Node, channel: int) -> None:
    """Several pictures of the channel that are not to be alike."""
    channels = (channel,) * MORE
    parts = _steps(run, node.name, channels, diverse=True)
    wish = run.variant, run.weights, node.name, channel, MORE
    found = in_slices("looks-for-more", wish, f"{MORE} more pictures, unlike each other", parts, "passes")
    if found is None:
        return
    sought = found[-1]
    shown = [
        Shown(charts.image_of(pixels), f"Another picture, {i}", [f"{value:.3g}"])
        for i, (pixels, value) in enumerate(zip(sought.pixels, sought.activations, strict=True), 1)
    ]
    st.html(charts.pictures(shown, charts.SMALL, "Unlike each other: does it answer to one thing?"))


LOOKS_FOR = Section("looks-for", "Looks for", show, controls, follows=True, head=_place)
