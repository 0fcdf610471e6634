"""Hints of an exercise: each call shows one more, in the learner's language.

Imports the surroundings' language only.
"""

from __future__ import annotations

import html
from dataclasses import dataclass

from grader.checks.surroundings import Language, chosen_language

_WORDS: dict[Language, tuple[str, str, str]] = {
    "de": ("Tipp", "von", "Für den nächsten Tipp führst du die Zelle noch einmal aus."),
    "en": ("Hint", "of", "Run the cell again for the next hint."),
}


@dataclass(frozen=True)
class ShownHint:
    """What a notebook shows of one hint: as Markdown, and as plain text elsewhere."""

    number: int
    total: int
    text: str
    language: Language

    def __str__(self) -> str:
        word, of, again = _WORDS[self.language]
        lines = [f"{word} {self.number} {of} {self.total}: {self.text}"]
        return "\n".join(lines + [again] * (self.number < self.total))

    __repr__ = __str__

    def _repr_markdown_(self) -> str:
        word, of, again = _WORDS[self.language]
        parts = [f"**{word} {self.number} {of} {self.total}.** {self.text}"]
        return "\n\n".join(parts + [f"*{html.escape(again)}*"] * (self.number < self.total))


class Hints:
    """The hints of one exercise, from a nudge to nearly the answer, each a text by language.

        saxpy_hint = Hints({"en": "Which element is this thread's?", "de": "Welches gehört diesem Thread?"}, ...)

    In a notebook's cell `checks.saxpy_hint()` shows the first, run again the second, and at the end the last.
    Raises ValueError without a hint, or where one lacks the English text.
    """

    def __init__(self, *texts: dict[Language, str]) -> None:
        if not texts or not all(one.get("en") for one in texts):
            raise ValueError("give at least one hint, and each in English")
        self._texts = texts
        self._shown = 0

    def __call__(self) -> ShownHint:
        self._shown = min(self._shown + 1, len(self._texts))
        language = chosen_language()
        text = self._texts[self._shown - 1]
        return ShownHint(self._shown, len(self._texts), text.get(language) or text["en"], language)
