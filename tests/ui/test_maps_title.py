"""What stands above an operation's maps."""

from __future__ import annotations

import pytest

from explorer.runtime.pictures import load_image
from explorer.runtime.run import Run
from explorer.runtime.samples import samples
from explorer.ui import cache
from explorer.ui.maps_title import UNTRAINED_BADGE, maps_title


@pytest.mark.parametrize(
    ("variant", "weights", "node", "numbers", "badge"),
    [
        ("resnet50", "untrained", "conv2_x.0.relu3", ("256", "56×56"), True),
        ("resnet50", "bundled", "conv2_x.0.relu3", ("64", "56×56", "256", "quarter"), False),
        ("resnet50", "bundled", "head.pool", ("512 values", "2,048", "quarter"), False),
        ("resnet50", "bundled", "head.fc", ("10 values", "1,000", "10 classes"), False),
        ("resnet50", "bundled", "input", ("3 maps", "224×224"), False),
        ("lenet5", "bundled", "c1.conv", ("6", "28×28"), False),
    ],
)
def test_maps_are_counted_and_what_differs_from_the_paper_is_said(
    variant: str, weights: str, node: str, numbers: tuple[str, ...], badge: bool
) -> None:
    run = Run(variant, weights, "cpu", load_image(samples()[0].path))
    for trace in (cache.trace(variant), cache.running_trace(run)):
        title = maps_title(run, trace.node(node))
        assert title.startswith(numbers[0])
        assert all(number in title for number in numbers)
        assert (UNTRAINED_BADGE in title) == badge
        assert ("paper" in title) == (len(numbers) > 2)
