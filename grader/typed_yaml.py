"""YAML read into a pydantic model, with every fault's line, and the nearest right name for an unknown key.

Imports nothing of the project.
"""

from __future__ import annotations

import difflib
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

Model = TypeVar("Model", bound=BaseModel)


class YamlFaults(ValueError):
    """All faults of a file at once: (line from 1, or None; what is wrong and the mend)."""

    def __init__(self, faults: list[tuple[int | None, str]]) -> None:
        super().__init__("\n".join(text for _line, text in faults))
        self.faults = faults


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
    try:
        return model.model_validate(content)
    except ValidationError as error:
        raise YamlFaults([(_line(tree, fault["loc"]), _explain(model, fault)) for fault in error.errors()]) from error


def _explain(model: type[BaseModel], fault: Any) -> str:
    place = ".".join(str(part) for part in fault["loc"])
    if fault["type"] == "extra_forbidden":
        known = _keys_at(model, fault["loc"][:-1])
        near = difflib.get_close_matches(str(fault["loc"][-1]), known, n=1, cutoff=0.5)
        return f"{place}: unknown key; " + (f"did you mean `{near[0]}`?" if near else f"known keys: {', '.join(known)}")
    if fault["type"] == "missing":
        return f"{place}: missing; add this key"
    return f"{place}: {fault['msg']} (got {fault['input']!r:.80})" if place else str(fault["msg"])


def _keys_at(model: type[BaseModel], location: tuple[Any, ...]) -> list[str]:
    """The keys a section knows, found by walking the model along an error's location."""
    for part in location:
        if not isinstance(part, int):
            model = _section_in(model.model_fields[part].annotation)
    return sorted(model.model_fields)


def _section_in(annotation: Any) -> type[BaseModel]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    for argument in getattr(annotation, "__args__", ()):
        try:
            return _section_in(argument)
        except TypeError:
            continue
    raise TypeError(f"no section in {annotation}")


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
