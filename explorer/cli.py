"""The command line: `cnn-explorer COMMAND`, or `python -m explorer COMMAND`. Text for people, `--json` for machines.

Whatever is wrong with the input is said in one line on stderr, with exit status 2. Torch and Streamlit are imported by
the commands that need them, so that the others and `--help` answer at once.
"""

from __future__ import annotations

import json
import os
import re
import sys
import warnings
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

import click

from explorer import ROOT

if TYPE_CHECKING:
    from explorer.analysis.cost import Design
    from explorer.instruments.looks_at.compute import Target
    from explorer.runtime.activations import Activations
    from explorer.runtime.run import Run

Command = TypeVar("Command", bound=Callable[..., None])

PROGRAM = "cnn-explorer" if Path(sys.argv[0]).stem == "cnn-explorer" else "python -m explorer"
DIAGRAM_FORMATS = ("svg", "png", "pdf", "dot")
MIN_INPUT_SIDE = 16  # pixels: below, most networks' maps are a single position from their first stages on
MAX_INPUT_SIDE = 4_096  # pixels
MAX_COUNT = 999_999_999  # channels, groups, ...: as many digits as `cost` reads in 28x28x192
MAX_REPLICAS = 64
MAX_PORT = 65_535


class Number(click.ParamType[int]):
    """A whole number in digits from 0 to 9; Python's own `int` also reads other scripts' digits and 1_000."""

    name = "number"

    def __init__(self, low: int, high: int) -> None:
        self.low, self.high = low, high

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        if isinstance(value, int):  # a default
            return value
        if not re.fullmatch(r"[0-9]{1,10}", value) or not self.low <= int(value) <= self.high:
            self.fail(f"{value!r} is not a whole number from {self.low:,} to {self.high:,}.", param, ctx)
        return int(value)


class OutputFile(click.ParamType[Path]):
    """A file that can be written; checked before anything is computed for it."""

    name = "file"

    def __init__(self, suffixes: Sequence[str] = ()) -> None:
        self.suffixes = [f".{suffix}" for suffix in suffixes]

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        file = Path(value)
        if self.suffixes and file.suffix.lower() not in self.suffixes:
            self.fail(f"{file.name} must end in one of {', '.join(self.suffixes)}.", param, ctx)
        if not file.parent.is_dir():
            self.fail(f"{file.parent} is not a folder.", param, ctx)
        if file.is_dir():
            self.fail(f"{file} is a folder.", param, ctx)
        if not os.access(file if file.exists() else file.parent, os.W_OK):
            self.fail(f"{file} can't be written.", param, ctx)
        return file


COUNT = Number(1, MAX_COUNT)

json_option = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of text.")
device_option = click.option("--device", metavar="DEVICE", help="cpu, cuda or mps. Default: the best there is.")
image_option = click.option("--image", required=True, metavar="FILE", help="A picture, or the name of a sample.")
data_option = click.option(
    "--data", required=True, type=click.Path(path_type=Path), metavar="DIR", help="The folder of Imagenette or MNIST."
)
download_option = click.option("--download", is_flag=True, help="Fetch the data set into that folder first.")
work_option = click.option(
    "--work",
    default=Path("build/training"),
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keeps the checkpoints. Default: build/training.",
)
seed_option = click.option("--seed", default=0, type=Number(0, MAX_COUNT), metavar="N", help="Default: 0.")


weights_option = click.option(
    "--weights",
    default="untrained",
    metavar="NAME",
    help="untrained (default), narrow (untrained, a quarter as wide), bundled, imagenet, folder, or a file.",
)
edits_option = click.option(
    "--edit",
    "edits",
    multiple=True,
    metavar="NODE[:CHANNELS]:KIND",
    help="Alter what a node gives: zero, mean, keep, scale=S, value=V, shuffle=SEED, invert or skip, as in "
    "conv2_x.0.relu1:3,8-11:zero. May be given several times.",
)


def run_options(command: Command) -> Command:
    """What a forward pass needs: variant, picture, weights and device; and what is altered in it."""
    return click.argument("variant")(image_option(weights_option(device_option(edits_option(command)))))


@click.group(
    no_args_is_help=False,
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120},
)
def commands() -> None:
    """See convolutional networks, from LeNet-5 to SENet."""


# ---- what is known without running a network ---------------------------------------------------------------


@commands.command("list")
@json_option
def list_(as_json: bool) -> None:
    """List all variants with their parameters, MACs and depth."""
    from explorer.analysis.trace import trace_variant
    from explorer.architectures import families

    records: list[dict[str, Any]] = []
    for family in families():
        for v in family.variants:
            t = trace_variant(v)
            records.append(
                {
                    "variant": v.name,
                    "family": family.name,
                    "title": v.title,
                    "year": v.year or family.year,
                    "input_size": list(v.input_size),
                    "params": t.inference_params,
                    "macs": t.inference_macs,
                    "depth": t.depth,
                }
            )
    if as_json:
        _print_json(records)
        return
    print(f"{'variant':<22}{'year':>6}{'input':>8}{'depth':>7}{'parameters':>15}{'MACs':>18}  title")
    for r in records:
        print(
            f"{r['variant']:<22}{r['year'] or '':>6}{r['input_size'][1]:>8}{r['depth']:>7}"
            f"{r['params']:>15,}{r['macs']:>18,}  {r['title']}"
        )


@commands.command()
@click.argument("variant")
@click.option(
    "--input-size", type=Number(MIN_INPUT_SIDE, MAX_INPUT_SIDE), metavar="N", help="Side of the input in pixels."
)
@json_option
def describe(variant: str, input_size: int | None, as_json: bool) -> None:
    """Print the totals and the table of layers of a variant."""
    from explorer import architectures
    from explorer.analysis.table import layer_records, layer_text
    from explorer.analysis.trace import trace_variant

    t = trace_variant(architectures.variant(variant), input_size)
    if not as_json:
        print(layer_text(t), end="")
        return
    _print_json(
        {
            "variant": t.variant,
            "input_size": list(t.input_size),
            "params": t.inference_params,
            "macs": t.inference_macs,
            "auxiliary_heads": list(t.auxiliary),
            "params_with_auxiliary_heads": t.params,
            "macs_with_auxiliary_heads": t.macs,
            "depth": t.depth,
            "activation_bytes": t.activation_bytes,
            "unused_parameters": list(t.unused_parameters),
            "unruled": list(t.unruled),
            "layers": layer_records(t),
        }
    )


@commands.command()
@click.argument("variant")
@click.option("--zoom", required=True, type=click.Choice(("network", "stage", "block", "operations")))
@click.option("--select", metavar="NODE", help="The stage, block or operation to show and highlight.")
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFile(DIAGRAM_FORMATS),
    metavar="FILE",
    help=f"Ends in {', '.join(DIAGRAM_FORMATS)}.",
)
def diagram(variant: str, zoom: str, select: str | None, output: Path) -> None:
    """Draw a variant at one of four zooms."""
    from explorer import architectures
    from explorer.analysis.trace import trace_variant
    from explorer.diagrams import diagram_for

    t = trace_variant(architectures.variant(variant))
    selected = t.resolve(select).name if select else None
    format: Any = output.suffix.lstrip(".").lower()
    output.write_bytes(diagram_for(t, zoom, select).render(format, selected))


@commands.command()
@click.option("--input", "in_shape", required=True, metavar="HxWxC", help="The input maps, e.g. 28x28x192.")
@click.option("--out-channels", required=True, type=COUNT, metavar="N", help="The number of output maps.")
@click.option("--kernel", required=True, metavar="K", help="The side, or height x width as in 1x7.")
@click.option("--padding", default="same", metavar="P", help="same (default), valid, or the zeros on each side.")
@click.option("--stride", default="1", metavar="S", help="Default: 1.")
@click.option("--groups", default=1, type=COUNT, metavar="G", help="Of the K x K convolution. Default: 1.")
@click.option(
    "--bottleneck",
    type=COUNT,
    metavar="B",
    help="Maps after the 1x1. Default: 16, or the next multiple of G.",
)
@click.option("--depthwise-separable", is_flag=True, help="Add a depthwise and a 1x1 convolution.")
@click.option("--no-bias", is_flag=True, help="Without the parameter that each filter adds.")
@json_option
def cost(
    in_shape: str,
    out_channels: int,
    kernel: str,
    padding: str,
    stride: str,
    groups: int,
    bottleneck: int | None,
    depthwise_separable: bool,
    no_bias: bool,
    as_json: bool,
) -> None:
    """Compare a convolution with a 1x1 reduction before it: shapes, parameters, MACs."""
    from explorer.analysis import cost, designs
    from explorer.analysis.text import bytes_text, shape_text

    convolution = cost.Convolution(
        in_shape=cost.parse_shape(in_shape),
        out_channels=out_channels,
        kernel=cost.parse_pair(kernel, "kernel size"),
        stride=cost.parse_pair(stride, "stride"),
        padding=cost.parse_padding(padding),
        groups=groups,
        bias=not no_bias,
    )
    width = designs.default_width(groups) if bottleneck is None else bottleneck
    compared = {"direct": designs.direct(convolution), "bottleneck": designs.bottleneck(convolution, width)}
    if depthwise_separable:
        compared["depthwise_separable"] = designs.depthwise_separable(convolution)
    ratio = compared["direct"].macs / compared["bottleneck"].macs
    if as_json:
        _print_json({name: _design_record(design) for name, design in compared.items()} | {"ratio": ratio})
        return
    print(f"{'':<22}{'output':>14}{'parameters':>15}{'MACs':>18}{'additions':>18}{'activations':>14}")
    for design in compared.values():
        print(
            f"{design.name:<22}{shape_text(design.out_shape):>14}{design.params:>15,}{design.macs:>18,}"
            f"{design.additions:>18,}{bytes_text(design.activation_bytes):>14}"
        )
    print(f"Direct against {width} bottleneck channels: {ratio:.2f} times the MACs.")


def _design_record(design: Design) -> dict[str, Any]:
    return {"out_shape": list(design.out_shape), "params": design.params, "macs": design.macs}


# ---- what happens when a network runs ----------------------------------------------------------------------


@commands.command()
@run_options
@click.option("--node", required=True, metavar="NODE", help="An operation, or a block or stage for its output.")
@click.option("-o", "--output", required=True, type=OutputFile(), metavar="FILE.png")
@click.option("--npy", type=OutputFile(), metavar="FILE.npy", help="Also write the raw float32 array, C,H,W.")
def maps(
    variant: str,
    image: str,
    weights: str,
    device: str | None,
    edits: tuple[str, ...],
    node: str,
    output: Path,
    npy: Path | None,
) -> None:
    """Draw the feature maps of one node for a picture."""
    import numpy as np

    from explorer import architectures
    from explorer.analysis.trace import trace_variant
    from explorer.runtime.maps import channels_per_page, page_of, show, statistics
    from explorer.runtime.png import draw_png

    operation = trace_variant(architectures.variant(variant)).resolve(node).name
    values = _activations(_run(variant, weights, device, image), edits).maps(operation).numpy()
    stats = statistics(values)
    channels = page_of(stats.order(), 0, channels_per_page(*stats.shape[1:]))
    title = f"{variant} {operation} {'x'.join(map(str, values.shape))}, {weights}"
    output.write_bytes(draw_png(show(values, stats, channels), title=title))
    if npy:
        with npy.open("wb") as file:  # a file object: np.save would append .npy to another ending
            np.save(file, values)


@commands.command()
@run_options
@json_option
def predict(variant: str, image: str, weights: str, device: str | None, edits: tuple[str, ...], as_json: bool) -> None:
    """Print the five most probable classes of a picture, and whether it is unlike all that they were learned from."""
    from explorer.runtime.activations import distance_text, none_fits
    from explorer.runtime.weights.fit import MUST_NAME_ONE

    activations = _activations(_run(variant, weights, device, image), edits)
    answer = activations.answer
    top = answer.top()
    if as_json:
        _print_json(
            {
                "variant": variant,
                "weights": weights,
                "device": str(activations.device),
                "milliseconds": round(activations.milliseconds, 2),
                "top": [{"label": p.label, "probability": p.probability} for p in top],
                "distance": answer.distance,
                "largest_distance": answer.fit and answer.fit.most,
                "unlike": answer.unlike,
            }
        )
        return
    print(f"{variant}, {weights}, {activations.device}, {activations.milliseconds:.0f} ms")
    if not activations.network.trained:
        print("These weights are untrained: the numbers show only that the network runs.")
    if answer.unlike:
        print(f"{none_fits(answer)}. {distance_text(answer)} {MUST_NAME_ONE}")
    for p in top:
        print(f"{p.probability:8.2%}  {p.label}")


@commands.command()
@run_options
@json_option
def gates(variant: str, image: str, weights: str, device: str | None, edits: tuple[str, ...], as_json: bool) -> None:
    """Print what squeeze-and-excitation computes from a picture: means and gates of all blocks."""
    from explorer import architectures
    from explorer.analysis.trace import trace_variant
    from explorer.demonstrations.gates.compute import gate_blocks, record

    if not gate_blocks(trace_variant(architectures.variant(variant))):
        raise ValueError(f"{variant} has no squeeze-and-excitation, so it has no gates.")
    activations = _activations(_run(variant, weights, device, image), edits)
    narrowed = trace_variant(activations.network.variant)
    records = [record(activations, block) for block in gate_blocks(narrowed)]
    if as_json:
        _print_json({"variant": variant, "weights": weights, "blocks": records})
        return
    if not activations.network.trained:
        print("These weights are untrained: their gates lie around one half and say nothing about the picture.")
    print(f"{'gate':<28}{'channels':>10}{'reduction':>11}{'min':>9}{'mean':>9}{'max':>9}")
    for r in records:
        least, mean, most = min(r["gate"]), sum(r["gate"]) / len(r["gate"]), max(r["gate"])
        print(f"{r['node']:<28}{r['channels']:>10,}{r['reduction']:>11.4g}{least:>9.4f}{mean:>9.4f}{most:>9.4f}")


@commands.command()
@run_options
@click.option("--node", required=True, metavar="NODE", help="An operation, or a block or stage for its output.")
@click.option("--channel", default=0, type=Number(0, MAX_COUNT), metavar="C", help="Of maps, or a vector's index.")
@click.option("--at", "position", metavar="ROW,COLUMN", help="Of maps. Default: the middle.")
@json_option
def value(
    variant: str,
    image: str,
    weights: str,
    device: str | None,
    edits: tuple[str, ...],
    node: str,
    channel: int,
    position: str | None,
    as_json: bool,
) -> None:
    """Take one value of a node apart: what it reads, the weights, the products, and the sum."""
    from explorer import architectures
    from explorer.analysis.trace import trace_variant
    from explorer.instruments.value.compute import record, value

    operation = trace_variant(architectures.variant(variant)).resolve(node)
    at = _row_and_column(position)
    activations = _activations(_run(variant, weights, device, image), edits)
    shape = activations.maps(operation.name).shape
    if len(shape) == 1 and at is not None:
        raise ValueError(f"{operation.name} is a vector: it has no rows and columns.")
    place = (channel, *(at or tuple(size // 2 for size in shape[1:])))
    found = value(activations, operation.name, place)
    if as_json:
        _print_json({"variant": variant, "weights": weights} | record(found))
        return
    where = ", ".join(map(str, place))
    print(f"{variant} {found.node} at {where}, {found.type}, {weights}: {found.made.result:.7g}")
    own = "The edits make of it" if found.altered else "The network's own value"
    print(f"{own}: {found.network:.7g}" + ("" if found.altered else f", {found.difference:.1g} away"))
    for name, number in (("bias", found.made.bias), *found.made.details.items()):
        if number is not None:
            print(f"{name:<12}{number:>14.6g}")
    print(f"It reads {int(found.inside.sum()):,} values and {int((~found.inside).sum()):,} of padding. The largest:")
    print(f"{'from':<32}{'at':>14}{'input':>14}{'weight':>14}{'product':>14}")
    for i in found.strongest[:10]:
        there = ",".join(map(str, found.places[i]))
        weight = "" if found.made.weights is None else f"{found.made.weights[i]:.6g}"
        print(
            f"{found.sources[found.source[i]]:<32}{there:>14}{found.inputs[i]:>14.6g}{weight:>14}{found.terms[i]:>14.6g}"
        )


@commands.command()
@run_options
@click.option("--method", default="grad-cam", metavar="NAME", help="Default: grad-cam. Others: see below.")
@click.option("--class", "of_class", metavar="NAME", help="By its name or number. Default: the first of the answer.")
@click.option("--node", metavar="NODE", help="Of Grad-CAM and LayerCAM: whose maps. Default: the last maps.")
@click.option("--channel", type=Number(0, MAX_COUNT), metavar="C", help="Instead of a class, the NODE's largest value.")
@click.option("-o", "--output", "--out", type=OutputFile(["png"]), metavar="FILE.png", help="The map over the picture.")
@json_option
def looks(
    variant: str,
    image: str,
    weights: str,
    device: str | None,
    edits: tuple[str, ...],
    method: str,
    of_class: str | None,
    node: str | None,
    channel: int | None,
    output: Path | None,
    as_json: bool,
) -> None:
    """Where a network looks for a class, or for the largest value of a map.

    METHOD: gradient, smooth, times (gradient x input), cam, grad-cam, layer-cam, occlusion, integrated.
    """
    from explorer.analysis.trace import trace_variant
    from explorer.instruments.looks_at import compute
    from explorer.instruments.looks_at.picture import over
    from explorer.runtime.preprocessing import model_input

    if method not in compute.OFFERED:
        raise ValueError(f"There is no method {method!r}: there are {', '.join(compute.OFFERED)}.")
    run = _run(variant, weights, device, image)
    activations = _activations(run, edits)
    network = activations.network
    trace = trace_variant(network.variant)
    operation = trace.resolve(node).name if node else None
    target = _looked_for(activations, of_class, operation, channel)
    way = compute.default_way(method, trace, target, operation if channel is None else None)
    found = compute.heat_map(activations, target, way, trace.inference_macs)
    if output is not None:
        picture = model_input(run.picture.image, network.preprocessing).picture
        over(picture, found, 60).save(output)
    value = compute.number_of(activations, target)
    share = compute.concentration(compute.stretched(found.values, trace.input_size[-1]))
    name = network.classes[target.place[0]] if target.is_class else f"{target.node} {','.join(map(str, target.place))}"
    if as_json:
        _print_json(
            {
                "variant": variant,
                "weights": weights,
                "method": method,
                "of": name,
                "node": way.at or None,
                "value": value,
                "top_tenth": share,
                "sum": found.total,
                "difference": found.difference,
                "map": found.values.tolist(),
            }
        )
        return
    print(f"{variant}, {weights}, {method}{f' at {way.at}' if way.at else ''}: {name}, {value:.4g}")
    print(f"Values from {found.values.min():.4g} to {found.values.max():.4g}, {found.values.shape}")
    print("Nothing is positive." if share is None else f"{share:.1%} of what is positive lies on 10 % of the pixels.")
    if found.total is not None:
        print(f"Sum {found.total:.6g}, difference of the scores {found.difference:.6g}")


def _looked_for(activations: Activations, of_class: str | None, node: str | None, channel: int | None) -> Target:
    """The class, or the largest value of a node's map."""
    from explorer.instruments.looks_at.compute import class_target, largest

    classes = activations.network.classes
    if channel is not None:
        if node is None or of_class is not None:
            raise ValueError("--channel needs a --node, and no --class.")
        count = len(activations.maps(node))
        if channel >= count:
            raise ValueError(f"{node} has channels 0 to {count - 1}.")
        return largest(activations, node, channel)
    if not classes:
        raise ValueError("Untrained, it knows no class: choose a value by --node and --channel.")
    if of_class is None:
        return class_target(activations.network, int(activations.scores.argmax()))
    known = {name: i for i, name in enumerate(classes)} | {str(i): i for i in range(len(classes))}
    if of_class not in known:
        raise ValueError(f"There is no class {of_class!r}: there are {', '.join(classes[:10])} ...")
    return class_target(activations.network, known[of_class])


def _row_and_column(text: str | None) -> tuple[int, int] | None:
    if text is None:
        return None
    numbers = re.fullmatch(r"([0-9]{1,6}),([0-9]{1,6})", text)
    if numbers is None:
        raise ValueError(f"--at {text!r} is not ROW,COLUMN as in 12,7.")
    return int(numbers[1]), int(numbers[2])


@commands.command()
@click.argument("variant", required=False)
@click.option("--image", metavar="FILE", help="A picture, or the name of a sample.")
@click.option("--node", metavar="NODE", help="An operation, or a block or stage for its output.")
@weights_option
@device_option
@edits_option
@click.option("--link", default="", metavar="URL", help="Where the app shows it: is printed, and as a QR code.")
@click.option("--lesson", metavar="FILE", help="Of a lesson instead: its file, or the name of one that comes along.")
@click.option("--presenter", is_flag=True, help="With what the lesson says that may be said.")
@click.option("-o", "--output", required=True, type=OutputFile(["html"]), metavar="FILE.html")
def handout(
    variant: str | None,
    image: str | None,
    node: str | None,
    weights: str,
    device: str | None,
    edits: tuple[str, ...],
    link: str,
    lesson: str | None,
    presenter: bool,
    output: Path,
) -> None:
    """Write a view of a network, or a lesson, as one HTML file to be printed."""
    from explorer import architectures
    from explorer.analysis.trace import trace_variant
    from explorer.runtime.device import resolve
    from explorer.runtime.edits import parse_all
    from explorer.runtime.weights.network import narrowed_variant
    from explorer.teaching.handout import of_lesson, of_view
    from explorer.teaching.lesson import called
    from explorer.teaching.passes import activations, subject_of

    if lesson is not None:
        if variant or image or node or edits:
            raise ValueError(
                "A lesson names its own networks and pictures: leave VARIANT, --image, --node, --edit out."
            )
        chosen, there = called(lesson), str(resolve(device))
        text = of_lesson(chosen, lambda item: subject_of(*item.runs(there)), presenter=presenter, link=link)
    else:
        if not (variant and image and node):
            raise ValueError("A handout is of a VARIANT with --image and --node, or of a --lesson.")
        network = architectures.variant(variant)
        trace_variant(network).resolve(node)
        run = _run(variant, weights, device, image)
        if edits:
            run = run.edited(*parse_all(";".join(edits), trace_variant(narrowed_variant(network, weights))))
        if (note := activations(run.unedited).note) is not None:
            print(note, file=sys.stderr)
        text = of_view(subject_of(run), node, link=link)
    output.write_text(text, encoding="utf-8")


def _run(variant: str, weights: str, device: str | None, image: str) -> Run:
    """What the options ask for; notes on the picture go to stderr."""
    from explorer.runtime.device import resolve
    from explorer.runtime.pictures import load_image
    from explorer.runtime.run import Run
    from explorer.runtime.samples import sample, samples

    device = str(resolve(device))
    source, title = Path(image), Path(image).name
    if not source.exists() and image in {s.id for s in samples()}:
        source, title = sample(image).path, sample(image).title
    picture = replace(load_image(source), title=title)
    for note in picture.notes:
        print(note, file=sys.stderr)
    return Run(variant, weights, device, picture)


def _activations(run: Run, edits: Sequence[str]) -> Activations:
    """The run's forward pass with edits; what it has to say about the device goes to stderr."""
    from explorer import architectures
    from explorer.analysis.trace import trace_variant
    from explorer.runtime.activations import capture
    from explorer.runtime.device import resolve
    from explorer.runtime.edits import edited, parse_all
    from explorer.runtime.preprocessing import model_input
    from explorer.runtime.weights.network import load_network

    network = load_network(architectures.variant(run.variant), run.weights, resolve(run.device))
    activations = capture(network, model_input(run.picture.image, network.preprocessing).tensor)
    if activations.note:
        print(activations.note, file=sys.stderr)
    if network.by_order:
        print(f"{network.description}.", file=sys.stderr)
    if not edits:
        return activations
    trace = trace_variant(network.variant)
    return edited(activations, parse_all(";".join(edits), trace), trace)


# ---- how the bundled weights were made ---------------------------------------------------------------------


@commands.command()
@click.argument("variant")
@data_option
@download_option
@device_option
@work_option
@seed_option
def train(variant: str, data: Path, download: bool, device: str | None, work: Path, seed: int) -> None:
    """Train the weights that come with the app; an interrupted training goes on."""
    from explorer import architectures
    from explorer.runtime.device import resolve
    from explorer.training.bundle import train

    v = architectures.variant(variant)
    entry = train(v, data, work, resolve(device), download=download, seed=seed)
    print(f"{entry.variant}: {entry.top1:.2f} % of {entry.images:,} pictures; {entry.file}, {entry.bytes:,} bytes")


@commands.command()
@data_option
@download_option
@device_option
@work_option
def overfitting(data: Path, download: bool, device: str | None, work: Path) -> None:
    """Train the small AlexNets with and without augmentation; an interrupted training goes on."""
    from explorer.runtime.device import resolve
    from explorer.runtime.weights.overfitting import trained
    from explorer.training.overfitting import train

    train(data, work, resolve(device), download=download)
    for name, network in trained().items():
        seen, unseen = network.top1
        print(f"{name}: {seen:.1f} % of its {network.images[0]:,} training pictures, {unseen:.1f} % of others")


@commands.command()
@click.argument("variant")
@data_option
@download_option
@device_option
@click.option("--weights", default="bundled", metavar="NAME", help="bundled (default), or a weights file.")
@click.option("--store", is_flag=True, help="Keep how well the pictures fit in the bundled weights' record.")
@click.option(
    "--others",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    metavar="DIR",
    help="Pictures of other things, a folder for each kind: how many of them fit no class is counted.",
)
@json_option
def evaluate(
    variant: str,
    data: Path,
    download: bool,
    device: str | None,
    weights: str,
    store: bool,
    others: Path | None,
    as_json: bool,
) -> None:
    """Measure the accuracy of weights on a whole validation split, and how well its pictures fit a class."""
    from explorer import architectures
    from explorer.runtime.device import resolve
    from explorer.runtime.weights.bundled import manifest
    from explorer.runtime.weights.fit import PERCENTS
    from explorer.runtime.weights.network import BUNDLED, load_network
    from explorer.training import data as datasets
    from explorer.training.evaluate import evaluate

    network = load_network(architectures.variant(variant), weights, resolve(device))
    name = datasets.dataset_of(network.classes)
    if store and weights != BUNDLED:
        raise ValueError("Only bundled weights have a record.")
    result = evaluate(network, datasets.load(name, data, "val", download), others)
    if store:
        entry = manifest()[variant]
        entry.write_record(entry.record() | {"fit": result.fit.stored()})
    if as_json:
        _print_json(
            {
                "variant": variant,
                "weights": weights,
                "split": "val",
                "images": result.images,
                "top1": round(result.top1, 3),
                "fit": dict(zip(map(str, PERCENTS), result.fit.quantiles, strict=True)),
                "others": result.fit.others,
            }
        )
        return
    print(f"{variant}, {weights}: {result.top1:.2f} % of {result.images:,} validation pictures ({name})")
    print(f"Distance to the nearest class, by percent of {result.fit.images:,} pictures that are not farther:")
    print("".join(f"{f'{percent} %':>9}" for percent in PERCENTS))
    print("".join(f"{value:>9.4g}" for value in result.fit.quantiles))
    for kind, (pictures, unlike) in result.fit.others.items():
        print(f"{kind}: {unlike:,} of {pictures:,} pictures fit no class")


@commands.command()
@click.argument("variants", nargs=-1, required=True)
@click.option("--node", "nodes", multiple=True, metavar="NODE", help="Only this operation, block or stage; repeatable.")
@click.option("--first", type=COUNT, metavar="N", help="Only the first channels; later, further ones can be added.")
@click.option("--others", is_flag=True, help="Of the blocks inside the stages, too, the first channels.")
@click.option(
    "--work",
    default=Path("build/units"),
    type=click.Path(path_type=Path),
    metavar="DIR",
    help="Keeps what is unfinished. Default: build/units.",
)
def units(variants: tuple[str, ...], nodes: tuple[str, ...], first: int | None, others: bool, work: Path) -> None:
    """Draw what the channels of bundled networks look for, into assets/units; an interrupted drawing goes on."""
    from explorer import architectures
    from explorer.analysis.trace import trace_variant
    from explorer.instruments.looks_for.draw import block_wishes, draw, stage_wishes, wish_for
    from explorer.runtime.device import configure_threads
    from explorer.runtime.weights.network import BUNDLED, narrowed_variant

    configure_threads()
    traces = {v: trace_variant(narrowed_variant(architectures.variant(v), BUNDLED)) for v in variants}
    for wishes in (stage_wishes, block_wishes) if others else (stage_wishes,):
        for variant, trace in traces.items():
            wanted = [wish_for(trace, trace.resolve(node)) for node in nodes] or wishes(trace)
            limited = [replace(wish, count=min(first or wish.count, wish.count)) for wish in wanted]
            draw(variant, limited, work, print)


# ---- the app -----------------------------------------------------------------------------------------------


@commands.command()
@click.option("--host", default="127.0.0.1", envvar="HOST", metavar="NAME", help="0.0.0.0 opens it to the network.")
@click.option("--port", default=8501, type=Number(1, MAX_PORT), envvar="PORT", metavar="N", help="Default: 8501.")
def serve(host: str, port: int) -> None:
    """Start the app; HOST and PORT in the environment do what the options do."""
    import socket

    _check_settings()
    family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
    socket.create_server(address, family=family).close()  # raises OSError where the app could not
    public = socket.gethostname() if host in ("0.0.0.0", "::") else host
    _start_streamlit(host, port, public)


@commands.command()
@click.option("--host", default="127.0.0.1", envvar="HOST", metavar="NAME", help="0.0.0.0 opens it to the network.")
@click.option("--port", default=8501, type=Number(1, MAX_PORT), envvar="PORT", metavar="N", help="Default: 8501.")
@click.option("--count", default=2, type=Number(1, MAX_REPLICAS), metavar="N", help="Processes of the app. Default: 2.")
def replicas(host: str, port: int, count: int) -> None:
    """Start the app several times behind one address, for more viewers than one process holds."""
    from explorer.server.replicas import keep_running, parts

    _check_settings()
    keep_running(parts(host, port, count))


def _check_settings() -> None:
    """Raise what is wrong with the settings now, not when the first viewer comes: ValueError, a sentence."""
    from explorer.hall.rooms import VARIABLE, store_at
    from explorer.runtime.memory import limit
    from explorer.runtime.weights import permission
    from explorer.server.headers import framed_by

    limit()
    framed_by()
    permission.allowed("")
    store_at(os.environ.get(VARIABLE, ""))


def _start_streamlit(host: str, port: int, public: str) -> None:
    from streamlit.web.cli import main as streamlit

    options = {"server.address": host, "server.port": port, "browser.serverAddress": public}
    arguments = [part for name, value in options.items() for part in (f"--{name}", str(value))]
    streamlit(["run", str(ROOT / "explorer" / "app.py"), *arguments], prog_name="streamlit")


@commands.command()
def assets() -> None:
    """Write the files in assets/ that are computed: home's cards, the counts of Compare, timm's table of weights."""
    from explorer.assets import write_all

    for file in write_all():
        print(file.relative_to(ROOT))


# ---- errors ------------------------------------------------------------------------------------------------


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1))


def _refuse(sentence: str) -> int:
    print(f"{PROGRAM}: {' '.join(sentence.split())}", file=sys.stderr)
    return 2


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 2 when the input was wrong."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    try:
        with commands.make_context(PROGRAM, arguments) as context:
            commands.invoke(context)
    except click.exceptions.Exit as end:  # --help
        return end.exit_code
    except click.ClickException as error:
        return _refuse(error.format_message())
    except BrokenPipeError:  # the reader of our output had enough (`| head`)
        sys.stderr.close()
        return 0
    except OSError as error:
        reason = error.strerror or str(error)
        return _refuse(f"{error.filename}: {reason}." if error.filename else f"{reason}.")
    except (ValueError, KeyError) as error:
        return _refuse(str(error))  # a sentence for people: see the error classes of the layers below
    return 0


def run() -> None:
    """The entry point of a process of its own."""
    if not sys.warnoptions:
        warnings.simplefilter("ignore")  # libraries' warnings are for their callers, not for people
    sys.exit(main())
