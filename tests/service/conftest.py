"""Parts that the service tests share."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from grader.exam.room import ExamLimits, ExamRoom
from tests.service.store_fixtures import database_url, postgres_url, store  # noqa: F401


@pytest.fixture(scope="session")
def room(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ExamRoom]:
    """A warm exam room with short clocks."""
    limits = ExamLimits(cell_seconds=3, call_seconds=2, notebook_seconds=60, output_bytes=10_000)
    with ExamRoom(limits, device="emulated", scratch=tmp_path_factory.mktemp("room")) as opened:
        yield opened
