"""What the pictures that come with the app do to a channel: how much each excites it, and where."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from functools import cache

import torch
from PIL import Image
from torch import Tensor
from torch.nn import functional as F

from explorer.analysis.trace import Node
from explorer.demonstrations.digits.compute import ink_of, picture, pixels, sample_digits, standardised
from explorer.instruments.looks_for.compute import Pixels, Sides, peaks, pixels_of
from explorer.runtime.activations import Recomputation
from explorer.runtime.pictures import LoadedImage, load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import samples
from explorer.runtime.weights.network import Network

Box = tuple[int, int, int, int]  # left, top, right, bottom in pixels of the network's input
Seen = tuple[Tensor, Tensor, Tensor]  # of each channel's map: the largest value, its place, the smallest; (C,) each


@cache
def pictures(grey: bool) -> Mapping[str, LoadedImage]:
    """The pictures by their short names: the samples, or for a network that sees grey the drawn digits."""
    if grey:
        drawn = {name: picture(pixels(standardised(ink_of(s)))) for name, s in sample_digits().items()}
        return {name: replace(found, title=name[0]) for name, found in drawn.items()}
    return {s.id: replace(load_image(s.path), title=s.title) for s in samples()}


def compared_with(network: Network) -> Mapping[str, LoadedImage]:
    """The pictures that a network's channels are compared on."""
    return pictures(network.variant.input_size[0] == 1)


def seen_of(network: Network, names: Sequence[str], image: Image.Image) -> dict[str, Seen]:
    """What a picture does to the named operations' channels; on the CPU."""
    shown = model_input(image, network.preprocessing).tensor
    nodes = {name: network.nodes[name] for name in names}
    with torch.inference_mode():
        values = Recomputation(network.graph).values(set(nodes.values()), {network.nodes["input"]: shown})
        found = {}
        for name, node in nodes.items():
            maps = values[node].float()
            largest, places = peaks(maps)
            found[name] = largest[0], places[0], (maps if maps.ndim == 2 else maps.flatten(2).amin(2))[0]
    return found


def patch_of(network: Network, node: Node, image: Image.Image, place: int, sides: Sides) -> Pixels:
    """What the value at a place sees of a picture, as large as `sides` has it, (side, side, channels).

    At the picture's border the patch stays inside of it. All of the picture, made smaller, where the network reads it
    enlarged.
    """
    prepared = network.preprocessing
    mean, std = (torch.tensor(v)[:, None, None] for v in (prepared.mean, prepared.std))
    values = (model_input(image, prepared).tensor * std + mean).clamp(0, 1)
    height, width = values.shape[2:]
    side = sides.stored
    if sides.read != side:
        values = F.interpolate(values, size=(side, side), mode="bilinear", align_corners=False, antialias=True)
    else:
        left, top, right, bottom = seen_box(node, place, (height, width))
        row = min(max((top + bottom - side) // 2, 0), height - side)
        column = min(max((left + right - side) // 2, 0), width - side)
        values = values[:, :, row : row + side, column : column + side]
    return pixels_of(values)[0]


def seen_box(node: Node, place: int, size: tuple[int, int]) -> Box:
    """What the value at a place, row x width + column, sees of an input of `size`, (height, width): all of a vector."""
    height, width = size
    if len(node.out_shape) != 3:
        return 0, 0, width, height
    row, column = divmod(place, node.out_shape[2])
    top, bottom = _reach(node.rf_start[0] + row * node.rf_stride[0], node.receptive_field[0], height)
    left, right = _reach(node.rf_start[1] + column * node.rf_stride[1], node.receptive_field[1], width)
    return left, top, right, bottom


def _reach(centre: float, field: int, side: int) -> tuple[int, int]:
    """The pixels of a receptive field along one side, as far as they are in the picture; at least one."""
    first = round(centre - (field - 1) / 2)
    low = min(max(first, 0), side - 1)
    return low, max(min(first + field, side), low + 1)
