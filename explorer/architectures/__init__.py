"""The catalogue: every family that has a module in this package, in the order of publication.

Adding an architecture is adding a module that defines `FAMILY`; nothing here has to be edited.
"""

from __future__ import annotations

import difflib
import importlib
import pkgutil
from functools import cache

from explorer.architectures.family import Family, Variant

SHARED_MODULES = {"family", "blocks"}


class UnknownVariant(KeyError):
    """No family has a variant of that name. `str()` of it is a sentence for a person."""

    def __str__(self) -> str:
        return str(self.args[0])


@cache
def families() -> tuple[Family, ...]:
    """All families, oldest first."""
    names = [m.name for m in pkgutil.iter_modules(__path__) if m.name not in SHARED_MODULES]
    found = [importlib.import_module(f"{__name__}.{name}").FAMILY for name in names]
    return tuple(sorted(found, key=lambda family: (family.year, family.title)))


def family(name: str) -> Family:
    """The family called `name`. Raises KeyError."""
    return {f.name: f for f in families()}[name]


@cache
def catalogue() -> dict[str, Variant]:
    """All variants by name, in the order of their families."""
    return {v.name: v for f in families() for v in f.variants}


def variant(name: str) -> Variant:
    """The variant called `name`, of any family.

    Raises UnknownVariant with a sentence that suggests the nearest names.
    """
    known = catalogue()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(name, known, n=3, cutoff=0.5) or list(known)[:3]
    raise UnknownVariant(f"There is no variant called {name!r}. Did you mean {', '.join(near)}?")


def family_of(variant_name: str) -> Family:
    """The family to which the variant belongs. Raises UnknownVariant."""
    wanted = variant(variant_name)
    return next(f for f in families() if wanted in f.variants)
