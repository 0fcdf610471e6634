"""pandas' tables, indexes and scalars as plain data, with their types and names. Imports nothing of the project.

Importing pandas takes half a second, so that happens where a table arrives and no earlier. What has no plain form here
(time zones, periods, intervals, classes of a learner's own) is refused as a whole.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

#: What makes the parts of a table plain, and what makes them whole again.
Each = Callable[[Any], Any]

#: Types of pandas' own whose items are plain.
_EXTENSIONS = frozenset("str string boolean Int8 Int16 Int32 Int64 UInt8 UInt16 UInt32 UInt64 Float32 Float64".split())
KINDS = frozenset({"series", "frame", "index", "timestamp", "pandas.timedelta", "pandas.nat", "pandas.na"})


class NoTable(Exception):
    """This table has no plain form."""


def is_pandas(value: Any) -> bool:
    return type(value).__module__.partition(".")[0] == "pandas"


def to_plain(value: Any, encode: Each) -> dict[str, Any]:
    """A table, an index or a scalar of pandas. Raises NoTable."""
    name = type(value).__name__
    if name == "Series":
        values, index = _values_to_plain(value, encode), _index_to_plain(value.index, encode)
        return {"~": "series", "v": values, "i": index, "n": encode(value.name)}
    if name == "DataFrame":
        columns = [_values_to_plain(value.iloc[:, number], encode) for number in range(value.shape[1])]
        heads, index = _index_to_plain(value.columns, encode), _index_to_plain(value.index, encode)
        return {"~": "frame", "v": columns, "c": heads, "i": index}
    if name in ("Index", "RangeIndex", "MultiIndex", "DatetimeIndex", "TimedeltaIndex", "CategoricalIndex"):
        return {"~": "index", "v": _index_to_plain(value, encode)}
    if name == "Timestamp" and value.tzinfo is None:
        return {"~": "timestamp", "v": encode(value.asm8)}
    if name == "Timedelta":
        return {"~": "pandas.timedelta", "v": encode(value.asm8)}
    if name in ("NaTType", "NAType"):
        return {"~": "pandas.nat" if name == "NaTType" else "pandas.na"}
    raise NoTable(name)


def _values_to_plain(values: Any, encode: Each) -> Any:
    """What a column or an index holds."""
    dtype = values.dtype
    if isinstance(dtype, np.dtype) and dtype.kind != "O":
        return encode(values.to_numpy())
    name = str(dtype)
    if name == "category":
        held = values.array
        categories = _index_to_plain(held.categories, encode)
        return {"d": name, "v": encode(held.codes), "c": categories, "o": bool(held.ordered)}
    if name == "object" or name in _EXTENSIONS:
        return {"d": name, "v": [encode(item) for item in values.tolist()]}
    raise NoTable(name)


def _index_to_plain(index: Any, encode: Each) -> dict[str, Any]:
    kind = type(index).__name__
    if kind == "RangeIndex":
        return {"k": "range", "v": [index.start, index.stop, index.step], "n": encode(index.name)}
    if kind == "MultiIndex":
        levels = [_values_to_plain(index.get_level_values(number), encode) for number in range(index.nlevels)]
        return {"k": "multi", "v": levels, "n": [encode(name) for name in index.names]}
    frequency = getattr(index, "freqstr", None)
    return {"k": "one", "v": _values_to_plain(index, encode), "n": encode(index.name), "f": frequency}


def from_plain(value: dict[str, Any], decode: Each) -> Any:
    """Inverse of `to_plain`, for a value of one of `KINDS`; raises whatever a malformed one provokes."""
    import pandas

    kind = value["~"]
    if kind == "series":
        return _column(value["v"], _index_from_plain(value["i"], decode), decode(value["n"]), decode)
    if kind == "frame":
        # One index for all columns, so that none is aligned.
        index = _index_from_plain(value["i"], decode)
        columns = {number: _column(column, index, None, decode) for number, column in enumerate(value["v"])}
        frame = pandas.DataFrame(columns, index=index)
        frame.columns = _index_from_plain(value["c"], decode)
        return frame
    if kind == "index":
        return _index_from_plain(value["v"], decode)
    if kind in ("timestamp", "pandas.timedelta"):
        return {"timestamp": pandas.Timestamp, "pandas.timedelta": pandas.Timedelta}[kind](decode(value["v"]))
    return pandas.NaT if kind == "pandas.nat" else pandas.NA


def _column(plain: Any, index: Any, name: Any, decode: Each) -> Any:
    import pandas

    values, dtype = _values_from_plain(plain, decode)
    return pandas.Series(values, index=index, name=name, dtype=dtype)


def _values_from_plain(plain: Any, decode: Each) -> tuple[Any, Any]:
    """(values, dtype for pandas or None: that of the values)"""
    import pandas

    name = plain.get("d") if "~" not in plain else None
    if name is None:
        values = decode(plain)
        if not isinstance(values, np.ndarray) or values.ndim != 1:
            # A range would be written out, whatever its length.
            raise ValueError("a column holds an array")
        return values, None
    if name == "category":
        categories = _index_from_plain(plain["c"], decode)
        return pandas.Categorical.from_codes(decode(plain["v"]), categories, ordered=plain["o"] is True), None
    items = [decode(item) for item in plain["v"]]
    if name == "object":
        values = np.empty(len(items), object)
        for number, item in enumerate(items):
            values[number] = item
        return values, object
    if name not in _EXTENSIONS:
        raise ValueError("no type of pandas")
    return pandas.array(items, dtype=name), None


def _index_from_plain(plain: dict[str, Any], decode: Each) -> Any:
    import pandas

    if plain["k"] == "range":
        start, stop, step = plain["v"]
        return pandas.RangeIndex(start, stop, step, name=decode(plain["n"]))
    if plain["k"] == "multi":
        levels = [_column(level, None, None, decode) for level in plain["v"]]
        return pandas.MultiIndex.from_arrays(levels, names=[decode(name) for name in plain["n"]])
    values, dtype = _values_from_plain(plain["v"], decode)
    index = pandas.Index(values, dtype=dtype, name=decode(plain["n"]))
    return index if plain["f"] is None else type(index)(index, freq=plain["f"])


def is_table(value: Any) -> bool:
    """Is it a Series or a DataFrame, which can be changed in place?"""
    return is_pandas(value) and type(value).__name__ in ("Series", "DataFrame")


def refill(table: Any, content: Any) -> None:
    """Make `table` look like `content`, of the same class."""
    type(table).__init__(table, content)
