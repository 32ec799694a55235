"""ResNet (2015): residual learning, plain nets and the three kinds of shortcut."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.degradation.panel import DEGRADATION
from explorer.demonstrations.gradients.panel import GRADIENTS
from explorer.demonstrations.residual_unit.panel import REMOVAL, SUM
from explorer.page import page

if __name__ == "__main__":
    page("resnet", SUM, REMOVAL, DEGRADATION, GRADIENTS, CLASS_ACTIVATION, BATCH_NORM)
