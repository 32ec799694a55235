"""What is taught about each architecture and with each tool: a module a page, with its TOUR and its QUESTIONS."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import Any

from explorer.teaching.question import Question
from explorer.teaching.step import Step


def tour(page: str) -> tuple[Step, ...]:
    """The guided tour of an architecture's page."""
    steps: tuple[Step, ...] = _module(page).TOUR
    return steps


def questions(page: str) -> tuple[Question, ...]:
    """The questions of a page, in the order in which they are offered."""
    asked: tuple[Question, ...] = _module(page).QUESTIONS
    return asked


@cache
def _module(page: str) -> Any:
    return import_module(f"{__name__}.{page}")
