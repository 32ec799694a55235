"""Which published weights a server fetches for its viewers: a download costs bandwidth and disk, whoever presses.

`EXPLORER_DOWNLOADS` says "yes", "no", or names variants. A server that other machines can reach fetches none unless it
is set.
"""

from __future__ import annotations

import ipaddress
import os

VARIABLE = "EXPLORER_DOWNLOADS"
YES, NO = "yes", "no"
REFUSED = f"This server fetches no ImageNet weights for it ({VARIABLE})."


class PermissionsError(ValueError):
    """`EXPLORER_DOWNLOADS` can't be read; the message is one sentence for whoever starts the app."""


def allowed(variant_name: str) -> bool:
    """Whether viewers may have the variant's weights fetched. Raises PermissionsError."""
    from explorer.architectures import catalogue

    said = os.environ.get(VARIABLE, "").replace(",", " ").split() or [YES]
    if said in ([YES], [NO]):
        return said == [YES]
    for name in said:
        if name not in catalogue():
            raise PermissionsError(f"{VARIABLE} has {name!r}; it takes {YES}, {NO} or names of variants.")
    return variant_name in said


def default_for(address: str | None) -> None:
    """Where nothing is set: yes for a server that only its own machine can reach, else no."""
    os.environ.setdefault(VARIABLE, default_of(address))


def default_of(address: str | None) -> str:
    """What holds for a server at an address; None: at all of the machine's."""
    return YES if address is not None and _is_loopback(address) else NO


def _is_loopback(address: str) -> bool:
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address == "localhost"
