"""Parts that the fuzzing tests share."""

from tests.service.store_fixtures import database_url, postgres_url  # noqa: F401
