"""One typed model of the whole settings file (YAML).

Every key has a default that suits one machine; a cluster differs in values only. `load` refuses an
unknown key and names the nearest right one.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from grader.typed_yaml import YamlFaults, parse

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
    """A printed demo account. `courses` limits the role to these ids; empty means all of the tenant's."""

    name: Slug
    role: Role
    courses: list[Slug] = []


class DemoSignin(_Section):
    """People with one shared password; only on a loopback address."""

    people: list[DemoPerson]


class Signin(_Section):
    demo: DemoSignin | None = None


class CourseEntry(_Section):
    """A course a tenant offers. `source` is a folder to publish at start; else it is published by command."""

    id: Slug
    source: Path | None = None


class Tenant(_Section):
    id: Slug
    name: Text
    languages: list[Language] = ["de", "en"]
    signin: Signin = Signin()
    courses: list[CourseEntry] = []


class Address(_Section):
    """Where a server listens. Port 0 takes a free one at start."""

    host: str = "127.0.0.1"
    port: int = Field(default=8000, ge=0, le=65535)


class S3(_Section):
    """An S3 store for blobs. Credentials come from the environment or the pod, never from this file."""

    bucket: str
    endpoint: str | None = None
    prefix: str = "lehrwerk/"


class Storage(_Section):
    """`database` is an SQLAlchemy URL; empty means SQLite in the data folder.

    `gradebooks` likewise; `{course}` in it is replaced by the course id.
    """

    database: str = ""
    gradebooks: str = ""
    s3: S3 | None = None


class Limits(_Section):
    """Every cap on what people may send and what an exam may use. Sizes in bytes, times in seconds."""

    submission_bytes: int = Field(default=20_000_000, gt=0)
    unpacked_bytes: int = Field(default=100_000_000, gt=0)
    archive_entries: int = Field(default=1_000, gt=0)
    notebook_seconds: float = Field(default=300.0, gt=0)
    cell_seconds: float = Field(default=60.0, gt=0)
    call_seconds: float = Field(default=30.0, gt=0)
    memory_bytes: int = Field(default=4 << 30, gt=0)
    output_bytes: int = Field(default=1_000_000, gt=0)
    file_bytes: int = Field(default=50_000_000, gt=0)
    message_bytes: int = Field(default=256 << 20, gt=0)


class Exam(_Section):
    """How exams run here. A lease not renewed within `lease_seconds` goes to another worker; after `attempts`
    ended attempts a submission needs review."""

    workers: int = Field(default=1, ge=0)
    device: Literal["auto", "emulated", "cuda"] = "auto"
    lease_seconds: float = Field(default=60.0, gt=0)
    attempts: int = Field(default=3, ge=1)


class Settings(_Section):
    data: Path = Path(".lehrwerk")
    language: Language = "en"
    hub: Address = Address()
    portal: Address = Address(port=0)
    tenants: list[Tenant] = []
    storage: Storage = Storage()
    limits: Limits = Limits()
    exam: Exam = Exam()

    @field_validator("tenants")
    @classmethod
    def _distinct(cls, tenants: list[Tenant]) -> list[Tenant]:
        ids = [tenant.id for tenant in tenants]
        for tenant in tenants:
            courses = [course.id for course in tenant.courses]
            if len(set(courses)) != len(courses):
                raise ValueError(f"tenant {tenant.id!r} lists a course id twice")
        if len(set(ids)) != len(ids):
            raise ValueError("two tenants have the same id")
        names = [p.name for t in tenants if t.signin.demo for p in t.signin.demo.people]
        if len(set(names)) != len(names):
            raise ValueError("two demo people have the same name")
        return tenants

    @model_validator(mode="after")
    def _demo_stays_home(self) -> Settings:
        demo = any(tenant.signin.demo for tenant in self.tenants)
        if demo and self.hub.host not in ("127.0.0.1", "localhost", "::1"):
            raise ValueError(
                "demo people may sign in on 127.0.0.1 only; set hub.host to 127.0.0.1 or remove signin.demo"
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
