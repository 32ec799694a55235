"""1×1 convolution: what it does at each position, and what it saves as a bottleneck."""

from __future__ import annotations

import streamlit as st

from explorer.analysis.cost import CostError
from explorer.demonstrations.pointwise import budget, calculator
from explorer.demonstrations.pointwise import one_position as weighted_sum
from explorer.demonstrations.pointwise.measured import practice


@st.fragment
def cost() -> None:
    """Everything that depends on the numbers that are typed in."""
    calculator.came_from()
    left, right = st.columns([2, 3], gap="large")
    with left:
        calculator.inputs()
    calculator.write_link()
    with right:
        try:
            c = calculator.convolution()
        except CostError as error:
            st.error(str(error))
            return
        calculator.comparison(c)
    calculator.formulas(c)
    st.caption(
        "Multiplications with padding's zeros count too, as the libraries compute them. A bias adds one "
        "parameter a map, and one addition a value. Activations are the outputs of all layers, float32. "
        "FLOPs = 2 × multiplications."
    )

    st.header("How narrow must the bottleneck be?", anchor=False)
    st.markdown(
        "The narrower, the cheaper: the line is straight. Past the break-even width the 1×1 costs more than it saves."
    )
    calculator.widths(c)

    st.header("The whole family", anchor=False)
    st.markdown(
        "The same job, done otherwise. A **grouped** filter sees its group only, a **depthwise** one a "
        "single channel: it mixes none, so a 1×1 follows. A **1×1** mixes channels and sees one position. An "
        "**inverted residual** expands first: it pays where few channels come in."
    )
    calculator.relatives(c)


@st.fragment
def seen() -> None:
    """A network's own 1×1 convolution at one position."""
    weighted_sum.see_it()
    calculator.write_link()


@st.fragment
def module() -> None:
    """Six numbers, and what they cost."""
    budget.budget()
    calculator.write_link()


calculator.begin()
weighted_sum.begin()
budget.begin()
st.title("1×1 convolution", anchor=False)
st.markdown(
    "At each position, a weighted sum over the channels. Before a k×k convolution it makes fewer channels of "
    "many, and the k×k then costs a fraction."
)
cost()
st.header("See it: a weighted sum over the channels", anchor=False)
st.markdown(
    "The same weights at every position, one set for each output map. No neighbour is looked at: that is the k×k's job."
)
seen()
st.header("An inception module as a budget", anchor=False)
st.markdown(
    "Six numbers decide what a module costs. The two **reduce** widths cost little themselves and set the "
    "price of the 3×3 and the 5×5 behind them."
)
module()
st.header("Theory and practice", anchor=False)
st.markdown(
    "Ten times fewer multiplications are not ten times less time. A depthwise convolution does little with each "
    "number that it loads, so memory sets its pace; small layers cannot fill a processor."
)
practice()
calculator.write_link()
