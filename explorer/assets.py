"""The files in assets/ that are computed, so that the app need not: `python -m explorer assets` writes them.

Tests compare each file with what is computed here.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from PIL import Image
from torch import nn

from explorer import ROOT, cards, previews
from explorer.analysis import accuracy
from explorer.analysis.trace import trace_variant
from explorer.architectures import families, family_of, variant
from explorer.demonstrations.class_activation.compute import class_activation, pooled_head
from explorer.instruments.kernels.compute import kernels, rgb_kernels
from explorer.runtime import colormaps
from explorer.runtime.activations import Activations, capture
from explorer.runtime.colormaps import ByteArray
from explorer.runtime.maps import FloatArray, statistics
from explorer.runtime.pictures import load_image, png_bytes
from explorer.runtime.preprocessing import model_input
from explorer.runtime.recognition import answers_text
from explorer.runtime.samples import ANSWERS, samples
from explorer.runtime.weights.layouts import TIMM
from explorer.runtime.weights.network import BUNDLED, load_network

# Variants whose published weights are timm's, as torchvision has none: by timm's name.
TIMM_MODELS = {
    "se_resnet18": "legacy_seresnet18",
    "se_resnet34": "legacy_seresnet34",
    "se_resnet50": "legacy_seresnet50",
    "se_resnet101": "legacy_seresnet101",
    "se_resnet152": "legacy_seresnet152",
    "senet154": "legacy_senet154",
    "xception": "legacy_xception",
    "mobilenet_v1": "mobilenetv1_100",
    "inception_v4": "inception_v4",
    "inception_resnet_v2": "inception_resnet_v2",
}
PREVIEW_HEIGHT = 208  # pixels: about twice that on the page, for dense screens
PREVIEW_KERNEL_ROWS, PREVIEW_GATE_ROWS = 3, 8
PREVIEW_MAPS = 3
GATE_SIDE = 5  # pixels, before they are enlarged
PREVIEW_COLOURS = 128
CAM_SHARE = 0.55  # of the map over the picture
_TIMM_FIELDS = ("url", "license", "input_size", "crop_pct", "interpolation", "mean", "std")


class AssetError(ValueError):
    """A file can't be computed here; the message is one sentence."""


def write_all() -> Iterator[Path]:
    """Write each file, and yield its path. Raises AssetError where timm is not installed, after all other files."""
    for file, text in texts().items():
        file.write_text(text(), encoding="utf-8")
        yield file


def texts() -> dict[Path, Callable[[], str]]:
    """The files, each with the function that computes its content."""
    with_page = [f.name for f in families() if (ROOT / "pages" / f"{f.name}.py").is_file()]
    return {
        **{cards.FOLDER / f"{name}.json": partial(_card, name) for name in with_page},
        accuracy.FILE: _counts,
        ANSWERS: answers_text,
        previews.FILE: _previews,
        TIMM: _timm_table,
    }


def _card(family: str) -> str:
    """What the home page shows of a family."""
    return json.dumps(asdict(cards.card(family)), indent=1, ensure_ascii=False) + "\n"


def _counts() -> str:
    """Parameters and MACs of all variants with a published accuracy."""
    found = {}
    for name in sorted({record.variant for record in accuracy.RECORDS}):
        t = trace_variant(variant(name))
        counted = {"params": t.inference_params, "macs": t.inference_macs}
        found[name] = {"title": variant(name).title, "page": family_of(name).name, **counted}
    return json.dumps(found, indent=1, ensure_ascii=False) + "\n"


def _previews() -> str:
    """Small pictures of bundled networks at work on the first sample."""
    first = samples()[0]
    pictures = {}
    for preview in previews.PREVIEWS:
        network = load_network(variant(preview.network), BUNDLED)
        seen = model_input(load_image(first.path).image, network.preprocessing)
        drawn = _drawn(preview, capture(network, seen.tensor), seen.picture)
        few_colours = drawn.quantize(PREVIEW_COLOURS, dither=Image.Dither.NONE)
        pictures[preview.page] = base64.b64encode(png_bytes(few_colours)).decode()
    return json.dumps({"sample": first.title, "pictures": pictures}, indent=1, ensure_ascii=False) + "\n"


def _drawn(preview: previews.Preview, activations: Activations, picture: Image.Image) -> Image.Image:
    if preview.place.get("instrument") == "kernels":
        weights = kernels(activations.network, preview.node).filters
        coloured, _ = rgb_kernels(np.stack(weights))
        return _enlarged(_mosaic(coloured, PREVIEW_KERNEL_ROWS))
    if preview.place.get("section") == "class-activation":
        trace = trace_variant(activations.network.variant)
        head = pooled_head(trace)
        assert head is not None
        cam = class_activation(activations, head, int(activations.scores.argmax())).map
        over = Image.fromarray(_coloured(cam)).resize(picture.size, Image.Resampling.BICUBIC)
        pair = np.stack([np.asarray(picture), np.asarray(Image.blend(picture, over, CAM_SHARE))])
        return _enlarged(_mosaic(pair, 1))
    values = activations.maps(preview.node).numpy()
    if values.shape[1:] in ((), (1, 1)):
        squares = np.broadcast_to(values.reshape(-1, 1, 1), (len(values), GATE_SIDE, GATE_SIDE))
        return _enlarged(_mosaic(_coloured(squares, 0, 1), PREVIEW_GATE_ROWS))
    strongest = statistics(values).order("strength")[:PREVIEW_MAPS]
    return _enlarged(_mosaic(np.stack([_coloured(values[k]) for k in strongest]), 1))


def _coloured(values: FloatArray, low: float | None = None, high: float | None = None) -> ByteArray:
    """Values in the colours of maps, from the smallest to the largest where no limits are given."""
    low, high = (float(values.min()), float(values.max())) if low is None or high is None else (low, high)
    return colormaps.SEQUENTIAL[np.rint(255 * (values - low) / ((high - low) or 1)).astype(int)]


def _mosaic(tiles: ByteArray, rows: int) -> ByteArray:
    """(K, H, W, 3) pictures in rows, a pixel apart."""
    columns = -(-len(tiles) // rows)
    _, height, width, _ = tiles.shape
    out = np.full((rows * (height + 1) - 1, columns * (width + 1) - 1, 3), 128, np.uint8)
    for k, tile in enumerate(tiles):
        y, x = (height + 1) * (k // columns), (width + 1) * (k % columns)
        out[y : y + height, x : x + width] = tile
    return out


def _enlarged(picture: ByteArray) -> Image.Image:
    image = Image.fromarray(picture)
    factor = max(1, round(PREVIEW_HEIGHT / image.height))
    return image.resize((factor * image.width, factor * image.height), Image.Resampling.NEAREST)


def _timm_table() -> str:
    """What the installed timm says about its weights, and the names of its networks' modules."""
    try:
        import timm
        from timm.models import get_pretrained_cfg
    except ImportError as error:
        raise AssetError(f"{TIMM.name} needs timm, which tests/requirements.txt installs.") from error
    lines = []
    for name, model in TIMM_MODELS.items():
        cfg = get_pretrained_cfg(model)
        assert cfg is not None
        with torch.device("meta"):
            modules = _modules(timm.create_model(model))
        entry: dict[str, Any] = {
            "title": f"{cfg.architecture}.{cfg.tag}",
            "repository": cfg.hf_hub_id or "",
            **{field: getattr(cfg, field) or "" for field in _TIMM_FIELDS},
            "modules": modules,
        }
        lines.append(f'  "{name}": {json.dumps(entry)}')
    return "{\n" + ",\n".join(lines) + "\n}\n"


def _modules(model: nn.Module) -> list[str]:
    """The modules that hold tensors, in the order in which they registered them."""
    names = [n for n in model.state_dict() if not n.endswith("num_batches_tracked")]
    return list(dict.fromkeys(name.rpartition(".")[0] for name in names))
