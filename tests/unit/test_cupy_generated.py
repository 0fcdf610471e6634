"""Kernels just as CuPy generates them, with its own headers, on the emulated GPU.

A launch hands arrays over as pointers, CuPy as objects of its class: a kernel of ours makes the ones of the others.
"""

import re

import numpy as np
import pytest

from grader.device.emulated import EmulatedDevice
from grader.device.emulated.ptx import parse
from grader.device.emulated.translate import translate
from grader.device.frontends.nvrtc import compile_kernel
from grader.device.interface import Launch, Pointer
from tests.real_cupy import ask

DEVICE = EmulatedDevice()
A = np.arange(12, dtype="f4").reshape(3, 4)

ARRAY = re.compile(r"(?:const )?(CArray<([\w ]+), (\d), \w+, \w+>) (\w+)")
INDEXER = re.compile(r"(CIndexer<(\d), \d>) (\w+)")


@pytest.fixture(scope="module")
def generated():
    return ask("sources")


@pytest.fixture(scope="module")
def options():
    return ("-std=c++17", *(f"-I{folder}" for folder in ask("include")["folders"]))


def wrapped(source):
    """The generated kernel as a function, and a kernel that calls it with what the launch brings."""
    code, entry = source["code"], source["entry"]
    text = re.search(rf"void {entry}\((.*)\) {{", code).group(1)
    head, made, given = [], [], []
    for parameter in re.split(r", (?![^<]*>)", text):
        if array := ARRAY.fullmatch(parameter):
            kind, dtype, ndim, name = array.groups()
            head += [f"{dtype}* {name}", f"const long long* {name}_shape"]
            made.append(
                f"struct {{ void* data; long long rest[{1 + 2 * int(ndim)}]; }} {name}_made; {name}_made.data = {name};"
                f"for (int i = 0; i < {1 + 2 * int(ndim)}; i++) {name}_made.rest[i] = {name}_shape[i];"
            )
            given.append(f"*({kind}*)&{name}_made")
        elif indexer := INDEXER.fullmatch(parameter):
            kind, ndim, name = indexer.groups()
            head.append(f"const long long* {name}_shape")
            made.append(
                f"struct {{ long long rest[{1 + 2 * int(ndim)}]; }} {name}_made;"
                f"for (int i = 0; i < {1 + int(ndim)}; i++) {name}_made.rest[i] = {name}_shape[i];"
            )
            given.append(f"*({kind}*)&{name}_made")
        else:
            head.append(parameter)
            given.append(parameter.split()[-1])
    code = code.replace('extern "C" __global__', "__device__")
    body = " ".join(made)
    return f'{code}\nextern "C" __global__ void launched({", ".join(head)}) {{ {body} {entry}({", ".join(given)}); }}'


def run(source, options, grid, block, *arguments):
    """Arrays as the kernel left them. An argument is an array, a number, or a shape for an indexer."""
    buffers, parameters = [], []

    def pointer(array, offset=0):
        buffers.append(array)
        parameters.append(Pointer(len(buffers) - 1, offset, 0, array.nbytes))

    for argument in arguments:
        if isinstance(argument, tuple):
            pointer(np.array([np.prod(argument), *argument], "i8").view("u1"))
        elif isinstance(argument, np.ndarray):
            base = argument if argument.base is None else argument.base
            offset = argument.__array_interface__["data"][0] - base.__array_interface__["data"][0]
            pointer(np.frombuffer(base.tobytes(), "u1"), offset)
            pointer(np.array([argument.size, *argument.shape, *argument.strides], "i8").view("u1"))
        else:
            parameters.append(argument.tobytes())
    ptx, entry = compile_kernel(wrapped(source), "launched", options, (9, 0))
    result = DEVICE.launch(Launch(ptx, entry, (grid, 1, 1), (block, 1, 1), tuple(parameters), tuple(buffers)))
    assert [finding for finding in result.findings if finding.severity == "error"] == []
    arrays = [argument for argument in arguments if isinstance(argument, np.ndarray)]
    found = iter(result.buffers)
    for argument in arguments:
        if isinstance(argument, tuple):
            next(found)
        elif isinstance(argument, np.ndarray):
            left = next(found)
            next(found)
            yield left.view(argument.dtype)
    assert arrays


def test_an_elementwise_kernel_over_strided_arrays(generated, options):
    wide = np.arange(24, dtype="f4").reshape(3, 8)
    out = np.zeros((3, 8), "f4")
    y = np.arange(12, dtype="i4")
    source = generated["elementwise over strided arrays"]
    *_, left = run(source, options, 1, 32, wide[:, ::2], y, np.float32(0.5), out[:, 1::2], (3, 4))
    assert np.array_equal(left.reshape(3, 8)[:, 1::2], wide[:, ::2] * y.reshape(3, 4) + np.float32(0.5))


def test_a_reduction_of_an_axis(generated, options):
    x = np.arange(4 * 100, dtype="f4").reshape(4, 100).copy()
    _, left = run(
        generated["reduction of an axis"], options, 4, 64, x.T, np.zeros(4, "f4"), (100, 4), (4,), np.int32(1)
    )
    assert np.allclose(left, np.sqrt((x.astype("f8") ** 2).sum(axis=1)), rtol=1e-6)


def test_fused_steps(generated, options):
    *_, left = run(generated["fused steps"], options, 1, 32, A, A + 1, np.zeros_like(A), (3, 4))
    assert np.allclose(left.reshape(3, 4), np.sqrt(A * A + (A + 1) ** 2) + 1, rtol=1e-6)


def test_fused_steps_and_a_sum(generated, options):
    source = generated["fused steps and a sum"]
    *_, left = run(source, options, 4, 64, A, A + 1, np.zeros(4, "f4"), (3, 4), (4,), np.int32(1))
    assert np.array_equal(left, (A * (A + 1)).sum(axis=0))


def test_a_function_that_cupyx_jit_has_translated(generated, options):
    x = np.arange(32, dtype="f4")
    _, left = run(generated["cupyx.jit"], options, 1, 32, x, np.zeros(33, "f4"), np.int32(32))
    assert np.array_equal(left, [*(x[::-1] * np.float32(2.5)) // 3, 32])


def test_what_its_universal_functions_compile_to_is_known(generated, options):
    """A few of each; `python -m tests.real_cupy sources` has some 600."""
    names = [name for name in generated if name.split()[-1] in ("ff", "fff", "ee", "dd", "qqq", "hhh", "DD", "FFF")]
    assert len(names) > 100
    for name in names[::8]:
        ptx, entry = compile_kernel(generated[name]["code"], "applied", options, (9, 0))
        translate(parse(ptx), entry)
