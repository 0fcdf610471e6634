"""`inspect(kernel)[grid, block](...)`: what a picture shows is what the device counted, and words say the same."""

import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from grader.checks import inspect
from grader.device import frontends
from grader.device.emulated.pictures import pictures
from grader.device.heap import LocalHeap
from tests.heaps import linked
from tests.pictures import gallery

IMAGES = Path(__file__).parents[2] / "docs/learn/images"
SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def installed():
    yield frontends.install_emulated(language="en", show=None)
    frontends.uninstall()


@pytest.fixture
def cuda(installed):
    from numba import cuda

    return cuda


@pytest.fixture
def strided(cuda):
    @cuda.jit
    def strided(x, out, step):
        i = cuda.grid(1)
        out[i] = x[i * step]

    return strided


def drawn(picture):
    return ElementTree.fromstring(picture.svg())


@pytest.mark.parametrize(("dtype", "step"), [("f4", 1), ("f4", 3), ("u1", 1), ("f8", 8), ("f4", 0)])
def test_the_sectors_drawn_are_those_the_device_counts(cuda, strided, dtype, step):
    x = cuda.to_device(np.arange(512, dtype=dtype))
    out = cuda.device_array(32, dtype)
    seen = inspect(strided)[1, 32](x, out, step)
    assert sum(len(access.sectors) for access in seen.trace.accesses) == seen.counters.global_sectors
    assert sum(access.ideal for access in seen.trace.accesses) == seen.counters.ideal_sectors
    reads = seen.pictures()[0]
    (access,) = [access for access in seen.trace.accesses if access.verb == "reads"]
    boxes = [box for box in drawn(reads).iter(f"{SVG}rect") if box.get("stroke-width") == "1.6"]
    assert len(boxes) == len(access.sectors)
    assert f"{len(access.sectors)} sector" in reads.text
    assert f"; {access.ideal} would do." in reads.text
    assert out.copy_to_host().tolist() == (np.arange(32) * step).astype(dtype).tolist()


@pytest.mark.parametrize(
    ("dtype", "width"), [("f4", 1), ("f4", 2), ("f4", 32), ("f4", 33), ("f8", 1), ("f8", 16), ("u1", 4)]
)
def test_the_turns_drawn_are_the_conflicts_the_device_counts(cuda, dtype, width):
    from numba import from_dtype

    kind = from_dtype(np.dtype(dtype))

    @cuda.jit
    def columns(out):
        tile = cuda.shared.array((32, width), kind)
        i = cuda.threadIdx.x
        tile[i, 0] = i
        cuda.syncthreads()
        out[i] = tile[i, 0]

    seen = inspect(columns)[1, 32](cuda.device_array(32, dtype))
    shared = [access for access in seen.trace.accesses if access.space == "shared"]
    assert sum(access.conflicts for access in shared) == seen.counters.bank_conflicts
    picture = pictures(seen.trace, "en")[1]
    turns = {node.text for node in drawn(picture).iter(f"{SVG}text") if (node.text or "").startswith("turn ")}
    degree = max(len(words) for part in shared[0].turns for words in part)
    assert len(turns) == degree
    assert f"{degree} turn" in picture.text


def test_the_lanes_drawn_are_the_instructions_the_device_counts(cuda):
    @cuda.jit
    def branches(x):
        i = cuda.grid(1)
        for _ in range(i // 8):
            x[i] += 1
        if i % 4 == 0:
            x[i] *= 2

    seen = inspect(branches)[1, 32](cuda.to_device(np.zeros(32)))
    worked = sum(step.instructions * len(step.lanes) for step in seen.trace.steps)
    assert worked == seen.counters.thread_instructions
    total = sum(step.instructions for step in seen.trace.steps)
    assert f"the warp executed {total} instructions; on average {worked / total / 32:.0%}" in seen.pictures()[-1].text


def test_any_warp_of_the_grid_can_be_looked_at(cuda, strided):
    x = cuda.to_device(np.zeros(200, "f4"))
    seen = inspect(strided, warp=3)[2, 48](x, x, 1)
    assert (seen.trace.block, seen.trace.accesses[0].lanes) == (1, tuple(range(16)))
    assert "Warp 3 of the grid, in block 1" in str(seen)
    assert "no such warp" in str(inspect(strided, warp=4)[2, 48](x, x, 1))
    with pytest.raises(ValueError, match="-1"):
        inspect(strided, warp=-1)


def test_atomics_and_kernels_of_cupy_are_seen_too(installed):
    import cupy as cp

    add = cp.RawKernel('extern "C" __global__ void add(int* x) { atomicAdd(x + threadIdx.x / 2, 1); }', "add")
    x = cp.zeros(16, "i4")
    seen = inspect(add)((1,), (32,), (x,))
    assert [(access.verb, len(access.sectors)) for access in seen.trace.accesses] == [("updates", 2)]
    assert x.get().tolist() == [2] * 16
    twice = cp.ElementwiseKernel("T x", "T y", "y = 2 * x", "twice")
    assert inspect(twice)(x).result.get().tolist() == [4] * 16


def test_pictures_and_words_say_the_same_in_both_languages(cuda, strided, monkeypatch):
    x = cuda.to_device(np.zeros(200, "f4"))
    for language, word in (("de", "Zeile"), ("en", "Line")):
        monkeypatch.setenv("LEHRWERK_LANG", language)
        seen = inspect(strided)[1, 32](x, x, 3)
        bundle = seen._repr_mimebundle_()
        page = ElementTree.fromstring(bundle["text/html"])
        figures = list(page.iter("figure"))
        assert len(figures) == 3
        for figure, picture in zip(figures, seen.pictures(), strict=True):
            svg = figure.find(f"{SVG}svg")
            ids = {node.get("id"): node.text for node in svg if node.get("id")}
            assert svg.get("role") == "img"
            assert [ids[name] for name in svg.get("aria-labelledby").split()] == [picture.title, picture.text]
            assert figure.find("figcaption").text == picture.text
            assert picture.text in bundle["text/plain"]
        assert seen.pictures()[0].text.startswith(word)
    ids = re.findall(r' id="([^"]+)"', inspect(strided)[1, 32](x, x, 1)._repr_mimebundle_()["text/html"])
    assert len(ids) == len(set(ids))


def contrast(colour, paper):
    def light(text):
        parts = [int(text[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    low, high = sorted((light(colour), light(paper)))
    return (high + 0.05) / (low + 0.05)


def test_colours_stand_out_from_light_and_dark(cuda, strided):
    x = cuda.to_device(np.zeros(200, "f4"))
    page = "".join(picture.svg() for picture in inspect(strided)[1, 32](x, x, 3).pictures())
    colours = set(re.findall(r'(?:fill|stroke)="(#\w+)"', page)) | {"#c25e00"}
    for colour in colours:
        for paper in ("#ffffff", "#111111"):
            assert contrast(colour, paper) >= 3, (colour, paper)


def test_what_a_kernel_is_called_cannot_write_into_the_page(cuda, strided, monkeypatch):
    from grader.device.frontends import inspection

    monkeypatch.setitem(inspection.NO_DEVICE, "en", "<script>")
    frontends.uninstall()
    assert "<script>" not in inspect(lambda: None)()._repr_mimebundle_()["text/html"]


def test_elsewhere_the_kernel_runs_and_there_is_no_picture():
    with linked() as far, far.answering():
        frontends.install_emulated(far, language="en", show=None)
        try:
            from numba import cuda

            @cuda.jit
            def one(x):
                x[cuda.grid(1)] = 1

            x = cuda.device_array(4)
            seen = inspect(one).forall(4)(x)
            assert x.copy_to_host().tolist() == [1] * 4
        finally:
            frontends.uninstall()
    assert (seen.pictures(), str(seen)) == (
        [],
        "No picture: the kernel ran, but not on an emulated GPU of this notebook.",
    )


def test_nothing_is_recorded_where_nobody_looks(installed, cuda, strided):
    x = cuda.to_device(np.zeros(200, "f4"))
    inspect(strided)[1, 32](x, x, 3)
    strided[1, 32](x, x, 3)
    assert isinstance(installed.heap, LocalHeap)
    assert installed.heap.last.trace is None


def test_the_pictures_of_the_page_are_those_made_now():
    for name, svg in gallery().items():
        assert (IMAGES / name).read_text(encoding="utf-8") == svg, f"{name}: run python -m tests.pictures"
