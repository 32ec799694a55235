"""NiN (2013): Network in Network, the 1×1 convolution and global average pooling, where both come from."""

from __future__ import annotations

from explorer.demonstrations.class_activation.panel import CLASS_ACTIVATION
from explorer.page import page

if __name__ == "__main__":
    page("nin", CLASS_ACTIVATION)
