"""The table of instructions: for each opcode a function that makes its operation. Imports this package only."""

from __future__ import annotations

from typing import Any

import numpy as np

from grader.device.emulated import alu, arithmetic, bits, moves, transfers, warp
from grader.device.emulated.calls import EXTERNAL, called
from grader.device.emulated.formats import FORMATS
from grader.device.emulated.forms import Maker
from grader.device.emulated.operands import Operation
from grader.device.emulated.printing import print_lanes, text_at
from grader.device.emulated.ptx import Instruction, PtxError


def _external(t: Any, i: Instruction) -> Operation:
    """A function that the device has: printf or the end of a failed assertion."""
    name, arguments, _ = called(i)
    if len(arguments) != EXTERNAL[name]:
        raise PtxError(f"call of {name} with {len(arguments)} arguments", i.at)
    places = [t.place(argument.name) for argument in arguments]
    site = t.site

    def run(lanes: Any) -> None:
        wave = lanes.wave
        index = np.arange(wave.threads) if lanes.index is None else lanes.index
        given = [
            np.ascontiguousarray(wave.local[wave.stack.positions(place, index, 0)]).view(f"u{place.size}")[:, 0]
            for place in places
        ]
        if name == "vprintf":
            print_lanes(wave, index, *given)
        else:
            wave.trap(site, index, text_at(wave, int(given[0][0]), int(index[0])))

    return run


def _nothing(t: Any, i: Instruction) -> None:
    return None


_TYPES = set(FORMATS) | {"tf32"}


_ROUNDINGS = {"rn", "rz", "rm", "rp"}


_FLOAT = _ROUNDINGS | {"ftz", "sat", "approx", "full"}


_WHERE = {
    *("global", "shared", "local", "const", "param", "cta", "cluster", "gpu", "sys", "weak", "relaxed", "acquire"),
    *("release", "acq_rel", "volatile", "mmio", "nc", "v2", "v4", "ca", "cg", "cs", "lu", "cv", "wb", "wt"),
}


_SPACES = ("global", "shared", "local", "const", "param")


#: What may stand between an opcode's first part and its types. Anything else is an instruction that is not known.
_MODIFIERS: dict[str, set[str]] = {
    opcode: allowed
    for opcodes, allowed in (
        ("fma", _FLOAT | {"relu"}),
        ("div sqrt rcp", _FLOAT),
        ("mul", _FLOAT | {"lo", "hi", "wide"}),
        ("mad madc", _FLOAT | {"lo", "hi", "wide", "cc"}),
        ("add sub addc subc", _FLOAT | {"cc"}),
        ("min max", {"ftz", "NaN", "xorsign", "abs"}),
        ("neg abs slct", {"ftz"}),
        ("rsqrt sin cos lg2 ex2 tanh", {"approx", "ftz"}),
        ("mul24 mad24 dp2a", {"lo", "hi"}),
        ("shf", {"l", "r", "clamp", "wrap"}),
        ("bmsk szext", {"clamp", "wrap"}),
        ("testp", {"finite", "infinite", "number", "notanumber", "normal", "subnormal"}),
        ("bfind", {"shiftamt"}),
        ("prmt", set(bits.PERMUTATIONS)),
        ("setp set", {*alu.COMPARISONS, *moves.COMBINE, "ftz"}),
        ("cvt", {*_ROUNDINGS, *alu.ROUND, "ftz", "sat", "relu", "rna"}),
        ("cvta", {"to", *_SPACES}),
        ("isspacep", set(_SPACES)),
        ("ld ldu st", _WHERE),
        ("atom red", {*transfers.ATOMIC, "cas", "noftz"} | _WHERE),
        ("membar fence", {"cta", "gl", "sys", "gpu", "cluster", "sc", "acq_rel", "acquire", "release"}),
        ("bar", {"warp", "sync"}),
        ("call", {"uni"}),
        ("vote", {"sync", "all", "any", "uni", "ballot"}),
        ("shfl", {"sync", "up", "down", "bfly", "idx"}),
        ("match", {"sync", "any", "all"}),
        ("redux", {"sync", *transfers.REDUCTIONS}),
        ("elect", {"sync"}),
        ("prefetch", {"global", "local", "L1", "L2"}),
        ("prefetchu", {"L1"}),
    )
    for opcode in opcodes.split()
}


def operation(t: Any, i: Instruction) -> Operation | None:
    """What instruction `i` does, by translator `t`. Raises KeyError or ValueError for what is not known."""
    _check(i)
    return TABLE[i.parts[0]](t, i)


def exchange(t: Any, i: Instruction) -> warp.Exchange:
    """What the warp operation `i` does, likewise."""
    _check(i)
    return warp.exchange(t, i)


def _check(i: Instruction) -> None:
    unknown = set(i.parts[1:]) - _TYPES - _MODIFIERS.get(i.parts[0], set())
    if unknown:
        raise ValueError(f"unknown {', '.join(sorted(unknown))}")


TABLE: dict[str, Maker] = {
    **arithmetic.TABLE,
    **bits.TABLE,
    **moves.TABLE,
    **transfers.TABLE,
    **warp.TABLE,
    "call": _external,
    "pmevent": _nothing,
    "nanosleep": _nothing,
    "prefetch": _nothing,
    "prefetchu": _nothing,
}
