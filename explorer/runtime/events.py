"""What happens on a server, one line of JSON an event, for its operators: counts and times, no pictures, no names.

On where `EXPLORER_LOG` is "yes"; the lines go to stderr, as all that the app says.
"""

from __future__ import annotations

import json
import os
import sys
import time

VARIABLE = "EXPLORER_LOG"


def is_on() -> bool:
    """Whether anybody reads them."""
    return os.environ.get(VARIABLE, "") == "yes"


def event(name: str, **about: str | float | None) -> None:
    """Say that something has happened: `name` in the past tense, about it what a dashboard can count or plot."""
    if is_on():
        line = {"time": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()), "event": name, **about}
        print(json.dumps(line), file=sys.stderr, flush=True)
