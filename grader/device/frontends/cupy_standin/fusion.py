"""`cupy.fuse`: a function's element-wise steps, and one reduction, as one operation of the device.

The function is called once with stand-ins of its arrays, which write down what is done to them; the device does it all
at once and counts one operation. Imports `grader.device` only.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from grader.device.frontends.cupy_standin.core import BINARY_SIGNS, COMPARISONS, UNARY_SIGNS, call, ndarray, operand

#: What a fused function may do, besides universal functions.
REDUCTIONS = ("sum", "prod", "max", "min", "amax", "amin", "all", "any")


class Recipe:
    """The steps of one call, in the form that the operation `fused` takes (see `grader.device.operations`)."""

    def __init__(self) -> None:
        self.operands: list[Any] = []
        self.steps: list[str] = []
        self.constants: dict[tuple[type, str], str] = {}

    def name_of(self, value: Any) -> str:
        if isinstance(value, Traced):
            return value.name
        if isinstance(value, ndarray):
            raise TypeError("a fused function uses its arguments and numbers only; hand other arrays over as arguments")
        # A constant is one operand, however often it stands in the function.
        key = type(value), repr(value)
        if key not in self.constants:
            self.operands.append(operand(value))
            self.constants[key] = f"a{len(self.operands) - 1}"
        return self.constants[key]

    def add(self, function: str, args: Any, axis: Any = None) -> Traced:
        names = " ".join(map(self.name_of, args))
        self.steps.append(f"{function} {names}" if axis is None else f"{function}:{int(axis)} {names}")
        return Traced(self, f"s{len(self.steps) - 1}")


class Traced:
    """An array inside a fused function."""

    __array_priority__ = 200

    def __init__(self, recipe: Recipe, name: str) -> None:
        self.recipe, self.name = recipe, name

    def __getattr__(self, name: str) -> Any:
        if name in REDUCTIONS:
            return functools.partial(reduce, name, self)
        raise TypeError(f"a fused function cannot use .{name} of an array; do that outside")

    def __array_ufunc__(self, function: Any, method: str, *inputs: Any, **options: Any) -> Any:
        if method != "__call__" or options:
            return NotImplemented
        return apply(function.__name__, inputs)

    def __bool__(self) -> bool:
        raise TypeError("a fused function cannot decide by values; use cupy.where")

    def __getitem__(self, key: Any) -> Any:
        raise TypeError("a fused function cannot index arrays; do that outside")

    __hash__ = None  # type: ignore[assignment]


def apply(name: str, args: Any) -> Traced:
    """A step: `name` of these arguments, of which at least one is traced."""
    recipe = next(arg.recipe for arg in args if isinstance(arg, Traced))
    return recipe.add(name, args)


def reduce(name: str, array: Traced, axis: Any = None) -> Traced:
    if name not in REDUCTIONS:
        raise TypeError(f"a fused function cannot use cupy.{name}; do that outside")
    return array.recipe.add(name, (array,), axis)


def traced(args: Any) -> bool:
    return any(isinstance(arg, Traced) for arg in args)


def fuse(*args: Any, **options: Any) -> Any:
    """`cupy.fuse`, as a decorator with or without `kernel_name`."""
    if set(options) - {"kernel_name"}:
        raise TypeError(f"cupy.fuse has no option {', '.join(sorted(set(options) - {'kernel_name'}))}")
    if args and callable(args[0]):
        return _fused(args[0])
    return _fused


def _fused(function: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(function)
    def together(*args: Any) -> Any:
        if traced(args) or not any(isinstance(arg, ndarray) for arg in args):
            return function(*args)
        recipe = Recipe()
        given = []
        for arg in args:
            if isinstance(arg, ndarray):
                recipe.operands.append(arg)
                given.append(Traced(recipe, f"a{len(recipe.operands) - 1}"))
            else:
                given.append(operand(arg))
        result = function(*given)
        several = isinstance(result, (tuple, list))
        results = tuple(result) if several else (result,)
        if not traced(results):
            return result
        names = " ".join(map(recipe.name_of, results))
        made = call("fused", recipe.operands, {"steps": ";".join([*recipe.steps, names])})
        return made if not several or isinstance(made, tuple) else (made,)

    return together


def _sign(name: str, swapped: bool = False) -> Any:
    return lambda self, other: apply(name, (other, self) if swapped else (self, other))


def _in_place(sign: str) -> Any:
    def refuse(self: Any, other: Any) -> Any:
        raise TypeError(f"a fused function of the stand-in does not change its arguments: write x = x {sign} y")

    return refuse


for _name, _function in BINARY_SIGNS.items():
    setattr(Traced, f"__{_name}__", _sign(_function))
    if _name not in COMPARISONS:
        setattr(Traced, f"__r{_name}__", _sign(_function, swapped=True))
        setattr(Traced, f"__i{_name}__", _in_place(_name))
for _name, _function in UNARY_SIGNS.items():
    setattr(Traced, f"__{_name}__", functools.partialmethod(lambda self, name: apply(name, (self,)), _function))
