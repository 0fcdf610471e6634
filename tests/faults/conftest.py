"""One platform for each database, under load for as long as its faults take."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.faults.platform import Platform, platform


@pytest.fixture(scope="module", params=["sqlite", "postgres"])
def campus(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Platform]:
    """On the database that the parameter names."""
    with platform(request.param, tmp_path_factory.mktemp("faults")) as made:
        yield made
