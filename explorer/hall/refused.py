"""What a person is told where something can't be done."""

from __future__ import annotations


class Refused(ValueError):
    """Not done; the message is one sentence for a person."""


class Away(Refused):
    """The store of the rooms does not answer. It is asked again each time: who tries later may be served."""
