"""The command line: `python -m explorer COMMAND`. Text for people, `--json` for machines.

Whatever is wrong with the input is said in one line on stderr, with exit status 2.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

if TYPE_CHECKING:
    from explorer.analysis.cost import Design
    from explorer.architectures.family import Variant
    from explorer.runtime.activations import Activations

EXPORTS = ("svg", "png", "pdf", "dot")


class _Parser(argparse.ArgumentParser):
    """argparse, but with one line instead of the usage on a mistake."""

    def error(self, message: str) -> NoReturn:
        self.exit(2, f"{self.prog}: {message}\n")


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="python -m explorer", description="See convolutional networks, from LeNet-5 to SENet.")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)

    def command(name: str, text: str) -> argparse.ArgumentParser:
        return commands.add_parser(name, help=text, description=text)

    def with_json(p: argparse.ArgumentParser) -> None:
        p.add_argument("--json", action="store_true", help="print JSON instead of text")

    def with_run(p: argparse.ArgumentParser) -> None:
        p.add_argument("variant")
        p.add_argument("--image", required=True, metavar="FILE", help="a picture, or the name of a sample")
        p.add_argument(
            "--weights",
            default="untrained",
            metavar="NAME",
            help="untrained (default), bundled, imagenet, folder, or a file",
        )
        p.add_argument("--device", metavar="DEVICE", help="cpu, cuda or mps (default: the best there is)")

    with_json(command("list", "List all variants with their parameters, MACs and depth."))

    p = command("describe", "Print the totals and the table of layers of a variant.")
    p.add_argument("variant")
    p.add_argument("--input-size", type=_positive, metavar="N", help="side of the input in pixels")
    with_json(p)

    p = command("diagram", "Draw a variant at one of four zooms.")
    p.add_argument("variant")
    p.add_argument("--zoom", required=True, choices=("network", "stage", "block", "operations"))
    p.add_argument("--select", metavar="NODE", help="the stage, block or operation to show and highlight")
    p.add_argument("-o", "--output", required=True, type=Path, metavar="FILE", help=f"ends in {', '.join(EXPORTS)}")

    p = command("maps", "Draw the feature maps of one node for a picture.")
    with_run(p)
    p.add_argument("--node", required=True, metavar="NODE", help="an operation, or a block or stage for its output")
    p.add_argument("-o", "--output", required=True, type=Path, metavar="FILE.png")
    p.add_argument("--npy", type=Path, metavar="FILE.npy", help="also write the raw float32 array, C,H,W")

    p = command("predict", "Print the five most probable classes of a picture.")
    with_run(p)
    with_json(p)

    p = command("gates", "Print what squeeze-and-excitation makes of a picture: means and gates of all blocks.")
    with_run(p)
    with_json(p)

    p = command("cost", "Compare a convolution with a 1x1 reduction before it: shapes, parameters, MACs.")
    p.add_argument("--input", required=True, metavar="HxWxC", help="the maps that go in, e.g. 28x28x192")
    p.add_argument("--out-channels", required=True, type=int, metavar="N", help="the maps that come out")
    p.add_argument("--kernel", required=True, metavar="K", help="the side, or height x width as in 1x7")
    p.add_argument("--padding", default="same", metavar="P", help="same (default), valid, or the zeros on each side")
    p.add_argument("--stride", default="1", metavar="S", help="1 unless given")
    p.add_argument("--groups", default=1, type=int, metavar="G", help="of the K x K convolution; 1 unless given")
    p.add_argument(
        "--bottleneck", type=int, metavar="B", help="maps after the 1x1; 16, or the next multiple of G, unless given"
    )
    p.add_argument("--depthwise-separable", action="store_true", help="add a depthwise and a 1x1 convolution")
    p.add_argument("--no-bias", dest="bias", action="store_false", help="without the parameter that each filter adds")
    with_json(p)

    def with_data(p: argparse.ArgumentParser) -> None:
        p.add_argument("variant")
        p.add_argument("--data", required=True, type=Path, metavar="DIR", help="the folder of Imagenette or MNIST")
        p.add_argument("--download", action="store_true", help="fetch the data set into that folder first")
        p.add_argument("--device", metavar="DEVICE", help="cpu, cuda or mps (default: the best there is)")

    p = command("train", "Train the weights that come with the app; an interrupted training goes on.")
    with_data(p)
    p.add_argument("--work", type=Path, default=Path("build/training"), metavar="DIR", help="keeps the checkpoints")
    p.add_argument("--seed", type=int, default=0, metavar="N")

    p = command("evaluate", "Measure the accuracy of weights on a whole validation split.")
    with_data(p)
    p.add_argument("--weights", default="bundled", metavar="NAME", help="'bundled' (default) or a weights file")
    with_json(p)
    return parser


def _positive(text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise argparse.ArgumentTypeError(f"{text!r} is not a positive whole number")
    return int(text)


def _print_json(value: Any) -> None:
    print(json.dumps(value, indent=1))


def _list(args: argparse.Namespace) -> None:
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
    if args.json:
        _print_json(records)
        return
    print(f"{'variant':<22}{'year':>6}{'input':>8}{'depth':>7}{'parameters':>15}{'MACs':>18}  title")
    for r in records:
        print(
            f"{r['variant']:<22}{r['year'] or '':>6}{r['input_size'][1]:>8}{r['depth']:>7}"
            f"{r['params']:>15,}{r['macs']:>18,}  {r['title']}"
        )


def _describe(args: argparse.Namespace) -> None:
    from explorer.analysis.table import layer_records, layer_text
    from explorer.analysis.trace import trace_variant
    from explorer.architectures import variant

    t = trace_variant(variant(args.variant), args.input_size)
    if not args.json:
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


def _diagram(args: argparse.Namespace) -> None:
    from explorer.analysis.trace import trace_variant
    from explorer.architectures import variant
    from explorer.diagrams import diagram_for

    fmt = args.output.suffix.lstrip(".").lower()
    if fmt not in EXPORTS:
        raise ValueError(f"{args.output.name} must end in one of {', '.join('.' + e for e in EXPORTS)}.")
    t = trace_variant(variant(args.variant))
    selected = t.resolve(args.select).name if args.select else None
    args.output.write_bytes(diagram_for(t, args.zoom, args.select).render(fmt, selected))


def _activations(args: argparse.Namespace) -> Activations:
    from explorer.architectures import variant
    from explorer.runtime.activations import capture
    from explorer.runtime.device import resolve
    from explorer.runtime.pictures import load_image
    from explorer.runtime.preprocessing import model_input
    from explorer.runtime.samples import sample, samples
    from explorer.runtime.weights.network import load_network

    v: Variant = variant(args.variant)
    source = Path(args.image)
    if not source.exists() and args.image in {s.id for s in samples()}:
        source = sample(args.image).path
    image = load_image(source)
    network = load_network(v, args.weights, resolve(args.device))
    activations = capture(network, model_input(image.image, network.preprocessing).tensor)
    for note in (*image.notes, activations.note):
        if note:
            print(note, file=sys.stderr)
    return activations


def _maps(args: argparse.Namespace) -> None:
    import numpy as np

    from explorer.analysis.trace import trace_variant
    from explorer.architectures import variant
    from explorer.runtime.maps import channels_per_page, page_of, show, statistics
    from explorer.runtime.png import draw_png

    node = trace_variant(variant(args.variant)).resolve(args.node)
    values = _activations(args).maps(node.name).numpy()
    stats = statistics(values)
    channels = page_of(stats.order(), 0, channels_per_page(*stats.shape[1:]))
    title = f"{args.variant} {node.name} {'x'.join(map(str, values.shape))}, {args.weights}"
    args.output.write_bytes(draw_png(show(values, stats, channels), title=title))
    if args.npy:
        with args.npy.open("wb") as file:  # a file object: np.save would append .npy to another ending
            np.save(file, values)


def _predict(args: argparse.Namespace) -> None:
    activations = _activations(args)
    top = activations.top()
    if args.json:
        _print_json(
            {
                "variant": args.variant,
                "weights": args.weights,
                "device": str(activations.device),
                "milliseconds": round(activations.milliseconds, 2),
                "top": [{"label": p.label, "probability": p.probability} for p in top],
            }
        )
        return
    print(f"{args.variant}, {args.weights}, {activations.device}, {activations.milliseconds:.0f} ms")
    if not activations.network.trained:
        print("These weights are untrained: the numbers show only that the network runs.")
    for p in top:
        print(f"{p.probability:8.2%}  {p.label}")


def _gates(args: argparse.Namespace) -> None:
    from explorer.analysis.trace import trace_variant
    from explorer.architectures import variant
    from explorer.demonstrations.gates.compute import gate_blocks, record

    blocks = gate_blocks(trace_variant(variant(args.variant)))
    if not blocks:
        raise ValueError(f"{args.variant} has no squeeze-and-excitation, so it has no gates.")
    activations = _activations(args)
    blocks = gate_blocks(trace_variant(activations.network.variant))  # of what ran: it may be a narrow network
    records = [record(activations, block) for block in blocks]
    if args.json:
        _print_json({"variant": args.variant, "weights": args.weights, "blocks": records})
        return
    if not activations.network.trained:
        print("These weights are untrained: their gates lie around one half and tell nothing of the picture.")
    print(f"{'gate':<28}{'channels':>10}{'reduction':>11}{'min':>9}{'mean':>9}{'max':>9}")
    for r in records:
        least, mean, most = min(r["gate"]), sum(r["gate"]) / len(r["gate"]), max(r["gate"])
        print(f"{r['node']:<28}{r['channels']:>10,}{r['reduction']:>11.4g}{least:>9.4f}{mean:>9.4f}{most:>9.4f}")


def _cost(args: argparse.Namespace) -> None:
    from explorer.analysis import cost
    from explorer.analysis.designs import bottleneck, default_width, depthwise_separable, direct
    from explorer.analysis.text import bytes_text, shape_text

    convolution = cost.Convolution(
        in_shape=cost.parse_shape(args.input),
        out_channels=args.out_channels,
        kernel=cost.parse_pair(args.kernel, "kernel size"),
        stride=cost.parse_pair(args.stride, "stride"),
        padding=cost.parse_padding(args.padding),
        groups=args.groups,
        bias=args.bias,
    )
    width = default_width(args.groups) if args.bottleneck is None else args.bottleneck
    designs = {"direct": direct(convolution), "bottleneck": bottleneck(convolution, width)}
    if args.depthwise_separable:
        designs["depthwise_separable"] = depthwise_separable(convolution)
    ratio = designs["direct"].macs / designs["bottleneck"].macs
    if args.json:
        _print_json({name: _cost_record(design) for name, design in designs.items()} | {"ratio": ratio})
        return
    print(f"{'':<22}{'output':>14}{'parameters':>15}{'MACs':>18}{'additions':>18}{'activations':>14}")
    for design in designs.values():
        print(
            f"{design.name:<22}{shape_text(design.out_shape):>14}{design.params:>15,}{design.macs:>18,}"
            f"{design.additions:>18,}{bytes_text(design.activation_bytes):>14}"
        )
    print(f"Direct against {width} bottleneck channels: {ratio:.2f} times the MACs.")


def _cost_record(design: Design) -> dict[str, Any]:
    return {"out_shape": list(design.out_shape), "params": design.params, "macs": design.macs}


def _train(args: argparse.Namespace) -> None:
    from explorer.architectures import variant
    from explorer.runtime.device import resolve
    from explorer.training.bundle import train

    v = variant(args.variant)
    entry = train(v, args.data, args.work, resolve(args.device), download=args.download, seed=args.seed)
    print(f"{entry.variant}: {entry.top1:.2f} % of {entry.images:,} pictures; {entry.file}, {entry.bytes:,} bytes")


def _evaluate(args: argparse.Namespace) -> None:
    from explorer.architectures import variant
    from explorer.runtime.device import resolve
    from explorer.runtime.weights.network import load_network
    from explorer.training import data
    from explorer.training.evaluate import evaluate

    network = load_network(variant(args.variant), args.weights, resolve(args.device))
    name = data.dataset_of(network.classes)
    result = evaluate(network, data.load(name, args.data, "val", args.download))
    if args.json:
        _print_json(
            {
                "variant": args.variant,
                "weights": args.weights,
                "split": "val",
                "images": result.images,
                "top1": round(result.top1, 3),
            }
        )
        return
    print(f"{args.variant}, {args.weights}: {result.top1:.2f} % of {result.images:,} validation pictures ({name})")


COMMANDS = {
    "list": _list, "describe": _describe, "diagram": _diagram, "maps": _maps, "predict": _predict, "gates": _gates,
    "cost": _cost, "train": _train, "evaluate": _evaluate,
}  # fmt: skip


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; 0 when it worked, 2 when the input was wrong."""
    args = _parser().parse_args(argv)
    try:
        COMMANDS[args.command](args)
    except BrokenPipeError:  # the reader of our output had enough (`| head`)
        sys.stderr.close()
        return 0
    except (ValueError, KeyError, OSError) as error:
        # The errors of the layers below are sentences for people; see their classes.
        reason = f"{error.filename}: {error.strerror}." if isinstance(error, OSError) and error.strerror else str(error)
        print(f"python -m explorer: {' '.join(reason.split())}", file=sys.stderr)
        return 2
    return 0
