"""What a course folder and a built course are: `course.yaml`, `bundle.json`, and the problems of a folder."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, model_validator

from grader.exam.verdict import Tests

Language = Literal["de", "en"]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$", max_length=40)]
Text = dict[Language, str]
Late = Literal["refuse", "accept"]


@dataclass(frozen=True)
class Problem:
    """One fault of a course: the file, its line from 1 if there is one, and what to do."""

    file: Path
    line: int | None
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}" if self.line else f"{self.file}: {self.message}"


class CourseError(Exception):
    """A course cannot be used; `problems` has every fault that was found."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = list(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Licences(_Model):
    """SPDX identifiers of what authors allow."""

    code: str
    content: str


class Objective(_Model):
    """What a learner can do after a unit, as a sentence in each language of the course."""

    id: Slug
    de: str | None = None
    en: str | None = None


class Criterion(_Model):
    """A row of a rubric: for what a person gives so many points, in each language of the course."""

    points: Annotated[float, Field(gt=0)]
    title: Text
    description: Text = {}


class Offer(_Model):
    """How the course is sold. Under the German law on distance learning (FernUSG) a course that is paid for and mostly
    not held live needs the number of its approval by the ZFU; without it the contract is void.

    `price` is in euros, taxes included. `sync_share` is the part of the time that is held live, from 0 to 1.
    """

    price: Annotated[float, Field(ge=0)] = 0
    contract_type: Literal["free", "consumer", "business"] = "free"
    sync_share: Annotated[float, Field(ge=0, le=1)] = 0
    zfu_number: Annotated[str, Field(min_length=1)] | None = None
    withdrawal: Text = {}

    def refusals(self, languages: Iterable[str]) -> Iterator[str]:
        """Why it must not be sold like this, each with its mend; learners read it in `languages`."""
        if not self.price:
            return
        if self.contract_type == "free":
            yield "offer.contract_type: a course with a price is not free; say `consumer` or `business`"
        if self.sync_share <= 0.5 and self.zfu_number is None:
            yield (
                f"offer: a course with a price of which {self.sync_share:.0%} are held live needs an approval under the"
                " FernUSG, for businesses too; give its `zfu_number`, hold more than half of it live (`sync_share`), or"
                " set the price to 0"
            )
        if self.contract_type == "consumer":
            for language in languages:
                if not str(self.withdrawal.get(language, "")).strip():  # type: ignore[call-overload]
                    yield f"offer.withdrawal: consumers may withdraw; say how, in {language}"


class Assessment(_Model):
    """A unit that is passed, or not yet: by `pass_share` of its points in one attempt. Each attempt has inputs of its
    own, and the best counts."""

    pass_share: Annotated[float, Field(gt=0, le=1)] = 0.7


#: What holds for an assessment whose author says nothing else.
ASSESSMENT_ATTEMPTS, ASSESSMENT_COOLDOWN = 5, 30


class UnitEntry(_Model):
    """A unit in `course.yaml`. `minutes` is the time a learner needs, in minutes; `late` says what happens to
    submissions after the deadline. `exercises` says by grade id which objectives each exercise proves, `rubrics` by
    grade id for what a person gives the points of a text or a task.

    `tests` says where its test cells run; without it, the model solution and the starter are tried both ways. With
    `processes` a learner's code may make processes, in an exam room that is started as root. A person may submit it
    `attempts` times (None: as often as they like), with `cooldown_minutes` in between; an `assessment` 5 times with 30
    minutes in between, unless its author says otherwise.
    """

    id: Slug
    title: Text
    minutes: Annotated[int, Field(gt=0)]
    objectives: list[Objective] = []
    exercises: dict[str, Annotated[list[Slug], Field(min_length=1)]] = {}
    rubrics: dict[str, Annotated[list[Criterion], Field(min_length=1)]] = {}
    deadline: AwareDatetime | None = None
    late: Late = "refuse"
    tests: Tests | None = None
    processes: bool = False
    assessment: Assessment | None = None
    attempts: Annotated[int, Field(gt=0)] | None = None
    cooldown_minutes: Annotated[int, Field(ge=0)] = 0

    @model_validator(mode="before")
    @classmethod
    def _of_an_assessment(cls, given: Any) -> Any:
        if not isinstance(given, dict) or given.get("assessment") is None:
            return given
        return {"attempts": ASSESSMENT_ATTEMPTS, "cooldown_minutes": ASSESSMENT_COOLDOWN, **given}


class CourseFile(_Model):
    """`course.yaml`. The first of `languages` is the one in which graders read the notebooks."""

    id: Slug
    title: Text
    summary: Text
    level: Literal["beginner", "intermediate", "advanced"] = "beginner"
    languages: Annotated[list[Language], Field(min_length=1)]
    licences: Licences
    prerequisites: list[Text] = []
    offer: Offer = Offer()
    units: Annotated[list[UnitEntry], Field(min_length=1)]


class BundleUnit(_Model):
    """A unit of a built course. `notebooks` are names without `.ipynb`; `max_score` is in points."""

    id: Slug
    title: Text
    minutes: int
    max_score: float
    notebooks: list[str]
    tests: Tests = "examiner"
    processes: bool = False
    objectives: list[dict[str, str]] = []
    deadline: str | None = None
    assessment: Assessment | None = None
    attempts: int | None = None
    cooldown_minutes: int = 0
    late: Late = "refuse"


class Bundle(_Model):
    """`bundle.json`: a built course. `digest` is the SHA-256 of every other file and of the rest of this one."""

    schema_: Literal[1] = Field(1, alias="schema")
    course: Slug
    title: Text
    summary: Text
    languages: list[Language]
    licences: Licences
    prerequisites: list[Text] = []
    units: list[BundleUnit]
    digest: str = ""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)


def assessment_of(bundle: Mapping[str, Any], unit: str) -> Assessment | None:
    """What `bundle.json` says of a unit that is an assessment; None where it is none."""
    found = next((one.get("assessment") for one in bundle["units"] if one["id"] == unit), None)
    return None if found is None else Assessment.model_validate(found)
