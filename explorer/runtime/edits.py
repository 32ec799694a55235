"""What is altered in a run: channels silenced, units skipped, gates forced. Only what depends on it runs again.

An edit is written NODE[:CHANNELS]:KIND[=NUMBER], as in "conv2_x.0.relu1:3,8-11:zero" or "conv3_x.1:skip". Edits of
different operations commute; those of one operation apply in their order.
"""

from __future__ import annotations

import math
import re
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Literal, get_args

import torch
from torch import Tensor

from explorer.analysis.trace import Node, Trace, UnknownNode
from explorer.analysis.units import Unit, residual_units
from explorer.runtime.activations import Activations, Operation, alter

Kind = Literal["zero", "keep", "scale", "mean", "value", "shuffle", "invert", "skip"]
KINDS: tuple[Kind, ...] = get_args(Kind)
NUMBERED: tuple[Kind, ...] = ("scale", "value", "shuffle")
WHOLE: tuple[Kind, ...] = ("shuffle", "skip")  # no single channels
MOST_EDITS = 32  # of one run
MOST_NUMBER = 1e6  # without the sign
MOST_TEXT = 4000  # characters of all edits together


class EditError(ValueError):
    """The network can't be altered so; `str()` is a sentence for a person."""


@dataclass(frozen=True)
class Edit:
    """One alteration of what an operation gives.

    Attributes:
        node: the operation; for "skip" also a block or a stage.
        kind: "zero" silences channels; "keep" silences all others; "scale" multiplies by `number`; "value" puts
            `number` in their place; "mean" puts each map's mean in place of all its positions, or, where a channel is
            one number, as a gate is, the mean of all channels; "shuffle" exchanges the channels at random, by the seed
            `number`; "invert" makes 1 - x of x, as for gates; "skip" passes on what the operation reads, in a residual
            unit only what its shortcut gives, in another block what enters it.
        channels: which; all where there are none.
        number: a factor, a value or a seed.
    """

    node: str
    kind: Kind
    channels: tuple[int, ...] = ()
    number: float = 0.0

    def __str__(self) -> str:
        """As it is written."""
        which = f":{channels_text(self.channels)}" if self.channels else ""
        number = f"={self.number:.6g}" if self.kind in NUMBERED else ""
        return f"{self.node}{which}:{self.kind}{number}"

    def __call__(self, x: Tensor) -> Tensor:
        """What takes the place of an operation's output x, (N, C, H, W) or (N, C). Not for "skip"."""
        if self.kind == "shuffle":
            order = torch.randperm(x.shape[1], generator=torch.Generator().manual_seed(int(self.number)))
            return x[:, order.to(x.device)]
        every = torch.arange(x.shape[1], device=x.device)
        chosen = torch.isin(every, torch.tensor(self.channels, device=x.device)) if self.channels else every >= 0
        if self.kind == "keep":
            chosen = ~chosen
        return torch.where(chosen.reshape(1, -1, *[1] * (x.ndim - 2)), self._instead(x), x)

    def _instead(self, x: Tensor) -> Tensor:
        if self.kind == "scale":
            return self.number * x
        if self.kind == "value":
            return torch.full_like(x, self.number)
        if self.kind == "invert":
            return 1 - x
        if self.kind == "mean":
            alone = x.ndim == 2 or x.shape[2:].numel() == 1
            return x.mean(1 if alone else (2, 3), keepdim=True).expand_as(x)
        return torch.zeros_like(x)


# ---- written and read --------------------------------------------------------------------------------------


def channels_text(channels: Iterable[int]) -> str:
    """Numbers in their order, with neighbours as a range: "3,8-11"."""
    ranges: list[list[int]] = []
    for c in sorted(set(channels)):
        if ranges and c == ranges[-1][1] + 1:
            ranges[-1][1] = c
        else:
            ranges.append([c, c])
    return ",".join(str(a) if a == b else f"{a}-{b}" for a, b in ranges)


def parse_channels(text: str, count: int) -> tuple[int, ...]:
    """The inverse of `channels_text`, of `count` channels; none for no text. Raises EditError with a sentence."""
    found: set[int] = set()
    for part in filter(None, (p.strip() for p in text.split(","))):
        ends = re.fullmatch(r"([0-9]{1,6})(?:\s*-\s*([0-9]{1,6}))?", part)
        if ends is None:
            raise EditError(f"“{part[:40]}” is no channel or range of channels, as in 3,8-11.")
        low, high = int(ends[1]), int(ends[2] or ends[1])
        if low > high or high >= count:
            raise EditError(f"There are no channels {part}: they are 0 to {count - 1}.")
        found.update(range(low, high + 1))
    return tuple(sorted(found))


def parse(text: str, trace: Trace) -> Edit:
    """The edit that is written, of the network that runs. Raises EditError with a sentence."""
    node, *rest = text.strip().split(":")
    if not 1 <= len(rest) <= 2:
        raise EditError(f"“{text[:60]}” is no edit: write NODE:KIND or NODE:CHANNELS:KIND, as in conv1:3,8-11:zero.")
    kind, _, number = rest[-1].partition("=")
    if kind not in KINDS:
        raise EditError(f"There is no edit “{kind[:40]}”: there are {', '.join(KINDS)}.")
    channels = rest[0] if len(rest) == 2 else ""
    return edit(trace, node, kind, channels, _number(kind, number))


def edit(trace: Trace, node: str, kind: Kind, channels: str | Sequence[int] = (), number: float = 0.0) -> Edit:
    """An edit of the network that runs; a block stands for its output. Raises EditError with a sentence."""
    if kind == "skip":
        found = Edit(node, kind)
        passed_on(trace, node)
    else:
        operation = _operation(trace, node)
        count = operation.out_shape[0]
        text = channels if isinstance(channels, str) else channels_text(channels)
        found = Edit(operation.name, kind, parse_channels(text, count), float(f"{number:.6g}"))
    if kind in WHOLE and channels:
        raise EditError(f"“{kind}” is for all channels together.")
    if kind == "keep" and not found.channels:
        raise EditError("“keep” needs the channels that are kept, as in conv1:3:keep.")
    if not (math.isfinite(number) and abs(number) <= MOST_NUMBER):
        raise EditError(f"The number of an edit lies between ±{MOST_NUMBER:,.0f}.")
    if kind == "shuffle" and (number < 0 or not number.is_integer()):
        raise EditError("“shuffle” needs a seed, a whole number, as in shuffle=1.")
    return found


def _operation(trace: Trace, name: str) -> Node:
    try:
        return trace.resolve(name)
    except UnknownNode as error:
        raise EditError(str(error)) from None


def _number(kind: Kind, text: str) -> float:
    if kind not in NUMBERED:
        if text:
            raise EditError(f"“{kind}” takes no number.")
        return 0.0
    try:
        return float(text)
    except ValueError:
        raise EditError(f"“{kind}” needs a number, as in {kind}=2.") from None


def parse_all(text: str, trace: Trace) -> tuple[Edit, ...]:
    """Edits with semicolons between them. Raises EditError with a sentence."""
    if len(text) > MOST_TEXT:
        raise EditError(f"These are more edits than {MOST_TEXT:,} characters hold.")
    found = tuple(parse(part, trace) for part in text.split(";") if part.strip())
    if len(found) > MOST_EDITS:
        raise EditError(f"A run has at most {MOST_EDITS} edits.")
    return found


def text_of(edits: Iterable[Edit]) -> str:
    """The inverse of `parse_all`."""
    return ";".join(map(str, edits))


def with_silence(edits: Sequence[Edit], node: str, channel: int) -> tuple[Edit, ...]:
    """The edits, in which a channel is silenced too; or heard again, where it was silenced by its number."""
    own = next((e for e in edits if e.node == node and e.kind == "zero" and e.channels), None)
    if own is None:
        return (*edits, Edit(node, "zero", (channel,)))
    channels = tuple(sorted({*own.channels} ^ {channel}))
    return tuple(Edit(node, "zero", channels) if e is own else e for e in edits if e is not own or channels)


# ---- what is skipped ---------------------------------------------------------------------------------------


def passed_on(trace: Trace, name: str) -> tuple[str, str]:
    """What stands for what when an operation, block or stage is skipped: its output, and what is passed on instead.

    Raises EditError where the two differ in shape, or there is no such operation.
    """
    unit = unit_at(trace, name)
    if unit is not None:
        return unit.sum, unit.shortcut
    groups = {stage.path: stage.nodes for stage in trace.stages}
    groups |= {block.path: block.nodes for stage in trace.stages for block in stage.blocks}
    nodes = [trace.node(n) for n in groups[name]] if name in groups else [_operation(trace, name)]
    first, last = nodes[0], nodes[-1]
    if not first.inputs:
        raise EditError(f"{name} can't be skipped: nothing comes before it.")
    if (len(nodes) == 1 and len(first.inputs) > 1) or first.in_shapes[0] != last.out_shape:
        raise EditError(f"{name} can't be skipped: what it reads has not the shape of what it gives.")
    return last.name, first.inputs[0]


def unit_at(trace: Trace, name: str) -> Unit | None:
    """The residual unit of that path, or whose sum it is."""
    return next((u for u in residual_units(trace) if name in (u.path, u.sum)), None)


# ---- applied -----------------------------------------------------------------------------------------------


def edited(activations: Activations, edits: Sequence[Edit], trace: Trace) -> Activations:
    """The same pass with all edits, after those that it may have; `trace` is that of the network.

    Raises EditError for an edit that the network does not have.
    """
    return alter(activations, *_changes(edits, trace))


def silenced(channels: Sequence[int]) -> Operation:
    """Makes of one output a row for each channel, without that channel."""

    def rows(x: Tensor) -> Tensor:
        copies = x.expand(len(channels), *x.shape[1:]).clone()
        copies[torch.arange(len(channels)), torch.tensor(channels)] = 0
        return copies

    return rows


def _changes(edits: Sequence[Edit], trace: Trace) -> tuple[dict[str, str], dict[str, Operation]]:
    """What is passed on in place of an operation's output, and what is made of outputs, by operation."""
    instead: dict[str, str] = {}
    made: dict[str, tuple[Edit, ...]] = defaultdict(tuple)
    for e in edits:
        if e.kind == "skip":
            output, source = passed_on(trace, e.node)
            instead[output] = source
        else:
            made[e.node] += (e,)
    return instead, {node: partial(_in_order, own) for node, own in made.items()}


def _in_order(edits: Sequence[Edit], x: Tensor) -> Tensor:
    for e in edits:
        x = e(x)
    return x
