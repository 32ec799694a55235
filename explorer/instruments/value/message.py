"""What the browser draws of a value: the window that it reads, its channels' sums, and the ways on, as JSON."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from explorer.instruments.value.compute import Place, Reader, Value, curve
from explorer.instruments.value.words import with_minus

SHOWN_SUMS = 8  # of the channels', the largest
SHOWN_TERMS = 8  # of those that are read, the largest
SHOWN_FOR_AND_AGAINST = 5
SHOWN_READERS = 4
MOST_CELLS = 13  # rows or columns of a window that is written out: Inception's longest kernel has 7, AlexNet's 11
CURVE_REACH = 4.0  # to the left and to the right of 0, at least: hard curves bend at 3
CURVE_POINTS = 65

Step = tuple[str, Place]  # an operation, and where in its output


def message(
    found: Value, read_by: Sequence[Reader], *, last: bool, wanted: int | None, label: str, way: Sequence[Step]
) -> dict[str, Any]:
    """All parts; those that this value does not have are None, or empty.

    Args:
        read_by: who reads it.
        last: whether the operation is one whose values no other can read.
        wanted: the input channel whose window is to be shown; where there is no such, the one that counts most.
        label: of the class, where the value is a class's score.
        way: the values from which one walked here.
    """
    window = _window(found, wanted)
    return {
        "node": found.node,
        "place": found.place,
        "window": window,
        "sums": _sums(found) if window is not None and len(window["channels"]) > 1 else None,
        "lists": [*_lists(found, label), _readers(read_by, last)],
        "curve": _curve(found),
        "way": [
            {"text": f"{node.rpartition('.')[2]} #{place[0]}", "title": step_text((node, place))} for node, place in way
        ],
    }


def step_text(step: Step) -> str:
    """Such as "conv1.conv #3 at 14, 20"."""
    node, place = step
    return f"{node} {_place_text(place)}"


def _place_text(place: Sequence[int]) -> str:
    return f"#{place[0]}" + (f" at {place[1]}, {place[2]}" if len(place) == 3 else "")


def number(value: float) -> float | str:
    """Six digits, which are more than are shown; JSON has no word for what broken weights make."""
    return float(f"{value:.6g}") if math.isfinite(value) else str(value)


def _rows(values: npt.NDArray[Any]) -> list[list[float | str]]:
    return [[number(v) for v in row] for row in values.tolist()]


def _window(found: Value, wanted: int | None) -> dict[str, Any] | None:
    """The window of one input channel: inputs, weights, products; of a normalization, the channels around it."""
    if found.made.how == "neighbours":
        row = (found.inputs.reshape(1, -1), found.inside.reshape(1, -1), found.places.reshape(1, -1, 3))
        tables = [["channels around it", row[0]], ["squared", row[0] ** 2]]
        own = int(np.flatnonzero(row[2][0, :, 0] == found.place[0])[0])
        return _tables(found, tables, *row[1:], channels=[], marked=(0, own))
    if found.inside.ndim != 3 or max(found.inside.shape[1:]) == 1 or max(found.inside.shape[1:]) > MOST_CELLS:
        return None
    channels = [int(c) for c in found.places[:, 0, 0, 0]]
    at = channels.index(wanted) if wanted in channels else int(np.nan_to_num(np.abs(found.sums)).argmax())
    tables = [["inputs", found.inputs[at]]]
    if found.made.weights is not None:
        tables += [["× weights", found.made.weights[at]], [with_minus(f"= {found.sums[at]:.5g}"), found.terms[at]]]
    marked = None if found.winner is None else found.winner[1:]
    return _tables(found, tables, found.inside[at], found.places[at], channels=channels, marked=marked)


def _tables(
    found: Value,
    tables: Iterable[Sequence[Any]],
    inside: npt.NDArray[np.bool_],
    places: npt.NDArray[np.int64],
    *,
    channels: Sequence[int],
    marked: Sequence[int] | None,
) -> dict[str, Any]:
    return {
        "source": found.sources[0],
        "channel": int(places[0, 0, 0]),
        "channels": channels,
        "tables": [{"caption": caption, "values": _rows(values)} for caption, values in tables],
        "inside": inside.tolist(),
        "places": places.tolist(),
        "marked": marked,
    }


def _sums(found: Value) -> dict[str, Any] | None:
    """What each input channel adds: the largest, and all the others together."""
    if found.made.how != "sum":
        return None
    order = [int(i) for i in np.argsort(-np.nan_to_num(np.abs(found.sums)), kind="stable")]
    shown, others = order[:SHOWN_SUMS], order[SHOWN_SUMS:]
    return {
        "shown": [[int(found.places[i, 0, 0, 0]), number(float(found.sums[i]))] for i in shown],
        "others": [len(others), number(float(found.sums[others].sum()))],
    }


def _lists(found: Value, label: str) -> list[dict[str, Any]]:
    """The values that are read and count most, each a way back; of a class, those for it and those against it."""
    strongest = found.strongest
    if label and found.made.how == "sum" and len(strongest) > SHOWN_TERMS:
        signed = {
            f"For {label}": [i for i in strongest if found.terms[i] > 0],
            f"Against {label}": [i for i in strongest if found.terms[i] < 0],
        }
        return [
            _list(f"{title}, {len(chosen)} in all", found, chosen[:SHOWN_FOR_AND_AGAINST])
            for title, chosen in signed.items()
        ]
    if not strongest:
        return []
    title = "It reads" if len(strongest) <= 2 else f"Largest of {len(strongest):,}"
    source = f", of {found.sources[0]}" if len(found.sources) == 1 else ""
    return [_list(f"{title}{source}", found, strongest[:SHOWN_TERMS])]


def _list(title: str, found: Value, chosen: Sequence[tuple[int, ...]]) -> dict[str, Any]:
    several = len(found.sources) > 1
    chips = [_chip(found, i, several) for i in chosen]
    return {"title": title, "chips": chips}


def _chip(found: Value, i: tuple[int, ...], named: bool) -> dict[str, Any]:
    node, place = found.sources[found.source[i]], found.places[i].tolist()
    where = step_text((node, place)) if named else _place_text(place)
    return {"text": f"{with_minus(_term(found, i))} · {where}", "node": node, "place": place}


def _term(found: Value, i: tuple[int, ...]) -> str:
    x, weights = found.inputs[i], found.made.weights
    if weights is None or (x == found.terms[i] and weights[i] == 1):
        return f"{x:.3g}"
    if found.made.how == "distance":
        return f"({x:.3g} − {weights[i]:g})² = {found.terms[i]:.3g}"
    return f"{x:.3g} × {weights[i]:.3g} = {found.terms[i]:.3g}"


def _readers(found: Sequence[Reader], last: bool) -> dict[str, Any]:
    """Who reads the value; each leads to the middle one of its values that are made of it."""
    if not found:
        why = "it is an output of the network, before softmax" if last else "what follows steps over it"
        return {"title": f"Nothing reads it: {why}.", "chips": []}
    chips = [
        {
            "text": f"{reader.node}, for {reader.count:,} of its values",
            "node": reader.node,
            "place": [indices[len(indices) // 2] for indices in reader.indices],
        }
        for reader in found[:SHOWN_READERS]
    ]
    more = len(found) - len(chips)
    return {"title": f"Read by {len(found)}" if more else "Read by", "chips": chips}


def _curve(found: Value) -> Mapping[str, Any] | None:
    """The function of an activation as points, and where on it the value stands."""
    if found.made.how != "curve" or not math.isfinite(found.made.result):
        return None
    x = float(found.inputs.flat[0])
    reach = max(CURVE_REACH, 1.2 * abs(x))
    across = np.linspace(-reach, reach, CURVE_POINTS)
    up = curve(found.type, across)
    return {"points": np.stack([across, up], -1).round(4).tolist(), "at": [x, found.made.result]}
