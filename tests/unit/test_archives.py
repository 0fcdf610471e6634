"""What was handed in is kept as we pack it, and known again however it was packed."""

from __future__ import annotations

import gzip
import io
import tarfile
import zipfile
import zlib

import pytest

from grader.course.archives import ACCEPTED, pack_files, read, repack

FILES = {"unit.ipynb": b"{}" * 500, "data/x.csv": b"1,2\n"}
OURS = pack_files(FILES)
PLAIN = gzip.decompress(OURS)


def zipped() -> bytes:
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in FILES.items():
            archive.writestr(name, content)
    return target.getvalue()


def tarred() -> bytes:
    """With another owner, time and order."""
    target = io.BytesIO()
    with tarfile.open(fileobj=target, mode="w:gz") as tar:
        for name, content in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size, entry.mtime, entry.uname = len(content), 1_700_000_000, "somebody"
            tar.addfile(entry, io.BytesIO(content))
    return target.getvalue()


def named() -> bytes:
    """Our tar in a gzip stream that tells a name."""
    target = io.BytesIO()
    with gzip.GzipFile("../hidden", "wb", fileobj=target, mtime=0) as stream:
        stream.write(PLAIN)
    return target.getvalue()


@pytest.mark.parametrize(
    "data",
    [
        pytest.param(zipped(), id="zip"),
        pytest.param(tarred(), id="tar of others"),
        pytest.param(PLAIN, id="not compressed"),
        pytest.param(named(), id="name in the stream"),
        pytest.param(OURS + bytes(20), id="bytes behind the stream"),
        pytest.param(OURS + gzip.compress(b"", mtime=0), id="second stream"),
        pytest.param(gzip.compress(PLAIN + bytes(10240), mtime=0), id="bytes behind the tar"),
    ],
)
def test_what_others_have_packed_is_packed_as_we_do(data: bytes) -> None:
    files = read(data, ACCEPTED)
    assert files == FILES
    packed, digest = repack(data, files)
    assert packed == OURS
    assert digest == repack(OURS, FILES)[1]


def test_what_was_packed_as_we_do_is_kept_whatever_compressed_it() -> None:
    stream = zlib.compressobj(1, wbits=31)
    quick = stream.compress(PLAIN) + stream.flush()
    assert quick != OURS
    found = [repack(data, read(data, ACCEPTED)) for data in (OURS, quick)]
    assert [packed for packed, _ in found] == [OURS, quick]
    assert found[0][1] == found[1][1]


def test_other_content_is_told_apart() -> None:
    other = {**FILES, "data/x.csv": b"1,3\n"}
    assert repack(pack_files(other), other)[1] != repack(OURS, FILES)[1]
