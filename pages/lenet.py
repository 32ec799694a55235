"""LeNet-5 (1998): shared kernels, trained sub-sampling, a partly connected C3 and an output of distances."""

from __future__ import annotations

from explorer.demonstrations.digits.panel import DIGIT, DRAW
from explorer.demonstrations.learning.panel import LEARNS
from explorer.demonstrations.lenet.panel import CONNECTIONS, OUTPUT
from explorer.page import page

if __name__ == "__main__":
    page("lenet", DRAW, LEARNS, CONNECTIONS, OUTPUT, picture=DIGIT)
