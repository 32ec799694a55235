"""How much memory the app may take, and how much of it for results that it keeps.

`EXPLORER_MEMORY` says it for the whole process, in MiB; without it half of the machine's memory, at most 2 GiB.
"""

from __future__ import annotations

import os

VARIABLE = "EXPLORER_MEMORY"
MIB = 2**20
MOST = 2048 * MIB
LEAST = 512  # MiB
OWN = 1100 * MIB  # what the process takes for itself: torch, Streamlit, twenty sessions; measured
LEAST_KEPT = 256 * MIB  # whatever the limit: less would mean that nothing is ever found


class MemoryLimitError(ValueError):
    """`EXPLORER_MEMORY` says no number; the message is one sentence for whoever started the app."""


def limit() -> int:
    """The bound of the process in bytes. Raises MemoryLimitError for what is no number of MiB."""
    said = os.environ.get(VARIABLE, "").strip()
    if not said:
        return min(MOST, _machine_bytes() // 2)
    if not (said.isascii() and said.isdigit() and int(said) >= LEAST):
        raise MemoryLimitError(f"{VARIABLE} is {said!r}; it must be a whole number of MiB, at least {LEAST}.")
    return int(said) * MIB


def kept_limit() -> int:
    """The bound of what is kept. Raises MemoryLimitError as `limit` does."""
    return max(LEAST_KEPT, limit() - OWN)


def _machine_bytes() -> int:
    """The memory of this machine; where nobody says that, as on Windows, enough for the largest bound."""
    try:
        return os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):
        return 2 * MOST
