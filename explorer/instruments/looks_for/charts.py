"""A channel's pictures with captions, and how far out the optimised one is, as HTML."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from html import escape

from PIL import Image

from explorer.instruments.looks_for.compute import Pixels
from explorer.runtime.maps import FloatArray
from explorer.runtime.pictures import png_bytes
from explorer.ui.map_images import common, data_uri, map_picture, wrapped

LARGE, SMALL = 7, 5.5  # rem: sides
LEAST_SMOOTH_PX = 16  # a smaller picture is a kernel, whose weights are seen one by one
SAMPLE, OWN, OPTIMISED = "●", "▲", "◆"


@dataclass(frozen=True)
class Shown:
    """A picture with the lines under it; `alt` is read aloud, and a map's values are seen one by one."""

    picture: Image.Image
    alt: str
    lines: Sequence[str]

    @property
    def rendering(self) -> str:
        return "pixelated" if self.picture.mode == "P" or self.picture.width < LEAST_SMOOTH_PX else "auto"


def image_of(pixels: Pixels) -> Image.Image:
    """(side, side, 1 or 3) as a picture."""
    return Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)


def map_image(values: FloatArray) -> Image.Image:
    """A (H, W) map in the colours of the grid of maps, between its own smallest and largest value."""
    low, high = common(values)
    return map_picture(values, (low, high), low < 0)


def pictures(shown: Sequence[Shown], side: float, title: str = "") -> str:
    """Pictures side by side, in as many rows as they need."""
    heading = f'<div style="font-weight:600;margin-top:.5rem">{escape(title)}</div>' if title else ""
    return heading + wrapped((_figure(s, side) for s in shown), ".375rem .75rem")


def _figure(shown: Shown, side: float) -> str:
    return (
        f'<figure style="margin:0;width:{side}rem"><img src="{data_uri(png_bytes(shown.picture))}" '
        f'alt="{escape(shown.alt)}" style="display:block;width:{side}rem;height:{side}rem;object-fit:contain;'
        f'object-position:left bottom;image-rendering:{shown.rendering}">'
        f'<figcaption style="line-height:1.25">{"<br>".join(map(escape, shown.lines))}</figcaption></figure>'
    )


def scale(samples: Mapping[str, float], own: tuple[str, float], optimised: float) -> str:
    """A line on which each sample, this picture and the optimised one stand at what they give the channel."""
    values = [*samples.values(), own[1], optimised]
    low, high = min(0.0, *values), max(0.0, *values)
    room = high - low or 1.0

    def mark(sign: str, name: str, value: float, style: str) -> str:
        return (
            f'<span role="img" aria-label="{escape(name)}: {value:.3g}" title="{escape(name)}: {value:.3g}" '
            f'style="position:absolute;left:{100 * (value - low) / room:.2f}%;transform:translateX(-50%);{style}">'
            f"{sign}</span>"
        )

    dots = "".join(mark(SAMPLE, name, value, "top:.125rem;opacity:.5") for name, value in samples.items())
    special = mark(OWN, own[0], own[1], "top:1.25rem") + mark(
        OPTIMISED, "Optimised picture", optimised, "top:0;color:var(--st-primary-color,Highlight);font-size:1.25rem"
    )
    return (
        '<div style="margin:.5rem .75rem 0;max-width:44rem">'
        '<div style="position:relative;height:2.5rem;line-height:1">'
        '<div style="position:absolute;inset:.625rem 0 auto;border-top:1px solid currentColor;opacity:.5"></div>'
        f"{dots}{special}</div>"
        '<div style="display:flex;justify-content:space-between">'
        f"<span>{low:.3g}</span><span>{SAMPLE} samples&emsp;{OWN} this picture&emsp;{OPTIMISED} optimised</span>"
        f"<span>{high:.3g}</span></div></div>"
    )
