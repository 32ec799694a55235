"""Accuracy: published figures against the operations that are counted here."""

from __future__ import annotations

from explorer.page import tool
from explorer.ui.accuracy import CHART, PRINTED, TOP
from explorer.ui.compare import NETWORKS

if __name__ == "__main__":
    tool(TOP, CHART, PRINTED, networks=NETWORKS, runs=False)
