"""The exchange's HTTP API as Python calls, for one person: the one whose token this server holds."""

from __future__ import annotations

import os
import ssl
from collections.abc import Mapping
from datetime import datetime
from typing import Any, TypeVar
from urllib.parse import quote

import httpx
from nbgrader.exchange import ExchangeError
from pydantic import AwareDatetime, BaseModel, TypeAdapter, ValidationError

from grader.exchange.client.language import language, say

#: Seconds until the exchange must have taken the connection, and until it must have answered.
CONNECT_SECONDS = 5.0
ANSWER_SECONDS = 60.0

T = TypeVar("T")


class ExchangeFailure(ExchangeError):
    """Something did not work; `message` says it to the person in each language.

    `status` is the exchange's HTTP status, 0 where no answer came; `code` is for programs.
    """

    def __init__(self, en: str, de: str, *, code: str = "", status: int = 0) -> None:
        super().__init__(en)
        self.message = {"en": en, "de": de}
        self.code = code
        self.status = status

    def __str__(self) -> str:
        return say(self.message)


class Me(BaseModel):
    """Whose token it is; `language` is None where the person never chose one."""

    name: str
    language: str | None = None


class Course(BaseModel):
    id: str


class Assignment(BaseModel):
    """`notebooks` are names without `.ipynb`."""

    id: str
    notebooks: list[str]


class Submission(BaseModel):
    """What was handed in. `queue_position` counts those before it, None where it does not wait or was not asked."""

    id: str
    course: str
    assignment: str
    received_at: AwareDatetime
    state: str
    late: bool = False
    queue_position: int | None = None
    person: str | None = None

    @property
    def graded(self) -> bool:
        return self.state == "graded"


class Receipt(Submission):
    """The answer to a submission. `new` is False where the same was handed in before, at `received_at`."""

    new: bool = True


class Api:
    """One method for each thing that the exchange does. All raise ExchangeFailure."""

    def __init__(self, url: str, token: str, *, seconds: float = ANSWER_SECONDS) -> None:
        self._url = url.rstrip("/")
        self._token = token
        self._timeout = httpx.Timeout(seconds, connect=min(seconds, CONNECT_SECONDS))

    @classmethod
    def from_environment(cls, *, seconds: float = ANSWER_SECONDS) -> Api:
        """As the hub set this server up."""
        return cls(
            os.environ.get("LEHRWERK_EXCHANGE_URL", ""),
            os.environ.get("JUPYTERHUB_API_TOKEN", ""),
            seconds=seconds,
        )

    def me(self) -> Me:
        return _parsed(Me, self._get("me"))

    def courses(self) -> list[str]:
        """The ids of the person's courses."""
        return [course.id for course in _parsed(list[Course], self._get("courses"))]

    def assignments(self, course: str) -> list[Assignment]:
        return _parsed(list[Assignment], self._get(f"courses/{_part(course)}/assignments"))

    def release(self, course: str, assignment: str) -> bytes:
        """What learners get, as an archive, in the person's language if the course has it."""
        path = f"courses/{_part(course)}/assignments/{_part(assignment)}/release"
        return self._get(path, {"language": language()}).content

    def submit(self, course: str, assignment: str, archive: bytes) -> Receipt:
        answer = self._ask(
            "POST",
            f"courses/{_part(course)}/assignments/{_part(assignment)}/submissions",
            {"language": language()},
            archive,
        )
        return _parsed(Receipt, answer).model_copy(update={"new": answer.status_code == 201})

    def submissions(self, course: str, assignment: str | None = None) -> list[Submission]:
        """The person's own, newest first."""
        only = {"assignment": assignment} if assignment else {}
        return _parsed(list[Submission], self._get(f"courses/{_part(course)}/submissions", only))

    def collect(self, course: str, assignment: str) -> list[Submission]:
        """Everybody's newest, with `person`; for who marks the course."""
        path = f"courses/{_part(course)}/assignments/{_part(assignment)}/collect"
        return _parsed(list[Submission], self._get(path))

    def archive(self, submission: str) -> bytes:
        return self._get(f"submissions/{_part(submission)}/archive").content

    def feedback(self, submission: str) -> bytes | None:
        """The feedback as an HTML page, or None while there is none."""
        try:
            return self._get(f"submissions/{_part(submission)}/feedback").content
        except ExchangeFailure as failure:
            if failure.code == "no-feedback":
                return None
            raise

    def _get(self, path: str, query: Mapping[str, str] | None = None) -> httpx.Response:
        return self._ask("GET", path, query or {})

    def _ask(self, method: str, path: str, query: Mapping[str, str], content: bytes | None = None) -> httpx.Response:
        if not self._url or not self._token:
            raise ExchangeFailure(
                "This notebook server is not connected to the exchange. Start it from the course's page.",
                "Dieser Notebook-Server ist mit der Abgabestelle nicht verbunden. Starte ihn von der Seite des Kurses.",
                code="not-connected",
            )
        headers = {"Authorization": f"token {self._token}", "Accept": "application/json, */*"}
        if content is not None:
            headers["Content-Type"] = "application/gzip"
        try:
            # Proxies that the environment names are for the internet, and the exchange is not there.
            with httpx.Client(verify=self._trust(), timeout=self._timeout, trust_env=False) as client:
                answer = client.request(
                    method, f"{self._url}/{path}", params=dict(query), content=content, headers=headers
                )
        except httpx.TimeoutException as error:
            raise _silent("timeout") from error
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise _silent("unreachable") from error
        if answer.is_success:
            return answer
        raise _refusal(answer)

    def _trust(self) -> ssl.SSLContext | bool:
        # Reading certificates takes longer than a request, so only where they are needed.
        return ssl.create_default_context() if self._url.startswith("https:") else False


def _part(name: str) -> str:
    """`name` as one part of a path, whatever it holds."""
    return quote(name, safe="") if name not in (".", "..", "") else "-"


def _parsed(kind: type[T], answer: httpx.Response) -> T:
    try:
        return TypeAdapter(kind).validate_json(answer.content)
    except ValidationError as error:
        raise _odd(answer.status_code) from error


def _refusal(answer: httpx.Response) -> ExchangeFailure:
    """The exchange's own sentence, or one for an answer that is not its own."""
    if answer.status_code == 401:
        return ExchangeFailure(
            "The exchange does not know this notebook server any more. Stop your server and start it again.",
            "Die Abgabestelle kennt diesen Notebook-Server nicht mehr. Beende deinen Server und starte ihn neu.",
            code="unauthorized",
            status=401,
        )
    try:
        error: Any = answer.json()["error"]
        message = error["message"]
        return ExchangeFailure(
            str(message["en"]), str(message["de"]), code=str(error["code"]), status=answer.status_code
        )
    except (ValueError, KeyError, TypeError):
        # A proxy speaks for an exchange that is away.
        if answer.status_code in (502, 503, 504):
            return _silent("unreachable")
        return _odd(answer.status_code)


def _silent(code: str) -> ExchangeFailure:
    return ExchangeFailure(
        "The exchange does not answer. Your files are safe where they are; please try again in a moment.",
        "Die Abgabestelle antwortet nicht. Deine Dateien sind sicher, wo sie sind; versuche es gleich noch einmal.",
        code=code,
    )


def _odd(status: int) -> ExchangeFailure:
    return ExchangeFailure(
        f"The exchange gave an answer ({status}) that is not understood. Your files are safe; tell your administrator.",
        f"Die Antwort der Abgabestelle ({status}) ist nicht zu verstehen. Deine Dateien sind sicher; "
        "sage deiner Administration Bescheid.",
        code="odd-answer",
        status=status,
    )


def local_time(when: datetime) -> str:
    """A moment for people: to the second, in this server's time zone."""
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S %Z}"
