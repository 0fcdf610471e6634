"""German and English are complete, and each request gets the right one."""

from __future__ import annotations

import re
from datetime import UTC, datetime

import pytest

from campus.portal.language import LANGUAGES, choose, moment, number, pick, read_catalogue, used_messages


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_portal_is_in_the_catalogue(language):
    catalogue = read_catalogue(language)
    used = [message for message in used_messages() if message.id]
    assert len(used) > 100
    for message in used:
        entry = catalogue.get(message.id)
        assert entry is not None, f"{message.id!r} is missing: run python -m campus.portal.language"
        texts = entry.string if isinstance(entry.string, tuple) else (entry.string,)
        assert all(texts), f"{message.id!r} has no {language}"
        assert not entry.fuzzy


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_names_that_are_filled_in(language):
    for message in read_catalogue(language):
        wanted = set(re.findall(r"%\((\w+)\)s", str(message.id)))
        texts = message.string if isinstance(message.string, tuple) else (message.string,)
        for text in texts:
            assert set(re.findall(r"%\((\w+)\)s", text)) == wanted, message.id


def test_no_text_is_in_a_catalogue_that_no_page_uses():
    used = {message.id for message in used_messages()}
    for language in LANGUAGES:
        assert {message.id for message in read_catalogue(language)} == used


def test_german_is_not_the_english_text():
    same = [m.id for m in read_catalogue("de") if m.id and m.id == m.string]
    assert set(same) <= {"Code", "Text", "Person"}


@pytest.mark.parametrize(
    ("query", "preferred", "accept", "expected"),
    [
        ("de", "en", "en", "de"),
        (None, "de", "en", "de"),
        ("fr", "de", "en", "de"),
        (None, None, "de-AT,en;q=0.5", "de"),
        (None, None, "fr, en;q=0.3, de;q=0.8", "de"),
        (None, None, "de;q=0, fr", "en"),
        (None, None, "de;q=nonsense", "en"),
        (None, None, None, "en"),
        ("../../etc", "x" * 9999, "," * 9999, "en"),
    ],
)
def test_the_language_of_a_request(query, preferred, accept, expected):
    assert choose(query, preferred, accept) == expected


def test_numbers_and_dates_follow_the_language():
    assert (number(2.5, "de"), number(2.5, "en"), number(3.0, "en")) == ("2,5", "2.5", "3")
    at = datetime(2026, 3, 2, 9, 5, tzinfo=UTC)
    assert "März 2026" in moment(at, "de")
    assert "Mar 2026" in moment(at, "en")
    assert moment(at, "en") == moment(at.replace(tzinfo=None), "en")


def test_a_course_text_falls_back_to_a_language_it_has():
    assert pick({"de": "Hallo"}, "en") == "Hallo"
    assert pick({"de": "Hallo", "en": "Hello"}, "en") == "Hello"
    assert pick(None, "en") == ""
