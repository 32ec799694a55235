"""The files in assets/ that are computed, so that the app need not: `python -m explorer assets` writes them.

Tests compare each file with what is computed here.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict
from functools import partial
from pathlib import Path
from typing import Any

import torch
from torch import nn

from explorer import ROOT, cards
from explorer.analysis import accuracy
from explorer.analysis.trace import trace_variant
from explorer.architectures import families, family_of, variant
from explorer.runtime.recognition import answers_text
from explorer.runtime.samples import ANSWERS
from explorer.runtime.weights.layouts import TIMM

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
