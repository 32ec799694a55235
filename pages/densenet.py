"""DenseNet (2016): every layer sees the maps of all layers before it in its block."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.demonstrations.dense_block.panel import DENSE_BLOCK, DENSE_COST
from explorer.page import page

if __name__ == "__main__":
    page("densenet", DENSE_BLOCK, DENSE_COST, CLASS_ACTIVATION, BATCH_NORM)
