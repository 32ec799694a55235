"""VGG (2014): one small kernel, stacked; depth from 11 to 19 layers."""

from __future__ import annotations

from explorer.demonstrations.batch_norm.panel import BATCH_NORM
from explorer.demonstrations.vgg.panel import FIELD, SHARES, STACK
from explorer.page import page

if __name__ == "__main__":
    page("vgg", FIELD, STACK, SHARES, BATCH_NORM)
