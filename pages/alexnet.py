"""AlexNet (2012): ReLU, overlapping pooling, local response normalization and two towers."""

from __future__ import annotations

from explorer.demonstrations.alexnet.panel import DROPOUT, FIRST_KERNELS, LRN
from explorer.demonstrations.augmentation.panel import AUGMENTATION, TEN_CROPS
from explorer.demonstrations.overfitting.panel import HUNDRED, OVERFITTING
from explorer.page import page

if __name__ == "__main__":
    page("alexnet", FIRST_KERNELS, LRN, OVERFITTING, DROPOUT, AUGMENTATION, HUNDRED, TEN_CROPS)
