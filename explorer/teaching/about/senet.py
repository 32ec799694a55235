"""What is taught about SENet (2017)."""

from __future__ import annotations

import torch

from explorer.analysis.text import si, thousands
from explorer.analysis.trace import Node, Trace
from explorer.analysis.units import residual_units
from explorer.runtime.edits import MOST_EDITS, Edit
from explorer.teaching.common import first_class, mistake, statement, strongest
from explorer.teaching.question import Posed, Question, Subject, counted, happening, posed
from explorer.teaching.step import Step, View
from explorer.teaching.units import PICTURED_SIDE, residual_picture

TOUR = (
    Step(
        "The laboratory",
        "conv3_x.1.se.gate",
        "Squeeze, excitation, gate: what one block makes of this picture. Point at a channel: its map before "
        "and after its gate.",
        section="gates",
        look="section",
    ),
    Step(
        "Squeeze",
        "conv3_x.1.se.squeeze",
        "The squeeze is the mean of each whole map: one number a channel. It has no parameters, and it tells "
        "the block about the whole image.",
        section="gates",
    ),
    Step(
        "Excitation",
        "conv3_x.1.se.fc1",
        "Two fully connected layers: **fc1** reduces the channels to a sixteenth and has a ReLU, **fc2** "
        "restores them.",
        section="gates",
    ),
    Step(
        "The gate",
        "conv3_x.1.se.gate",
        "A sigmoid makes each number a factor between 0 and 1, for this picture. What do a block's gates add up to?",
        section="gates",
        asks="sum-of-gates",
    ),
    Step(
        "Scale",
        "conv3_x.1.se.mul",
        "Each map is multiplied by its gate. Beside it **bn3**, on one scale: the pictures are the same, "
        "their values are smaller.",
        beside="conv3_x.1.bn3",
        section="altered",
    ),
    Step(
        "Other gates",
        "conv3_x.1.se.mul",
        "What if all gates were open, or stood at other channels? Choose, and the network runs again from there on.",
        section="altered",
        look="section",
    ),
    Step(
        "Before the addition",
        "conv3_x.1.add",
        "The gate acts on the residual branch, not on the dashed shortcut.",
        section="sum",
    ),
    Step(
        "Almost free?",
        "conv5_x.2.se.fc2",
        "Next to no MACs, but parameters: most of them in this last stage, where the channels are many.",
        section="gates-cost",
        look="section",
    ),
    Step(
        "Without a shortcut",
        "inception3.3a.se.mul",
        "In GoogLeNet the gate weighs the concatenated output of a module, all four branches together.",
        variant="se_googlenet",
    ),
    Step(
        "SENet-154",
        "conv3_x.0.shortcut.conv",
        "The authors' own body: 3×3 convolutions in 64 groups, and where maps shrink a 3×3 shortcut: a 1×1 "
        "of stride 2 would skip three of four positions.",
        variant="senet154",
    ),
)


def _gate_nodes(trace: Trace, stage: str = "") -> list[Node]:
    return [n for n in trace.nodes if n.kind == "gate" and stage in ("", n.stage)]


def _product(trace: Trace) -> Node:
    """Where maps are multiplied by their gates: the last place at which a person recognizes something in them."""
    products = [n for n in _gate_nodes(trace) if n.type == "mul"]
    return next((n for n in reversed(products) if n.out_shape[1] >= PICTURED_SIDE), products[0])


def _gates(trace: Trace) -> str:
    """What gives the gates of that place."""
    return _product(trace).inputs[1]


def _share(subject: Subject) -> Posed | None:
    """What all gates add to the parameters and to the MACs."""
    nodes = _gate_nodes(subject.trace)
    params, macs = sum(n.params for n in nodes), sum(n.macs for n in nodes)
    more = 100 * params / (subject.trace.params - params), 100 * macs / (subject.trace.macs - macs)

    def words(of_params: float, of_macs: float) -> str:
        return f"{of_params:.2g} % more parameters, {of_macs:.2g} % more MACs"

    a, b = more
    return posed(
        subject,
        "What do all gates together add to the network without them?",
        words(a, b),
        [words(*pair) for pair in ((b, a), (a, a), (b, b))],
        f"{si(params)} parameters, but only {si(macs)} MACs: a fully connected layer multiplies once a picture, not "
        "at each position.",
        View(section="gates-cost"),
    )


def _stage_of_parameters(subject: Subject) -> Posed | None:
    """Which stage's gates have the most parameters: of many channels, or of many units."""
    t = subject.trace
    counts = {s.path: sum(n.params for n in _gate_nodes(t, s.path)) for s in t.stages}
    first, second, *others = sorted(filter(counts.get, counts), key=lambda path: -counts[path])
    if counts[first] == counts[second]:
        return None
    units = sum(n.type == "mul" for n in _gate_nodes(t, first))
    last = [n for n in _gate_nodes(t, first) if n.params][-1]
    return posed(
        subject,
        "The gates of which stage have the most parameters?",
        first,
        [second, *others],
        f"{first}: {si(counts[first])}, in {units} units of up to {thousands(last.out_shape[0])} channels. {second}: "
        f"{si(counts[second])}.",
        View(node=last.name, colour="params"),
    )


def _squeezed(subject: Subject) -> Posed | None:
    """How many numbers leave the squeeze."""
    node = _product(subject.trace)
    channels, height, width = node.out_shape
    squeeze = f"{node.path}.squeeze"
    hidden = subject.trace.node(f"{node.path}.fc1").out_shape[0]
    return counted(
        subject,
        f"{channels} maps of {height}×{width} enter {squeeze}. How many numbers does it give?",
        channels,
        [hidden, height * width, channels * height * width],
        f"The mean of each map, {channels}. The squeeze squeezes space; the {hidden} of fc1 belong to the excitation.",
        View(node=squeeze, section="gates"),
    )


def _excitation(subject: Subject) -> Posed | None:
    """How many parameters the two fully connected layers have."""
    node = _product(subject.trace)
    layers = [subject.trace.node(f"{node.path}.{name}") for name in ("fc1", "fc2")]
    (channels, *_), (hidden, *_) = node.out_shape, layers[0].out_shape
    return counted(
        subject,
        f"fc1 reduces {channels} numbers to {hidden}, fc2 restores them. How many parameters have both, with biases?",
        sum(n.params for n in layers),
        [layers[0].params, channels * channels, 2 * channels * channels],
        f"2 · {channels} · {hidden} weights, {hidden} + {channels} biases. One layer alone would have "
        f"{channels} · {channels} = {thousands(channels * channels)}.",
        View(node=layers[0].name, colour="params"),
    )


def _sum_of_gates(subject: Subject) -> Posed | None:
    """What a picture's gates add up to: not to 1."""
    gates = _gates(subject.trace)
    values = subject.activations(subject.run).maps(gates)
    total, count = float(values.sum()), values.numel()
    others = [n for n in (1, count // 16, count) if abs(n - total) > count / 20]
    return posed(
        subject,
        f"What do the {count} gates of {_product(subject.trace).block} add up to, for this picture?",
        f"About {total:.0f}",
        [f"About {n}" for n in others],
        f"{total:.1f}: each is {float(values.min()):.2f} to {float(values.max()):.2f}. A sigmoid lets many be open at "
        "once; only a softmax’s numbers add up to 1.",
        View(node=gates, section="gates"),
    )


def _only_scaled(subject: Subject) -> Posed | None:
    """What a gate changes in a map: its scale."""
    product = _product(subject.trace)
    before, after = subject.activations(subject.run).several([product.inputs[0], product.name]).values()
    gates = subject.activations(subject.run).maps(product.inputs[1])
    channel = strongest(subject, product.inputs[0])
    gate = float(gates[channel])
    outcomes = {
        f"Every value is {gate:.2f} times what it was": torch.allclose(gate * before[channel], after[channel]),
        "Its strongest places stay, the others become zero": bool((after[channel] == 0).any()),
        "Every value is moved by the same amount": float((after - before)[channel].std()) == 0,
        "Nothing: a gate acts on the next layer": torch.equal(before[channel], after[channel]),
    }
    return happening(
        subject,
        f"What does its gate change in map {channel} of {product.inputs[0]}?",
        outcomes,
        f"One number, {gate:.2f}, multiplies the whole map: the picture of it is the same, only weaker.",
        View(node=product.name, beside=product.inputs[0], section="gates"),
    )


def _place(subject: Subject) -> Posed | None:
    """Which maps a unit multiplies by its gates."""
    t = subject.trace
    product = _product(t)
    unit = next((u for u in residual_units(t) if u.path == product.block), None)
    if unit is None:
        gated = t.node(product.inputs[0])
        places = {
            "On the concatenated maps of all branches": gated.type == "cat",
            "On each branch, before the concatenation": gated.type != "cat",
            "On the module’s input": False,
        }
        why = f"{product.name} multiplies what {gated.name} gives, all {gated.out_shape[0]} maps."
    else:
        places = {
            "On the residual, before the addition": unit.residual == product.name,
            "On the sum, after the addition": unit.sum in product.inputs,
            "On the shortcut alone": unit.shortcut == product.name,
            "On the unit’s input, before both": False,
        }
        why = f"{unit.sum} adds what {unit.residual} and {unit.shortcut} give: the shortcut passes ungated."
    right = next(text for text, there in places.items() if there)
    return posed(
        subject,
        f"Where does the gate of {product.block} act?",
        right,
        [text for text in places if text != right],
        why,
        View(node=product.name),
    )


def _all_open(subject: Subject) -> Posed | None:
    """What becomes of the first class if no gate closes anything."""
    gates = [n.inputs[1] for n in _gate_nodes(subject.trace) if n.type == "mul"]
    if len(gates) > MOST_EDITS:
        return None
    edits = tuple(Edit(gate, "value", (), 1.0) for gate in gates)
    return first_class(subject, "If all gates stand open, at 1", edits)


def _none_amplifies(subject: Subject) -> bool:
    """Whether no gate of this picture is above 1."""
    gates = [n.inputs[1] for n in _gate_nodes(subject.trace) if n.type == "mul"]
    values = subject.activations(subject.run.unedited).several(gates)
    return all(float(v.max()) <= 1 for v in values.values())


QUESTIONS = (
    Question("share", _share),
    Question("stage", _stage_of_parameters),
    Question("squeezed", _squeezed),
    Question("excitation", _excitation),
    Question("sum-of-gates", _sum_of_gates),
    Question("one-map", _only_scaled),
    Question("place", _place),
    Question("all-open", _all_open),
    residual_picture("residual", section="sum"),
    mistake(
        "squeeze",
        0,
        shows=lambda t: View(node=f"{_product(t).path}.squeeze", section="gates"),
        why="The squeeze is the mean of each map: it squeezes space. fc1 is part of the excitation.",
    ),
    statement(
        "attenuates",
        "For this picture, no gate of the whole network makes a map stronger.",
        _none_amplifies,
        "A sigmoid stays below 1. What matters is attenuated less than the rest.",
        lambda t: View(node=_gates(t), section="all-gates"),
    ),
    mistake(
        "alike",
        5,
        true="Without gates, a channel is multiplied by the same weights for every picture.",
        shows=lambda t: View(node=_gates(t), section="all-gates"),
        why="Weights differ from channel to channel, not from picture to picture. A gate depends on the picture.",
    ),
)
