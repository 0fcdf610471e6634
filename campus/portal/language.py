"""German and English: the gettext catalogues, and which of them a request gets.

They hold what people read on the portal's and the hub's pages and in the command's tables. Catalogues are committed as
`.po` and compiled in memory at start. `python -m campus.portal.language` brings them up to date: it adds what is new,
drops what is gone and says what waits for a translation.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import Any, get_args

from babel.dates import format_datetime, get_timezone
from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from babel.numbers import format_decimal
from babel.support import Translations

from campus.settings import Language

LANGUAGES: tuple[Language, ...] = get_args(Language)
#: What each language calls itself.
NAMES: dict[Language, str] = {"de": "Deutsch", "en": "English"}
#: Dates and numbers follow a region; British English has the day before the month, as German has.
_LOCALES: dict[Language, str] = {"de": "de_DE", "en": "en_GB"}

_MOMENTS: dict[Language, str] = {"de": "d. MMM y, HH:mm z", "en": "d MMM y, HH:mm z"}

#: Where somebody's choice is kept; portal and hub share it.
LANGUAGE_COOKIE = "lehrwerk-language"
LANGUAGE_COOKIE_DAYS = 365

_SINCE = datetime(2026, 1, 1, tzinfo=UTC)
_HERE = Path(__file__).parent
_CAMPUS = _HERE.parent
_METHODS = [("**.py", "python"), ("**.html", "jinja2.ext:babel_extract")]
#: `mark` marks a text that is translated later, where the language of the request is known.
_KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "ngettext": (1, 2), "mark": None}


def mark(message: str) -> str:
    """Mark a text for the catalogues and leave it as it is."""
    return message


def po_file(language: Language) -> Path:
    return _HERE / "locale" / language / "LC_MESSAGES" / "portal.po"


def read_catalogue(language: Language) -> Catalog:
    with po_file(language).open("rb") as stream:
        return read_po(stream, locale=language, abort_invalid=True)


@cache
def translations(language: Language) -> Translations:
    """The compiled catalogue of one language."""
    compiled = BytesIO()
    write_mo(compiled, read_catalogue(language))
    compiled.seek(0)
    return Translations(compiled, domain="portal")


def used_messages() -> Catalog:
    """Every text that pages and code of the portal mark, as an empty catalogue."""
    catalogue = Catalog(charset="utf-8", project="Lehrwerk", header_comment="# Texts of Lehrwerk.")
    found = extract_from_dir(
        str(_CAMPUS),
        method_map=_METHODS,
        options_map={"**.html": {"newstyle_gettext": "true", "trimmed": "true", "silent": "false"}},
        keywords=_KEYWORDS,
    )
    for file, _line, message, _comments, _context in found:
        # A line number would change with every edit; the file is enough to find the text.
        catalogue.add(message, locations=[(file, 0)])
    return catalogue


def choose(query: str | None, preferred: str | None, accept: str | None, otherwise: Language = "en") -> Language:
    """The language of a request: asked for in the URL, chosen before, the browser's, then the installation's."""
    for wish in (query, preferred):
        for language in LANGUAGES:
            if wish == language:
                return language
    for wish in _accepted(accept or ""):
        for language in LANGUAGES:
            if wish.split("-")[0].lower() == language:
                return language
    return otherwise


def _accepted(header: str) -> list[str]:
    """Language tags of an Accept-Language header, best first. What cannot be read counts least."""
    weighted: list[tuple[float, int, str]] = []
    for place, part in enumerate(header.split(",")[:20]):
        tag, _, parameter = part.strip().partition(";")
        try:
            weight = float(parameter.strip().removeprefix("q=")) if parameter else 1.0
        except ValueError:
            weight = 0.0
        if weight > 0:
            weighted.append((-weight, place, tag))
    return [tag for _weight, _place, tag in sorted(weighted)]


def pick(text: Mapping[Any, str] | None, language: Language) -> str:
    """A course's own text in `language`, or in the first language it has."""
    if not text:
        return ""
    return text.get(language) or next(iter(text.values()))


def number(value: float, language: Language) -> str:
    """A score as people write it: at most two decimals, no needless zeros."""
    return format_decimal(round(value, 2), format="#,##0.##", locale=_LOCALES[language])


def moment(at: datetime, language: Language) -> str:
    """A time stamp in the server's time zone, with the zone. A naive stamp is UTC."""
    aware = at if at.tzinfo else at.replace(tzinfo=UTC)
    return format_datetime(aware, _MOMENTS[language], tzinfo=get_timezone(), locale=_LOCALES[language])


def from_field(text: str) -> datetime:
    """What a `datetime-local` field sent, which is in the server's time zone. Raises ValueError."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is not None:
        raise ValueError("the field sends no time zone")
    try:
        return at.astimezone(UTC)
    except (OverflowError, OSError) as error:
        raise ValueError("no time zone knows this year") from error


def to_field(at: datetime) -> str:
    """What fills such a field."""
    return at.astimezone().strftime("%Y-%m-%dT%H:%M")


def update() -> list[str]:
    """Write both catalogues anew; returns the texts that lack a German translation."""
    used = used_messages()
    missing: list[str] = []
    for language in LANGUAGES:
        known = read_catalogue(language) if po_file(language).exists() else Catalog(locale=language)
        catalogue = Catalog(
            locale=language,
            charset="utf-8",
            project="Lehrwerk",
            version="1",
            header_comment="# Texts of Lehrwerk.",
            msgid_bugs_address="",
            last_translator="",
            language_team=language,
            # A date of its own would make every update a change.
            creation_date=_SINCE,
            revision_date=_SINCE,
            fuzzy=False,
        )
        for message in used:
            if not message.id:
                continue
            before = known.get(message.id)
            text = before.string if before is not None and not before.fuzzy else ""
            if language == "en" and not _translated(text):
                text = message.id
            if not _translated(text):
                missing.append(str(message.id))
            catalogue.add(message.id, text, locations=message.locations)
        po_file(language).parent.mkdir(parents=True, exist_ok=True)
        with po_file(language).open("wb") as stream:
            write_po(stream, catalogue, width=110, sort_output=True, include_lineno=False, omit_header=False)
    return missing


def _translated(text: Any) -> bool:
    return all(text) if isinstance(text, (tuple, list)) else bool(text)


if __name__ == "__main__":
    for waiting in update():
        sys.stdout.write(f"no German yet: {waiting}\n")
