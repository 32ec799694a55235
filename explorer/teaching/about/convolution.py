"""What is asked with the convolution page."""

from __future__ import annotations

from explorer.teaching.question import Question

QUESTIONS: tuple[Question, ...] = ()
