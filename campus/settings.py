"""One typed model of the whole settings file (YAML).

Every key has a default that suits one machine; a cluster differs in values only. `load` refuses an
unknown key and names the nearest right one.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

from grader.exam.limits import ExamLimits
from grader.typed_yaml import Misplaced, YamlFaults, parse

#: Where the settings file is looked for; the environment variable names another.
ENVIRONMENT = "LEHRWERK_SETTINGS"
DEFAULT_FILE = Path("lehrwerk.yaml")

#: Ids never hold `--`, so `tenant--course` can be taken apart again.
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Language = Literal["de", "en"]
Role = Literal["learner", "grader", "instructor", "admin"]
Text = dict[Language, str]


class SettingsError(Exception):
    """The settings file cannot be used; the text names file, key and mend, one line for each fault."""


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class DemoPerson(_Section):
    """A printed demo account."""

    name: Slug
    """The name to sign in with."""
    role: Role
    """What the person is in the tenant's courses; `admin` sees the tenant's operation page."""
    courses: list[Slug] = []
    """The role holds in these courses only; empty means in all of the tenant's."""


class DemoSignin(_Section):
    """People with one shared password; only on a loopback address."""

    people: list[DemoPerson]
    """Who may sign in; nobody else can."""


class Signin(_Section):
    """How a tenant's people sign in."""

    demo: DemoSignin | None = None
    """Printed accounts with one shared password, which `lehrwerk up` makes up; for trying out."""


class CourseEntry(_Section):
    """A course a tenant offers."""

    id: Slug
    """The course's id, as in its course.yaml."""
    source: Path | None = None
    """A course folder, from the settings file's folder, that is published at each start; without it the course is
    published by command."""


class Tenant(_Section):
    """A university or company."""

    id: Slug
    """Stands in course ids, group names and addresses."""
    name: Text
    """What people read, by language."""
    languages: list[Language] = ["de", "en"]
    """The tenant's languages."""
    signin: Signin = Signin()
    """How its people sign in."""
    courses: list[CourseEntry] = []
    """What it offers."""


class Address(_Section):
    """Where a server listens."""

    host: str = "127.0.0.1"
    """The address to listen on."""
    port: int = Field(default=8000, ge=0, le=65535)
    """0 takes a free port at the first start and keeps it while it stays free."""


class S3(_Section):
    """An S3 store for blobs. Credentials come from the environment or the pod, never from this file."""

    bucket: str
    """The bucket's name."""
    endpoint: str | None = None
    """URL of the S3 service; without it the client's default."""
    prefix: str = "lehrwerk/"
    """What the names of our objects begin with."""


class Storage(_Section):
    """Where databases and blobs lie."""

    database: str = ""
    """An SQLAlchemy URL of SQLite or PostgreSQL for the store; empty means `store.sqlite` in the data folder."""
    gradebooks: str = ""
    """An SQLAlchemy URL for gradebooks (of PostgreSQL: `postgresql+psycopg://...`), with `{course}` for the course id;
    empty means a file in each course's folder."""
    s3: S3 | None = None
    """Where blobs lie; without it in the database."""


class Limits(_Section, ExamLimits):
    """Every cap on what people may send and what an exam may use. Sizes in bytes, times in seconds."""

    archive_entries: int = Field(default=1_000, gt=0)
    """The most files in an archive."""


class Exam(_Section):
    """How exams run here."""

    workers: int = Field(default=1, ge=0)
    """Worker processes on this machine; each marks one submission at a time."""
    device: Literal["auto", "emulated", "cuda"] = "auto"
    """`auto` takes a GPU where there is one and the emulated GPU elsewhere."""
    lease_seconds: float = Field(default=60.0, gt=0)
    """A worker that does not answer for so long loses its submission to another, in seconds."""
    attempts: int = Field(default=3, ge=1)
    """After so many attempts that ended without a verdict a submission needs review."""


class Mail(_Section):
    """A mail server. Its password comes from the environment variable LEHRWERK_MAIL_PASSWORD."""

    host: str
    """The server's name."""
    port: int = Field(default=587, ge=1, le=65535)
    """Its port."""
    starttls: bool = True
    """Whether the connection must be encrypted; without it only for a server on this machine."""
    user: str = ""
    """The name to sign in with; empty means without signing in."""
    sender: str
    """The address that mails come from."""
    domain: str = ""
    """Makes an address of a name without `@`; without it such people get no mail."""


class Settings(_Section):
    """The whole file. The string below a key is its entry in docs/operate/settings.md (see campus.reference)."""

    data: Path = Path(".lehrwerk")
    """The folder for all that Lehrwerk keeps, from the settings file's folder."""
    language: Language = "en"
    """The language for people who have not chosen one."""
    hub: Address = Address()
    """The public address, where people go."""
    portal: Address = Address(port=0)
    """The portal's inner port; it listens on the hub's host, and people reach it through the public address."""
    tenants: list[Tenant] = []
    """Who teaches here."""
    storage: Storage = Storage()
    """Where databases and blobs lie."""
    limits: Limits = Limits()
    """What people may send, and what an exam may use."""
    exam: Exam = Exam()
    """How exams run."""
    mail: Mail | None = None
    """Sends people one e-mail for each verdict; without it nobody gets any."""

    @model_validator(mode="after")
    def _distinct(self) -> Settings:
        _once((("tenants", t, "id"), tenant.id) for t, tenant in enumerate(self.tenants))
        for t, tenant in enumerate(self.tenants):
            _once((("tenants", t, "courses", c, "id"), course.id) for c, course in enumerate(tenant.courses))
        _once(
            (("tenants", t, "signin", "demo", "people", p, "name"), person.name)
            for t, tenant in enumerate(self.tenants)
            if tenant.signin.demo
            for p, person in enumerate(tenant.signin.demo.people)
        )
        return self

    @model_validator(mode="after")
    def _demo_stays_home(self) -> Settings:
        demo = any(tenant.signin.demo for tenant in self.tenants)
        if demo and self.hub.host not in ("127.0.0.1", "localhost", "::1"):
            raise Misplaced(
                ("hub", "host"),
                "demo people may sign in on 127.0.0.1 only; set hub.host to 127.0.0.1 or remove signin.demo",
            )
        return self

    @property
    def database_url(self) -> str:
        return self.storage.database or f"sqlite:///{self.data.absolute() / 'store.sqlite'}"

    def gradebook_url(self, course: str) -> str:
        """The gradebook of one course; `course` is the full id, `tenant--course`."""
        if self.storage.gradebooks:
            return self.storage.gradebooks.format(course=course)
        return f"sqlite:///{self.data.absolute() / 'courses' / course / 'gradebook.db'}"

    def tenant(self, tenant_id: str) -> Tenant:
        for tenant in self.tenants:
            if tenant.id == tenant_id:
                return tenant
        raise KeyError(tenant_id)

    def course_ids(self) -> list[str]:
        return [course_id(tenant.id, course.id) for tenant in self.tenants for course in tenant.courses]


def _once(named: Iterable[tuple[tuple[str | int, ...], str]]) -> None:
    """Refuse the second of two equal names; each comes with its place in the file."""
    seen: set[str] = set()
    for location, name in named:
        if name in seen:
            raise Misplaced(location, f"{name} is there already; choose another")
        seen.add(name)


def course_id(tenant: str, course: str) -> str:
    """The id of a course on the whole platform; also nbgrader's course id and a folder name."""
    return f"{tenant}--{course}"


def split_course_id(full: str) -> tuple[str, str]:
    """Inverse of `course_id`; raises ValueError for anything else."""
    tenant, separator, course = full.partition("--")
    if not (tenant and separator and course):
        raise ValueError(f"{full!r} is not tenant--course")
    return tenant, course


def load(path: Path | None = None) -> Settings:
    """Read the settings file (default: $LEHRWERK_SETTINGS, then lehrwerk.yaml).

    Raises SettingsError with every fault at once.
    """
    path = path or Path(os.environ.get(ENVIRONMENT, DEFAULT_FILE))
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        raise SettingsError(f"{path}: cannot be read: {error.strerror}") from error
    try:
        settings = parse(text, Settings)
    except YamlFaults as error:
        raise SettingsError(
            "\n".join(f"{path}:{line}: {what}" if line else f"{path}: {what}" for line, what in error.faults)
        ) from error
    # Relative paths in the file are meant from the file.
    base = path.absolute().parent
    tenants = [
        tenant.model_copy(
            update={
                "courses": [
                    c if c.source is None else c.model_copy(update={"source": base / c.source}) for c in tenant.courses
                ]
            }
        )
        for tenant in settings.tenants
    ]
    return settings.model_copy(update={"data": base / settings.data, "tenants": tenants})
