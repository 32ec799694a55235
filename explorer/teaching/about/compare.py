"""What is asked with the compare page: about two networks, whichever they are."""

from __future__ import annotations

from explorer.analysis.compare import Difference, differences
from explorer.analysis.text import bytes_text, si, thousands
from explorer.architectures import variant
from explorer.teaching.question import Posed, Question, Subject, posed
from explorer.teaching.step import View

_FIELD = "Receptive field of the last maps"
_ALIKE = 1.3  # two ratios, where neither is more than so many times the other
_SHOWN = View(section="differences")
_TITLES = {  # of the table's rows: what is asked about each
    "Parameters": "Which of the two has more parameters?",
    "MACs": "Which of the two needs more MACs for one picture?",
    "Weight layers": "Which of the two is deeper, in weight layers on its longest path?",
    "All activations, float32": "Which of the two keeps more bytes of activations in training?",
    _FIELD: "Of which of the two could a value of the last maps see more pixels?",
}


def _differences(subject: Subject) -> dict[str, Difference]:
    """What the two differ in, by its row's title; nothing where there is only one network."""
    if subject.beside is None or subject.beside.variant == subject.run.variant:
        return {}
    traces = subject.trace, subject.trace_of(subject.beside.variant)
    gated = any(n.kind == "gate" for t in traces for n in t.nodes)  # through a gate, a value sees all of the picture
    return {d.label: d for d in differences(*traces) if not (gated and d.label == _FIELD)}


def _names(subject: Subject) -> tuple[str, str]:
    assert subject.beside is not None  # there are differences only between two
    return subject.variant.title, variant(subject.beside.variant).title


def _number(d: Difference, value: int) -> str:
    if d.unit == "bytes":
        return bytes_text(value)
    return f"{thousands(value)} px" if d.unit == "pixels" else thousands(value)


def _which(name: str, label: str) -> Question:
    """Which network has more, or neither."""

    def pose(subject: Subject) -> Posed | None:
        d = _differences(subject).get(label)
        if d is None:
            return None
        a, b = _names(subject)
        outcomes = {a: d.first > d.second, b: d.first < d.second, "Neither: they are equal": d.first == d.second}
        right = next(text for text, true in outcomes.items() if true)
        return posed(
            subject,
            _TITLES[label],
            right,
            [text for text in outcomes if text != right],
            f"{a}: {_number(d, d.first)}. {b}: {_number(d, d.second)}.",
            _SHOWN,
        )

    return Question(name, pose)


def _times(ratio: float) -> str:
    return f"{ratio:.1f} times" if ratio < 10 else f"{thousands(round(ratio))} times"


def _ratio(name: str, label: str, what: str) -> Question:
    """How many times as much the one with more has; wrong are the ratios of what else is counted.

    Ratios that are nearly the same are not told apart, and none is asked for that is nearly 1.
    """

    def pose(subject: Subject) -> Posed | None:
        found = _differences(subject)
        if not found:
            return None
        d, (a, b) = found[label], _names(subject)
        more, fewer = (b, a) if d.second > d.first else (a, b)
        right, *others = (max(r, 1 / r) for r in (d.ratio, *(o.ratio for o in found.values()), d.ratio**2))
        told_apart = [1.0, right]
        for ratio in others:
            if all(max(ratio / r, r / ratio) > _ALIKE for r in told_apart):
                told_apart.append(ratio)
        if right < _ALIKE:
            return None
        return posed(
            subject,
            f"How many times the {what} of {fewer} does {more} have?",
            _times(right),
            map(_times, told_apart[2:]),
            f"{a}: {si(d.first)}. {b}: {si(d.second)}.",
            _SHOWN,
        )

    return Question(name, pose)


QUESTIONS = (
    _which("more-parameters", "Parameters"),
    _which("more-macs", "MACs"),
    _which("deeper", "Weight layers"),
    _which("more-memory", "All activations, float32"),
    _which("sees-more", _FIELD),
    _ratio("times-parameters", "Parameters", "parameters"),
    _ratio("times-macs", "MACs", "MACs"),
)
