"""Make the sample pictures again, from the packages scikit-image and scikit-learn and from our own drawing.

    .venv/bin/pip install scikit-image scikit-learn
    .venv/bin/python assets/samples/make_samples.py

Neither package is needed to run the app. samples.json, which describes the pictures, is written by hand.
"""

from __future__ import annotations

from pathlib import Path

import skimage.data
import sklearn.datasets
from PIL import Image
from testcard import draw_test_card

from explorer.runtime.pictures import load_image

HERE = Path(__file__).resolve().parent
LONGER_SIDE = 512

_SKIMAGE = Path(skimage.data.__file__).parent
_SKLEARN = Path(sklearn.datasets.__file__).parent / "images"
SOURCES = {
    "cat.jpg": _SKIMAGE / "chelsea.png",
    "coffee.jpg": _SKIMAGE / "coffee.png",
    "flower.jpg": _SKLEARN / "flower.jpg",
    "pagoda.jpg": _SKLEARN / "china.jpg",
    "rocket.jpg": _SKIMAGE / "rocket.jpg",
    "astronaut.jpg": _SKIMAGE / "astronaut.png",
    "photographer.jpg": _SKIMAGE / "camera.png",
    "bricks.jpg": _SKIMAGE / "brick.png",
    "horse.jpg": _SKIMAGE / "horse.png",
}


def main() -> None:
    for name, source in SOURCES.items():
        image = load_image(source).image
        image.thumbnail((LONGER_SIDE, LONGER_SIDE), Image.Resampling.LANCZOS)
        image.save(HERE / name, quality=90, optimize=True)
    Image.fromarray(draw_test_card()).save(HERE / "testcard.png", optimize=True)


if __name__ == "__main__":
    main()
