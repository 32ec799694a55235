"""All layers of LeNet-5 at once, small: the input, every stage's maps, and the ten outputs, for the browser."""

from __future__ import annotations

from typing import Any

import numpy as np
from PIL import Image

from explorer.analysis.text import pair_text
from explorer.analysis.trace import Trace
from explorer.runtime import colormaps
from explorer.runtime.activations import Activations
from explorer.runtime.maps import FloatArray, Message, encode_all, pack

VECTORS = {120: (8, 15), 84: (12, 7)}  # values -> rows and columns of the picture that shows them: F6's is a bitmap


def message(activations: Activations, trace: Trace, picture: Image.Image) -> bytes:
    """One message: a JSON header, then the picture's grey levels and each stage's maps as uint8.

    `trace` is that of the network that ran, `picture` its input before normalization.
    """
    levels = np.asarray(picture.convert("L"))
    parts = [Message({"shape": (1, *levels.shape)}, levels.tobytes())]
    for stage in trace.stages:
        if stage.path not in ("input", "output"):
            parts.append(_stage(stage.path, activations.maps(stage.output).numpy()))
    header = {
        "parts": [part.header for part in parts],
        "outputs": _outputs(activations),
        "colormaps": colormaps.as_text(),
    }
    return pack(header, b"".join(part.body for part in parts))


def _stage(path: str, values: FloatArray) -> Message:
    count = len(values)
    if values.size == count:
        values = values.reshape(1, *VECTORS.get(count, (1, count)))
        what = f"{count} values"
    else:
        what = f"{count} maps of {pair_text(values.shape[1:])}"
    maps = encode_all(values)
    return Message({"name": path.upper(), "what": what, **maps.header}, maps.body)


def _outputs(activations: Activations) -> dict[str, Any]:
    """The outputs, which of them is the answer, and whether that means anything."""
    network = activations.network
    return {
        "values": activations.logits.tolist(),
        "answer": int(activations.scores.argmax()),
        "distances": network.distances,
        "classes": network.classes,
    }
