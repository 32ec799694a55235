"""Do the slow things once, before the first viewer asks: import torch, trace and draw the first network, run it."""

from __future__ import annotations

import gc
import threading
import time
from collections.abc import Callable
from functools import cache

BREATH_S = 0.02  # between two layouts, for viewers who are there already


@cache
def start() -> threading.Thread:
    """Warm up in the background, once a process; the pages do not wait for it."""
    return _in_background(_warm_up, "warm-up")


def _in_background(work: Callable[[], None], name: str) -> threading.Thread:
    """A thread that the process waits for at its end: it would be aborted by one that is cut off inside of torch."""
    thread = threading.Thread(target=work, name=name, daemon=False)
    thread.start()
    return thread


def _ending() -> bool:
    """Whether the process is at its end, and only waits for its threads."""
    return not threading.main_thread().is_alive()


def _warm_up() -> None:
    from explorer.architectures import families, variant
    from explorer.runtime.device import best_device, configure_threads
    from explorer.runtime.pictures import load_image
    from explorer.runtime.run import Run
    from explorer.runtime.samples import samples
    from explorer.runtime.weights.network import available_weights
    from explorer.ui import cache

    configure_threads()
    picture = load_image(samples()[0].path)
    for family in families():
        if _ending():
            return
        cache.trace(family.default)
        available_weights(family.variant(family.default))  # imports torchvision's catalogue of weights: two seconds
    name = families()[-1].default
    cache.activations(Run(name, available_weights(variant(name))[0], str(best_device()), picture))
    for zoom in ("network", "stage", "block"):
        cache.diagram(name, zoom).svg()
    # What is alive now stays: without it a full collection takes a fifth of what torch makes it take (with it: 200 ms).
    gc.collect()
    gc.freeze()
    if not _ending():
        _in_background(_draw_diagrams, "diagrams")


def _draw_diagrams() -> None:
    """Lay out all that a click in a default variant's diagrams can show.

    Graphviz holds the interpreter's lock meanwhile: a hall that begins to click would wait for one after the other. Not
    more than that: a thread that computes in Python for long makes each click of thirty viewers wait a hundred times.
    """
    from explorer.architectures import families
    from explorer.ui import cache

    for family in families():
        for stage in cache.trace(family.default).stages:
            cache.diagram(family.default, "stage", stage.path).svg()
            for block in stage.blocks:
                if _ending():
                    return
                cache.diagram(family.default, "block", block.path).svg()
                time.sleep(BREATH_S)
    gc.freeze()
