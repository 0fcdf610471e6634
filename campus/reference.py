"""`python -m campus.reference`: the page of all settings, from the model and the strings below its keys.

Imports `campus.settings` only; limits of an exam are described where they stand.
"""

from __future__ import annotations

import ast
import inspect
import types
import typing
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

from pydantic import BaseModel
from pydantic.fields import FieldInfo
from pydantic_core import PydanticUndefined

from campus import settings

_HEAD = """\
# Settings

<!-- Written by `python -m campus.reference > docs/operate/settings.md`; a test compares. -->

One YAML file holds all settings: the one given by `--settings`, else the one in the variable `LEHRWERK_SETTINGS`, else
`lehrwerk.yaml` in the working folder. Defaults suit one machine; *required* means that there is none. A key that is not
listed here is refused, with the nearest one that is. `[]` in a key stands for each entry of a list. Sizes are in bytes,
times in seconds.

Ids (of tenants, courses and demo people) are small letters, digits and single hyphens, 40 characters at most.
"""


def page() -> str:
    """The whole page, as Markdown."""
    parts = [_HEAD]
    for name, field in settings.Settings.model_fields.items():
        model = _model(field.annotation)
        text = _texts(settings.Settings)[name]
        if model is None:
            parts.append(f"## `{name}`\n\n{text} Type: {_type(field)}; default: {_default(field)}.\n")
            continue
        rows = [f"| `{key}` | {kind} | {default} | {meaning} |" for key, kind, default, meaning in _rows(name, field)]
        table = "\n".join(["| Key | Type | Default | Meaning |", "|---|---|---|---|", *rows])
        parts.append(f"## `{name}`\n\n{text}\n\n{table}\n")
    return "\n".join(parts)


def _rows(prefix: str, field: FieldInfo) -> Iterator[tuple[str, str, str, str]]:
    model = _model(field.annotation)
    assert model is not None
    place = f"{prefix}[]" if get_origin(field.annotation) is list else prefix
    # A section's own default may differ from its keys' defaults.
    given = field.default if isinstance(field.default, model) else None
    for name, inner in model.model_fields.items():
        default = _shown(getattr(given, name)) if given is not None else _default(inner)
        deeper = _model(inner.annotation)
        kind = _type(inner) if deeper is None else "list" if get_origin(inner.annotation) is list else "section"
        yield f"{place}.{name}", kind, default, _texts(model)[name]
        if deeper:
            yield from _rows(f"{place}.{name}", inner)


def _model(annotation: Any) -> type[BaseModel] | None:
    """The section in `Section`, `Section | None` or `list[Section]`."""
    for candidate in (annotation, *get_args(annotation)):
        if isinstance(candidate, type) and issubclass(candidate, BaseModel):
            return candidate
    return None


def _type(field: FieldInfo) -> str:
    text = _named(field.annotation)
    limits = []
    for constraint in field.metadata:
        for sign, attribute in ((">", "gt"), ("≥", "ge"), ("≤", "le")):
            value = getattr(constraint, attribute, None)
            if value is not None:
                limits.append(f"{sign} {value:g}")
        if getattr(constraint, "pattern", None):
            text = "id"
    return text + (f", {', '.join(limits)}" if limits else "")


def _named(annotation: Any) -> str:
    origin, inner = get_origin(annotation), get_args(annotation)
    if origin is typing.Annotated:
        return "id"
    if origin is Literal:
        return " or ".join(f"`{value}`" for value in inner)
    if origin is list:
        return f"list of {_named(inner[0])}"
    if origin is dict:
        return f"texts by language ({_named(inner[0])})"
    if origin in (typing.Union, types.UnionType):
        return " or ".join(_named(part) for part in inner if part is not type(None))
    return {bool: "true or false", str: "text", int: "whole number", float: "number", Path: "path"}[annotation]


def _default(field: FieldInfo) -> str:
    return "*required*" if field.default is PydanticUndefined else _shown(field.default)


def _shown(value: Any) -> str:
    if value is None or isinstance(value, BaseModel) or value in ("", []):
        return "none"
    if isinstance(value, list):
        return "`[" + ", ".join(str(item) for item in value) + "]`"
    return f"`{value}`"


def _texts(model: type[BaseModel]) -> dict[str, str]:
    """The string below each key in the source, of the keys that it inherits, too."""
    found: dict[str, str] = {}
    for base in model.__bases__:
        if base is not BaseModel:
            found |= _texts(base)
    body = ast.parse(inspect.getsource(model)).body[0]
    assert isinstance(body, ast.ClassDef)
    for statement, following in zip(body.body, [*body.body[1:], None], strict=True):
        if isinstance(statement, ast.AnnAssign) and isinstance(statement.target, ast.Name):
            if not (isinstance(following, ast.Expr) and isinstance(following.value, ast.Constant)):
                raise ValueError(f"{model.__name__}.{statement.target.id} has no string below it that says what it is")
            found[statement.target.id] = " ".join(str(following.value.value).split())
    return found


if __name__ == "__main__":
    print(page(), end="")
