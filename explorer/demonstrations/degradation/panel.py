"""Shortcuts against degradation, whatever network the page shows: two of the bundled ones were trained for it."""

from __future__ import annotations

from functools import cache

import streamlit as st

from explorer.analysis.text import percent_text
from explorer.demonstrations.degradation import compute
from explorer.runtime.run import Run
from explorer.ui.answer import answer
from explorer.ui.charts import chart, dark
from explorer.ui.section import Section
from explorer.ui.training_record import ONE_RUN, curve_chart

_trainings = cache(compute.trainings)


def _show(run: Run) -> None:
    """What both networks reach, then how they got there, then what the paper reports."""
    plain, residual = _trainings()
    without, with_them = plain.variant.title, residual.variant.title
    answer(
        f"Right without shortcuts, {without}: **{percent_text(plain.entry.top1)}**. "
        f"With them, {with_them}: **{percent_text(residual.entry.top1)}**."
    )
    curves, facts = st.columns([3, 2], gap="medium")
    with curves:
        figure = curve_chart({without: plain.epochs, with_them: residual.epochs}, dark())
        chart(figure, "degradation", "Training loss and accuracy of both networks, epoch by epoch")
        st.caption(
            f"{plain.entry.data_title}, {plain.entry.images:,} validation pictures; both networks have "
            f"{plain.entry.width_title}. {ONE_RUN}"
        )
    with facts:
        st.markdown(
            "- **The same** recipe, pictures and seed, and but for the shortcuts the same layers.\n"
            "- **Not overfitting**: the plain network fits even its training pictures worse. Loss in the last epoch: "
            f"**{plain.last_loss:.2f}** against **{residual.last_loss:.2f}**.\n"
            "- **Not more parameters**: where the shape changes, a shortcut is a projection. Together they add "
            f"{residual.params / plain.params - 1:.1%}. All others are the identity."
        )
        printed = "\n".join(f"- {claim.label}: **{claim.printed}**" for claim in compute.claims())
        st.markdown(
            "**The paper, on ImageNet**: the deeper plain network errs more than the shallower one, the deeper ResNet "
            f"less.\n{printed}"
        )
        st.caption("; ".join(dict.fromkeys(claim.source for claim in compute.claims())))


DEGRADATION = Section("degradation", "Degradation", _show)
