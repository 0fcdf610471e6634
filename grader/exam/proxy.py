"""Learner's names as the examiner sees them. Imports this package's channel.

Calling a proxy calls into the candidate and gives back plain data. A proxy is unequal to all plain data, has no truth
value and no `__array__`, so an object with an obliging `__eq__` proves nothing here.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol

import numpy as np


class Asker(Protocol):
    """The examiner, as proxies need it."""

    def call(self, handle: int, args: tuple[Any, ...], kwargs: dict[str, Any], attribute: str | None) -> Any: ...

    def attribute(self, handle: int, name: str) -> Any: ...


class Proxy:
    """Something that lives in the candidate and is no plain data."""

    __slots__ = ("_asker", "_callable", "_handle", "_type")

    def __init__(self, asker: Asker, handle: int, type_name: str, is_callable: bool) -> None:
        object.__setattr__(self, "_asker", asker)
        object.__setattr__(self, "_handle", handle)
        object.__setattr__(self, "_type", type_name)
        object.__setattr__(self, "_callable", is_callable)

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._asker.call(self._handle, args, kwargs, None)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(f"a learner's object of type {self._type} has no {name} here")
        found = self._asker.attribute(self._handle, name)
        if isinstance(found, Proxy) and found._callable:
            return lambda *args, **kwargs: self._asker.call(self._handle, args, kwargs, name)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        raise AttributeError("a learner's object is not changed by a test")

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proxy) and other._handle == self._handle

    def __hash__(self) -> int:
        return hash(self._handle)

    def __bool__(self) -> bool:
        raise TypeError(f"a learner's object of type {self._type} has no truth value here")

    def __len__(self) -> int:
        value = self._asker.call(self._handle, (), {}, "__len__")
        if type(value) is not int:
            raise TypeError("the length of a learner's object is no integer")
        return value

    def __getitem__(self, key: Any) -> Any:
        return self._asker.call(self._handle, (key,), {}, "__getitem__")

    def __repr__(self) -> str:
        return f"<learner's {self._type}>"


def bring_back(original: Any, changed: Any) -> None:
    """Make `original`, an argument of the examiner's, look as the call left it, where its kind can be changed."""
    if type(original) is not type(changed):
        return
    if isinstance(original, np.ndarray):
        if original.shape == changed.shape and original.dtype == changed.dtype and original.flags.writeable:
            original[...] = changed
    elif type(original) is list:
        original[:] = [_same_or(old, new) for old, new in _pairs(original, changed)]
    elif type(original) is dict:
        kept = {key: _same_or(original.get(key), value) for key, value in changed.items()}
        original.clear()
        original.update(kept)
    elif type(original) is set:
        original.clear()
        original.update(changed)


def _pairs(old: list[Any], new: list[Any]) -> list[tuple[Any, Any]]:
    return [(old[i] if i < len(old) else None, value) for i, value in enumerate(new)]


def _same_or(old: Any, new: Any) -> Any:
    """Keep the identity of nested containers that only changed their content."""
    if type(old) is type(new) and type(old) in (list, dict, set, np.ndarray):
        bring_back(old, new)
        if type(old) is not np.ndarray or (old.shape == new.shape and old.dtype == new.dtype):
            return old
    return new


Callback = Callable[..., Any]
