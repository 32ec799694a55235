"""1×1: what it does at each position, and what it saves as a bottleneck."""

from __future__ import annotations

from explorer.demonstrations.pointwise.budget_panel import BUDGET
from explorer.demonstrations.pointwise.calculator_panel import BOTTLENECKS, CALCULATOR, FAMILY, FORMULAS, FROM
from explorer.demonstrations.pointwise.measured_panel import MEASURED
from explorer.demonstrations.pointwise.position_panel import NET, POSITION, TOP
from explorer.instruments.questions.panel import questions_of
from explorer.page import tool

if __name__ == "__main__":
    tool(
        TOP,
        POSITION,
        CALCULATOR,
        FORMULAS,
        BOTTLENECKS,
        FAMILY,
        BUDGET,
        MEASURED,
        questions_of("convolution"),
        networks=(NET,),
        before=(FROM,),
    )
