"""The language of the person at this server. Imports nothing of the project."""

from __future__ import annotations

import os
from collections.abc import Mapping
from typing import Literal

Language = Literal["de", "en"]

#: Set by the hub from the settings, and by the lab extension where the person chose; kernels read it too.
VARIABLE = "LEHRWERK_LANG"


def language() -> Language:
    """What the person reads; English where nothing is said."""
    return "de" if os.environ.get(VARIABLE, "").lower().startswith("de") else "en"


def say(text: Mapping[str, str]) -> str:
    """The sentence of `text` ({"de": ..., "en": ...}) in the person's language."""
    return text[language()]
