"""Do the slow things once, before the first viewer asks: import torch, trace and draw the first network, run it."""

from __future__ import annotations

import gc
import threading
from functools import cache


@cache
def start() -> threading.Thread:
    """Warm up in the background, once a process; the pages do not wait for it."""
    thread = threading.Thread(target=_warm_up, name="warm-up", daemon=True)
    thread.start()
    return thread


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
        cache.trace(family.default)
        available_weights(family.variant(family.default))  # imports torchvision's catalogue of weights: two seconds
    name = families()[-1].default
    cache.activations(Run(name, available_weights(variant(name))[0], str(best_device()), picture))
    for zoom in ("network", "stage", "block"):
        cache.diagram(name, zoom)
    # What is alive now stays: without it a full collection takes a fifth of what torch makes it take (with it: 200 ms).
    gc.collect()
    gc.freeze()
