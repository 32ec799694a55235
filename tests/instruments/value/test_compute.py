"""Every value of every kind of operation, computed again: the network's own, from what a torch window holds."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import fields
from functools import cache, cached_property

import numpy as np
import pytest
import torch
from torch import nn

from explorer.analysis.trace import trace_variant
from explorer.architectures import catalogue, variant
from explorer.architectures.lenet import ScaledTanh
from explorer.instruments.value.compute import NoSuchPlace, Value, curve, readers, softmax, value
from explorer.runtime.activations import Activations, capture
from explorer.runtime.edits import edited, parse
from explorer.runtime.weights.network import NARROW, UNTRAINED, available_weights, load_network
from tests.traces import traced


class Memory(Activations):
    """Activations that compute each operation's maps once: a test asks for them at many places."""

    @cached_property
    def known(self) -> dict[str, torch.Tensor]:
        return {}

    def several(self, names: Collection[str]) -> dict[str, torch.Tensor]:
        missing = [name for name in names if name not in self.known]
        self.known.update(super().several(missing) if missing else {})
        return {name: self.known[name] for name in names}


@cache
def run(name: str) -> Activations:
    v = variant(name)
    weights = NARROW if NARROW in available_weights(v) else UNTRAINED
    generator = torch.Generator().manual_seed(7)
    network = load_network(v, weights, torch.device("cpu"))
    for module in network.model.modules():
        if isinstance(module, nn.BatchNorm2d):  # of trained networks; those of untrained ones are 0 and 1
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.normal_(0, 0.1, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            nn.init.uniform_(module.bias, -0.2, 0.2, generator=generator)
    found = capture(network, torch.randn(1, *v.input_size, generator=generator))
    return Memory(found.network, found.kept, found.logits, found.milliseconds)


def places(shape: tuple[int, ...], seed: int) -> list[tuple[int, ...]]:
    """The first corner, the last one, the middle of an edge, and one anywhere."""
    anywhere = tuple(int(i) for i in np.random.default_rng(seed).integers(0, shape))
    edge = (anywhere[0], 0, shape[2] // 2) if len(shape) == 3 else anywhere
    return [tuple([0] * len(shape)), tuple(size - 1 for size in shape), edge, anywhere]


@pytest.mark.parametrize("name", catalogue())
def test_every_kind_of_operation_gives_what_the_network_has(name: str) -> None:
    activations = run(name)
    # one operation of each kind and window, the last: what it reads is the least like the input
    kinds = {(n.type, n.kind, n.kernel, n.stride, n.groups == 1): n for n in traced(name).nodes}
    for number, n in enumerate(kinds.values()):
        own = activations.maps(n.name)
        largest = max(float(own.abs().max()), 1e-30)
        for place in places(tuple(own.shape), number):
            found = value(activations, n.name, place)
            assert found.type == n.type
            assert found.network == float(own[place])
            assert found.difference <= 1e-5 * largest, (n.name, place)
            if found.made.how in ("sum", "distance"):
                assert np.isclose(found.terms.sum() + (found.made.bias or 0), found.made.result)
    run.cache_clear()


def window(found: Value, source: int = 0) -> np.ndarray:
    """The values that are read, as torch's unfold has them: (channels x kernel)."""
    return found.inputs[found.source == source].ravel()


@pytest.mark.parametrize(
    "layer",
    [
        nn.Conv2d(6, 4, 3, padding=1),
        nn.Conv2d(6, 4, 5, stride=2, padding=2, dilation=2),
        nn.Conv2d(6, 4, (1, 7), padding=(0, 3)),
        nn.Conv2d(6, 4, 3, groups=2, stride=2),
        nn.Conv2d(6, 6, 3, groups=6, padding=1, bias=False),
    ],
    ids=str,
)
def test_a_window_is_that_of_torchs_unfold(layer: nn.Conv2d) -> None:
    """Also for windows that no network of the catalogue has."""
    torch.manual_seed(0)
    activations = of_layer(layer, torch.randn(1, 6, 11, 13))
    columns = nn.functional.unfold(
        activations.maps("input")[None], layer.kernel_size, layer.dilation, layer.padding, layer.stride
    )[0]
    _, height, width = activations.maps("layer").shape
    written, read = layer.out_channels // layer.groups, layer.in_channels // layer.groups
    for channel, row, column in [(0, 0, 0), (3, height - 1, width - 1), (2, 1, 2)]:
        found = value(activations, "layer", (channel, row, column))
        own = columns.reshape(6, -1, height, width)[channel // written * read :][:read, :, row, column]
        assert np.array_equal(window(found), own.double().numpy().ravel())
        assert found.difference < 1e-5


@pytest.mark.parametrize(
    "layer",
    [
        nn.MaxPool2d(3, 2, ceil_mode=True),
        nn.MaxPool2d(3, 2, padding=1),
        nn.AvgPool2d(3, 2, padding=1),
        nn.AvgPool2d(3, 2, padding=1, ceil_mode=True),
        nn.AvgPool2d(3, 2, padding=1, count_include_pad=False),
        nn.AdaptiveAvgPool2d((4, 5)),
        nn.LocalResponseNorm(5, 1e-2, 0.75, 2),
        nn.LocalResponseNorm(4, 1e-2, 0.75, 2),
    ],
    ids=str,
)
def test_pooling_and_response_normalization_everywhere(layer: nn.Module) -> None:
    torch.manual_seed(0)
    activations = of_layer(layer, torch.randn(1, 6, 10, 12))
    own = activations.maps("layer")
    for place in np.ndindex(*own.shape):
        found = value(activations, "layer", place)
        assert found.difference < 1e-5, place
        if isinstance(layer, nn.MaxPool2d):
            best = np.argwhere(found.inside & (found.inputs == found.made.result))
            assert float(activations.maps("input")[tuple(found.places[tuple(best[0])])]) == found.network
            assert found.winner == tuple(best[0])
        else:
            assert found.winner is None


class OneLayer(nn.Module):
    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self.layer = layer

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        return self.layer(x)


def of_layer(layer: nn.Module, x: torch.Tensor) -> Activations:
    """The activations of a network of this layer alone."""
    network = load_network(variant("lenet5"), UNTRAINED, torch.device("cpu"))
    alone = type(network)(**(vars_of(network) | {"model": OneLayer(layer).eval()}))
    graph = alone.graph.graph
    values = dict(zip([n for n in graph.nodes if n.op != "output"], [x, layer(x).detach()], strict=True))
    return Activations(alone, values, torch.zeros(10), 0.0)


def vars_of(network: object) -> dict[str, object]:
    return {f.name: getattr(network, f.name) for f in fields(network) if f.init}  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ["resnet20_cifar", "googlenet", "se_resnet18", "lenet5", "mobilenet_v2"])
def test_who_reads_a_value_is_who_lists_it(name: str) -> None:
    """Readers of a value list it among what they read; those that it does not name don't."""
    activations = run(name)
    kinds = {n.type: n for n in traced(name).nodes}
    shapes = {n: tuple(activations.maps(n).shape) for n in activations.network.nodes}
    assert shapes == {n.name: n.out_shape for n in trace_variant(activations.network.variant).nodes}
    for number, n in enumerate(kinds.values()):
        for place in places(shapes[n.name], number):
            for reader in readers(activations.network, shapes, n.name, place):
                for at in {tuple(i[0] for i in reader.indices), tuple(i[-1] for i in reader.indices)}:
                    assert reads(value(activations, reader.node, at), n.name, place)
                outside = tuple(max(i) + 1 for i in reader.indices)
                if all(i < size for i, size in zip(outside, shapes[reader.node], strict=True)):
                    assert not reads(value(activations, reader.node, outside), n.name, place)
    run.cache_clear()


def reads(found: Value, node: str, place: tuple[int, ...]) -> bool:
    mine = (found.source == found.sources.index(node)) & (found.places == place).all(-1)
    return bool(mine.any())


def test_the_strongest_terms_come_first_and_padding_never() -> None:
    activations = run("resnet20_cifar")
    found = value(activations, "conv2_x.0.conv1", (0, 0, 0))
    assert (~found.inside).sum() == 16 * 5  # two of three rows and columns are inside
    assert len(found.strongest) == 16 * 4
    sizes = [abs(found.terms[i]) for i in found.strongest]
    assert sizes == sorted(sizes, reverse=True)


def test_the_channels_sums_are_all_of_the_value() -> None:
    activations = run("resnet20_cifar")
    found = value(activations, "conv2_x.0.conv1", (3, 0, 7))
    alone = activations.maps(found.sources[0]).double()[:, None]  # one picture for each channel
    weight = activations.network.model.get_submodule("conv2_x.0.conv1").weight[3].double()[:, None]
    by_channel = zip(alone, weight, strict=True)
    sums = [float(nn.functional.conv2d(a[None], w[None], padding=1)[0, 0, 0, 7]) for a, w in by_channel]
    assert np.allclose(found.sums, sums)
    assert found.sums.sum() == pytest.approx(found.network, abs=1e-5)


@pytest.mark.parametrize("layer", [nn.ReLU, nn.ReLU6, nn.Sigmoid, nn.Hardsigmoid, nn.Hardswish, nn.Tanh, ScaledTanh])
def test_a_curve_is_torchs_function(layer: type[nn.Module]) -> None:
    x = np.linspace(-8, 8, 65)
    assert np.allclose(curve(layer.__name__, x), layer()(torch.tensor(x)).numpy())


@pytest.mark.parametrize("scores", [[1.0, 2.5, -3.0], [-700.0, -702.0, -1000.0], [900.0, 899.0, 5.0]])
def test_a_classs_probability_is_torchs_softmax(scores: list[float]) -> None:
    """Also where the exponentials themselves are no numbers."""
    expected = torch.tensor(scores, dtype=torch.float64).softmax(-1)
    for index, probability in enumerate(expected.tolist()):
        found = softmax(torch.tensor(scores), index)
        assert found.probability == pytest.approx(probability)
        assert found.exponential == pytest.approx(np.exp(found.score - found.shift))


def test_places_and_operations_that_are_not_there() -> None:
    activations = run("resnet20_cifar")
    for place in [(0, 32, 0), (0, 0, -1), (0,), (0, 0, 0, 0)]:
        with pytest.raises(NoSuchPlace, match="row 0 to 31"):
            value(activations, "conv2_x.0.conv1", place)
    with pytest.raises(KeyError):
        value(activations, "nothing", (0, 0, 0))


def test_a_value_of_an_altered_operation_says_so_and_its_readers_read_the_altered_one() -> None:
    network = load_network(variant("resnet18"), NARROW)
    trace = trace_variant(network.variant)
    before = capture(network, torch.randn(1, 3, 224, 224, generator=torch.Generator().manual_seed(0)))
    after = edited(before, [parse("conv3_x.1.conv1:5:value=2", trace)], trace)
    own = value(after, "conv3_x.1.conv1", (5, 3, 4))
    assert own.altered and own.network == 2
    assert own.made.result == pytest.approx(value(before, "conv3_x.1.conv1", (5, 3, 4)).made.result)
    reader = value(after, "conv3_x.1.bn1", (5, 3, 4))
    assert not reader.altered and reader.inputs.tolist() == [[[2.0]]]
    assert reader.difference < 1e-5
