"""Feedback built from the verdict: never a hidden test, a seed or evidence. Imports the verdict's model."""

from __future__ import annotations

from collections.abc import Mapping

from jinja2 import DictLoader, Environment

from grader.exam.verdict import Verdict
from grader.records.outline import Place

_TEXTS = {
    "en": {
        "title": "Feedback",
        "points": "points",
        "manual": "marked by a person",
        "line": "line",
        "cell": "cell",
        "emulated": "This was marked on the emulated GPU: correctness, not speed.",
    },
    "de": {
        "title": "Rückmeldung",
        "points": "Punkte",
        "manual": "wird von Hand bewertet",
        "line": "Zeile",
        "cell": "Zelle",
        "emulated": "Bewertet auf der emulierten GPU: Richtigkeit, nicht Geschwindigkeit.",
    },
}

_PAGE = """\
<!doctype html>
<html lang="{{ language }}">
<meta charset="utf-8">
<title>{{ texts.title }}: {{ verdict.assignment }}</title>
<h1>{{ texts.title }}: {{ verdict.assignment }}</h1>
<p>{{ "%g"|format(total) }} / {{ "%g"|format(verdict.max_score) }} {{ texts.points }}</p>
{% if verdict.device == "emulated" %}<p>{{ texts.emulated }}</p>{% endif %}
{% for cell in verdict.cells %}
{% set place = places.get((cell.notebook, cell.grade_id)) %}
<h2>{{ place.title or cell.grade_id if place else cell.grade_id }}</h2>
{% if place %}<p>{{ cell.notebook }}.ipynb, {{ texts.cell }} {{ place.number }}</p>{% endif %}
<p>{% if cell.score is none %}{{ texts.manual }}{% else %}{{ "%g"|format(cell.score) }} /
{{ "%g"|format(cell.max_score) }}
{{ texts.points }}{% endif %}</p>
{% if cell.findings %}<ul>
{% for finding in cell.findings %}<li>{% if finding.line %}{{ texts.line }} {{ finding.line }}: {% endif %}{{
finding.text(language) }}</li>
{% endfor %}</ul>{% endif %}
{% endfor %}
</html>
"""
_ENVIRONMENT = Environment(loader=DictLoader({"page": _PAGE}), autoescape=True)


def page(verdict: Verdict, language: str, total: float | None, places: Mapping[tuple[str, str], Place]) -> str:
    """An HTML page without scripts, styles or links; `places` say where cells stand, by notebook and grade id."""
    language = language if language in _TEXTS else "en"
    shown = verdict.score if total is None else total
    return _ENVIRONMENT.get_template("page").render(
        verdict=verdict, language=language, texts=_TEXTS[language], total=shown, places=places
    )
