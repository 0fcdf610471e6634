"""Archives from outside, opened without trust, and archives of ours, packed the same way each time.

Nothing is written before every name and size has been judged. Imports nothing of the project.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import tarfile
import unicodedata
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Protocol

#: Entries of a tar that tell more of the next one, and how large each may be, in bytes: enough for any name we take.
_EXTENDED = (tarfile.XHDTYPE, tarfile.XGLTYPE, tarfile.SOLARIS_XHDTYPE)
_EXTENDED_BYTES = 4096


class Caps(Protocol):
    """As in `campus.settings.Limits`; sizes in bytes. `submission_bytes` is for what is sent, and for all its files."""

    @property
    def submission_bytes(self) -> int: ...

    @property
    def archive_entries(self) -> int: ...

    @property
    def file_bytes(self) -> int: ...


@dataclass(frozen=True)
class _Accepted:
    submission_bytes: int = 1 << 34
    archive_entries: int = 1_000_000
    file_bytes: int = 1 << 34


#: Caps for archives of ours, and for those that were accepted once.
ACCEPTED: Caps = _Accepted()

#: The head of a gzip stream without name, comment or time, where a sender could hide something.
_GZIP = b"\x1f\x8b\x08" + bytes(5)
#: What a tar adds to each entry at most: two headers, two extended headers of a long name, and the padding.
_TAR_ENTRY = 4096
#: The longest name of a file or folder that Linux file systems take, in bytes.
_COMPONENT = 255
_LONGEST = 240


class ArchiveError(ValueError):
    """The archive is refused; `code` for programs, `message` for people in each language."""

    def __init__(self, code: str, en: str, de: str) -> None:
        super().__init__(en)
        self.code = code
        self.message = {"en": en, "de": de}


def read(data: bytes, caps: Caps) -> dict[str, bytes]:
    """Plain files of a tar (plain or gzipped) or zip, by name. Raises ArchiveError; writes nothing."""
    if len(data) > caps.submission_bytes:
        raise _too_large(caps.submission_bytes)
    try:
        if data[:4] == b"PK\x03\x04":
            return _read_zip(data, caps)
        return _read_tar(_expand(data, caps) if data[:2] == b"\x1f\x8b" else data, caps)
    except ArchiveError:
        raise
    except Exception as error:  # what hostile bytes provoke in three readers and their codecs is their sender's fault
        raise _not_an_archive() from error


def unpack(data: bytes, into: Path, caps: Caps) -> list[Path]:
    """Write the archive's files below `into`, which is made; nothing is left behind where it is refused."""
    files = read(data, caps)
    written = []
    for name, content in files.items():
        path = into / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
        written.append(path)
    return written


def pack(folder: Path) -> bytes:
    """All files below `folder` as a gzipped tar; the same content gives the same bytes."""
    return pack_files(
        {
            path.relative_to(folder).as_posix(): path.read_bytes()
            for path in sorted(folder.rglob("*"))
            if path.is_file() and not path.is_symlink()
        }
    )


def pack_files(files: dict[str, bytes]) -> bytes:
    """Files by name as a gzipped tar; the same content gives the same bytes."""
    return gzip.compress(_tar(files), mtime=0)


def repack(data: bytes, files: dict[str, bytes]) -> tuple[bytes, str]:
    """The archive as we would pack it, and the SHA-256 of its tar, which tells contents apart however they came.

    `files` are what `read` found in `data`. What was packed as here is taken as it is, since compressing takes longer
    than all else that is done with a submission.
    """
    plain = _tar(files)
    digest = hashlib.sha256(plain).hexdigest()
    if data.startswith(_GZIP):
        stream = zlib.decompressobj(wbits=31)
        if stream.decompress(data, len(plain) + 1) == plain and stream.eof and not stream.unused_data:
            return data, digest
    return gzip.compress(plain, mtime=0), digest


def _tar(files: dict[str, bytes]) -> bytes:
    plain = io.BytesIO()
    with tarfile.open(fileobj=plain, mode="w", format=tarfile.PAX_FORMAT) as tar:
        for name in sorted(files):
            entry = tarfile.TarInfo(name)
            entry.size, entry.mode = len(files[name]), 0o644
            tar.addfile(entry, io.BytesIO(files[name]))
    return plain.getvalue()


def german(number: int) -> str:
    """A whole number with German separators."""
    return f"{number:,}".replace(",", ".")


def _not_an_archive() -> ArchiveError:
    return ArchiveError(
        "not-an-archive",
        "What was sent is not an archive that can be read. Submit again from JupyterLab.",
        "Das Gesendete ist kein lesbares Archiv. Gib noch einmal aus JupyterLab ab.",
    )


def _too_large(limit: int) -> ArchiveError:
    return ArchiveError(
        "too-large",
        f"The submission is larger than {limit:,} bytes. Remove large files and outputs, and submit again.",
        f"Die Abgabe ist größer als {german(limit)} Byte. Entferne große Dateien und Ausgaben und gib noch einmal ab.",
    )


def _expand(data: bytes, caps: Caps) -> bytes:
    most = caps.submission_bytes + (caps.archive_entries + 1) * _TAR_ENTRY
    with gzip.GzipFile(fileobj=io.BytesIO(data)) as stream:
        plain = stream.read(most + 1)
    if len(plain) > most:
        raise _too_large(caps.submission_bytes)
    return plain


class _Entry(tarfile.TarInfo):
    """Refuses long extended headers: older versions of Python take time that grows with the square of their length."""

    @classmethod
    def frombuf(cls, buf: bytes | bytearray, encoding: str, errors: str) -> _Entry:
        entry = super().frombuf(buf, encoding, errors)
        if entry.type in _EXTENDED and entry.size > _EXTENDED_BYTES:
            raise _not_an_archive()
        return entry


def _read_tar(data: bytes, caps: Caps) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    with tarfile.open(fileobj=io.BytesIO(data), mode="r:", tarinfo=_Entry) as tar:
        for number, entry in enumerate(tar, 1):
            _count(number, caps)
            name = _name(entry.name)
            if entry.isdir():
                continue
            if not entry.isreg():
                raise _kind(name)
            total = _size(entry.size, total, caps)
            stream = tar.extractfile(entry)
            assert stream is not None
            _add(files, name, stream.read())
    return _without_clashes(files)


def _read_zip(data: bytes, caps: Caps) -> dict[str, bytes]:
    files: dict[str, bytes] = {}
    total = 0
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        for number, entry in enumerate(archive.infolist(), 1):
            _count(number, caps)
            name = _name(entry.filename)
            if entry.is_dir():
                continue
            # The upper half of these bits is the Unix mode; a link is no plain file.
            kind = entry.external_attr >> 16 & 0o170000
            if kind not in (0, 0o100000):
                raise _kind(name)
            with archive.open(entry) as stream:
                # The announced size may lie, so no more than the cap is read.
                content = stream.read(caps.file_bytes + 1)
            total = _size(len(content), total, caps)
            _add(files, name, content)
    return _without_clashes(files)


def _count(number: int, caps: Caps) -> None:
    if number > caps.archive_entries:
        raise ArchiveError(
            "too-many-files",
            f"The submission holds more than {caps.archive_entries} files. Remove what does not belong to it.",
            f"Die Abgabe enthält mehr als {caps.archive_entries} Dateien. Entferne, was nicht dazugehört.",
        )


def _size(size: int, total: int, caps: Caps) -> int:
    if size > caps.file_bytes or total + size > caps.submission_bytes:
        raise _too_large(min(caps.file_bytes, caps.submission_bytes))
    return total + size


def _kind(name: str) -> ArchiveError:
    return ArchiveError(
        "not-a-file",
        f"{name[:80]} is no plain file. Replace links by the files they point to.",
        f"{name[:80]} ist keine gewöhnliche Datei. Ersetze Verweise durch die Dateien, auf die sie zeigen.",
    )


def _name(name: str) -> str:
    """The name as it is used from here on: it can be printed, and stays in the submission's folder."""
    path = PurePosixPath(name)
    # Surrogates stand for bytes that are not UTF-8.
    odd = any(unicodedata.category(character) in ("Cc", "Cs") for character in name)
    if odd or len(name) > _LONGEST or any(len(part.encode()) > _COMPONENT for part in path.parts):
        raise ArchiveError(
            "bad-name",
            f"The file name {name[:80]!a} is too long or holds characters that no file name should. "
            "Rename the file and submit again.",
            f"Der Dateiname {name[:80]!a} ist zu lang oder enthält Zeichen, die in keinen Dateinamen gehören. "
            "Benenne die Datei um und gib noch einmal ab.",
        )
    if path.is_absolute() or ".." in path.parts or "\\" in name or not path.parts:
        raise ArchiveError(
            "bad-name",
            f"The file name {name[:80]!r} leaves the submission's folder.",
            f"Der Dateiname {name[:80]!r} verlässt den Ordner der Abgabe.",
        )
    return path.as_posix()


def _add(files: dict[str, bytes], name: str, content: bytes) -> None:
    if name in files:
        raise _double(name)
    files[name] = content


def _without_clashes(files: dict[str, bytes]) -> dict[str, bytes]:
    """Nothing is a file and a folder at once."""
    for name in files:
        for parent in PurePosixPath(name).parents:
            if parent.as_posix() in files:
                raise _double(parent.as_posix())
    return files


def _double(name: str) -> ArchiveError:
    return ArchiveError(
        "double-name", f"The file {name[:80]} is in it twice.", f"Die Datei {name[:80]} ist doppelt enthalten."
    )
