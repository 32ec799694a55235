"""What only a browser can show: components of our own, each of a Python module with its CSS and its scripts."""

from __future__ import annotations

from pathlib import Path

NAMES = {
    "maps_common.js": "dom.js",
    "map_paint.js": "paint.js",
    "feature_maps_enlarged.js": "enlarged.js",
    "feature_maps_bars.js": "vector.js",
}


def source(*names: str) -> str:
    """The text of these files of this directory, one after the other."""
    root = Path(__file__).parents[2]
    return "\n".join(next(root.rglob(NAMES.get(name, name))).read_text(encoding="utf-8") for name in names)
