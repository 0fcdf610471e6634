"""YAML read into a pydantic model, with every fault's line, and the nearest right name for an unknown key.

Imports nothing of the project.
"""

from __future__ import annotations

import difflib
import sys
from collections.abc import Iterator
from types import UnionType
from typing import Annotated, Any, TypeVar, Union, get_args, get_origin

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class YamlFaults(ValueError):
    """All faults of a file at once, in its order: (line from 1, or None; what is wrong and the mend).

    `content` is what could be read all the same: the file's mapping, or {}.
    """

    def __init__(self, faults: list[tuple[int | None, str]], content: dict[Any, Any] | None = None) -> None:
        super().__init__("\n".join(text for _line, text in faults))
        self.faults = faults
        self.content = content or {}


class Misplaced(ValueError):
    """Raised by a model's validator: `text` is about the value at `location` below the validated one."""

    def __init__(self, location: tuple[str | int, ...], text: str) -> None:
        super().__init__(text)
        self.location = location


def parse(text: str, model: type[Model]) -> Model:
    """`text` as a `model`. Raises YamlFaults."""
    try:
        content = yaml.safe_load(text)
        tree = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        what = getattr(error, "problem", None) or str(error)
        raise YamlFaults([(mark.line + 1 if mark else None, f"not YAML: {what}")]) from error
    if content is None:
        content = {}
    if not isinstance(content, dict):
        raise YamlFaults([(1, "the file must hold keys and values, as in `id: something`")])
    faults: list[tuple[int | None, str]] = list(_repeated(tree))
    try:
        read = model.model_validate(content)
    except ValidationError as error:
        faults += _explained(model, tree, error)
    if faults:
        # What has no line is about the whole file and comes last.
        raise YamlFaults(sorted(faults, key=lambda fault: fault[0] or sys.maxsize), content)
    return read


def line_of(text: str, location: tuple[str | int, ...]) -> int | None:
    """The line, from 1, of the deepest part of `location` that the YAML in `text` has."""
    return _line(yaml.compose(text, Loader=yaml.SafeLoader), location)


def _repeated(node: yaml.Node | None) -> Iterator[tuple[int, str]]:
    """YAML would let the last one win, silently."""
    if isinstance(node, yaml.SequenceNode):
        for part in node.value:
            yield from _repeated(part)
    elif isinstance(node, yaml.MappingNode):
        first: dict[Any, int] = {}
        for key, value in node.value:
            line = key.start_mark.line + 1
            if isinstance(key, yaml.ScalarNode):
                if key.value in first:
                    yield line, f"{key.value}: stands in line {first[key.value]} already; keep one"
                first.setdefault(key.value, line)
            yield from _repeated(value)


def _explained(
    model: type[BaseModel], tree: yaml.Node | None, error: ValidationError
) -> Iterator[tuple[int | None, str]]:
    """Every fault but those that are mended with another: a missing key whose misspelt form is there."""
    faults = error.errors()
    near = {fault["loc"]: _nearest(model, fault["loc"]) for fault in faults if fault["type"] == "extra_forbidden"}
    meant = {(*location[:-1], name) for location, name in near.items()}
    for fault in faults:
        location = fault["loc"]
        if fault["type"] == "missing" and location in meant:
            continue
        cause = fault.get("ctx", {}).get("error")
        if isinstance(cause, Misplaced):
            location += cause.location
        yield _line(tree, location), _explain(model, fault, location)


def _nearest(model: type[BaseModel], location: tuple[Any, ...]) -> str | None:
    found = difflib.get_close_matches(str(location[-1]), _keys_at(model, location[:-1]), n=1, cutoff=0.5)
    return found[0] if found else None


def _explain(model: type[BaseModel], fault: Any, location: tuple[Any, ...]) -> str:
    place = ".".join(str(part) for part in location)
    if fault["type"] == "extra_forbidden":
        near = _nearest(model, location)
        known = ", ".join(_keys_at(model, location[:-1]))
        return f"{place}: unknown key; " + (f"did you mean `{near}`?" if near else f"known keys: {known}")
    if fault["type"] == "missing":
        return f"{place}: missing; add this key"
    if fault["type"] == "value_error":
        return f"{place}: {fault['ctx']['error']}"
    return f"{place}: {fault['msg']} (got {fault['input']!r:.80})"


def _keys_at(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """The keys a section knows, found by walking the model along an error's location."""
    annotation: Any = model
    for part in location:
        inside = _inside(annotation)
        if isinstance(inside, type) and issubclass(inside, BaseModel):
            annotation = inside.model_fields[part].annotation
        else:
            # Below a list comes a number, below a mapping a name that the file's author chose.
            annotation = get_args(inside)[-1]
    section = _inside(annotation)
    return sorted(section.model_fields) if isinstance(section, type) and issubclass(section, BaseModel) else []


def _inside(annotation: Any) -> Any:
    """The section, list or mapping in an annotation; None beside it and what is added by `Annotated` do not count."""
    if get_origin(annotation) is Annotated:
        return _inside(get_args(annotation)[0])
    if get_origin(annotation) in (Union, UnionType):
        return _inside(next(one for one in get_args(annotation) if one is not type(None)))
    return annotation


def _line(node: yaml.Node | None, location: tuple[Any, ...]) -> int | None:
    """The line of the deepest part of `location` that the file has."""
    line = None
    for part in location:
        if isinstance(node, yaml.MappingNode):
            found = next(((key, value) for key, value in node.value if key.value == str(part)), None)
            if found is None:
                break
            line, node = found[0].start_mark.line + 1, found[1]
        elif isinstance(node, yaml.SequenceNode) and isinstance(part, int) and part < len(node.value):
            node = node.value[part]
            line = node.start_mark.line + 1
        else:
            break
    return line
