"""Learner's objects as the examiner sees them. Imports this package's tables.

Calling a proxy, and using a method, an attribute or an operator of it, asks the candidate and gives back plain data, or
another proxy. A proxy is unequal to all plain data, has no order with it and no difference from it, no truth value and
no `__array__`, so an object with an obliging `__eq__` or `__sub__` proves nothing here. Two proxies are compared by the
candidate, which also answers whatever else is done with a proxy and plain data; the asker notes that.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, Protocol

import numpy as np

from grader.exam import tables


class Asker(Protocol):
    """The examiner, as proxies need it."""

    def call(self, handle: int, args: tuple[Any, ...], kwargs: dict[str, Any], attribute: str | None) -> Any:
        """Call the object, or its method `attribute`."""
        ...

    def attribute(self, handle: int, name: str) -> Any: ...

    def operate(self, name: str, *operands: Any, doubtful: bool = False) -> Any:
        """An operation of `OPERATIONS` on operands of which some are proxies; `doubtful` where a verdict could rest on
        the learner's word alone."""
        ...


#: What a candidate is asked to do with objects, beside calling them and reading attributes.
OPERATIONS = (
    *("add", "sub", "mul", "matmul", "truediv", "floordiv", "mod", "pow", "and_", "or_", "xor", "lshift", "rshift"),
    *("neg", "pos", "abs", "invert", "getitem", "setitem", "delitem", "contains", "setattr", "len", "list", "next"),
    *("str", "repr", "format", "eq", "lt", "le", "gt", "ge", "isinstance"),
)

_READABLE = ("__name__", "__qualname__")


class Proxy:
    # No docstring of the class: a test that reads `__doc__` means the learner's.
    __slots__ = ("_asker", "_handle", "_type")

    def __init__(self, asker: Asker, handle: int, type_name: str) -> None:
        object.__setattr__(self, "_asker", asker)
        object.__setattr__(self, "_handle", handle)
        object.__setattr__(self, "_type", type_name)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__") and name not in _READABLE:
            raise AttributeError(f"a learner's object of type {self._type} has no {name} here")
        found = self._asker.attribute(self._handle, name)
        if isinstance(found, CallableProxy):
            return lambda *args, **kwargs: self._asker.call(self._handle, args, kwargs, name)
        return found

    def __setattr__(self, name: str, value: Any) -> None:
        self._asker.operate("setattr", self, name, value)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Proxy) and self._asker.operate("eq", self, other, doubtful=True) is True

    def _ordered(self, name: str, other: object) -> bool:
        if not isinstance(other, Proxy):
            raise TypeError(f"a learner's object of type {self._type} has no order with a {type(other).__name__}")
        return self._asker.operate(name, self, other, doubtful=True) is True

    def __lt__(self, other: object) -> bool:
        return self._ordered("lt", other)

    def __le__(self, other: object) -> bool:
        return self._ordered("le", other)

    def __gt__(self, other: object) -> bool:
        return self._ordered("gt", other)

    def __ge__(self, other: object) -> bool:
        return self._ordered("ge", other)

    def __hash__(self) -> int:
        return hash(self._handle)

    def __bool__(self) -> bool:
        raise TypeError(f"a learner's object of type {self._type} has no truth value here")

    def __instancecheck__(self, instance: object) -> bool:
        return isinstance(instance, Proxy) and self._asker.operate("isinstance", instance, self, doubtful=True) is True

    def __len__(self) -> int:
        value = self._asker.operate("len", self)
        if type(value) is not int:
            raise TypeError("the length of a learner's object is no integer")
        return value

    def __iter__(self) -> Iterator[Any]:
        values = self._asker.operate("list", self)
        if type(values) is not list:
            raise TypeError("a learner's object gives no items")
        return iter(values)

    def __next__(self) -> Any:
        values = self._asker.operate("next", self)
        if type(values) is not list:
            raise TypeError("a learner's object gives no items")
        if not values:
            raise StopIteration
        return values[0]

    def __contains__(self, item: Any) -> bool:
        return self._asker.operate("contains", self, item, doubtful=True) is True

    def __getitem__(self, key: Any) -> Any:
        return self._asker.operate("getitem", self, key)

    def __setitem__(self, key: Any, value: Any) -> None:
        self._asker.operate("setitem", self, key, value)

    def __delitem__(self, key: Any) -> None:
        self._asker.operate("delitem", self, key)

    def __str__(self) -> str:
        return self._text("str")

    def __repr__(self) -> str:
        return self._text("repr")

    def __format__(self, specification: str) -> str:
        return self._text("format", specification)

    def _text(self, name: str, *more: Any) -> str:
        value = self._asker.operate(name, self, *more)
        if type(value) is not str:
            raise TypeError("the text of a learner's object is no string")
        return value


class CallableProxy(Proxy):
    __slots__ = ()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        return self._asker.call(self._handle, args, kwargs, None)


def _binary(name: str) -> tuple[Callable[..., Any], Callable[..., Any]]:
    # The other operand may be what a test expects, and its answer what the test goes by.
    return (
        lambda self, other: self._asker.operate(name, self, other, doubtful=True),
        lambda self, other: self._asker.operate(name, other, self, doubtful=True),
    )


def _difference(one: Any, other: Any) -> Any:
    """`one - other`. A difference from plain data is a comparison with it, as in `abs(f(3) - 4) < 1e-9`."""
    proxy, plain = (one, other) if isinstance(one, Proxy) else (other, one)
    if not isinstance(plain, Proxy):
        raise TypeError(
            f"a learner's object of type {proxy._type} has no difference from a {type(plain).__name__} here"
        )
    return proxy._asker.operate("sub", one, other, doubtful=True)


for _name in (
    "add",
    "mul",
    "matmul",
    "truediv",
    "floordiv",
    "mod",
    "pow",
    "and_",
    "or_",
    "xor",
    "lshift",
    "rshift",
):
    _plain = _name.rstrip("_")
    for _method, _function in zip((f"__{_plain}__", f"__r{_plain}__"), _binary(_name), strict=True):
        setattr(Proxy, _method, _function)
for _method, _function in (("__sub__", _difference), ("__rsub__", lambda self, other: _difference(other, self))):
    setattr(Proxy, _method, _function)
for _name in ("neg", "pos", "abs", "invert"):
    setattr(Proxy, f"__{_name}__", lambda self, name=_name: self._asker.operate(name, self))
# A descriptor on the class would hide the docstring of the learner's object behind the class's own.
Proxy.__doc__ = property(lambda self: self._asker.attribute(self._handle, "__doc__"))  # type: ignore[assignment]
CallableProxy.__doc__ = Proxy.__doc__


def make(asker: Asker, handle: int, type_name: str, is_callable: bool) -> Proxy:
    """The proxy of an object that lives in the candidate; `type_name` is for messages."""
    return (CallableProxy if is_callable else Proxy)(asker, handle, type_name)


def bring_back(original: Any, changed: Any) -> None:
    """Make `original`, an argument of the examiner's, look as the call left it, where its kind can be changed."""
    if original is changed or type(original) is not type(changed):
        return
    if tables.is_table(original):
        tables.refill(original, changed)
    elif isinstance(original, np.ndarray):
        if original.shape == changed.shape and original.dtype == changed.dtype and original.flags.writeable:
            original[...] = changed
    elif type(original) is list:
        original[:] = [same_or(original[i] if i < len(original) else None, value) for i, value in enumerate(changed)]
    elif type(original) is tuple:
        for old, new in zip(original, changed, strict=False):
            bring_back(old, new)
    elif type(original) is dict:
        kept = {key: same_or(original.get(key), value) for key, value in changed.items()}
        original.clear()
        original.update(kept)
    elif type(original) is set:
        original.clear()
        original.update(changed)


def same_or(old: Any, new: Any) -> Any:
    """Keep the identity of nested containers that only changed their content."""
    if type(old) is type(new) and (type(old) in (list, dict, set, np.ndarray) or tables.is_table(new)):
        bring_back(old, new)
        if type(old) is not np.ndarray or (old.shape == new.shape and old.dtype == new.dtype):
            return old
    return new
