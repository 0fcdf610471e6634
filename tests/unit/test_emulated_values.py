"""Values of single instructions: integers as Python computes them, floats rounded once in the mode that is written."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from fractions import Fraction
from typing import Any

import hypothesis.strategies as st
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from grader.device.emulated import EmulatedDevice
from grader.device.emulated.formats import FORMATS
from grader.device.interface import Launch, LaunchResult, Pointer

DEVICE = EmulatedDevice()
#: Types whose values lie in registers of bits.
_BITS = {2: "b16", 4: "b32", 8: "b64"}
PROPERTY = settings(max_examples=30, deadline=None, derandomize=True, suppress_health_check=[HealthCheck.too_slow])


def module(opcode: str, types: Sequence[str], result: str, immediates: str = "") -> str:
    """A kernel that applies `opcode` to the elements of its arrays; `types` and `result` are PTX's."""
    sizes = [FORMATS[kind].storage(0).itemsize for kind in types]
    body, names = [], []
    for number, size in enumerate(sizes):
        body.append(f".reg .{_BITS[size]} %x{number};")
        body.append(f"ld.param.u64 %a, [p{number}]; mad.wide.u32 %a, %t, {size}, %a;")
        body.append(f"ld.global.{_BITS[size]} %x{number}, [%a];")
        names.append(f"%x{number}")
    out = FORMATS[result].storage(0).itemsize
    if result == "pred":
        store = "selp.b32 %y, 1, 0, %q;"
        target, out = "%q", 4
    else:
        store, target = "", "%y"
    operands = ", ".join([target, *names]) + immediates
    last = len(sizes)
    body.append(f".reg .{_BITS[out]} %y; .reg .pred %q;")
    body.append(f"{opcode} {operands}; {store}")
    body.append(f"ld.param.u64 %a, [p{last}]; mad.wide.u32 %a, %t, {out}, %a; st.global.{_BITS[out]} [%a], %y;")
    parameters = ", ".join(f".param .u64 p{number}" for number in range(last + 1))
    text = "\n".join(body)
    return (
        ".version 8.8\n.target sm_90\n.address_size 64\n"
        f".visible .entry k({parameters}) {{ .reg .b64 %a; .reg .b32 %t; mov.u32 %t, %tid.x;\n{text}\nret; }}"
    )


def run(text: str, arrays: Sequence[np.ndarray], out: np.ndarray) -> LaunchResult:
    buffers = [np.ascontiguousarray(array).view(np.uint8) for array in (*arrays, out)]
    pointers = tuple(Pointer(number, 0, 0, buffer.nbytes) for number, buffer in enumerate(buffers))
    return DEVICE.launch(Launch(text, "k", (1, 1, 1), (len(out), 1, 1), pointers, tuple(buffers)))


def compute(
    opcode: str, types: Sequence[str], result: str, *arrays: Any, dtype: Any = None, immediates: str = ""
) -> np.ndarray:
    """What the instruction makes of the arrays, as `dtype` (the storage type of `result` unless given)."""
    given = [np.asarray(array, FORMATS[kind].storage) for array, kind in zip(arrays, types, strict=True)]
    kind = np.uint32 if result == "pred" else FORMATS[result].storage
    done = run(module(opcode, types, result, immediates), given, np.zeros(len(given[0]), kind))
    assert [finding for finding in done.findings if finding.severity == "error"] == []
    return done.buffers[-1].view(dtype or kind)


# -- floats


def rounded(value: Fraction, dtype: Any, mode: str, square: bool = False) -> float:
    """`value` (or its root, with `square`) in `mode`, found by comparing neighbours."""
    largest = float(np.finfo(dtype).max)

    def compare(number: Any) -> Fraction:
        exact = Fraction(float(number))
        return (exact * exact if square else exact) - value

    start = math.sqrt(value) if square else float(min(max(value, Fraction(-largest)), Fraction(largest)))
    low = high = dtype(start)
    while np.isfinite(low) and compare(low) > 0:
        low = np.nextafter(low, dtype(-np.inf))
    while np.isfinite(high) and compare(high) < 0:
        high = np.nextafter(high, dtype(np.inf))
    if np.isfinite(low):
        high = high if compare(low) else low
        high = np.nextafter(low, dtype(np.inf)) if high != low and np.isfinite(high) else high
    return float({"rm": low, "rp": high, "rz": low if value > 0 else high}[mode])


EXACT: dict[str, Callable[..., Fraction]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "fma": lambda a, b, c: a * b + c,
    "rcp": lambda a: 1 / a,
}


def numbers(kind: str) -> st.SearchStrategy[float]:
    width = {"f32": 32, "f64": 64, "f16": 16}[kind]
    return st.floats(width=width, allow_nan=False, allow_infinity=False)  # type: ignore[arg-type]


@pytest.mark.parametrize("mode", ["rz", "rm", "rp"])
@pytest.mark.parametrize("kind", ["f32", "f64"])
@pytest.mark.parametrize("name", EXACT)
def test_directed_rounding_gives_the_neighbour_of_the_exact_result(name: str, kind: str, mode: str) -> None:
    count = EXACT[name].__code__.co_argcount
    dtype = FORMATS[kind].compute

    @PROPERTY
    @given(st.lists(st.tuples(*[numbers(kind)] * count), min_size=1, max_size=8))
    def check(rows: list[tuple[float, ...]]) -> None:
        rows = [row for row in rows if (name not in ("div", "rcp") or row[-1] != 0)]
        if not rows:
            return
        found = compute(f"{name}.{mode}.{kind}", [kind] * count, kind, *zip(*rows, strict=True), dtype=dtype)
        for row, value in zip(rows, found, strict=True):
            exact = EXACT[name](*map(Fraction, row))
            if exact != 0:
                assert float(value) == rounded(exact, dtype, mode), row

    check()


@pytest.mark.parametrize("mode", ["rz", "rm", "rp"])
@pytest.mark.parametrize("kind", ["f32", "f64"])
def test_a_root_is_rounded_in_its_mode(kind: str, mode: str) -> None:
    dtype = FORMATS[kind].compute

    @PROPERTY
    @given(st.lists(numbers(kind).map(abs), min_size=1, max_size=8))
    def check(row: list[float]) -> None:
        found = compute(f"sqrt.{mode}.{kind}", [kind], kind, row, dtype=dtype)
        for number, value in zip(row, found, strict=True):
            if number:
                assert float(value) == rounded(Fraction(number), dtype, mode, square=True), number

    check()


def nearest(value: Fraction, bits: int, lowest: int, highest: int) -> Fraction | None:
    """To `bits` of mantissa, ties to even, with exponents of the last bit from `lowest` on; None beyond `highest`."""
    if value == 0:
        return value
    sign, value = (-1, -value) if value < 0 else (1, value)
    exponent = value.numerator.bit_length() - value.denominator.bit_length()
    if value < Fraction(2) ** exponent:
        exponent -= 1
    last = max(exponent - bits + 1, lowest)
    # Python rounds a Fraction to the nearest integer, ties to even.
    result = round(value / Fraction(2) ** last) * Fraction(2) ** last
    return sign * result if result < Fraction(2) ** highest else None


#: Bits of mantissa, exponent of the smallest subnormal number, exponent beyond the largest.
SHAPES = {"f64": (53, -1074, 1024), "f32": (24, -149, 128), "f16": (11, -24, 16), "bf16": (8, -133, 128)}


@pytest.mark.parametrize("kind", SHAPES)
def test_fma_is_rounded_once(kind: str) -> None:
    form = FORMATS[kind]
    width = {"f64": 64, "f32": 32, "f16": 16, "bf16": 16}[kind]

    @PROPERTY
    @given(st.lists(st.tuples(*[st.integers(0, 2**width - 1)] * 3), min_size=1, max_size=8))
    def check(rows: list[tuple[int, ...]]) -> None:
        bits = np.array(rows, f"u{width // 8}").T
        columns = [form.decode(column.view(form.storage)) for column in bits]
        with np.errstate(all="ignore"):
            usable = np.all([np.isfinite(column) for column in columns], axis=0)
        if not usable.any():
            return
        kept = [column[usable] for column in bits]
        found = form.decode(compute(f"fma.rn.{kind}", [kind] * 3, kind, *(k.view(form.storage) for k in kept)))
        for number, value in enumerate(found):
            a, b, c = (Fraction(float(column[usable][number])) for column in columns)
            exact = a * b + c
            wanted = nearest(exact, *SHAPES[kind])
            if wanted is None:
                assert float(value) == (math.inf if exact > 0 else -math.inf)
            else:
                assert Fraction(float(value)) == wanted

    check()


@pytest.mark.parametrize("kind", ["f16", "bf16"])
@pytest.mark.parametrize("name", ["add", "sub", "mul"])
def test_packed_halves_are_computed_as_two_numbers(name: str, kind: str) -> None:
    form = FORMATS[kind]

    @PROPERTY
    @given(st.lists(st.tuples(*[st.integers(0, 2**16 - 1)] * 4), min_size=1, max_size=8))
    def check(rows: list[tuple[int, ...]]) -> None:
        a, b, c, d = (np.array(column, np.uint32) for column in zip(*rows, strict=True))
        pair = f"{kind}x2"
        found = compute(f"{name}.{pair}", [pair, pair], pair, a | b << np.uint32(16), c | d << np.uint32(16))
        halves = found.view(form.storage).reshape(-1, 2)
        for place, (x, y) in enumerate(((a, c), (b, d))):
            columns = [form.decode(v.astype(np.uint16).view(form.storage)) for v in (x, y)]
            for number, value in enumerate(form.decode(np.ascontiguousarray(halves[:, place]))):
                left, right = (float(column[number]) for column in columns)
                if not (math.isfinite(left) and math.isfinite(right)):
                    continue
                exact = EXACT[name](Fraction(left), Fraction(right))
                wanted = nearest(exact, *SHAPES[kind])
                assert float(value) == ((math.inf if exact > 0 else -math.inf) if wanted is None else float(wanted))

    check()


NAN = float("nan")


@pytest.mark.parametrize(
    ("opcode", "given_", "wanted"),
    [
        ("min.f32", [(NAN, 1), (1, NAN), (2, 1)], [1, 1, 1]),
        ("max.f32", [(NAN, 1), (1, NAN), (2, 1)], [1, 1, 2]),
        ("min.NaN.f32", [(NAN, 1), (1, NAN), (2, 1)], [NAN, NAN, 1]),
        ("max.NaN.f32", [(NAN, 1), (1, NAN), (2, 1)], [NAN, NAN, 2]),
        ("min.xorsign.abs.f32", [(-3, 2), (-3, -2)], [-2, 2]),
        ("add.sat.f32", [(NAN, 1), (0.75, 0.5), (-1, 0.5), (0.25, 0.5)], [0, 1, 0, 0.75]),
        (
            "add.ftz.f32",
            [(1e-39, 0), (-1e-39, -0.0), (1e-38, 1e-38), (1.5e-38, -1.4e-38)],
            [0, -0.0, 0, 0],
        ),
        ("copysign.f32", [(-1, 2), (1, -2)], [-2, 2]),
        ("div.rn.f32", [(1, 0), (-1, 0), (1, 3)], [math.inf, -math.inf, np.float32(1) / np.float32(3)]),
    ],
)
def test_rules_of_nan_saturation_and_flushing(
    opcode: str, given_: list[tuple[float, ...]], wanted: list[float]
) -> None:
    found = compute(opcode, ["f32", "f32"], "f32", *zip(*given_, strict=True))
    assert np.array_equal(found, np.array(wanted, "f4"), equal_nan=True)
    assert np.array_equal(np.signbit(found), np.signbit(np.array(wanted, "f4"))) or any(map(math.isnan, wanted))


# -- conversions


@pytest.mark.parametrize("source", ["f16", "f32", "f64"])
@pytest.mark.parametrize("target", ["u8", "s8", "u16", "s16", "u32", "s32", "u64", "s64"])
@pytest.mark.parametrize("how", ["rni", "rzi", "rmi", "rpi"])
def test_floats_become_integers_by_rounding_and_saturating(source: str, target: str, how: str) -> None:
    form, info = FORMATS[source], np.iinfo(FORMATS[target].compute)
    rounding = {"rni": round, "rzi": math.trunc, "rmi": math.floor, "rpi": math.ceil}[how]
    held = {1: "u16"}.get(info.bits // 8, target)

    @PROPERTY
    @given(st.lists(numbers(source) | st.floats(-300, 300).map(lambda x: float(form.compute(x))), min_size=1))
    def check(row: list[float]) -> None:
        row = row[:16]
        found = compute(f"cvt.{how}.{target}.{source}", [source], held, row)
        values = found.astype(FORMATS[target].compute)
        assert [int(v) for v in values] == [min(max(rounding(x), info.min), info.max) for x in row]

    check()


@pytest.mark.parametrize(
    ("opcode", "source", "target", "wanted"),
    [
        ("cvt.rzi.s32.f32", "f32", "s32", 0),
        ("cvt.rzi.u32.f32", "f32", "u32", 0),
        ("cvt.rzi.s64.f32", "f32", "s64", -(1 << 63)),
        ("cvt.rzi.s32.f64", "f64", "s32", -(1 << 31)),
        ("cvt.rzi.u64.f64", "f64", "u64", 1 << 63),
    ],
)
def test_nan_becomes_the_integer_of_the_manual(opcode: str, source: str, target: str, wanted: int) -> None:
    assert int(compute(opcode, [source], target, [NAN])[0]) == wanted


@pytest.mark.parametrize("mode", ["rz", "rm", "rp"])
@pytest.mark.parametrize(
    ("source", "target"), [("s64", "f32"), ("s32", "f64"), ("u64", "f64"), ("s32", "f32"), ("s64", "f64")]
)
def test_integers_become_floats_in_the_mode_that_is_written(source: str, target: str, mode: str) -> None:
    info, dtype = np.iinfo(FORMATS[source].compute), FORMATS[target].compute

    @PROPERTY
    @given(st.lists(st.integers(int(info.min), int(info.max)), min_size=1, max_size=8))
    def check(row: list[int]) -> None:
        found = compute(f"cvt.{mode}.{target}.{source}", [source], target, row)
        for number, value in zip(row, found, strict=True):
            assert float(value) == rounded(Fraction(number), dtype, mode)

    check()


@pytest.mark.parametrize(
    ("source", "target"), [("f64", "f32"), ("f64", "f16"), ("f64", "bf16"), ("f32", "bf16"), ("f32", "f16")]
)
def test_narrowing_to_nearest_rounds_once(source: str, target: str) -> None:
    form = FORMATS[target]

    @PROPERTY
    @given(st.lists(numbers(source), min_size=1, max_size=8))
    def check(row: list[float]) -> None:
        found = form.decode(compute(f"cvt.rn.{target}.{source}", [source], target, row))
        for number, value in zip(row, found, strict=True):
            wanted = nearest(Fraction(number), *SHAPES[target])
            assert float(value) == (math.copysign(math.inf, number) if wanted is None else float(wanted))

    check()


# -- integers

U32 = st.integers(0, 2**32 - 1)


def signed(value: int, bits: int = 32) -> int:
    value &= (1 << bits) - 1
    return value - (1 << bits) if value >> (bits - 1) else value


def _bfind(a: int) -> int:
    a = signed(a)
    return ((~a if a < 0 else a).bit_length() - 1) & 0xFFFFFFFF


def _bytes(value: int, sign: bool) -> list[int]:
    return [signed(value >> 8 * n, 8) if sign else value >> 8 * n & 255 for n in range(4)]


INTEGERS: dict[str, Callable[..., int]] = {
    "sad.s32": lambda a, b, c: abs(signed(a) - signed(b)) + c,
    "sad.u32": lambda a, b, c: abs(a - b) + c,
    "mul24.lo.s32": lambda a, b: signed(a, 24) * signed(b, 24),
    "mul24.hi.u32": lambda a, b: (a & 0xFFFFFF) * (b & 0xFFFFFF) >> 16,
    "add.sat.s32": lambda a, b: min(max(signed(a) + signed(b), -(1 << 31)), (1 << 31) - 1),
    "sub.sat.s32": lambda a, b: min(max(signed(a) - signed(b), -(1 << 31)), (1 << 31) - 1),
    "mul.hi.s32": lambda a, b: signed(a) * signed(b) >> 32,
    "mad.lo.s32": lambda a, b, c: a * b + c,
    "mad.hi.u32": lambda a, b, c: (a * b >> 32) + c,
    "div.s32": lambda a, b: int(Fraction(signed(a), signed(b))) if b else -1,
    "rem.s32": lambda a, b: signed(a) - int(Fraction(signed(a), signed(b))) * signed(b) if b else a,
    "div.u32": lambda a, b: a // b if b else -1,
    "shl.b32": lambda a, b: a << min(b, 32),
    "shr.s32": lambda a, b: signed(a) >> min(b, 32),
    "shr.u32": lambda a, b: a >> min(b, 32),
    "shf.l.clamp.b32": lambda a, b, c: ((b << 32 | a) << min(c, 32)) >> 32,
    "shf.r.wrap.b32": lambda a, b, c: (b << 32 | a) >> (c & 31),
    "bfind.s32": _bfind,
    "bfind.u32": lambda a: a.bit_length() - 1,
    "bfind.shiftamt.u32": lambda a: 32 - a.bit_length() if a else -1,
    "clz.b32": lambda a: 32 - a.bit_length(),
    "popc.b32": lambda a: a.bit_count(),
    "brev.b32": lambda a: int(f"{a:032b}"[::-1], 2),
    "cnot.b32": lambda a: int(a == 0),
    "abs.s32": lambda a: abs(signed(a)),
    "bmsk.clamp.b32": lambda a, b: ((1 << min(b, 32)) - 1) << min(a, 32),
    "bmsk.wrap.b32": lambda a, b: ((1 << (b & 31)) - 1) << (a & 31),
    "szext.wrap.s32": lambda a, b: signed(a, b & 31) if b & 31 else 0,
    "szext.clamp.u32": lambda a, b: a & ((1 << min(b, 32)) - 1),
    "dp4a.s32.s32": lambda a, b, c: sum(x * y for x, y in zip(_bytes(a, True), _bytes(b, True), strict=True)) + c,
    "dp4a.u32.s32": lambda a, b, c: sum(x * y for x, y in zip(_bytes(a, False), _bytes(b, True), strict=True)) + c,
    "dp2a.lo.s32.s32": lambda a, b, c: (
        signed(a, 16) * _bytes(b, True)[0] + signed(a >> 16, 16) * _bytes(b, True)[1] + c
    ),
    "dp2a.hi.u32.u32": lambda a, b, c: (a & 0xFFFF) * _bytes(b, False)[2] + (a >> 16) * _bytes(b, False)[3] + c,
    "min.s32": lambda a, b: min(signed(a), signed(b)),
    "max.u32": lambda a, b: max(a, b),
}


@pytest.mark.parametrize("opcode", INTEGERS)
def test_integer_instructions_are_those_of_the_manual(opcode: str) -> None:
    count = INTEGERS[opcode].__code__.co_argcount

    @PROPERTY
    @given(st.lists(st.tuples(*[U32 | st.integers(0, 40)] * count), min_size=1, max_size=8))
    def check(rows: list[tuple[int, ...]]) -> None:
        if opcode.startswith(("div.s", "rem")):
            rows = [row for row in rows if not (row[0] == 1 << 31 and row[1] == 0xFFFFFFFF)]
        if not rows:
            return
        found = compute(opcode, ["u32"] * count, "u32", *zip(*rows, strict=True))
        assert [int(v) for v in found] == [INTEGERS[opcode](*row) & 0xFFFFFFFF for row in rows]

    check()


def test_fns_finds_the_nth_set_bit() -> None:
    rows = [(0b10110, 0, 1), (0b10110, 0, 3), (0b10110, 4, -2), (0b10110, 2, 0), (0b10110, 3, 0), (0b10110, 0, 4)]
    found = compute(
        "fns.b32", ["u32"] * 3, "u32", *[[c & 0xFFFFFFFF for c in column] for column in zip(*rows, strict=True)]
    )
    assert found.tolist() == [1, 4, 2, 2, 0xFFFFFFFF, 0xFFFFFFFF]


@pytest.mark.parametrize(
    "opcode",
    ["add.zz.f32", "add.rn.wrong.s32", "mul.s32", "cvt.rx.f32.s32", "min.sat.s32", "addc.u32", "set.eq.and.u32.u32"],
)
def test_a_modifier_that_is_not_known_is_refused_by_name(opcode: str) -> None:
    result = run(module(opcode, ["u32", "u32"], "u32"), [np.zeros(1, "u4")] * 2, np.zeros(1, "u4"))
    assert [finding.kind for finding in result.findings] == ["unsupported"]
    assert opcode in result.findings[0].message["en"]


def test_a_register_that_was_moved_keeps_its_value_when_some_lanes_change_the_other() -> None:
    ptx = (
        ".version 8.8\n.target sm_90\n.address_size 64\n.visible .entry k(.param .u64 p) {\n"
        ".reg .b64 %a; .reg .b32 %t, %x, %kept; .reg .pred %some;\n"
        "mov.u32 %t, %tid.x; mov.u32 %x, %t; setp.ge.u32 %some, %t, 16;\n"
        "@%some bra MEET;\nadd.u32 %x, %x, 100;\n"
        "MEET:\nmov.u32 %kept, %x;\n@%some bra LAST;\nadd.u32 %x, %x, 1000;\n"
        "LAST:\nadd.u32 %kept, %kept, 0; mul.lo.u32 %x, %x, 10000; add.u32 %x, %x, %kept;\n"
        "ld.param.u64 %a, [p]; mad.wide.u32 %a, %t, 4, %a; st.global.u32 [%a], %x;\nret; }"
    )
    launch = Launch(ptx, "k", (1, 1, 1), (32, 1, 1), (Pointer(0, 0, 0, 128),), (np.zeros(128, np.uint8),))
    left = DEVICE.launch(launch).buffers[0].view(np.uint32)
    lane = np.arange(32)
    some = lane < 16
    assert list(left) == list((lane + 1100 * some) * 10_000 + lane + 100 * some)
