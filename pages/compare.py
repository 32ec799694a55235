"""Compare: any two networks on the same picture."""

from __future__ import annotations

from explorer.page import tool
from explorer.ui.compare import DIFFERENCES, NETWORKS, PAIR, STAGES

if __name__ == "__main__":
    tool(PAIR, DIFFERENCES, STAGES, networks=NETWORKS)
