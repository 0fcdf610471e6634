"""Folders that hostile code filled are measured within bounds, and removed."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from grader.exam import scratch


def nest(folder: Path, levels: int) -> None:
    """Folders within folders, beyond what a path could name; a file in the last."""
    descriptor = os.open(folder, os.O_RDONLY)
    for _ in range(levels):
        os.mkdir("d", dir_fd=descriptor)
        inner = os.open("d", os.O_RDONLY, dir_fd=descriptor)
        os.close(descriptor)
        descriptor = inner
    os.close(os.open("file", os.O_CREAT | os.O_WRONLY, dir_fd=descriptor))
    os.close(descriptor)


def test_folders_nested_deeper_than_python_recurses_are_removed(tmp_path: Path) -> None:
    room = scratch.make(tmp_path)
    nest(room, 3000)
    (room / "beside").mkdir()
    scratch.remove(room)
    assert list(tmp_path.iterdir()) == []


def test_whatever_lies_in_it_is_removed(tmp_path: Path) -> None:
    room, kept = scratch.make(tmp_path), tmp_path / "kept"
    kept.mkdir()
    (kept / "file").touch()
    (room / "link").symlink_to(kept)
    (room / "dead").symlink_to("nowhere")
    os.mkfifo(room / "pipe")
    (room / "closed").mkdir()
    (room / "closed" / "file").touch()
    (room / "closed" / "inner").mkdir(mode=0)
    (room / "closed").chmod(0)
    scratch.remove(room)
    assert not room.exists()
    assert (kept / "file").exists()


def test_what_cannot_be_removed_is_said_and_does_no_harm(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    scratch.remove(tmp_path / "nowhere")
    assert f"{tmp_path / 'nowhere'} stays behind" in caplog.text


def test_the_sweep_takes_folders_of_exams_only(tmp_path: Path) -> None:
    scratch.make(tmp_path)
    (tmp_path / "versions").mkdir()
    scratch.sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["versions"]


def test_a_folder_is_measured_by_what_lies_on_the_disk(tmp_path: Path) -> None:
    assert scratch.measure(tmp_path, 1) == 0
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "full").write_bytes(os.urandom(1 << 20))
    with (tmp_path / "sparse").open("wb") as file:
        file.truncate(1 << 30)
    assert 1 << 20 <= scratch.measure(tmp_path, 3) < 1 << 21


def test_counting_ends_at_the_limit(tmp_path: Path) -> None:
    for number in range(20):
        (tmp_path / str(number)).touch()
    scratch.measure(tmp_path, 20)
    with pytest.raises(scratch.TooMany, match="more than 19 files"):
        scratch.measure(tmp_path, 19)


def test_folders_that_are_too_deep_are_not_followed(tmp_path: Path) -> None:
    nest(tmp_path, scratch.MAX_DEPTH)
    scratch.measure(tmp_path, 1000)
    (tmp_path / "deeper").mkdir()
    nest(tmp_path / "deeper", 3000)
    with pytest.raises(scratch.TooMany, match="deep"):
        scratch.measure(tmp_path, 10_000)
    # Nobody else can.
    scratch.remove(tmp_path / "deeper")


def test_a_link_is_counted_and_not_followed(tmp_path: Path) -> None:
    (tmp_path / "root").symlink_to("/")
    assert scratch.measure(tmp_path, 1) == 0


def test_a_folder_that_cannot_be_read_is_not_taken_for_empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "closed").mkdir()
    opened = os.open

    def refuse(path: str, flags: int, **keywords: int) -> int:
        if path == "closed":
            raise PermissionError(13, "Permission denied")
        return opened(path, flags, **keywords)

    monkeypatch.setattr(os, "open", refuse)
    with pytest.raises(scratch.TooMany, match="cannot be read"):
        scratch.measure(tmp_path, 10)
