"""What can be set about where a network looks, what that means for a run, and the maps, computed once for all."""

from __future__ import annotations

from collections.abc import Hashable, Sequence

from explorer.instruments.looks_at import compute
from explorer.instruments.looks_at.check import layers, random_twin, randomised
from explorer.instruments.looks_at.compute import AT_MAPS, Baseline, HeatMap, Method, Target, Way
from explorer.instruments.looks_at.picture import over
from explorer.instruments.maps.panel import channel_control
from explorer.instruments.value.panel import here
from explorer.runtime.activations import Activations
from explorer.runtime.maps import FloatArray
from explorer.runtime.pictures import png_bytes
from explorer.runtime.run import Run
from explorer.runtime.weights.network import Network, is_untrained
from explorer.ui import cache
from explorer.ui.answer import chosen_class, class_control
from explorer.ui.link import Control, choice, number
from explorer.ui.selection import selected
from explorer.ui.slices import Part

TOPIC = "looks"
CLASS, LARGEST, VALUE = "class", "largest", "value"
SELECTED, LAST = "selected", "last"
NO_OTHER = -1
MOST_METHODS = 4  # side by side
BETWEEN = "~"  # methods in a link
TITLES: dict[Method, str] = {
    "grad-cam": "Grad-CAM",
    "layer-cam": "LayerCAM",
    "cam": "CAM",
    "gradient": "Gradient",
    "smooth": "Smoothed gradient",
    "times": "Gradient × input",
    "integrated": "Integrated gradients",
    "occlusion": "Occlusion",
}
ALL_TITLES = TITLES | {compute.GUIDED: "Guided backpropagation"}
PATCHES = {8: "1/8", 4: "1/4", 3: "1/3"}
BASELINES: dict[Baseline, str] = {"grey": "Grey", "black": "Black", "blurred": "Blurred"}


# ---- what can be set ---------------------------------------------------------------------------------------


def of_control(run: Run) -> Control:
    """What is looked for; an untrained network knows no class."""

    def options() -> dict[str, str]:
        values = {LARGEST: "A maximum", VALUE: "A value"}
        return values if is_untrained(run.weights) else {CLASS: "A class"} | values

    return choice(f"{TOPIC}.of", "Looks for", options)


def other_control(run: Run) -> Control:
    """A second class, beside the first."""
    return choice(
        f"{TOPIC}.other",
        "Beside it",
        lambda: {NO_OTHER: "No other class", **dict(enumerate(cache.network(run).classes))},
        NO_OTHER,
        about=run.variant,
        active=lambda: of_control(run).value == CLASS,
    )


def _methods_of(text: str) -> list[str] | None:
    names = text.split(BETWEEN)
    known = len(set(names)) == len(names) <= MOST_METHODS and set(names) <= set(TITLES)
    return names if known else None


METHODS = Control(
    f"{TOPIC}.methods", "Methods", _methods_of, lambda: ["grad-cam"], BETWEEN.join, options=lambda: TITLES
)


def _shown(*methods: str) -> bool:
    return bool({*METHODS.value, TESTED.value} & {*methods})


TESTED: Control = choice(
    f"{TOPIC}.tested", "Method", ALL_TITLES, lambda: METHODS.value[0]
)  # the first of those that are shown, at first
OPACITY = number(f"{TOPIC}.opacity", "Opacity (%)", 0, 100, 60)
AT = choice(
    f"{TOPIC}.at",
    "Weighted maps",
    {LAST: "Last maps", SELECTED: "Selected operation"},  # early ones show edges, of whatever class
    active=lambda: _shown(*AT_MAPS),
)
SAMPLES = number(f"{TOPIC}.samples", "Samples", 2, 50, compute.SAMPLES, active=lambda: _shown("smooth"))
NOISE = number(f"{TOPIC}.noise", "Noise (% of the range)", 1, 50, compute.NOISE, active=lambda: _shown("smooth"))
STEPS = number(f"{TOPIC}.steps", "Steps", 4, 128, compute.INTEGRAL_STEPS, active=lambda: _shown("integrated"))
BASELINE = choice(f"{TOPIC}.baseline", "Baseline", BASELINES, active=lambda: _shown("integrated"))
PATCH = choice(
    f"{TOPIC}.patch",
    "Patch, of the side",
    PATCHES,
    compute.PATCHES,
    active=lambda: _shown("occlusion"),
)


def controls(run: Run) -> Sequence[Control]:
    """All of the instrument's; the value is that of Value, the map the selected one."""
    return (
        of_control(run),
        class_control(run, TOPIC),
        other_control(run),
        METHODS,
        TESTED,
        OPACITY,
        AT,
        SAMPLES,
        NOISE,
        STEPS,
        BASELINE,
        PATCH,
    )


# ---- what it means -----------------------------------------------------------------------------------------


def target_of(run: Run) -> Target:
    """What is looked for: a class, the selected map's largest value, or the value in Value."""
    activations, of = cache.activations(run), of_control(run).value
    if of == CLASS:
        return compute.class_target(activations.network, chosen_class(run, activations.answer, TOPIC))
    if of == LARGEST:
        return compute.largest(activations, node_of(run), channel_control(run).value)
    return Target(*here(run), False)


def targets_of(run: Run) -> tuple[Target, ...]:
    """And beside it a second class, if one is chosen."""
    first, other = target_of(run), other_control(run).value
    if not first.is_class or other == NO_OTHER:
        return (first,)
    return first, compute.class_target(cache.network(run), other)


def node_of(run: Run) -> str:
    """The operation whose value is looked for: of a class, the one that gives the scores."""
    trace = cache.running_trace(run)
    return trace.classifier if of_control(run).value == CLASS else selected(trace).name


def way_of(run: Run, method: Method, target: Target) -> Way:
    """A method with what is set about it."""
    if method in AT_MAPS:
        trace = cache.running_trace(run)
        node = selected(trace).name
        own = AT.value == SELECTED and compute.can_be_weighted(trace, node, target)
        return Way(method, at=node if own else compute.last_maps(trace, target.node))
    if method == "cam":  # where it can't be made, by what became of it
        trace = cache.running_trace(run)
        return compute.cam_way(trace, target) or Way("grad-cam", at=compute.last_maps(trace, target.node))
    if method == "smooth":
        return Way(method, samples=SAMPLES.value, noise=NOISE.value)
    if method == "integrated":
        return Way(method, steps=STEPS.value, baseline=BASELINE.value)
    if method == "occlusion":
        return Way(method, patch=cache.network_input(run).tensor.shape[-1] // PATCH.value)
    return Way(method)


def name_of(run: Run, target: Target) -> str:
    """What is looked for, in words."""
    if target.is_class:
        return cache.network(run).classes[target.place[0]]
    channel, *where = target.place
    at = f" at {', '.join(map(str, where))}" if where else ""
    return f"#{channel}{at} of {target.node}"


# ---- what is computed --------------------------------------------------------------------------------------


def _network_of(run: Run) -> Hashable:
    return run.variant, run.weights, run.device


@cache.kept(key=_network_of)
def _twin(run: Run) -> Network:
    return random_twin(cache.network(run))


def passed(run: Run, target: Target, random: int) -> Activations:
    """The run's pass, or that of a copy in which so many layers are random, from the top; which nobody keeps."""
    if not random:
        return cache.activations(run)
    trace = cache.running_trace(run)
    network = randomised(cache.network(run), _twin(run), layers(trace, target.node)[:random])
    return cache.pass_in(network, run)


@cache.kept()
def _piece(run: Run, target: Target, way: Way, random: int, numbers: Sequence[int]) -> FloatArray:
    return compute.piece(passed(run, target, random), target, way, numbers)


@cache.kept()
def heat(run: Run, target: Target, way: Way, random: int = 0) -> HeatMap:
    """The map of a method, with so many layers random."""
    found = [_piece(run, target, way, random, numbers) for numbers in _batches(run, way)]
    return compute.joined(passed(run, target, random), target, way, found)


@cache.kept()
def drawn(run: Run, target: Target, way: Way, random: int, percent: int) -> bytes:
    """A file of that map over the picture, at this opacity."""
    return png_bytes(over(cache.network_input(run).picture, heat(run, target, way, random), percent))


def parts(run: Run, target: Target, way: Way, random: int = 0) -> list[Part]:
    """What there is to compute for it, for `in_slices`: the last part gives the map."""
    pieces = [Part(_piece, (run, target, way, random, numbers)) for numbers in _batches(run, way)]
    return [*(pieces if len(pieces) > 1 else ()), Part(heat, (run, target, way, random))]


def _batches(run: Run, way: Way) -> list[Sequence[int]]:
    return compute.batches(way, cache.running_trace(run).inference_macs)
