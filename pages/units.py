"""Units: what the channels of a network look for, from its first stage to its classes."""

from __future__ import annotations

from explorer.instruments.looks_for.units_panel import MADE, NETWORK, TOP
from explorer.page import tool

if __name__ == "__main__":
    tool(TOP, MADE, networks=(NETWORK,), runs=False)
