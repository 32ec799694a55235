"""The table of layers, for the command line, the page and the golden files."""

from __future__ import annotations

import csv
import io
from typing import Any

from explorer.analysis.cost import format_pair
from explorer.analysis.trace import Node, Trace
from explorer.analysis.types import Pair, Shape


def layer_records(trace: Trace) -> list[dict[str, Any]]:
    """One record an operation, as `describe --json` prints it; shapes are [C, H, W] or [features]."""
    return [
        {
            "node": n.name,
            "path": n.path,
            "type": n.type,
            "kind": n.kind,
            "inputs": list(n.inputs),
            "in_shape": list(n.in_shapes[0]),
            "out_shape": list(n.out_shape),
            "kernel": n.kernel and list(n.kernel),
            "stride": n.stride and list(n.stride),
            "padding": n.padding and list(n.padding),
            "groups": n.groups,
            "params": n.params,
            "macs": n.macs,
            "activation_bytes": n.activation_bytes,
            "receptive_field": list(n.receptive_field),
            "receptive_field_stride": list(n.rf_stride),
        }
        for n in trace.nodes[1:]
    ]


CSV_AXES = {"kernel": "kernel", "stride": "stride", "padding": "padding", "field": "receptive_field"}


def layer_csv(trace: Trace) -> str:
    """The table for a spreadsheet: a row an operation, each number in a column of its own.

    Shapes are in C, H and W, of which a vector has only C; windows and receptive fields are in h and w.
    """
    rows = []
    for r in layer_records(trace):
        row: dict[str, Any] = {"operation": r["node"], "type": r["type"], "kind": r["kind"]}
        for side in ("in", "out"):
            shape = [*r[f"{side}_shape"], None, None][:3]
            row |= {f"{side}_{axis}": length for axis, length in zip("CHW", shape, strict=True)}
        for name, key in CSV_AXES.items():
            row |= {f"{name}_{axis}": length for axis, length in zip("hw", r[key] or (None, None), strict=True)}
        rows.append(row | {key: r[key] for key in ("groups", "params", "macs", "activation_bytes")})
    text = io.StringIO()
    writer = csv.DictWriter(text, rows[0], lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _chw(shape: Shape) -> str:
    return "x".join(map(str, shape))


def _short(pair: Pair | None) -> str:
    return "" if pair is None else format_pair(pair)


COLUMNS = ("operation", "type", "input", "output", "kernel", "stride", "padding", "groups", "field", "params", "MACs")


def _row(n: Node) -> tuple[str, ...]:
    groups = str(n.groups) if n.groups is not None else ""
    window = (_short(n.kernel), _short(n.stride), _short(n.padding), groups)
    return (
        n.name,
        n.type,
        _chw(n.in_shapes[0]),
        _chw(n.out_shape),
        *window,
        _short(n.receptive_field),
        f"{n.params:,}",
        f"{n.macs:,}",
    )


def _without_auxiliary(trace: Trace) -> list[str]:
    if not trace.auxiliary:
        return []
    heads = ", ".join(trace.auxiliary)
    return [f"without {heads}: parameters {trace.inference_params:,}  MACs {trace.inference_macs:,}"]


def layer_text(trace: Trace) -> str:
    """The table as plain text: what `describe` prints and what the golden files hold."""
    rows = [COLUMNS, *(_row(n) for n in trace.nodes[1:])]
    widths = [max(len(row[i]) for row in rows) for i in range(len(COLUMNS))]
    numeric = range(4, len(COLUMNS))
    lines = [
        "  ".join(
            cell.rjust(w) if i in numeric else cell.ljust(w)
            for i, (cell, w) in enumerate(zip(row, widths, strict=True))
        )
        for row in rows
    ]
    return "\n".join(
        [
            f"{trace.variant}  input {_chw(trace.input_size)}  depth {trace.depth}",
            f"parameters {trace.params:,}  MACs {trace.macs:,} (FLOPs = 2 x MACs)",
            *_without_auxiliary(trace),
            *(f"not used by forward: {p}" for p in trace.unused_parameters),
            *(f"no MAC rule: {n}" for n in trace.unruled),
            "",
            *(line.rstrip() for line in lines),
            "",
        ]
    )
