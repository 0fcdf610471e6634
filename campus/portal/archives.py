"""Reading a stored submission's archive in memory. The exchange refused bad ones; this trusts none of them."""

from __future__ import annotations

import io
import tarfile

from campus.settings import Limits


def submitted_files(archive: bytes, limits: Limits) -> dict[str, bytes]:
    """Plain files of a tar, plain or gzipped, by name; nothing is written anywhere.

    Links, devices and folders are left out. Reading stops at the settings' caps on entries and bytes, so an archive
    that grows without end costs no more than they allow.
    """
    files: dict[str, bytes] = {}
    left = limits.unpacked_bytes
    with tarfile.open(fileobj=io.BytesIO(archive), mode="r|*") as tar:
        for number, member in enumerate(tar):
            if number >= limits.archive_entries or left <= 0:
                break
            stream = tar.extractfile(member) if member.isreg() else None
            if stream is None:
                continue
            content = stream.read(min(limits.file_bytes, left))
            left -= len(content)
            files[member.name] = content
    return files
