"""Pairs are full convolutions; a version in g groups is the nearest there is; a mix adds up to the network's map."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor, nn

from explorer.analysis.cost import Convolution
from explorer.analysis.trace import trace_variant
from explorer.architectures import family, variant
from explorer.demonstrations.separable.compute import (
    general_kernel,
    group_counts,
    grouped_design,
    kernel_of,
    layer_designs,
    mix,
    nearest,
    pair_designs,
    pairs,
    separable_kernel,
    spatial_layers,
    standard,
    version,
)
from explorer.runtime.activations import Activations, capture
from explorer.runtime.weights.network import Network, load_network
from tests.traces import traced

NARROW = 0.125


def random(*shape: int, seed: int = 0) -> Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


def run(name: str, **ablations: Any) -> tuple[Activations, Any]:
    """A narrow network with BN statistics as after training, on noise; and its trace."""
    v = variant(name)
    narrow = replace(v, config=replace(v.config, width=NARROW, **ablations))
    network = load_network(narrow)
    generator = torch.Generator().manual_seed(1)
    for module in network.model.modules():
        if isinstance(module, nn.BatchNorm2d):
            assert module.running_mean is not None and module.running_var is not None
            module.running_mean.normal_(0, 0.3, generator=generator)
            module.running_var.uniform_(0.5, 2, generator=generator)
            module.weight.uniform_(0.5, 1.5, generator=generator)
            module.bias.normal_(0, 0.3, generator=generator)
    x = random(1, 3, 96, 96).float()
    return capture(network, x), trace_variant(narrow, 96)


@pytest.fixture(scope="module")
def xception() -> tuple[Activations, Any]:
    return run("xception")


# ---- kernels -----------------------------------------------------------------------------------------------


def test_a_pair_is_the_full_convolution_with_the_composed_kernel() -> None:
    depthwise, pointwise, x = random(6, 1, 3, 3), random(10, 6, 1, 1, seed=1), random(1, 6, 9, 9, seed=2)
    pair = F.conv2d(F.conv2d(x, depthwise, padding=1, groups=6), pointwise)
    full = separable_kernel(depthwise, pointwise).full
    assert full.shape == (10, 6, 3, 3)
    torch.testing.assert_close(F.conv2d(x, full, padding=1), pair)
    # the kernels from one input are one picture, up to a factor
    assert torch.linalg.matrix_rank(full.transpose(0, 1).flatten(2)).tolist() == [1] * 6


def test_a_channel_that_no_filter_lets_through_stays_zero() -> None:
    depthwise = random(4, 1, 3, 3)
    depthwise[2] = 0
    kernel = separable_kernel(depthwise, random(5, 4, 1, 1))
    assert kernel.full[:, 2].abs().max() == 0
    for groups in (2, 4):
        torch.testing.assert_close(nearest(kernel, groups).composed(range(5)), kernel.full)


@pytest.mark.parametrize("groups", [1, 2, 3, 6])
def test_a_separable_kernel_is_exact_in_every_number_of_groups(groups: int) -> None:
    depthwise, pointwise, x = random(6, 1, 3, 3), random(10, 6, 1, 1, seed=1), random(1, 6, 9, 9, seed=2)
    kernel = separable_kernel(depthwise, pointwise)
    found = nearest(kernel, groups)
    assert found.spatial.shape == (6, 6 // groups, 3, 3)
    assert found.distance < 1e-12
    torch.testing.assert_close(found.composed(range(10)), kernel.full)
    y = torch.einsum("mc,nchw->nmhw", found.pointwise, F.conv2d(x, found.spatial, padding=1, groups=groups))
    torch.testing.assert_close(y, F.conv2d(F.conv2d(x, depthwise, padding=1, groups=6), pointwise))


def test_with_a_group_for_each_channel_the_filters_are_the_depthwise_ones() -> None:
    depthwise = random(6, 1, 3, 3)
    found = nearest(separable_kernel(depthwise, random(10, 6, 1, 1, seed=1)), 6)
    torch.testing.assert_close(found.spatial, depthwise / depthwise.flatten(1).norm(dim=1)[:, None, None, None])


@pytest.mark.parametrize("groups", [2, 4, 8])
def test_no_other_grouped_convolution_comes_nearer_to_a_regular_kernel(groups: int) -> None:
    weight = random(6, 8, 3, 3)
    found = nearest(general_kernel(weight), groups)
    composed = found.composed(range(6))
    distance = float((composed - weight).norm())
    assert distance / float(weight.norm()) == pytest.approx(found.distance)
    n = 8 // groups
    for s in range(groups):  # what an optimizer can reach, from any start, segment by segment
        wanted = weight[:, s * n : s * n + n].flatten(1)
        left, right = random(6, n, seed=s), random(n, 9 * n, seed=s + 50)
        for _ in range(400):  # alternating least squares
            right = torch.linalg.lstsq(left, wanted).solution
            left = torch.linalg.lstsq(right.T, wanted.T).solution.T
        own = float((composed[:, s * n : s * n + n].flatten(1) - wanted).norm())
        assert own <= float((left @ right - wanted).norm()) + 1e-9
        assert own == pytest.approx(float((left @ right - wanted).norm()), rel=1e-3, abs=1e-9)


def test_finer_groups_never_come_nearer() -> None:
    kernel = general_kernel(random(16, 12, 3, 3))
    distances = [nearest(kernel, g).distance for g in (2, 4, 12)]
    assert distances == sorted(distances)
    assert group_counts(12) == (1, 2, 3, 4, 6, 12)
    with pytest.raises(ValueError, match="5 groups"):
        nearest(kernel, 5)


# ---- layers of a network -----------------------------------------------------------------------------------


def test_xception_has_34_separable_layers_after_two_regular_ones() -> None:
    layers = spatial_layers(traced("xception"))
    assert sum(layer.separable for layer in layers) == 34
    assert [layer.title for layer in layers if not layer.separable] == [f"entry_flow.module1.conv{i}" for i in (1, 2)]


@pytest.mark.parametrize("title", ["entry_flow.module2.residual.separable1", "exit_flow.module14.separable2"])
def test_a_separable_layer_gives_the_networks_own_maps_in_every_number_of_groups(
    xception: tuple[Activations, Any], title: str
) -> None:
    activations, trace = xception
    layer = {x.title: x for x in spatial_layers(trace)}[title]
    own = activations.maps(layer.last.name)
    for groups in group_counts(layer.first.in_shapes[0][0])[:8]:
        v = version(activations, layer, groups, 4)
        assert v.difference < 1e-5 and v.kernel_difference < 1e-6
        torch.testing.assert_close(torch.tensor(v.network_maps), own[list(v.outputs)])
        torch.testing.assert_close(torch.tensor(v.output_maps), own[list(v.outputs)], rtol=1e-3, atol=1e-4)


def test_a_regular_layer_is_itself_in_one_group_and_another_in_more(xception: tuple[Activations, Any]) -> None:
    activations, trace = xception
    _, layer = (x for x in spatial_layers(trace) if not x.separable)
    own = version(activations, layer, 1, 4)
    assert own.difference < 1e-6 and own.kernel_difference == 0
    kernel = kernel_of(activations.network, layer).full
    torch.testing.assert_close(torch.tensor(own.kernels), kernel[list(own.outputs)][:, list(own.inputs)])
    versions = [version(activations, layer, g, 4) for g in group_counts(layer.first.in_shapes[0][0])[1:]]
    assert 0.1 < versions[0].kernel_difference < versions[-1].kernel_difference < 1
    assert versions[-1].difference > 0.1


def test_after_three_colours_a_filter_each_makes_three_maps_to_mix(xception: tuple[Activations, Any]) -> None:
    activations, trace = xception
    first = spatial_layers(trace)[0]
    v = version(activations, first, 3, 8)
    assert len(v.inputs) == len(v.reads) == 3 < len(v.outputs)
    made, own = (torch.tensor(maps).flatten(1) for maps in (v.output_maps, v.network_maps))
    assert torch.linalg.matrix_rank(made, rtol=1e-4) == 3 < torch.linalg.matrix_rank(own, rtol=1e-4)


def test_a_map_of_a_group_changes_with_what_it_reads_and_with_nothing_else(xception: tuple[Activations, Any]) -> None:
    activations, trace = xception
    layer = spatial_layers(trace)[2]
    channels = layer.first.in_shapes[0][0]
    v = version(activations, layer, 2, channels)
    assert set(v.reads) == {(0, channels // 2 - 1), (channels // 2, channels - 1)}
    found, maps = nearest(kernel_of(activations.network, layer), 2), activations.maps(layer.first.inputs[0])
    changed = maps.clone()
    changed[: channels // 2] += 1
    before, after = (F.conv2d(m[None], found.spatial, padding=1, groups=2)[0] for m in (maps, changed))
    moved = (before != after).flatten(1).any(dim=1)
    assert moved.tolist() == [first == 0 for first, _ in v.reads]


# ---- pairs with something in between -----------------------------------------------------------------------


@pytest.mark.parametrize("name", [v.name for v in family("mobilenet").variants])
def test_every_depthwise_convolution_of_a_mobilenet_has_its_1x1(name: str) -> None:
    trace = traced(name)
    found = pairs(trace)
    assert [p.depthwise.name for p in found] == [n.name for n in trace.nodes if n.kind == "depthwise"]
    for p in found:
        assert p.depthwise.block == p.pointwise.block
        assert p.between[0].kind == "normalization" and p.between[1].kind == "activation"


@pytest.mark.parametrize("name", ["mobilenet_v1", "mobilenet_v2", "mobilenet_v3_small"])
def test_the_channels_of_a_mix_add_up_to_the_networks_map(name: str) -> None:
    activations, trace = run(name)
    for pair in (pairs(trace)[0], pairs(trace)[-1]):
        channels, output = pair.depthwise.out_shape[0], pair.pointwise.out_shape[0] - 1
        m = mix(activations, pair, output, channels)
        own = activations.maps(pair.pointwise.name)[output].numpy()
        close = 1e-4 * float(abs(own).max())
        added = sum(c.contribution for c in m.channels)
        assert m.share == pytest.approx(1)
        assert added == pytest.approx(own, abs=close)
        assert m.total == pytest.approx(own, abs=close)
        assert 0 <= m.rounding <= 1e-4 < m.difference
        # each channel's filter makes its filtered map, of its own input map alone
        conv = activations.network.model.get_submodule(pair.depthwise.path)
        assert isinstance(conv, nn.Conv2d)
        for c in m.channels[:3]:
            alone = F.conv2d(
                torch.tensor(c.input)[None, None],
                torch.tensor(c.kernel)[None, None],
                stride=conv.stride,
                padding=conv.padding,
            )
            assert c.filtered == pytest.approx(alone[0, 0].numpy(), abs=1e-4)


def test_the_strongest_channels_come_first() -> None:
    activations, trace = run("mobilenet_v1")
    m = mix(activations, pairs(trace)[2], 0, 3)
    norms = [float((c.contribution**2).sum()) for c in m.channels]
    assert len(norms) == 3 and norms == sorted(norms, reverse=True)
    assert 0 < m.share < 1


def test_without_the_activation_a_pair_is_one_standard_convolution() -> None:
    activations, trace = run("mobilenet_v1")
    network = activations.network
    for pair in pairs(trace)[1:4]:  # with stride 1 and 2
        given = activations.maps(pair.source)
        depthwise, bn, pointwise = (
            network.model.get_submodule(n.path) for n in (pair.depthwise, pair.between[0], pair.pointwise)
        )
        with torch.no_grad():
            expected = pointwise(bn(depthwise(given[None])))[0]
        torch.testing.assert_close(standard(network, pair, given, 3), expected[3], rtol=1e-3, atol=1e-4)


def test_a_networks_weights_stay_as_they_are() -> None:
    activations, trace = run("mobilenet_v1")
    network: Network = activations.network
    before = {name: value.clone() for name, value in network.model.state_dict().items()}
    mix(activations, pairs(trace)[0], 0, 2)
    assert all(torch.equal(value, before[name]) for name, value in network.model.state_dict().items())


# ---- costs -------------------------------------------------------------------------------------------------


def test_the_saving_of_a_pair_is_the_papers_fraction() -> None:
    trace = traced("mobilenet_v1")
    (pair,) = (p for p in pairs(trace) if p.depthwise.block == "stage4.2")
    full, separable = pair_designs(trace, pair)
    assert separable.macs / full.macs == pytest.approx(1 / 512 + 1 / 9)
    assert separable.macs == pair.depthwise.macs + pair.pointwise.macs
    assert separable.params == pair.depthwise.params + pair.pointwise.params


def test_designs_run_from_full_to_separable() -> None:
    c = Convolution((64, 14, 14), 128, (3, 3), bias=False)
    weights = [grouped_design(c, g).params for g in (1, 2, 4, 64)]
    assert weights == [9 * 64 * 128, *(9 * 64 * 64 // g + 64 * 128 for g in (2, 4, 64))]
    assert {grouped_design(c, g).out_shape for g in (1, 2, 64)} == {(128, 14, 14)}
    assert {grouped_design(c, g).receptive_field for g in (1, 2, 64)} == {(3, 3)}


def test_the_costs_are_those_of_the_papers_network_also_for_a_narrower_one() -> None:
    v, title = variant("xception"), "middle_flow.module5.residual.separable1"
    paper = trace_variant(v)
    narrow = trace_variant(replace(v, config=replace(v.config, width=NARROW)))
    full, separable = 9 * 728 * 728, 9 * 728 + 728 * 728
    for trace in (paper, narrow):
        layer = {x.title: x for x in spatial_layers(trace)}[title]
        assert [d.params for d in layer_designs(paper, layer, 8)] == [full, 728 * 91 * 9 + 728 * 728, separable]
        assert [d.params for d in layer_designs(paper, layer, layer.channels)] == [full, separable, separable]
        assert [d.params for d in layer_designs(paper, layer, 1)] == [full, full, separable]
