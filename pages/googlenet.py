"""GoogLeNet (2014): the inception module, its 1x1 reductions and the auxiliary heads."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.inception_module.panel import HEADS, MODULE, MODULES
from explorer.page import page

if __name__ == "__main__":
    page("googlenet", MODULE, MODULES, HEADS, CLASS_ACTIVATION, BATCH_NORM)
