"""The PTX reader as a gate: what is malformed, unknown or not what was asked for is refused, never run."""

from __future__ import annotations

import random
from typing import Any

import numpy as np
import pytest
from numba import cuda

from grader.device.emulated import EmulatedDevice, PtxError, parse
from grader.device.interface import Launch, Pointer
from tests.unit.emulator import compiled

HEAD = ".version 8.8\n.target sm_90\n.address_size 64\n"


def copy(x: Any, out: Any) -> None:
    i = cuda.grid(1)
    if i < x.size:
        out[i] = x[i]


def run(ptx: str, *parameters: Pointer | bytes, buffers: int = 0) -> list[str]:
    given = tuple(np.zeros(64, np.uint8) for _ in range(buffers))
    result = EmulatedDevice().launch(Launch(ptx, "k", (1, 1, 1), (32, 1, 1), parameters, given, step_limit=100_000))
    return [finding.message["en"] for finding in result.findings]


def kernel(body: str, parameters: str = "") -> str:
    registers = ".reg .b32 %r<9>; .reg .b64 %rd<9>; .reg .pred %p<3>; .reg .f32 %f<3>;"
    return f"{HEAD}.visible .entry k({parameters}) {{ {registers}\n{body}\nret; }}"


@pytest.mark.parametrize(
    ("ptx", "named"),
    [
        ("hello", "hello"),
        (HEAD + ".extern .func (.param .b32 r) vprintf (.param .b64 a);", ""),
        (HEAD + ".extern .global .u32 secret;", "secret"),
        (HEAD + ".entry k() { mov.u32 %r1, %tid.x; ret; }", "mov.u32"),
        (HEAD + ".nonsense", ".nonsense"),
        (kernel("bra nowhere;"), "nowhere"),
        (kernel("mov.u32 %r1, %envreg99;"), "%envreg99"),
        (kernel("frobnicate.u32 %r1, %r2;"), "frobnicate.u32"),
        (kernel("tex.2d.v4.f32.f32 %r1, [a, {%f1, %f2}];"), "']'"),
        (kernel("mov.u64 %rd1, elsewhere;"), "elsewhere"),
        (kernel("call elsewhere;"), "call"),
        (kernel("st.global.u32 [%rd1], %r1"), "st.global.u32"),
        (HEAD + ".visible .entry k() { mov.u32", "ends too early"),
        (HEAD + ".visible .entry other() { ret; }", "no kernel k"),
    ],
)
def test_what_is_unknown_or_malformed_is_refused_by_name(ptx: str, named: str) -> None:
    said = run(ptx)
    assert len(said) == 1
    assert named in said[0]


def test_a_kernel_with_other_parameters_than_asked_for_is_refused() -> None:
    ptx = kernel("ld.param.u64 %rd1, [a];", ".param .u64 a")
    assert run(ptx, bytes(8)) == []
    assert "takes 1 arguments, the launch brings 2" in run(ptx, bytes(8), bytes(8))[0]
    assert "Argument 1 has 4 bytes, the kernel's parameter 8" in run(ptx, bytes(4))[0]
    assert "does not exist" in run(ptx, Pointer(0, 0, 0, 8))[0]


@pytest.mark.parametrize("address", [0, 8, 1 << 39, 1 << 40, (1 << 56) | (1 << 39), 0xFFFFFFFFFFFFFFF0])
def test_an_address_made_by_hand_reaches_nothing(address: int) -> None:
    said = run(
        kernel(f"mov.u64 %rd1, {address}; st.u32 [%rd1], 1;", ".param .u64 a"),
        Pointer(0, 0, 0, 64),
        buffers=1,
    )
    assert len(said) == 1
    assert "belongs to no array" in said[0] or "shared" in said[0] or "array with" in said[0]


def test_a_view_is_the_bound_not_the_buffer() -> None:
    ptx = kernel("ld.param.u64 %rd1, [a]; st.u32 [%rd1+8], 1;", ".param .u64 a")
    assert "array" not in "".join(run(ptx, Pointer(0, 16, 16, 28), buffers=1))
    assert "element 2 of an array with 2 elements" in run(ptx, Pointer(0, 16, 16, 24), buffers=1)[0]


def test_damaged_ptx_is_refused_or_runs_but_never_breaks_the_device() -> None:
    ptx, entry = compiled(copy, "void(float32[:], float32[:])")
    chance = random.Random(7)
    alphabet = '{}[]();,.@%-+0123456789abcxyzrd_ \n"$<>'
    device = EmulatedDevice()
    words = [bytes(8)] * 4 + [Pointer(0, 0, 0, 64), (16).to_bytes(8, "little"), (4).to_bytes(8, "little")]
    for _ in range(400):
        text = list(ptx)
        for _ in range(chance.randint(1, 8)):
            at = chance.randrange(len(text))
            text[at : at + chance.randint(0, 6)] = chance.choices(alphabet, k=chance.randint(0, 6))
        damaged = "".join(text)
        launch = Launch(
            damaged,
            entry,
            (1, 1, 1),
            (8, 1, 1),
            tuple(words + words),
            (np.zeros(64, np.uint8),),
            step_limit=10_000,
        )
        result = device.launch(launch)
        assert all(set(finding.message) == {"de", "en"} for finding in result.findings)


def test_a_name_in_ptx_is_never_executed() -> None:
    ptx = kernel("mov.u32 %r1, __import__;")
    assert "__import__" in run(ptx)[0]


@pytest.mark.parametrize("text", ["", HEAD])
def test_a_module_without_kernels_has_none(text: str) -> None:
    assert parse(text).entries() == []


def test_a_giant_module_is_refused_unread() -> None:
    with pytest.raises(PtxError, match="at most"):
        parse(" " * 9_000_000)
