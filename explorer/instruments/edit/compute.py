"""What can be done to an operation, and what the answer loses when each channel, or each block, is silenced alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from explorer.analysis.trace import Node, Trace
from explorer.runtime.activations import Activations, logits_with, relative_change
from explorer.runtime.edits import Edit, EditError, edited, passed_on, silenced


def can_be_skipped(trace: Trace, name: str) -> bool:
    """Whether an operation or a block can be left out."""
    try:
        passed_on(trace, name)
    except EditError:
        return False
    return True


def actions(trace: Trace, node: Node, channels: tuple[int, ...], percent: int) -> dict[str, Edit]:
    """What can be done to an operation's channels, all where there are none, or to its block; by what a button says."""
    found = {"Silence": Edit(node.name, "zero", channels)}
    if channels:
        found["Keep only"] = Edit(node.name, "keep", channels)
    found["By the mean"] = Edit(node.name, "mean", channels)
    found[f"× {percent} %"] = Edit(node.name, "scale", channels, percent / 100)
    if node.kind == "gate" and node.type in ("Sigmoid", "Hardsigmoid"):
        found["Gates to 1"] = Edit(node.name, "value", channels, 1.0)
        found["1 − gates"] = Edit(node.name, "invert", channels)
    if can_be_skipped(trace, node.name) and node.name != node.block:
        found[f"Skip this {node.type}"] = Edit(node.name, "skip")
    if can_be_skipped(trace, node.block):
        found[f"Skip {node.block}"] = Edit(node.block, "skip")
    return found


# ---- what hangs on what ------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """What one edit alone does to the logits, (classes,)."""

    edit: Edit
    logits: Tensor


def without_channels(activations: Activations, node: str, channels: Sequence[int]) -> tuple[Effect, ...]:
    """Each of these channels silenced alone, all in one pass."""
    logits = logits_with(activations, alterations={node: silenced(channels)})
    return tuple(Effect(Edit(node, "zero", (c,)), row) for c, row in zip(channels, logits, strict=True))


def block_edits(trace: Trace) -> tuple[Edit, ...]:
    """For each block that the answer depends on, what leaves it out: it is skipped, or silenced where it can't be."""
    blocks = [b for stage in trace.stages if stage.path not in trace.auxiliary for b in stage.blocks]
    return tuple(
        Edit(b.path, "skip") if can_be_skipped(trace, b.path) else Edit(b.output, "zero")
        for b in blocks
        if trace.classifier not in b.nodes
    )


def without_block(activations: Activations, trace: Trace, edit: Edit) -> Effect:
    """One block left out."""
    return Effect(edit, edited(activations, [edit], trace).logits)


@dataclass(frozen=True)
class Loss:
    """What an edit alone costs: the probability of the chosen class after it, or, where classes have no names, how much
    the logits change; `size` is what the ranking goes by, the largest first.
    """

    edit: Edit
    size: float
    probability: float | None


def ranked(activations: Activations, effects: Sequence[Effect], chosen: int) -> tuple[Loss, ...]:
    """The effects by what class number `chosen` loses."""
    before = float(activations.answer.probabilities[chosen])
    found = [_loss(activations, effect, chosen, before) for effect in effects]
    return tuple(sorted(found, key=lambda loss: -loss.size))


def _loss(activations: Activations, effect: Effect, chosen: int, before: float) -> Loss:
    if not activations.network.trained:
        return Loss(effect.edit, relative_change(activations.logits, effect.logits), None)
    after = float(torch.softmax(activations.network.scores(effect.logits), -1)[chosen])
    return Loss(effect.edit, before - after, after)
