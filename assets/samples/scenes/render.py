"""Render pictures of ours, with the path tracer of Blender's Python module.

    python3.11 -m venv build/blender && build/blender/bin/pip install bpy==5.0.1
    build/blender/bin/python assets/samples/scenes/render.py golf_ball

Nothing of it is needed to run the app. Options: --size 200 --samples 16 -o /tmp/look.jpg for a quick look.
"""

from __future__ import annotations

import argparse
import importlib
from pathlib import Path

from studio import clear_stage, render

HERE = Path(__file__).resolve().parent


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("scene", help="a module of this folder")
    parser.add_argument("--size", type=int, default=512)
    parser.add_argument("--samples", type=int, default=12)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("-o", "--output", type=Path)
    options = parser.parse_args()
    scene = importlib.import_module(options.scene)
    clear_stage()
    scene.build()
    file = options.output or HERE.parent / f"{options.scene}.jpg"
    render(file, (options.size, options.size), options.samples, options.threads, getattr(scene, "EXPOSURE", 0.0))


if __name__ == "__main__":
    main()
