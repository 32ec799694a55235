"""The sections that every architecture's page ends with: paper, training, layers, code."""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import streamlit as st

from explorer.analysis.palette import KINDS
from explorer.analysis.table import layer_csv, layer_records, layer_text
from explorer.analysis.text import bytes_text, pair_text, thousands
from explorer.analysis.words import explained
from explorer.architectures import family_of
from explorer.architectures import variant as variant_called
from explorer.architectures.family import Family, Mistake
from explorer.runtime.run import Run
from explorer.ui import cache, training_record
from explorer.ui.controls import toggle
from explorer.ui.link import flag
from explorer.ui.long_table import long_table
from explorer.ui.section import Section

WEIGHTED = flag("layers.weighted", "Only layers with parameters", True)


def paper(run: Run) -> None:
    """What the papers claim, what is often written, and the sources."""
    family = family_of(run.variant)
    _claims(family)
    st.header("Common mistakes", anchor=False)
    corrections(family.mistakes)
    st.header("Sources", anchor=False)
    st.markdown("\n".join(f"- {s.title} ({s.where})" for s in family.sources))


def _claims(family: Family) -> None:
    """The sources' figures; where the trace can derive one, beside what it counts."""
    st.header("What the sources say", anchor=False)
    rows = []
    for claim in family.claims:
        counted = ""
        if claim.quantity is not None:
            # A paper's ResNet-50 is not the one that libraries call so.
            of = variant_called(claim.variant).title
            counted = f"{thousands(getattr(cache.trace(claim.variant), claim.quantity))} ({of})"
        rows.append({"claim": claim.label, "printed": claim.printed, "counted here": counted, "source": claim.source})
    with st.container(key="claims"):
        st.table(rows)
    st.caption("Each error rate has its own data and protocol: compare only like with like.")


def corrections(mistakes: Sequence[Mistake]) -> None:
    """What is often written, what is true, and the evidence."""
    for m in mistakes:
        with st.expander(f"“{m.often_written}”"):
            st.markdown(f"{m.correct}\n\n*{m.evidence}*")


def layers(run: Run) -> None:
    """All operations with shapes and costs, here and as files."""
    trace = cache.trace(run.variant)
    in_training = (
        f" With the auxiliary heads, for training only: {thousands(trace.params)} and {thousands(trace.macs)}."
        if trace.auxiliary
        else ""
    )
    st.markdown(
        f"{thousands(trace.inference_params)} parameters, {thousands(trace.inference_macs)} MACs.{in_training} "
        f"{bytes_text(trace.activation_bytes)} of activations (float32, all outputs together).",
        help=explained("Parameter", "MAC", "Receptive field", "Stride", "Padding"),
    )
    weighted = toggle(WEIGHTED)
    with st.container(horizontal=True):
        for suffix, text in (("csv", layer_csv(trace)), ("txt", layer_text(trace))):
            st.download_button(
                f"Download as {suffix.upper()}",
                text,
                f"{trace.variant}-layers.{suffix}",
                on_click="ignore",
                key=f"layers-{suffix}",
            )
    long_table([_layer(r) for r in layer_records(trace) if r["params"] or not weighted])
    for parameter in trace.unused_parameters:
        st.caption(f"Not used by forward: {parameter}")


def _layer(r: dict[str, Any]) -> dict[str, str]:
    """A row of the table; the kind is last: the diagrams' colours show it as well."""

    def window(name: str) -> str:
        return pair_text(r[name] or ())

    return {
        "operation": r["node"],
        "type": r["type"],
        "in (C×H×W)": pair_text(r["in_shape"]),
        "out (C×H×W)": pair_text(r["out_shape"]),
        "kernel": window("kernel"),
        "stride": window("stride"),
        "padding": window("padding"),
        "groups": str(r["groups"] or ""),
        "field (px)": pair_text(r["receptive_field"]),
        "parameters": thousands(r["params"]),
        "MACs": thousands(r["macs"]),
        "activation": bytes_text(r["activation_bytes"]),
        "kind": KINDS[r["kind"]].label,
    }


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
