"""`make bench`: what the app promises about speed, as ratios and percentiles of one run, into build/bench.json.

    python -m tests.benchmarks [capture] [diagrams] [page] [viewers] [hall] [phones] [value] [edits] [looks]
        [mixed] [gpu]

Ratios compare two things that alternate in the same process, so that a slow or busy machine slows both. Each line says
the limit that we set ourselves; a limit that is not reached is reported, not raised: timings are no tests.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.app_server import ROOT, app_server
from tests.benchmarks import hall, load, mixed

REPORT = ROOT / "build" / "bench.json"
MODEL = "resnet50"


def paired(one: Callable[[], Any], other: Callable[[], Any], rounds: int) -> tuple[float, float]:
    """Median milliseconds of two functions that take turns."""
    times: tuple[list[float], list[float]] = ([], [])
    for _ in range(rounds):
        for function, taken in zip((one, other), times, strict=True):
            start = time.perf_counter()
            function()
            taken.append(1000 * (time.perf_counter() - start))
    return statistics.median(times[0]), statistics.median(times[1])


def capture_cost() -> dict[str, float]:
    """Capturing the maps of an image against a bare forward pass of the same torch model, batch 1, on the CPU."""
    import torch

    from explorer.architectures import variant
    from explorer.runtime.activations import capture
    from explorer.runtime.device import configure_threads
    from explorer.runtime.maps import encode_page
    from explorer.runtime.maps import statistics as map_statistics
    from explorer.runtime.weights.network import load_network

    configure_threads()
    network = load_network(variant(MODEL))
    x = torch.randn(1, 3, 224, 224)

    def bare() -> None:
        with torch.inference_mode():
            network.model(x)

    def capture_and_show() -> None:
        maps = capture(network, x).maps("conv3_x.1.add").numpy()
        encode_page(maps, map_statistics(maps), {}).packed()

    bare(), capture(network, x)
    capturing, alone = paired(lambda: capture(network, x), bare, rounds=21)
    showing, alone_again = paired(capture_and_show, bare, rounds=21)
    return {
        "bare_forward_ms": alone,
        "capture_ms": capturing,
        "capture_ratio": capturing / alone,
        "capture_and_show_ratio": showing / alone_again,
        "limit_ratio": 1.25,
    }


def diagram_cost() -> dict[str, float]:
    """A first trace and all three diagrams against torchview's graph of the same model, laid out by pygraphviz too."""
    import pygraphviz
    import torch
    import torchvision
    from torchview import draw_graph

    from explorer.analysis.trace import trace_variant
    from explorer.architectures import variant
    from explorer.diagrams import diagram_for
    from explorer.ui import cache

    def ours() -> None:
        trace = trace_variant(variant(MODEL))
        for zoom in ("network", "stage", "block"):
            diagram_for(trace, zoom).svg()

    def torchview() -> None:
        with torch.device("meta"):
            model = torchvision.models.resnet50().eval()
        graph = draw_graph(model, input_size=(1, 3, 224, 224), device="meta").visual_graph
        pygraphviz.AGraph(graph.source).draw(format="svg", prog="dot")

    ours(), torchview()  # the imports of both
    first, theirs = paired(ours, torchview, rounds=7)

    def cached() -> None:
        cache.trace(MODEL)
        for zoom in ("network", "stage", "block"):
            cache.diagram(MODEL, zoom).svg()

    cached()
    again, _ = paired(cached, lambda: None, rounds=101)
    return {
        "first_ms": first,
        "torchview_ms": theirs,
        "ratio": first / theirs,
        "limit_ratio": 1.0,
        "cached_ms": again,
        "limit_cached_ms": 5.0,
    }


FIRST_PAINT = "performance.getEntriesByName('first-contentful-paint')[0].startTime"


def page_cost(url: str, visits: int = 7) -> dict[str, float]:
    """Milliseconds from navigation to the first paint, the title and the maps, in a new browser context each time."""
    from playwright.sync_api import sync_playwright

    from tests.browser import chromium

    paint, title, maps = [], [], []
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium.find(), args=chromium.FLAGS)
        for _ in range(visits + 1):
            page = browser.new_context(viewport={"width": 1440, "height": 900}).new_page()
            start = time.perf_counter()
            page.goto(f"{url}/resnet")
            page.wait_for_selector("h1")
            title.append(1000 * (time.perf_counter() - start))
            page.wait_for_selector("button.map canvas")
            maps.append(1000 * (time.perf_counter() - start))
            paint.append(page.evaluate(FIRST_PAINT))
            page.context.close()
        browser.close()
    return {  # without the first visit, which warms the server
        "first_paint_ms": statistics.median(paint[1:]),
        "limit_first_paint_ms": 1500.0,
        "title_ms": statistics.median(title[1:]),
        "maps_ms": statistics.median(maps[1:]),
        "limit_maps_ms": 1500.0,
    }


def viewers_cost() -> dict[str, Any]:
    """Thirty viewers who open a page at once, then click every two seconds for a minute; see `load`.

    The section that is open below the screen follows the selection.
    """
    limits = {"limit_open_maps_p95_ms": 2500.0, "limit_open_end_p95_ms": 4000.0, "limit_memory_mib": 2048.0}
    return {**load.measure(page="resnet"), **limits, "limit_p50_ms": 25.0, "limit_p95_ms": 60.0}


def hall_cost() -> dict[str, Any]:
    """The same with ninety viewers."""
    return {**load.measure(page="resnet", viewers=90), "limit_p50_ms": 40.0, "limit_p95_ms": 200.0}


def phones_cost() -> dict[str, Any]:
    """A thousand phones in a room of the app itself, while thirty viewers click; and of each store on a bare server."""
    bare = {
        f"{store}_{name}": value
        for store in ("memory", "redis")
        for name, value in hall.measure(store=store).items()
        if name in ("press_p95_ms", "votes_counted", "votes_answered_in_seconds")
    }
    return hall.measure(app=True) | bare


def value_cost() -> dict[str, Any]:
    """Thirty viewers who have the instrument Value open, and take apart a value of each operation that they click."""
    queries = [f"{query}&instrument=value" for query in load.sample_queries()]
    return {**load.measure(page="resnet", queries=queries), "limit_p95_ms": 60.0, "limit_kib": 64.0}


def edits_cost() -> dict[str, Any]:
    """One viewer of ResNet-50, a quarter as wide, silences maps, until they are there; and thirty click while another
    ranks 64 channels.
    """
    queries = [f"{query}&variant=resnet50&node=conv2_x.1.add" for query in load.sample_queries()]
    alone = load.measure(page="resnet", queries=queries, viewers=1, seconds=40, interval=1, action="silence")
    meanwhile = load.measure(page="resnet", seconds=30, meanwhile="ranking")
    return {
        "silence_p50_ms": alone["maps_p50_ms"],
        "silence_p95_ms": alone["maps_p95_ms"],
        "limit_silence_p95_ms": 250.0,
        "ranking_seconds": meanwhile["ranking_seconds"],
        "limit_ranking_seconds": 10.0,
        "clicks_meanwhile_p50_ms": meanwhile["p50_ms"],
        "clicks_meanwhile_p95_ms": meanwhile["p95_ms"],
        "limit_clicks_meanwhile_p95_ms": 150.0,
        **edited_pass(),
    }


def looks_cost() -> dict[str, Any]:
    """Grad-CAM at each network's first convolution against a pass; and thirty click while another's gradients run."""
    names = "resnet18", "vgg16", "googlenet", "mobilenet_v2", "densenet121"
    meanwhile = load.measure(page="resnet", seconds=30, meanwhile="gradients")
    return {
        **{f"grad_cam_{name}_ratio": grad_cam_ratio(name) for name in names},
        "limit_grad_cam_ratio": 2.5,
        "gradients_seconds": meanwhile["gradients_seconds"],
        "clicks_meanwhile_p50_ms": meanwhile["p50_ms"],
        "clicks_meanwhile_p95_ms": meanwhile["p95_ms"],
        "limit_clicks_meanwhile_p95_ms": 150.0,
    }


def grad_cam_ratio(name: str) -> float:
    """Grad-CAM at a bundled network's first operation, where all of it runs, against a pass."""
    from explorer.analysis.trace import trace_variant
    from explorer.architectures import variant
    from explorer.instruments.looks_at.compute import class_target, default_way, heat_map
    from explorer.instruments.looks_for.compared import compared_with
    from explorer.runtime.activations import capture
    from explorer.runtime.device import configure_threads
    from explorer.runtime.preprocessing import model_input
    from explorer.runtime.weights.network import BUNDLED, load_network

    configure_threads()
    network = load_network(variant(name), BUNDLED)
    trace = trace_variant(network.variant)
    shown = model_input(compared_with(network)["church"].image, network.preprocessing).tensor
    activations, target = capture(network, shown), class_target(network, 0)
    way = default_way("grad-cam", trace, target, trace.nodes[1].name)
    weighing, alone = paired(
        lambda: heat_map(activations, target, way, trace.inference_macs), lambda: capture(network, shown), rounds=21
    )
    return weighing / alone


def edited_pass() -> dict[str, float]:
    """A full-width pass with its first convolution altered, so that all runs again, against a bare one."""
    import torch

    from explorer.analysis.trace import trace_variant
    from explorer.architectures import variant
    from explorer.runtime.activations import capture
    from explorer.runtime.device import configure_threads
    from explorer.runtime.edits import edited, parse
    from explorer.runtime.weights.network import load_network

    configure_threads()
    network = load_network(variant(MODEL))
    trace, x = trace_variant(MODEL), torch.randn(1, 3, 224, 224)
    before, silence = capture(network, x), [parse(f"{trace.nodes[1].name}:0:zero", trace)]

    def bare() -> None:
        with torch.inference_mode():
            network.model(x)

    bare(), edited(before, silence, trace)
    altered, alone = paired(lambda: edited(before, silence, trace), bare, rounds=21)
    return {"edited_pass_ratio": altered / alone, "limit_edited_pass_ratio": 1.2}


def mixed_cost() -> dict[str, Any]:
    """Twenty viewers for two minutes who change variant, picture, section and page, too; see `mixed`."""
    return mixed.measure()


def gpu_cost() -> dict[str, Any]:
    """A capture on the GPU against one on the CPU."""
    import torch

    from explorer.architectures import variant
    from explorer.runtime.activations import capture
    from explorer.runtime.weights.network import load_network

    if not torch.cuda.is_available():
        return {"skipped": "no CUDA device on this machine"}
    x = torch.randn(1, 3, 224, 224)
    cpu, gpu = (load_network(variant(MODEL), device=torch.device(d)) for d in ("cpu", "cuda"))
    capture(cpu, x), capture(gpu, x)
    slow, fast = paired(lambda: capture(cpu, x), lambda: capture(gpu, x), rounds=21)
    return {"cpu_ms": slow, "gpu_ms": fast, "ratio": slow / fast, "device": torch.cuda.get_device_name()}


def pages() -> dict[str, float]:
    """`page_cost` of a server of its own."""
    with ExitStack() as stack:
        home = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        return page_cost(stack.enter_context(app_server(home)).url)


BENCHMARKS: dict[str, Callable[[], dict[str, Any]]] = {
    "capture": capture_cost,
    "diagrams": diagram_cost,
    "page": pages,
    "viewers": viewers_cost,
    "hall": hall_cost,
    "phones": phones_cost,
    "value": value_cost,
    "edits": edits_cost,
    "looks": looks_cost,
    "mixed": mixed_cost,
    "gpu": gpu_cost,
}


def main() -> None:
    """Run the named benchmarks, or all, print them and write them to REPORT."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", choices=[[], *BENCHMARKS], metavar="NAME")
    names = parser.parse_args().names or list(BENCHMARKS)
    report: dict[str, dict[str, Any]] = {}
    for name in names:
        report[name] = BENCHMARKS[name]()
        print(name)
        for key, value in report[name].items():
            print(f"  {key:<28}{value:,.2f}" if isinstance(value, float) else f"  {key:<28}{value}")
    REPORT.parent.mkdir(exist_ok=True)
    REPORT.write_text(json.dumps(report, indent=1) + "\n", encoding="utf-8")
    print(f"written to {REPORT.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
