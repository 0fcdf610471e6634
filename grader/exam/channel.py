"""Plain data between processes: length-prefixed msgpack with caps on every size. No pickle, no code.

Round trip is exact for None, bool, int, float, complex, str, bytes, tuple, list, set, frozenset, dict with any plain
key, NumPy arrays, scalars and dtypes of plain kinds, the types of a closed table, slice, range and Ellipsis, datetime,
Decimal, Fraction, pandas' tables, indexes and scalars. Anything else becomes what `encode`'s `otherwise` makes of it.
Imports this package's tables.
"""

from __future__ import annotations

import datetime
import os
import select
import struct
import sys
import time
from collections.abc import Callable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import Any, Literal

import msgpack
import numpy as np

from grader.exam import tables

_HEADER = struct.Struct("<Q")
#: Nesting deeper than this is no plain data.
MAX_DEPTH = 60
#: So many bytes are read at a time where fewer are asked for.
_AHEAD = 1 << 16
_PLAIN_KINDS = "biufcSUmM"
#: Types that may be handed over as such, say as a dtype or a conversion.
_TYPES: dict[str, type] = {
    **{kind.__name__: kind for kind in (bool, int, float, complex, str, bytes, list, tuple, set, frozenset, dict)},
    **{f"numpy.{kind.__name__}": kind for kind in np.sctypeDict.values() if np.dtype(kind).kind in _PLAIN_KINDS},
}
_TYPE_NAMES = {kind: name for name, kind in _TYPES.items()}

Otherwise = Callable[[Any], Any]


class ChannelError(Exception):
    """The other side sent what is not a message, or is too large, or is gone."""


class Closed(ChannelError):
    """The other side is gone."""


class TimedOut(ChannelError):
    """No answer within the time that was given."""


class TooLarge(ChannelError):
    """A message is larger than the channel takes."""


class NotPlain(TypeError):
    """A value that has no plain form."""


def _refuse(value: Any) -> Any:
    raise NotPlain(f"{type(value).__name__} has no plain form")


def encode(value: Any, otherwise: Otherwise = _refuse, depth: int = 0) -> Any:
    """`value` as msgpack can carry it. `otherwise` turns what is not plain into something plain, or raises."""
    if depth > MAX_DEPTH:
        raise NotPlain("nested too deeply")
    kind = type(value)
    if value is None or kind in (bool, str, bytes):
        return value
    if kind is int:
        return value if -(1 << 63) <= value < 1 << 64 else {"~": "int", "v": hex(value)}
    if kind is float:
        return value
    below = depth + 1
    if kind is list:
        return [encode(item, otherwise, below) for item in value]
    if kind in (tuple, set, frozenset):
        return {"~": kind.__name__, "v": [encode(item, otherwise, below) for item in value]}
    if kind is dict:
        pairs = [[encode(k, otherwise, below), encode(v, otherwise, below)] for k, v in value.items()]
        return {"~": "dict", "v": pairs}
    if kind is complex:
        return {"~": "complex", "v": [value.real, value.imag]}
    if kind is np.ndarray and value.dtype.kind in _PLAIN_KINDS:
        order = "F" if value.flags.fnc else "C"
        return {"~": "array", "d": value.dtype.str, "s": list(value.shape), "o": order, "v": value.tobytes(order)}
    if isinstance(value, np.generic) and kind.__module__ == "numpy" and value.dtype.kind in _PLAIN_KINDS:
        return {"~": "scalar", "d": value.dtype.str, "v": value.tobytes()}
    if isinstance(value, type) and value in _TYPE_NAMES:
        return {"~": "type", "v": _TYPE_NAMES[value]}
    if isinstance(value, np.dtype) and value.kind in _PLAIN_KINDS:
        return {"~": "dtype", "v": value.str}
    if kind in (slice, range):
        return {"~": kind.__name__, "v": [encode(p, otherwise, below) for p in (value.start, value.stop, value.step)]}
    if value is Ellipsis:
        return {"~": "ellipsis"}
    if kind is Decimal:
        return {"~": "decimal", "v": str(value)}
    if kind is Fraction:
        return {"~": "fraction", "v": [hex(value.numerator), hex(value.denominator)]}
    if kind in (datetime.datetime, datetime.date, datetime.time) and getattr(value, "tzinfo", None) in (
        None,
        datetime.UTC,
    ):
        return {"~": kind.__name__, "v": value.isoformat()}
    if kind is datetime.timedelta:
        return {"~": "timedelta", "v": [value.days, value.seconds, value.microseconds]}
    if tables.is_pandas(value):
        try:
            return tables.to_plain(value, lambda part: encode(part, otherwise, below))
        except tables.NoTable:
            return otherwise(value)
    return otherwise(value)


def decode(value: Any, special: Callable[[dict[str, Any]], Any] | None = None) -> Any:
    """Inverse of `encode`. `special` gets what `otherwise` made. Raises ChannelError for anything malformed."""
    try:
        return _decode(value, special, 0)
    except ChannelError:
        raise
    except Exception as error:  # whatever a hostile message provokes in a decoder is its sender's fault
        raise ChannelError(f"malformed value: {type(error).__name__}") from error


def _decode(value: Any, special: Callable[[dict[str, Any]], Any] | None, depth: int) -> Any:
    if depth > 2 * MAX_DEPTH:
        raise ChannelError("nested too deeply")
    below = depth + 1
    if isinstance(value, list):
        return [_decode(item, special, below) for item in value]
    if not isinstance(value, dict):
        return value
    kind, content = value.get("~"), value.get("v")
    if kind in ("tuple", "set", "frozenset"):
        items = [_decode(item, special, below) for item in content]  # type: ignore[union-attr]
        return {"tuple": tuple, "set": set, "frozenset": frozenset}[kind](items)
    if kind == "dict":
        return {_decode(k, special, below): _decode(v, special, below) for k, v in content}  # type: ignore[union-attr]
    if kind == "array":
        dtype = _dtype(value["d"])
        order: Literal["C", "F"] = "F" if value.get("o") == "F" else "C"
        shaped = np.frombuffer(content, dtype).reshape([int(size) for size in value["s"]], order=order)  # type: ignore[arg-type]
        return shaped.copy(order)
    if kind == "scalar":
        return np.frombuffer(content, _dtype(value["d"]), 1)[0]  # type: ignore[arg-type]
    if kind in ("slice", "range"):
        return {"slice": slice, "range": range}[kind](*(_decode(part, special, below) for part in content))  # type: ignore[union-attr]
    if kind == "ellipsis":
        return Ellipsis
    if kind in tables.KINDS:
        return tables.from_plain(value, lambda part: _decode(part, special, below))
    if kind in _SIMPLE:
        return _SIMPLE[kind](content)
    if special is not None:
        return special(value)
    raise ChannelError(f"unknown kind {str(kind)[:40]!r}")


def _dtype(text: str) -> np.dtype[Any]:
    dtype = np.dtype(text)
    if dtype.kind not in _PLAIN_KINDS:
        raise ChannelError(f"dtype {text!r} is not plain")
    return dtype


_SIMPLE: dict[str, Callable[[Any], Any]] = {
    "int": lambda v: int(v, 16),
    "complex": lambda v: complex(*v),
    "type": _TYPES.__getitem__,
    "dtype": _dtype,
    "decimal": Decimal,
    "fraction": lambda v: Fraction(int(v[0], 16), int(v[1], 16)),
    "datetime": datetime.datetime.fromisoformat,
    "date": datetime.date.fromisoformat,
    "time": datetime.time.fromisoformat,
    "timedelta": lambda v: datetime.timedelta(*v),
}


def pack(message: Any) -> bytes:
    """Plain msgpack data as bytes; text may hold lone surrogates."""
    return msgpack.packb(message, use_bin_type=True, unicode_errors="surrogatepass")


def unpack(data: bytes) -> Any:
    """A packed message as plain msgpack data. Raises ChannelError."""
    try:
        return msgpack.unpackb(data, raw=False, strict_map_key=False, max_ext_len=0, unicode_errors="surrogatepass")
    except Exception as error:  # msgpack raises a family of its own, and ValueError, and MemoryError for a bomb
        raise ChannelError("not a message") from error


class Channel:
    """One end of a stream socket. Uses read and write only, which a walled process may.

    A time-out, in seconds, holds for a whole message, on the way out as on the way in: whoever trusts the other side
    least, the room, must give one each time.
    """

    def __init__(self, descriptor: int, limit: int) -> None:
        self.descriptor = descriptor
        self.limit = limit
        self._blocks = True
        self._ahead = bytearray()

    def send(self, message: Any, timeout: float | None = None) -> None:
        """Send plain msgpack data. Raises TooLarge, TimedOut, or Closed where nobody listens."""
        self.send_raw(pack(message), timeout=timeout)

    def send_raw(self, *messages: bytes, timeout: float | None = None) -> None:
        """Send what is packed already, several messages as one stretch, for which the other side wakes up once."""
        for message in messages:
            if len(message) > self.limit:
                raise TooLarge(f"message of {len(message)} bytes; at most {self.limit}")
        deadline = self._deadline(timeout)
        parts = [memoryview(part) for message in messages for part in (_HEADER.pack(len(message)), message)]
        while parts:
            if deadline is not None and time.monotonic() >= deadline:
                raise TimedOut("no answer in time")
            try:
                written = os.writev(self.descriptor, parts)
            except BlockingIOError:
                self._wait(select.POLLOUT, deadline)
                continue
            except (BrokenPipeError, ConnectionResetError) as error:
                raise Closed("the other side is gone") from error
            while parts and written >= len(parts[0]):
                written -= len(parts.pop(0))
            if written:
                parts[0] = parts[0][written:]

    def receive(self, timeout: float | None = None, limit: int | None = None) -> Any:
        """The next message, of at most `limit` bytes. Raises TimedOut, Closed, or ChannelError for a malformed one."""
        return unpack(self.receive_raw(timeout, limit))

    def receive_raw(self, timeout: float | None = None, limit: int | None = None) -> bytes:
        """The next message, still packed."""
        deadline = self._deadline(timeout)
        (length,) = _HEADER.unpack(self._read(_HEADER.size, deadline))
        most = self.limit if limit is None else min(limit, self.limit)
        if length > most:
            raise TooLarge(f"message of {length} bytes announced; at most {most}")
        return self._read(length, deadline)

    def _read(self, size: int, deadline: float | None) -> bytes:
        """`size` bytes. What comes along with them is kept: a header and its message mostly arrive together."""
        while (missing := size - len(self._ahead)) > 0:
            self._wait(select.POLLIN, deadline)
            try:
                part = os.read(self.descriptor, min(max(missing, _AHEAD), 1 << 20))
            except BlockingIOError:
                continue
            except ConnectionResetError as error:
                raise Closed("the other side is gone") from error
            if not part:
                raise Closed("the other side is gone")
            self._ahead += part
        with memoryview(self._ahead) as ahead:
            taken = bytes(ahead[:size])
        del self._ahead[:size]
        return taken

    @property
    def ahead(self) -> bool:
        """Has something of the next message been read already?"""
        return bool(self._ahead)

    def _deadline(self, timeout: float | None) -> float | None:
        """When a message must be through; with a deadline the descriptor must not block."""
        if self._blocks != (timeout is None):
            self._blocks = timeout is None
            os.set_blocking(self.descriptor, self._blocks)
        return None if timeout is None else time.monotonic() + timeout

    def _wait(self, what: int, deadline: float | None) -> None:
        if deadline is None:
            return
        poll = select.poll()
        poll.register(self.descriptor, what)
        left = deadline - time.monotonic()
        if left <= 0 or not poll.poll(left * 1000):
            raise TimedOut("no answer in time")


def next_to_speak(channels: Sequence[Channel]) -> Channel:
    """The first of these, in their order, on which a message or the end has arrived; waits for one."""
    for channel in channels:
        if channel.ahead:
            return channel
    poll = select.poll()
    for channel in channels:
        poll.register(channel.descriptor, select.POLLIN)
    spoken = {descriptor for descriptor, _ in poll.poll()}
    return next(channel for channel in channels if channel.descriptor in spoken)


assert sys.byteorder == "little", "arrays travel as they lie in memory"
