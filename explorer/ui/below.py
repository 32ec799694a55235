"""What stands below the screen on every architecture's page: claims, layers, code, corrections, sources."""

from __future__ import annotations

import inspect

import streamlit as st

from explorer.analysis.palette import KINDS
from explorer.analysis.table import layer_records, layer_text
from explorer.analysis.text import bytes_text, si, thousands
from explorer.analysis.trace import Trace
from explorer.architectures.family import Family, Variant
from explorer.ui import cache, training_record

MAC_HELP = (
    "A MAC is one multiply-accumulate of a convolution or linear layer, for one picture; biases, normalization, "
    "activations, pooling and additions are not counted. FLOPs = 2 × MACs. Papers often print MACs as FLOPs."
)


def header(family: Family, variant: Variant) -> None:
    """Title, idea and the key figures of the chosen variant, from the trace."""
    t = cache.trace(variant.name)
    st.title(f"{variant.title} ({variant.year})" if variant.year else variant.title, anchor=False)
    st.markdown(
        f"{family.idea}  \n**{si(t.inference_params)}** parameters · **{si(t.inference_macs)}** MACs · "
        f"**{t.depth}** weight layers · input {t.input_size[1]} × {t.input_size[2]}",
        help=f"{family.authors}. {MAC_HELP} Weight layers are those on the longest path.",
    )


def claims(family: Family) -> None:
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


def layer_table(trace: Trace) -> None:
    """All operations with shapes and costs; sortable, searchable, and as CSV or text."""
    st.header("Layers", anchor=False)
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
    weighted = st.toggle("Only layers with parameters", value=True, key="layers-weighted")
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
            "kind": KINDS[r["kind"]].label,  # last: it may need scrolling, as the diagrams' colours tell it, too
        }
        for r in layer_records(trace)
        if r["params"] or not weighted
    ]
    number = st.column_config.NumberColumn(format="localized")
    st.dataframe(
        records, hide_index=True, placeholder="",
        column_config=dict.fromkeys(("parameters", "MACs", "activation (bytes)"), number),
    )  # fmt: skip
    st.download_button(
        "Table as text", layer_text(trace), f"{trace.variant}.txt", on_click="ignore", key="layers-download"
    )
    for parameter in trace.unused_parameters:
        st.caption(f"Not used by forward: {parameter}")


def code(variant: Variant) -> None:
    """The source of the module that runs: what the diagrams are drawn from."""
    module = inspect.getmodule(type(variant.config))
    assert module is not None  # configs are defined in their family's module
    source = inspect.getsource(module)
    st.header("Code", anchor=False)
    st.markdown(f"This is the code that runs, and from which everything above is derived. `{variant.config}`")
    network = source.partition("\nFAMILY")[0]
    with st.expander("Show the network"):
        st.code(network, language="python", line_numbers=True)


def mistakes(family: Family) -> None:
    """What is often written, what is true, and the evidence."""
    st.header("Common mistakes", anchor=False)
    for m in family.mistakes:
        with st.expander(f"“{m.often_written}”"):
            st.markdown(f"{m.correct}\n\n*{m.evidence}*")


def sources(family: Family) -> None:
    """Papers, releases and licences."""
    st.header("Sources", anchor=False)
    st.markdown("\n".join(f"- {s.title} ({s.where})" for s in family.sources))


def below(family: Family, variant: Variant) -> None:
    """Everything below the screen, in the order in which a lecture needs it."""
    claims(family)
    mistakes(family)
    training_record.panel(variant)
    layer_table(cache.trace(variant.name))
    code(variant)
    sources(family)
