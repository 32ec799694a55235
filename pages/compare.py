"""Compare: any two networks on the same picture."""

from __future__ import annotations

from explorer.instruments.questions.panel import questions_of
from explorer.page import tool
from explorer.ui.compare import DIFFERENCES, NETWORKS, PAIR, STAGES, runs

if __name__ == "__main__":
    tool(PAIR, DIFFERENCES, STAGES, questions_of("compare", runs=runs), networks=NETWORKS)
