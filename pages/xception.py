"""Xception (2016): depthwise separable convolutions, with a shortcut around each module."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.separable.panel import SPECTRUM
from explorer.page import page

if __name__ == "__main__":
    page("xception", SPECTRUM, CLASS_ACTIVATION, BATCH_NORM)
