"""Inception (2015): v3 and v4, factorized filters, and the same modules with residual connections."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.inception_module.panel import HEADS, MODULE, MODULES
from explorer.demonstrations.label_smoothing.panel import LABEL_SMOOTHING
from explorer.page import page

if __name__ == "__main__":
    page("inception", MODULE, MODULES, HEADS, LABEL_SMOOTHING, CLASS_ACTIVATION, BATCH_NORM)
