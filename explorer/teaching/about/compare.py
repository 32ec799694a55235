"""What is asked with the compare page."""

from __future__ import annotations

from explorer.teaching.question import Question

QUESTIONS: tuple[Question, ...] = ()
