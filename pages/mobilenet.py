"""MobileNet (2017): depthwise separable convolutions, inverted residuals, gates."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.gates.panel import ALL_GATES, ALTERED_GATES, GATES, GATES_COST
from explorer.demonstrations.mobilenet.panel import MIX, MULTIPLIERS, SPIRAL, WIDTHS
from explorer.page import page

if __name__ == "__main__":
    page(
        "mobilenet",
        MIX,
        WIDTHS,
        SPIRAL,
        MULTIPLIERS,
        GATES,
        ALTERED_GATES,
        ALL_GATES,
        GATES_COST,
        CLASS_ACTIVATION,
        BATCH_NORM,
    )
