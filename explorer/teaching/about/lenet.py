"""What is taught about LeNet-5 (1998)."""

from __future__ import annotations

import torch
from torch import nn

from explorer.analysis.initialization import Seeded
from explorer.analysis.text import thousands
from explorer.analysis.trace import Trace
from explorer.architectures.lenet import C3_TABLE, S2_MAPS
from explorer.runtime.edits import Edit
from explorer.teaching.common import altered, field_of, most, statement, strongest
from explorer.teaching.layers import parameters_of
from explorer.teaching.question import Posed, Question, Subject, counted, posed
from explorer.teaching.step import Step, View

TOUR = (
    Step(
        "A digit with room around it",
        "input",
        "The digits of MNIST have 28×28 pixels. Padded to 32×32, even the end of a stroke can lie in the "
        "middle of what a unit of C3 sees.",
        section="draw",
    ),
    Step(
        "Draw one",
        "input",
        "Each layer, while you draw. What does the network need to see before it is sure?",
        section="draw",
        look="section",
    ),
    Step(
        "Six kernels, six maps",
        "c1.conv",
        "Each 5×5 kernel slides over the whole picture, with the same weights everywhere, and makes one map. "
        "No convolution here has fewer parameters.",
        colour="params",
    ),
    Step(
        "Sub-sampling, not max pooling",
        "s2.pool",
        "The four values of a window are added, multiplied by one trained coefficient a map; one trained "
        "bias is added. Nothing takes a maximum.",
    ),
    Step(
        "Squashed after pooling, too",
        "s2.tanh",
        "The paper's tanh is scaled so that 1 stays 1 and −1 stays −1. Here it follows every layer but the output.",
        beside="s2.pool",
    ),
    Step(
        "A table of connections",
        "c3.conv",
        "Table I of the paper: of S2's six maps a map of C3 reads three, four or all. Different inputs force "
        "the maps to learn different features.",
        section="connections",
        look="section",
    ),
    Step(
        "The same with all connections",
        "c3.conv",
        "In the modern version each map of C3 reads all six. Coloured by **Parameters**: compare C3 with the "
        "version before.",
        variant="lenet5_modern",
        colour="params",
    ),
    Step(
        "A convolution with one position",
        "c5.conv",
        "C5's 5×5 kernels are as large as the maps of S4, so that each of its maps is one number. It holds "
        "most of the parameters.",
        colour="params",
    ),
    Step(
        "A picture of the answer",
        "f6.tanh",
        "F6 has 84 units, one for each pixel of a 7×12 bitmap. Trained, it draws the digit that the network "
        "takes the input for.",
        section="output",
        look="section",
    ),
    Step(
        "The smallest wins",
        "output.rbf",
        "Each output is the squared distance of F6 from a fixed bitmap of one digit: a penalty, not a score. "
        "There is no softmax.",
        section="output",
    ),
    Step(
        "It learns while you watch",
        "c1.conv",
        "Press **Start**: from random weights, on digits drawn for it. Then **Reset**, and one stage at a time: what "
        "does each do?",
        variant="lenet5_modern",
        section="learn",
        look="section",
    ),
)


def _c3_parameters(subject: Subject) -> Posed | None:
    """C3 with table I's links, or with all of them."""
    node = subject.trace.node("c3.conv")
    maps, height, width = node.out_shape
    weights = 5 * 5
    links = node.macs // (weights * height * width)
    other = maps * S2_MAPS if links < maps * S2_MAPS else sum(map(len, C3_TABLE))
    return counted(
        subject,
        f"C3’s {maps} maps read S2’s {S2_MAPS} by {links} links of 5×5. How many parameters, with biases?",
        node.params,
        [other * weights + maps, maps * weights + maps, links * weights],
        f"A kernel a link and a bias a map: {links}·{weights} + {maps} = {thousands(node.params)}.",
        View(node="c3.conv", section="connections"),
    )


def _s2_parameters(subject: Subject) -> Posed | None:
    """What there is to train in a pooling."""
    node = subject.trace.node("s2.pool")
    maps = node.out_shape[0]
    counts = (
        0,
        maps,
        2 * maps,
        4 * maps,
        5 * maps,
    )  # nothing, one a map, a weight a place, with biases
    words = {n: str(n) if n else "None" for n in counts}
    trained = node.params > 0
    return posed(
        subject,
        f"How many parameters does S2 have, which pools {maps} maps in windows of 2×2?",
        words.pop(node.params),
        words.values(),
        f"It adds each window’s values; each map has one coefficient and one bias: 2·{maps} = {node.params}."
        if trained
        else "It takes the largest of each window: there is nothing to train.",
        View(node="s2.pool", colour="params"),
    )


def _silenced(subject: Subject) -> Edit | None:
    return Edit("c1.conv", "zero", (strongest(subject, "c1.conv"),))


def _exchanged(subject: Subject) -> Edit | None:
    return Edit("s4.pool", "shuffle", number=1)


def _distances(trace: Trace) -> bool:
    return trace.output.type == "RBFOutput"


def _zeros_stay_alike(subject: Subject) -> bool:
    """Whether C1's kernels get one gradient, whatever the input, where every weight and bias is zero."""
    with Seeded(0):
        network = subject.variant.build()
    layers = [m for m in network.modules() if isinstance(m, (nn.Conv2d, nn.Linear))]
    with torch.enable_grad():
        for parameter in (p for layer in layers for p in layer.parameters()):
            parameter.data.zero_()
        network(torch.linspace(-1, 1, 32 * 32).reshape(1, 1, 32, 32)).square().sum().backward()
    gradient = layers[0].weight.grad
    assert gradient is not None
    return bool((gradient == gradient[:1]).all())


QUESTIONS = (
    most("params"),
    most("macs"),
    parameters_of("c1-parameters", lambda t: "c1.conv"),
    Question("s2-parameters", _s2_parameters),
    Question("c3-parameters", _c3_parameters),
    field_of(
        "field",
        lambda t: "c3.conv",
        "Its {kernel} window lies on values that see {before} each, {step} pixels apart: {field} in all.",
    ),
    altered("silenced", _silenced, "With the strongest map of {node} silenced"),
    altered(
        "exchanged",
        _exchanged,
        "With the maps of {node} exchanged at random",
        "Each weight behind it was trained for one map.",
    ),
    statement(
        "smallest-wins",
        "Of the ten outputs, the smallest decides which digit it is.",
        lambda s: _distances(s.trace),
        lambda t: (
            "Each output is a distance from the picture of a digit: the nearest wins."
            if _distances(t)
            else "Its outputs are scores: the largest wins. In the paper they are distances, and the smallest does."
        ),
        lambda t: View(node=t.classifier, section="output"),
    ),
    statement(
        "zero-weights",
        "If all weights begin as zeros, all kernels of C1 stay alike, however long it learns.",
        _zeros_stay_alike,
        "Each gets the same gradient as the others: here none at all, since whatever they pass on is multiplied by "
        "zeros. Random first weights break the symmetry.",
        lambda t: View(node="c1.conv", section="learn"),
    ),
    statement(
        "c5",
        "In this network C5 is a convolution.",
        lambda s: "c5.conv" in s.trace,
        lambda t: (
            f"It reads maps of 5×5 with kernels of 5×5: {thousands(t.stage('c5').params)} parameters, the same "
            "as fully connected. Larger maps would give it more positions."
            if "c5.conv" in t
            else "The paper’s is. Here the maps are flattened first: as many parameters, for this one size of picture."
        ),
        lambda t: View(node=t.stage("c5").nodes[0]),
    ),
)
