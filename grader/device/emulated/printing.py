"""printf and assert of kernels: the functions that a device has and no module defines. Imports this package only."""

from __future__ import annotations

import re
import struct
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from grader.device.emulated.memory import LOCAL_WINDOW, MIDDLE, SHARED_WINDOW, WINDOW_BITS

if TYPE_CHECKING:
    from grader.device.emulated.wave import Wave

#: As the buffer of a GPU: what is printed beyond it in one launch is lost.
MAX_PRINTED = 1 << 20
_MAX_TEXT = 4096
_MAX_WIDTH = 200
_FORMAT = re.compile(
    r"%(?P<flags>[-+ #0]*)(?P<width>\*|\d+)?(?:\.(?P<precision>\*|\d*))?(?P<long>hh|h|ll|l|z|j|t)?(?P<kind>.)"
)


def peek(wave: Wave, address: int, lane: int, size: int) -> bytes:
    """Up to `size` bytes at a generic address as `lane` sees them; fewer where memory ends, none outside of it."""
    window = address >> WINDOW_BITS
    offset = (address & ((1 << WINDOW_BITS) - 1)) - MIDDLE
    if window == LOCAL_WINDOW:
        start, limit, content = lane * wave.local_stride, wave.local_size, wave.local
    elif window == SHARED_WINDOW:
        start, limit, content = lane // wave.block_threads * wave.shared_stride, wave.shared_size, wave.shared
    elif 0 < window < len(wave.memory.windows):
        known = wave.memory.windows[window]
        start, limit, content = known.start, known.end, wave.memory.bytes
        if offset < known.begin:
            return b""
    else:
        return b""
    if not 0 <= offset < limit:
        return b""
    return content[start + offset : start + min(offset + size, limit)].tobytes()


def text_at(wave: Wave, address: int, lane: int) -> str:
    return peek(wave, address, lane, _MAX_TEXT).partition(b"\0")[0].decode("utf-8", "replace")


class _Arguments:
    """The values behind printf's second parameter, each aligned to its size."""

    def __init__(self, wave: Wave, address: int, lane: int) -> None:
        self.wave, self.address, self.lane = wave, address, lane
        self.offset = 0

    def take(self, code: str) -> Any:
        size = struct.calcsize(code)
        self.offset = -(-self.offset // size) * size
        raw = peek(self.wave, self.address + self.offset, self.lane, size)
        self.offset += size
        return struct.unpack(code, raw.ljust(size, b"\0"))[0]


def formatted(wave: Wave, lane: int, pattern: int, values: int) -> str:
    """What one lane prints."""
    arguments = _Arguments(wave, values, lane)
    return "".join(_pieces(text_at(wave, pattern, lane), arguments))


def _pieces(pattern: str, arguments: _Arguments) -> Iterator[str]:
    position = 0
    for match in _FORMAT.finditer(pattern):
        yield pattern[position : match.start()]
        position = match.end()
        yield _piece(match, arguments)
    yield pattern[position:]


def _piece(match: re.Match[str], arguments: _Arguments) -> str:
    kind = match["kind"]
    if kind == "%":
        return "%"
    if kind not in "diouxXcspaAeEfFgG":
        return match.group()
    width, precision = (
        arguments.take("<i") if part == "*" else int(part[:9]) if part else None
        for part in (match["width"], match["precision"])
    )
    flags = match["flags"]
    if width is not None and width < 0:
        flags, width = flags + "-", -width
    shape = f"%{flags}{min(width or 0, _MAX_WIDTH) or ''}"
    if match["precision"] is not None and kind != "c":
        shape += f".{min(max(precision or 0, 0), _MAX_WIDTH)}"
    wide = match["long"] in ("l", "ll", "z", "j", "t")
    if kind in "di":
        return f"{shape}d" % arguments.take("<q" if wide else "<i")
    if kind in "ouxX":
        return f"{shape}{kind}" % arguments.take("<Q" if wide else "<I")
    if kind == "c":
        return f"{shape}c" % (arguments.take("<i") & 0xFF)
    if kind == "s":
        return f"{shape}s" % text_at(arguments.wave, arguments.take("<Q"), arguments.lane)
    if kind == "p":
        return f"0x{arguments.take('<Q'):x}"
    number = arguments.take("<d")
    return number.hex() if kind in "aA" else f"{shape}{kind}" % number


def print_lanes(wave: Wave, index: np.ndarray, patterns: np.ndarray, values: np.ndarray) -> None:
    """printf of the lanes `index`, one after the other."""
    printed = wave.state.printed
    for lane, pattern, value in zip(index.tolist(), patterns.tolist(), values.tolist(), strict=True):
        if printed.size >= MAX_PRINTED:
            return
        printed.add(formatted(wave, lane, pattern, value))


class Printed:
    """What a launch prints. `size` in characters."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.size = 0

    def add(self, text: str) -> None:
        self.parts.append(text[: MAX_PRINTED - self.size])
        self.size += len(text)

    def text(self) -> str:
        return "".join(self.parts)
