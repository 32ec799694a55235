"""Kernels are the weights that the network multiplies with, and their pictures show them."""

from __future__ import annotations

from functools import cache
from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image

from explorer.analysis.trace import Trace, trace_variant
from explorer.architectures import variant
from explorer.instruments.kernels import compute as runtime
from explorer.instruments.kernels.compute import Kernels, feeding, kernels, matrix_png, message, rgb_kernels
from explorer.runtime.activations import Activations, capture
from explorer.runtime.colormaps import DIVERGING
from explorer.runtime.maps import unpack
from explorer.runtime.pictures import load_image
from explorer.runtime.preprocessing import model_input
from explorer.runtime.samples import sample
from explorer.runtime.weights.network import UNTRAINED, load_network, preprocessing_of


@cache
def run(name: str) -> tuple[Activations, Trace]:
    v = variant(name)
    x = model_input(load_image(sample("cat").path).image, preprocessing_of(v, UNTRAINED)).tensor
    return capture(load_network(v), x), trace_variant(v)


def of(name: str, node: str) -> Kernels:
    return kernels(run(name)[0].network, node)


# A variant, an operation, its padding, what its overview is, and how many of its inputs a kernel reads.
CASES = [
    ("lenet5", "c1.conv", "filters", 1),
    ("lenet5", "c3.conv", None, 3),  # the first kernels of the connection table
    ("lenet5", "f6.linear", "matrix", 120),
    ("resnet20_cifar", "stem.conv", "rgb", 3),
    ("resnet20_cifar", "conv3_x.0.conv1", None, 16),  # stride 2
    ("resnet20_cifar", "head.fc", "matrix", 64),
    ("alexnet", "conv2.conv", None, 48),  # two groups
    ("mobilenet_v2", "stage2.0.depthwise.conv", "filters", 1),
    ("mobilenet_v2", "stage2.0.project.conv", "matrix", 96),
]


@pytest.mark.parametrize(("name", "node", "overview", "reads"), CASES)
def test_a_map_is_its_kernel_on_the_channels_that_it_reads(name: str, node: str, overview: str, reads: int) -> None:
    activations, trace = run(name)
    k, n = of(name, node), trace.node(node)
    assert (k.outputs, k.inputs) == (n.out_shape[0], n.in_shapes[0][0])
    assert k.overview == overview
    before, after = activations.maps(n.inputs[0]), activations.maps(node)
    parameters = dict(activations.network.model.named_parameters())
    for output in {0, 1, k.outputs // 2, k.outputs - 1}:
        taken = before[list(k.sources[output])]
        taken = taken.reshape(len(taken), *n.in_shapes[0][1:], *([1, 1] if taken.dim() == 1 else []))
        weight = torch.from_numpy(k.filters[output])[None]
        made = torch.conv2d(taken[None], weight, stride=n.stride or 1, padding=n.padding or 0)[0, 0]
        bias = parameters.get(f"{n.path}.bias", parameters.get(f"{n.path}.maps.{output}.bias"))
        if bias is not None:
            made = made + (bias[output] if len(bias) > 1 else bias)
        torch.testing.assert_close(made.flatten(), after[output].flatten(), rtol=1e-3, atol=1e-4)
    assert len(k.sources[0]) == reads


def test_every_weight_of_two_axes_or_more_belongs_to_kernels() -> None:
    for name in ("alexnet", "mobilenet_v2", "resnet20_cifar"):
        activations, trace = run(name)
        counted = sum(of(name, n.name).count for n in trace.nodes if n.type in runtime.TYPES)
        assert counted == sum(p.numel() for p in activations.network.model.parameters() if p.dim() > 1)


def test_the_second_groups_kernels_read_the_second_half() -> None:
    k = of("alexnet", "conv2.conv")
    assert list(k.sources[127]) == list(range(48))
    assert list(k.sources[128]) == list(range(48, 96))


def test_an_operation_without_kernels_has_none() -> None:
    for node in ("stem.relu", "stem.bn", "input"):
        with pytest.raises(KeyError):
            of("resnet20_cifar", node)


def test_what_feeds_an_operation_without_kernels() -> None:
    trace = run("resnet20_cifar")[1]

    def names(node: str) -> list[str]:
        return [n.name for n in feeding(trace, trace.node(node))]

    assert names("stem.relu") == ["stem.conv"]
    # the sum is of two convolutions and the stem's, through the identity
    assert names("conv2_x.1.add") == ["conv2_x.1.conv2", "conv2_x.0.conv2", "stem.conv"]
    assert names("input") == []


# ---- pictures ----------------------------------------------------------------------------------------------


def test_a_colour_picture_has_mid_grey_for_zero_and_one_scale_for_all() -> None:
    weight = np.zeros((2, 3, 1, 2), dtype=np.float32)
    weight[0, :, 0, 1] = -0.5, 0.25, 0.5
    pictures, reach = rgb_kernels(weight)
    assert reach == 0.5
    assert pictures.shape == (2, 1, 2, 3)
    assert set(pictures[1].flat) | set(pictures[0, 0, 0]) <= {127, 128}
    assert pictures[0, 0, 1].tolist() == [0, 191, 255]
    assert rgb_kernels(np.zeros_like(weight))[0].max() <= 128


def _pixels(png: bytes) -> np.ndarray:
    return np.asarray(Image.open(BytesIO(png)).convert("RGB"))


def test_a_matrix_has_a_pixel_for_each_weight_in_symmetric_colours() -> None:
    picture, block = matrix_png(np.array([[-2, 0, 1], [2, -1, 0]], dtype=np.float32), 2.0)
    assert block == (1, 1)
    pixels = _pixels(picture)
    assert pixels.shape == (2, 3, 3)
    assert pixels[0, 0].tolist() == DIVERGING[0].tolist()
    assert pixels[1, 0].tolist() == DIVERGING[255].tolist()
    assert np.ptp(pixels[0, 1].astype(int)) < 10  # neutral


def test_a_large_matrix_shows_the_strongest_weight_of_each_pixel(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runtime, "MOST_PIXELS", 2)
    matrix = np.random.default_rng(0).normal(size=(5, 4)).astype(np.float32)
    reach = float(np.abs(matrix).max())
    picture, block = matrix_png(matrix, reach)
    assert block == (3, 2)
    pixels = _pixels(picture)
    for row in range(2):
        for column in range(2):
            part = matrix[3 * row : 3 * row + 3, 2 * column : 2 * column + 2].flatten()
            strongest = part[np.abs(part).argmax()]
            expected = DIVERGING[round(float(127.5 + 127.5 * strongest / reach))]
            assert pixels[row, column].tolist() == expected.tolist()


def test_the_message_of_one_kernel_numbers_its_input_channels_and_shares_the_layers_limits() -> None:
    k = of("alexnet", "conv2.conv")
    header, body = unpack(message(k, 200, "conv2.conv").packed())
    assert header["channels"] == list(range(48, 96))
    assert header["shape"] == [48, 5, 5]
    assert -header["minimum"] == header["maximum"] == pytest.approx(k.reach)
    steps = np.frombuffer(body, dtype=np.uint8).reshape(48, 5, 5)
    low, high = (np.array(header[name])[:, None, None] for name in ("low", "high"))
    np.testing.assert_allclose(low + steps / 255 * (high - low), k.filters[200], atol=float((high - low).max()) / 500)


def test_the_message_of_one_kernel_follows_the_connection_table() -> None:
    header, _ = unpack(message(of("lenet5", "c3.conv"), 4, "c3.conv").packed())
    assert header["channels"] == [0, 4, 5]  # table I of the paper, column 4
    strongest, _ = unpack(message(of("lenet5", "c3.conv"), 4, "c3.conv", "strength").packed())
    strengths = np.abs(of("lenet5", "c3.conv").filters[4]).mean(axis=(1, 2))
    assert strongest["channels"] == [header["channels"][i] for i in np.argsort(-strengths)]


def test_the_message_of_all_depthwise_kernels_has_one_a_channel() -> None:
    header, _ = unpack(message(of("mobilenet_v2", "stage2.0.depthwise.conv"), None, "").packed())
    assert header["shape"] == [96, 3, 3]
    assert header["channels"] == list(range(64))  # the first page
