"""SENet (2017): gates that weigh the channels by what the whole image shows."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.gates.panel import ALL_GATES, ALTERED_GATES, GATES, GATES_COST
from explorer.demonstrations.gates.softmax_panel import SOFTMAX
from explorer.demonstrations.residual_unit.panel import SUM
from explorer.page import page

if __name__ == "__main__":
    page("senet", GATES, ALTERED_GATES, ALL_GATES, GATES_COST, SOFTMAX, SUM, CLASS_ACTIVATION, BATCH_NORM)
