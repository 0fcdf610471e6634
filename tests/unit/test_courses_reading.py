"""The courses' text is read: words are spelt as a dictionary has them, and sentences are short enough to follow.

Dictionaries are hunspell's. What they lack, names of the field above all, stands in `words.de.txt` and `words.en.txt`
beside the courses, in alphabetical order.
"""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from markdown_it import MarkdownIt
from markdown_it.token import Token

from grader.course.reader import Unit
from tests.shipped import UNITS

FOLDER = Path(__file__).parents[2] / "courses"
DICTIONARIES = {"de": "de_DE", "en": "en_GB"}
LONGEST = 30
_MARKDOWN = MarkdownIt("commonmark").enable("table")

both = pytest.mark.parametrize("language", ["de", "en"])
units = pytest.mark.parametrize("unit", UNITS.values(), ids=UNITS.keys())


def passages(unit: Unit, language: str) -> Iterator[str]:
    """The paragraphs, headings, list items and table cells of a unit; code in a text is one word, `code`."""
    for cell in unit.notebooks[language].cells:
        if cell.cell_type != "markdown":
            continue
        for token in _MARKDOWN.parse(cell.source):
            if token.type == "inline":
                # Formulas are no sentences.
                yield re.sub(r"\$[^$]*\$", "code", "".join(map(_spoken, token.children or ())))


def _spoken(token: Token) -> str:
    if token.type == "text":
        return token.content
    return "code" if token.type == "code_inline" else " " if token.type.endswith("break") else ""


def known(language: str) -> list[str]:
    return (FOLDER / f"words.{language}.txt").read_text(encoding="utf-8").split()


def words(text: str) -> set[str]:
    """Parts of compounds with a hyphen are words of their own; a genitive's `'s` is none."""
    found = re.findall(r"[^\W\d_]+(?:['’][^\W\d_]+)?", text)
    return {re.sub(r"'s$", "", word.replace("’", "'")) for word in found if len(word) > 1}


def misspelt(text: str, language: str) -> set[str]:
    command = ["hunspell", "-d", DICTIONARIES[language], "-i", "utf-8", "-l"]
    found = subprocess.run(command, input="\n".join(words(text)), capture_output=True, text=True, check=True)
    return set(found.stdout.split())


@both
@units
def test_words_are_in_a_dictionary(unit: Unit, language: str) -> None:
    assert shutil.which("hunspell"), "no hunspell: apt install hunspell hunspell-de-de hunspell-en-gb"
    text = "\n".join(passages(unit, language))
    assert sorted(misspelt(text, language) - set(known(language))) == []


@both
def test_the_word_list_has_nothing_that_a_dictionary_has_or_no_text_needs(language: str) -> None:
    ours = known(language)
    assert ours == sorted(set(ours), key=lambda word: (word.casefold(), word))
    assert sorted(set(ours) - misspelt("\n".join(ours), language)) == []
    everything = "\n".join(text for unit in UNITS.values() for text in passages(unit, language))
    assert sorted(set(ours) - misspelt(everything, language)) == []


@both
@units
def test_no_sentence_is_longer_than_thirty_words(unit: Unit, language: str) -> None:
    long = []
    for passage in passages(unit, language):
        for sentence in re.split(r"(?<=[.!?:;])[\s“”\"»)]+", passage):
            if len(re.findall(r"\w[\w'’-]*", sentence)) > LONGEST:
                long.append(sentence)
    assert long == []


@both
def test_a_wrong_word_and_its_neighbours_are_told_apart(language: str) -> None:
    text = {"de": "Ein Kernel schreipt in den Speicher.", "en": "A kernel writtes to the memory."}
    assert misspelt(text[language], language) - set(known(language)) == {{"de": "schreipt", "en": "writtes"}[language]}
