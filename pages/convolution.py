"""1×1: what it does at each position, and what it saves as a bottleneck."""

from __future__ import annotations

from explorer.demonstrations.pointwise.panel import (
    BOTTLENECKS,
    BUDGET,
    CALCULATOR,
    FAMILY,
    FORMULAS,
    FROM,
    MEASURED,
    NET,
    POSITION,
)
from explorer.page import tool

if __name__ == "__main__":
    tool(
        CALCULATOR,
        FORMULAS,
        BOTTLENECKS,
        FAMILY,
        POSITION,
        BUDGET,
        MEASURED,
        networks=(NET,),
        before=(FROM,),
    )
