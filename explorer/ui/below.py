"""The sections that every architecture's page ends with: paper, training, layers, code."""

from __future__ import annotations

import inspect

import streamlit as st

from explorer.analysis.palette import KINDS
from explorer.analysis.table import layer_records, layer_text
from explorer.analysis.text import bytes_text, thousands
from explorer.architectures import family_of
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Family
from explorer.runtime.run import Run
from explorer.ui import cache, training_record
from explorer.ui.controls import toggle
from explorer.ui.link import flag
from explorer.ui.screen import MAC_HELP
from explorer.ui.section import Section

WEIGHTED = flag("layers.weighted", "Only layers with parameters", True)


def paper(run: Run) -> None:
    """What the papers claim, what is often written, and the sources."""
    family = family_of(run.variant)
    _claims(family)
    _mistakes(family)
    st.header("Sources", anchor=False)
    st.markdown("\n".join(f"- {s.title} ({s.where})" for s in family.sources))


def _claims(family: Family) -> None:
    """The papers' figures; where the trace can derive one, beside what it counts."""
    st.header("What the paper says", anchor=False)
    rows = []
    for claim in family.claims:
        counted = ""
        if claim.quantity is not None:
            counted = thousands(getattr(cache.trace(claim.variant), claim.quantity))
        rows.append({"claim": claim.label, "printed": claim.printed, "counted here": counted, "source": claim.source})
    st.table(rows)
    st.caption("Error rates are the papers' claims, each with its own data and protocol: compare only like with like.")


def _mistakes(family: Family) -> None:
    """What is often written, what is true, and the evidence."""
    st.header("Common mistakes", anchor=False)
    for m in family.mistakes:
        with st.expander(f"“{m.often_written}”"):
            st.markdown(f"{m.correct}\n\n*{m.evidence}*")


def layers(run: Run) -> None:
    """All operations with shapes and costs; sortable, searchable, and as CSV or text."""
    trace = cache.trace(run.variant)
    in_training = (
        f" With the auxiliary heads, for training only: {thousands(trace.params)} and {thousands(trace.macs)}."
        if trace.auxiliary
        else ""
    )
    st.markdown(
        f"{thousands(trace.inference_params)} parameters, {thousands(trace.inference_macs)} MACs.{in_training} "
        f"{bytes_text(trace.activation_bytes)} of activations (float32, all outputs together).",
        help=MAC_HELP,
    )
    weighted = toggle(WEIGHTED)
    records = [
        {
            "operation": r["node"],
            "type": r["type"],
            "input (C, H, W)": "×".join(map(str, r["in_shape"])),
            "output (C, H, W)": "×".join(map(str, r["out_shape"])),
            "kernel": "×".join(map(str, r["kernel"] or [])),
            "stride": "×".join(map(str, r["stride"] or [])),
            "groups": r["groups"],
            "field (px)": r["receptive_field"][0],
            "parameters": r["params"],
            "MACs": r["macs"],
            "activation (bytes)": r["activation_bytes"],
            "kind": KINDS[r["kind"]].label,  # last, so it is what scrolls away: the diagrams' colours show it as well
        }
        for r in layer_records(trace)
        if r["params"] or not weighted
    ]
    number = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        records,
        hide_index=True,
        placeholder="",
        column_config=dict.fromkeys(("parameters", "MACs", "activation (bytes)"), number),
        key="layers",
    )
    st.download_button(
        "Table as text", layer_text(trace), f"{trace.variant}.txt", on_click="ignore", key="layers-download"
    )
    for parameter in trace.unused_parameters:
        st.caption(f"Not used by forward: {parameter}")


def code(run: Run) -> None:
    """The source of the module that runs: what the diagrams are drawn from."""
    config = variant_called(run.variant).config
    module = inspect.getmodule(type(config))
    assert module is not None  # configs are defined in their family's module
    st.markdown(f"This is the code that runs, and from which everything above is derived. `{config}`")
    network = inspect.getsource(module).partition("\nFAMILY")[0]
    st.code(network, language="python", line_numbers=True)


SECTIONS = (
    Section("paper", "Paper", paper),
    Section("training", "Training", training_record.show, available=training_record.available),
    Section("layers", "Layers", layers, lambda run: (WEIGHTED,)),
    Section("code", "Code", code),
)
