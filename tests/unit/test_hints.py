"""Hints come one by one, in the learner's language, and stay at the last."""

from __future__ import annotations

import pytest

from grader.checks import Hints

TEXTS = ({"en": "Think of `i`.", "de": "Denk an `i`."}, {"en": "Add a guard."})


def test_each_call_shows_one_more_and_the_last_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEHRWERK_LANG", "en")
    hint = Hints(*TEXTS)
    assert str(hint()) == "Hint 1 of 2: Think of `i`.\nRun the cell again for the next hint."
    assert str(hint()) == str(hint()) == "Hint 2 of 2: Add a guard."


def test_they_are_in_the_learners_language_as_far_as_there_is_a_text(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("LEHRWERK_LANG", "de")
    hint = Hints(*TEXTS)
    assert hint()._repr_markdown_().startswith("**Tipp 1 von 2.** Denk an `i`.\n\n*")
    assert hint()._repr_markdown_() == "**Tipp 2 von 2.** Add a guard."


@pytest.mark.parametrize("texts", [(), ({"de": "Nur deutsch."},), ({"en": ""},)])
def test_hints_without_a_text_are_refused(texts: tuple[dict[str, str], ...]) -> None:
    with pytest.raises(ValueError, match="at least one hint"):
        Hints(*texts)  # type: ignore[arg-type]
