"""Accuracy: published figures against the operations that are counted here."""

from __future__ import annotations

from explorer.page import tool
from explorer.ui.accuracy import CHART_OF_ALL, PRINTED
from explorer.ui.compare import NETWORKS

if __name__ == "__main__":
    tool(CHART_OF_ALL, PRINTED, networks=NETWORKS, runs=False)
