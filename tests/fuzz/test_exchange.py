"""The exchange API against requests that schemathesis makes from its own description: only documented answers.

Over real HTTP, as learners, markers and strangers, on both databases.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import hypothesis
import hypothesis.strategies
import pytest
import schemathesis
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from grader.course.archives import pack_files
from tests.service.exchange_room import UNIT, publish, released
from tests.service.portal_room import COURSE, OTHER, PREFIX, room, served

pytestmark = pytest.mark.fuzz

PEOPLE = ("learner-nord", "learner2-nord", "grader-nord", "guest-nord", "learner-sued", "nobody", "")
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
ODD_NAMES = ["\0", f"{COURSE}\0", "..", "%2e%2e", "nord--", "--", "é" * 300, "\N{ZERO WIDTH JOINER}", "' OR 1=1 --"]
ARCHIVES = [pack_files({f"{UNIT}.ipynb": released("Hello")}), pack_files({"notes.txt": b"x"})]


@dataclass
class Exchange:
    """What a served portal says of its API, and the submissions it holds: one graded, one waiting."""

    operations: list[Any]
    submissions: list[str]


@pytest.fixture
def exchange(database_url: str, tmp_path: Path) -> Iterator[Exchange]:
    here = room(tmp_path, database_url)
    publish(here)
    publish(here, OTHER)
    here.grade(here.submit())
    here.submit("learner2-nord")
    description = here.app.openapi()
    paths = description["paths"]
    description["paths"] = {path: item for path, item in paths.items() if path.startswith(f"{PREFIX}api/")}
    with served(here.app) as url:
        api = schemathesis.openapi.from_dict(description)
        api.config.update(base_url=url.removesuffix(PREFIX))
        operations = [found.ok() for found in api.get_all_operations()]
        assert len(operations) == len(description["paths"])
        yield Exchange(operations, [one.id for one in here.store.submissions()])
    here.store.close()


@hypothesis.settings(
    max_examples=60, derandomize=True, deadline=None, database=None, suppress_health_check=list(hypothesis.HealthCheck)
)
@hypothesis.given(data=hypothesis.strategies.data())
def ask(operation: Any, submissions: list[str], data: hypothesis.strategies.DataObject) -> None:
    case = data.draw(operation.as_strategy())
    choice = zlib.crc32(repr((case.path_parameters, case.query, case.body)).encode())
    names = {"course": [COURSE, OTHER], "assignment": [UNIT], "submission": submissions}
    for name in case.path_parameters:
        # Mostly a name that exists, so that requests reach further than the first look-up; sometimes an odd one.
        if choice % 4:
            known = names[name] if choice % 4 > 1 else ODD_NAMES
            case.path_parameters[name] = known[choice // 4 % len(known)]
    if case.method == "POST" and choice % 3:
        case.body = ARCHIVES[choice % 3 - 1]
    answer = case.call(headers={"Authorization": f"token {PEOPLE[choice // 7 % len(PEOPLE)]}"})
    case.validate_response(answer, checks=CHECKS)


def test_every_answer_is_documented_and_none_is_our_failure(exchange: Exchange) -> None:
    for operation in exchange.operations:
        ask(operation, exchange.submissions)
