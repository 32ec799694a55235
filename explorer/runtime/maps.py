"""Feature maps ready to be shown: statistics of all channels, 8-bit values of those on the page, the message.

An activation is (C, H, W), or (C,) and (C, 1, 1), which are the same thing here: a vector, shown as bars.
Only the channels on one page are quantised; each map between its own smallest and largest value, so a shown
value is off by half a step at most: (high - low) / 510. Values that are not finite are left out of the
statistics, counted, and drawn as 0, or the nearest value that the channel has (NaN), or as the channel's
largest or smallest finite value (infinities).
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass
from typing import Any, Literal, TypedDict

import numpy as np
import numpy.typing as npt

from explorer.analysis.types import Shape
from explorer.runtime import colormaps

FloatArray = npt.NDArray[np.float32]
DoubleArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
Order = Literal["index", "strength"]

PAGE_BYTES = 400_000  # of quantised maps in one message to the browser
MAPS_PER_PAGE = (8, 64)  # fewest and most maps on a page
VECTOR_PAGE = 4096  # values of a vector on a page


class ReceptiveField(TypedDict):
    """Receptive fields of a node, (height, width) in input pixels.

    `start` is the centre of position (0, 0)'s field; the centre of the image's first pixel is 0.0.
    """

    size: tuple[int, int]
    stride: tuple[int, int]
    start: tuple[float, float]


class GridHeader(TypedDict, total=False):
    """What the caller may say about the maps; everything is optional."""

    group: str  # which of a page's model inputs lies under an enlarged map
    node: str  # names the maps to people, e.g. "conv2_x.0.add"
    input_size: tuple[int, int]  # height and width of the network's input
    receptive_field: ReceptiveField
    labels: list[str]  # of a vector's channels, e.g. class names
    numbers: list[int]  # of all channels, where they are not 0, 1, 2 and so on
    minimum: float  # and maximum, and signed: of more than these maps, where others share their scale
    maximum: float
    signed: bool
    order: Order  # given: the browser offers the choice of order
    page: int  # from 0
    pages: int  # more than 1: the browser offers paging


@dataclass(frozen=True)
class Message:
    """What a component of the browser shows: a header that JSON can hold, and bytes."""

    header: dict[str, Any]
    body: bytes

    def packed(self, **more: Any) -> bytes:
        """Return it as one `pack`, with more in the header."""
        return pack({**self.header, **more}, self.body)


@dataclass(frozen=True)
class MapStatistics:
    """Statistics of every channel of one activation, over its finite values; arrays have shape (C,).

    `strength` is the mean absolute value of a channel's values; `non_finite` counts the values left out.
    """

    shape: tuple[int, int, int]
    minimum: FloatArray
    mean: FloatArray
    maximum: FloatArray
    strength: FloatArray
    non_finite: IntArray

    @property
    def is_vector(self) -> bool:
        return self.shape[1:] == (1, 1)

    @property
    def signed(self) -> bool:
        """Whether any value of the activation is negative."""
        return bool(self.minimum.min() < 0)

    def order(self, by: Order = "index") -> IntArray:
        """Return all channels by number, or strongest first (equally strong ones by number)."""
        if by == "index":
            return np.arange(self.shape[0])
        return np.argsort(-self.strength, kind="stable")


@dataclass(frozen=True)
class QuantizedMaps:
    """The maps of one page: value = low + q / 255 * (high - low). K channels; `values` is (K, H, W) uint8."""

    statistics: MapStatistics
    channels: IntArray
    values: npt.NDArray[np.uint8]
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class VectorValues:
    """The values of one page of a vector, exact; `channels` and `values` are (K,)."""

    statistics: MapStatistics
    channels: IntArray
    values: FloatArray

    def strongest(self, count: int = 8) -> IntArray:
        """Return the shown channels with the largest absolute values, largest first."""
        return self.channels[np.argsort(-np.abs(self.values), kind="stable")[:count]]


def statistics(activation: npt.ArrayLike) -> MapStatistics:
    """Return the statistics of all channels of a (C, H, W), (C, 1, 1) or (C,) activation.

    Raises ValueError for another shape or an activation without values.
    """
    maps = _as_maps(activation)
    flat = maps.reshape(len(maps), -1)
    non_finite = np.zeros(len(flat), dtype=np.int64)
    with np.errstate(invalid="ignore"):  # infinities; repaired below
        minimum, maximum = flat.min(axis=1), flat.max(axis=1)
        # float64: sums of large float32 values overflow
        mean = flat.mean(axis=1, dtype=np.float64)
        strength = np.abs(flat).mean(axis=1, dtype=np.float64) if minimum.min() < 0 else mean.copy()
    # NaN and infinities show in the minimum or the maximum: no need for another pass over the values
    for channel in np.flatnonzero(~(np.isfinite(minimum) & np.isfinite(maximum))):
        finite = flat[channel][np.isfinite(flat[channel])]
        non_finite[channel] = flat.shape[1] - finite.size
        finite = finite if finite.size else np.zeros(1, dtype=np.float32)
        minimum[channel], maximum[channel] = finite.min(), finite.max()
        mean[channel] = finite.mean(dtype=np.float64)
        strength[channel] = np.abs(finite).mean(dtype=np.float64)
    shape = (maps.shape[0], maps.shape[1], maps.shape[2])
    return MapStatistics(shape, minimum, mean.astype(np.float32), maximum, strength.astype(np.float32), non_finite)


def size_of(shape: Shape) -> tuple[int, int]:
    """Height and width of a (C, H, W) or (C,) activation's maps."""
    height, width = (*shape[1:], 1, 1)[:2]
    return height, width


def channels_per_page(height: int, width: int) -> int:
    """Return how many maps of this size are a page: about 400 KB, 8 to 64 maps; of a vector, 4096 values."""
    if height * width == 1:
        return VECTOR_PAGE
    fewest, most = MAPS_PER_PAGE
    return min(most, max(fewest, PAGE_BYTES // (height * width)))


def channels_per_pair(shape: Shape, beside: Shape) -> int:
    """Return how many channels of two activations side by side are a page; a vector's value is a map there."""
    return min(MAPS_PER_PAGE[1], *(channels_per_page(*size_of(of)) for of in (shape, beside)))


def page_count(channels: int, per_page: int) -> int:
    return -(-channels // per_page)


def page_of(order: IntArray, page: int, per_page: int) -> IntArray:
    """Return the channels on a page; a page number outside the range means the nearest page."""
    page = min(max(page, 0), page_count(len(order), per_page) - 1)
    return order[page * per_page : (page + 1) * per_page]


def show(activation: npt.ArrayLike, stats: MapStatistics, channels: IntArray) -> QuantizedMaps | VectorValues:
    """Return what the browser needs to show these channels of an activation with these statistics."""
    if not stats.is_vector:
        return quantize(activation, stats, channels)
    return VectorValues(stats, channels, _finite(activation, stats, channels).reshape(-1))


def quantize(activation: npt.ArrayLike, stats: MapStatistics, channels: IntArray) -> QuantizedMaps:
    """Return these channels as maps, those of a vector as maps of one position."""
    low, high = stats.minimum[channels], stats.maximum[channels]
    floor, span = _low_and_span(low, high)
    scaled = _finite(activation, stats, channels) - floor
    scaled *= np.divide(255, span, out=np.zeros_like(span), where=span > 0)  # a constant map is all 0
    return QuantizedMaps(stats, channels, np.rint(scaled, out=scaled).astype(np.uint8), low, high)


def _finite(activation: npt.ArrayLike, stats: MapStatistics, channels: IntArray) -> FloatArray:
    """The (K, H, W) values of the channels; what is not finite is replaced as the module says."""
    maps = _as_maps(activation)
    if maps.shape != stats.shape:
        raise ValueError(f"the statistics are of {stats.shape}, the activation is {maps.shape}")
    chosen = maps[channels]
    if stats.non_finite[channels].any():
        low, high = (limit[channels][:, None, None] for limit in (stats.minimum, stats.maximum))
        chosen = np.clip(np.where(np.isnan(chosen), 0, chosen), low, high)
    return chosen


def encode_page(
    activation: npt.ArrayLike, stats: MapStatistics, header: GridHeader, order: Order = "index", page: int = 0
) -> Message:
    """Return the message that shows one page of an activation; too large a page number means the last."""
    channels, per_page = stats.order(order), channels_per_page(*stats.shape[1:])
    pages = page_count(len(channels), per_page)
    page = min(page, pages - 1)
    shown = show(activation, stats, page_of(channels, page, per_page))
    return encode(shown, {**header, "order": order, "page": page, "pages": pages})


def encode_pair(
    first: tuple[npt.ArrayLike, MapStatistics, GridHeader],
    second: tuple[npt.ArrayLike, MapStatistics, GridHeader],
    order: Order = "index",
    page: int = 0,
) -> Message:
    """Return the message that shows one page of an activation, and the same channels of another beside it.

    Both have one scale, from the least value of the two to the largest. The channels that the second lacks are left
    out of its part, `beside` in the header, whose maps come last in the body. A vector's values are maps of one
    position here.
    """
    activation, stats, header = first
    beside, beside_stats, beside_header = second
    channels, per_page = stats.order(order), channels_per_pair(stats.shape, beside_stats.shape)
    pages = page_count(len(channels), per_page)
    page = min(page, pages - 1)
    shown = page_of(channels, page, per_page)
    scale: GridHeader = {
        "minimum": float(min(stats.minimum.min(), beside_stats.minimum.min())),
        "maximum": float(max(stats.maximum.max(), beside_stats.maximum.max())),
        "signed": stats.signed or beside_stats.signed,
    }
    left = encode(quantize(activation, stats, shown), {**header, **scale, "order": order, "page": page, "pages": pages})
    right = encode(quantize(beside, beside_stats, shown[shown < beside_stats.shape[0]]), beside_header)
    return Message({**left.header, "beside": right.header}, left.body + right.body)


def encode(shown: QuantizedMaps | VectorValues, header: GridHeader) -> Message:
    """Return the message for the browser: a header, and maps as uint8 or a vector as float32."""
    stats, channels = shown.statistics, shown.channels
    numbers = np.array(header["numbers"]) if "numbers" in header else np.arange(stats.shape[0])
    own: dict[str, Any] = {
        "shape": stats.shape,
        "signed": stats.signed,
        "minimum": float(stats.minimum.min()),
        "maximum": float(stats.maximum.max()),
        "non_finite_total": int(stats.non_finite.sum()),
        "channels": numbers[channels].tolist(),
        "colormaps": colormaps.as_text(),
    }
    if isinstance(shown, VectorValues):
        own |= {"kind": "vector", "strongest": numbers[shown.strongest()].tolist()}
        return Message({**own, **header}, shown.values.astype("<f4").tobytes())
    own |= {
        "kind": "maps",
        "low": shown.low.tolist(),
        "mean": stats.mean[channels].tolist(),
        "high": shown.high.tolist(),
        "non_finite": stats.non_finite[channels].tolist(),
    }
    return Message({**own, **header}, shown.values.tobytes())


def encode_all(activation: npt.ArrayLike) -> Message:
    """Return all maps of a (C, H, W) activation, by number: shape, sign and each map's limits, then uint8.

    Raises ValueError for maps of one position, which are a vector.
    """
    stats = statistics(activation)
    shown = show(activation, stats, stats.order())
    if isinstance(shown, VectorValues):
        raise ValueError(f"{stats.shape} is a vector, not maps")
    header = {"shape": stats.shape, "signed": stats.signed, "low": shown.low.tolist(), "high": shown.high.tolist()}
    return Message(header, shown.values.tobytes())


def pack(header: dict[str, Any], body: bytes) -> bytes:
    """Return the header's length (4 bytes, little-endian), the header as UTF-8 JSON, and the body."""
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False, allow_nan=False).encode()
    return struct.pack("<I", len(text)) + text + body


def unpack(message: bytes) -> tuple[dict[str, Any], bytes]:
    """Return header and body of a packed message."""
    (length,) = struct.unpack_from("<I", message)
    return json.loads(message[4 : 4 + length]), message[4 + length :]


def _as_maps(activation: npt.ArrayLike) -> FloatArray:
    values = np.asarray(activation, dtype=np.float32)
    if values.ndim == 1:
        values = values[:, None, None]
    if values.ndim != 3 or not values.size:
        raise ValueError(f"feature maps have shape (C, H, W) or (C,), not {values.shape}")
    return values


def _low_and_span(low: FloatArray, high: FloatArray) -> tuple[DoubleArray, DoubleArray]:
    """Return both as (K, 1, 1) float64, in which a span neither overflows nor underflows."""
    floor = low.astype(np.float64)[:, None, None]
    return floor, high.astype(np.float64)[:, None, None] - floor
