"""Xception (2016): depthwise separable convolutions, with a shortcut around each module."""

from __future__ import annotations

from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.separable.panel import SPECTRUM
from explorer.page import page
from explorer.ui.tour import Step

TOUR = (
    Step(
        "Two regular convolutions",
        "entry_flow.module1.relu2",
        "The first module is ordinary: two 3×3 convolutions that mix all channels. Everything after it is "
        "separable, except a few shortcuts.",
    ),
    Step(
        "Depthwise: space",
        "middle_flow.module5.residual.separable1.depthwise",
        "One 3×3 filter for each channel: output map 7 depends on input map 7 alone. Compare them: click "
        "**relu1**, the cell before it, then come back.",
        section="spectrum",
    ),
    Step(
        "Pointwise: channels",
        "middle_flow.module5.residual.separable1.pointwise",
        "A 1×1 then mixes all channels at each position. Colour the nodes by **Parameters**: nearly all of "
        "them are here.",
    ),
    Step(
        "Nothing in between",
        "middle_flow.module5.residual.bn1",
        "No ReLU separates the two halves. With one, the paper's network trained more slowly and ended less "
        "accurate. MobileNet has one.",
    ),
    Step(
        "The shortcut is not separable",
        "entry_flow.module3.shortcut.conv",
        "Where a module halves the maps, a regular 1×1 of stride 2 makes the shortcut fit. The paper does "
        "not count these among its 36 layers.",
    ),
    Step(
        "Eight times the same",
        "middle_flow.module12.add",
        "The middle flow repeats one module. Its input is added unchanged, and no ReLU follows the sum.",
    ),
    Step(
        "The price is memory",
        "entry_flow.module2.residual.separable2.pointwise",
        "Each pair writes two stacks of maps where a regular convolution writes one. Colour the nodes by "
        "**Memory**: the first modules' maps weigh most.",
    ),
    Step(
        "No shortcut at the end",
        "exit_flow.module14.relu2",
        "The last two separable convolutions double the channels. The mean of each map is all that the "
        "classifier gets.",
    ),
)

if __name__ == "__main__":
    page("xception", TOUR, SPECTRUM, CLASS_ACTIVATION)
