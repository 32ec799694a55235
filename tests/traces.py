"""Traces and networks without data, for tests: each variant's is made once a process."""

from __future__ import annotations

from functools import cache

from torch import nn

from explorer.analysis.trace import Trace, trace_variant, without_data
from explorer.architectures import variant


@cache
def traced(name: str) -> Trace:
    """The trace of the variant with this name, at its own width and input size."""
    return trace_variant(name)


@cache
def built(name: str) -> nn.Module:
    """The variant's network, whose parameters have shapes only. Whoever changes it builds one of their own."""
    return without_data(variant(name))
