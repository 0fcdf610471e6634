"""Kernels whose words were exchanged still end in findings: never in another exception, a hang or unbounded memory."""

from __future__ import annotations

import random
import re
from pathlib import Path

import pytest

from tests.fuzz.targets import TARGETS

pytestmark = [pytest.mark.fuzz, pytest.mark.timeout(600)]

SEEDS = sorted((Path(__file__).parent / "corpus" / "kernel").glob("*.ptx"))
_WORD = re.compile(r"[%$\w.]+|[^\s]")
_NUMBERS = ["0", "-1", "1", "7", "16", "33", "255", "0x7fffffff", "0xffffffffffffffff", "-9223372036854775808"]


def changed(text: str, draw: random.Random) -> str:
    """One to four words replaced by another of the text, by a number, or by nothing; or a statement moved."""
    words = _WORD.findall(text)
    begin = words.index(".visible")
    for _ in range(draw.randint(1, 4)):
        place, other = draw.randrange(begin, len(words)), draw.randrange(begin, len(words))
        match draw.randrange(5):
            case 0 | 1:
                words[place] = words[other]
            case 2:
                words[place] = draw.choice(_NUMBERS)
            case 3:
                del words[place]
            case _:
                ends = [number for number in range(begin, len(words)) if words[number] == ";"]
                first = draw.randrange(len(ends) - 1)
                statement = words[ends[first] : ends[first + 1]]
                del words[ends[first] : ends[first + 1]]
                at = draw.choice([number for number in range(begin, len(words)) if words[number] == ";"])
                words[at:at] = statement
    return " ".join(words)


@pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: seed.stem)
def test_a_kernel_with_other_words_ends_in_findings(seed: Path) -> None:
    text, draw = seed.read_text(encoding="utf-8"), random.Random(1)
    for _ in range(400):
        mutant = changed(text, draw)
        try:
            TARGETS["kernel"](mutant.encode())
        except Exception as error:
            raise AssertionError(mutant) from error
