"""The windows are what the layers really see, and a stack of small kernels sees what a large one sees."""

from __future__ import annotations

from itertools import pairwise

import pytest
import torch
from torch import Tensor, nn

from explorer.analysis.trace import trace_variant
from explorer.architectures import family, variant
from explorer.demonstrations.vgg.receptive_field import field_at, field_in_stage_input, fields_up_to, window_layers
from tests.traces import traced

SIZE, WIDTH = 64, 1 / 16


def seen(model: nn.Module, layers: list[str], position: tuple[int, int]) -> Tensor:
    """Which pixels, (H, W), change the value at a position of the last of `layers`, run one after the other.

    With all weights and pixels positive no product is 0 but by padding; the mean in place of the maximum passes the
    gradient on to all that a pooling sees.
    """
    x = torch.ones(1, 3, SIZE, SIZE, requires_grad=True)
    y = x
    for name in layers:
        layer = model.get_submodule(name)
        if isinstance(layer, nn.Conv2d):
            y = nn.functional.conv2d(y, layer.weight.abs(), padding=layer.padding)
        else:
            y = nn.functional.avg_pool2d(y, 2)
    y[0, 0, *position].backward()
    assert x.grad is not None
    return x.grad[0].sum(dim=0) > 0


@pytest.mark.parametrize("last", ["conv1.conv1", "conv1.conv2", "conv2.pool", "conv3.conv3"])
@pytest.mark.parametrize("pixel", [(32, 32), (3, 60)])
def test_a_window_holds_exactly_the_pixels_that_its_position_depends_on(last: str, pixel: tuple[int, int]) -> None:
    trace = trace_variant(variant("vgg16"), SIZE, width=WIDTH)
    fields = fields_up_to(trace, last, pixel)
    found = seen(variant("vgg16").build(width=WIDTH), [f.node.name for f in fields], fields[-1].position)
    top, left, bottom, right = fields[-1].edges
    rows, columns = torch.arange(SIZE)[:, None], torch.arange(SIZE)[None]
    expected = (rows > top) & (rows < bottom) & (columns > left) & (columns < right)
    assert torch.equal(found, expected)
    assert fields[-1].inside((SIZE, SIZE)) == pytest.approx(int(expected.sum()) / (fields[-1].size[0] ** 2))


def test_each_window_lies_in_the_next_and_around_the_pixel() -> None:
    fields = fields_up_to(traced("vgg19"), "conv5.conv4", (100, 120))
    assert len(fields) == 20
    for before, after in pairwise(fields):
        assert after.size[0] >= before.size[0]
    for f in fields:
        top, left, bottom, right = f.edges
        assert top < 100 < bottom and left < 120 < right


def test_two_3x3_see_5x5_and_three_see_7x7_of_what_enters_their_stage_and_a_1x1_adds_nothing() -> None:
    d, c = traced("vgg16"), traced("vgg16_c")
    for stage in ("conv3", "conv4", "conv5"):
        views = [field_in_stage_input(d, d.node(f"{stage}.conv{i}")) for i in (1, 2, 3)]
        assert views == [(3, 3), (5, 5), (7, 7)]
        assert field_in_stage_input(c, c.node(f"{stage}.conv3")) == (5, 5)


@pytest.mark.parametrize("name", [v.name for v in family("vgg").variants])
def test_every_layer_of_every_variant_has_a_window(name: str) -> None:
    trace = traced(name)
    layers = window_layers(trace)
    assert layers[-1].name == "conv5.pool"
    assert field_at(layers[-1], (223, 223)).position == (6, 6)
    with pytest.raises(KeyError):
        fields_up_to(trace, "fc6.pool", (0, 0))
