"""What fuzzing found once."""

from __future__ import annotations

import gzip
import io
import json
import tarfile
import zipfile
from collections.abc import Callable

import pytest

from grader.course import archives
from grader.course.archives import ArchiveError
from grader.device.emulated import PtxError, parse
from grader.exam import channel
from grader.exam.channel import ChannelError
from grader.exam.paper import lay_out, read_notebook
from tests.fuzz.targets import TARGETS, _Caps

pytestmark = pytest.mark.fuzz


def _zip(method: int) -> bytes:
    """A zip whose compressed data are damaged."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", method) as made:
        made.writestr("x", b"0123456789" * 100)
    data = bytearray(buffer.getvalue())
    start = 30 + len("x")
    data[start + 4 : start + 14] = b"\xff" * 10
    return bytes(data)


def _gzip() -> bytes:
    data = bytearray(gzip.compress(bytes(1000)))
    data[10:16] = b"\xff" * 6
    return bytes(data)


@pytest.mark.parametrize("damaged", [_gzip, *(lambda m=m: _zip(m) for m in (8, 12, 14))])  # type: ignore[misc]
def test_damaged_compression_is_no_archive(damaged: Callable[[], bytes]) -> None:
    with pytest.raises(ArchiveError) as refused:
        archives.read(damaged(), _Caps())
    assert refused.value.code == "not-an-archive"


def test_a_tar_with_a_long_extended_header_is_refused_before_it_is_parsed() -> None:
    body = b"1" * 50_000
    header = tarfile.TarInfo("header")
    header.type, header.size = tarfile.XHDTYPE, len(body)
    data = header.tobuf(tarfile.USTAR_FORMAT) + body + bytes(-len(body) % 512) + tarfile.TarInfo("x").tobuf()
    with pytest.raises(ArchiveError, match="not an archive"):
        archives.read(data, _Caps())


def test_names_of_any_length_that_is_taken_survive_packing() -> None:
    files = {"ü" * 120: b"1", "x" * 240: b"2", "ü" * 60 + "/" + "ü" * 60: b"3"}
    assert archives.read(archives.pack_files(files), _Caps()) == files


def test_a_cell_whose_id_is_no_text_has_none() -> None:
    cell = {"cell_type": "code", "metadata": {}, "source": "x = 1", "id": {"nbgrader": 1}}
    content = {"nbformat": 4, "cells": [cell]}
    laid = lay_out("work", {"cells": [dict(cell, id="one", source="y = 2")]}, content)
    assert [one.source for one in laid.cells] == ["x = 1", "y = 2"]


def test_a_cell_without_source_is_an_empty_one() -> None:
    content = {"nbformat": 4, "cells": [{"cell_type": "code"}]}
    assert read_notebook("work.ipynb", json.dumps(content).encode())["cells"][0]["source"] == ""


@pytest.mark.parametrize(
    "text",
    [
        ".global .b32 x = 089;",
        f".global .b32 x = {'1' * 5000};",
        ".global .b8 x[4000000000] = {1};",
        ".global .b8 x[99999999999999999999] = {1};",
        ".entry k() { " + ".reg .b32 %a<900000>; .reg .b32 %b<900000>; ret; }",
        f".entry k() {{ .reg .b32 %{'a' * 1000}<900000>; ret; }}",
    ],
)
def test_numbers_and_sizes_that_no_compiler_writes_are_no_ptx(text: str) -> None:
    with pytest.raises(PtxError):
        parse(text)


def test_an_octal_number_is_read_as_such() -> None:
    assert parse(".global .b32 x = 017;").variables["x"].initial == b"\x0f\0\0\0"


def test_a_range_is_not_written_out_as_a_series() -> None:
    endless = {"~": "series", "v": {"~": "range", "v": [0, 10**15, 1]}, "i": [1], "n": None}
    with pytest.raises(ChannelError):
        channel.decode(endless)


def test_targets_let_faults_out() -> None:
    """Fuzzing would find nothing if a target swallowed what a reader raises."""
    with pytest.raises(AttributeError):
        TARGETS["module"](None)  # type: ignore[arg-type]
