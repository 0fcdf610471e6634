"""The settings file: what it takes, and what it says about a mistake."""

from pathlib import Path

import pytest

from campus import settings

DEMO = """
tenants:
  - id: nord
    name: {de: Nord, en: North}
    courses: [{id: first, source: courses/first}]
    signin: {demo: {people: [{name: learner-nord, role: learner}]}}
"""


def write(folder: Path, text: str) -> Path:
    file = folder / "lehrwerk.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_paths_are_meant_from_the_settings_file(tmp_path: Path) -> None:
    loaded = settings.load(write(tmp_path, DEMO))
    assert loaded.data == tmp_path / ".lehrwerk"
    assert loaded.tenants[0].courses[0].source == tmp_path / "courses/first"
    assert loaded.database_url == f"sqlite:///{tmp_path}/.lehrwerk/store.sqlite"


def test_an_empty_file_means_the_defaults(tmp_path: Path) -> None:
    assert settings.load(write(tmp_path, "")).hub.host == "127.0.0.1"


@pytest.mark.parametrize(
    ("text", "place", "near"),
    [
        ("exam: {worker: 2}", "exam.worker", "workers"),
        ("limts: {}", "limts", "limits"),
        ("hub: {prot: 1}", "hub.prot", "port"),
        ("tenants: [{id: a, name: {}, langauges: [de]}]", "tenants.0.langauges", "languages"),
        ("storage: {s3: {bucket: b, end_point: x}}", "storage.s3.end_point", "endpoint"),
    ],
)
def test_a_misspelt_key_is_refused_with_the_nearest_right_one(tmp_path: Path, text: str, place: str, near: str) -> None:
    with pytest.raises(settings.SettingsError) as refusal:
        settings.load(write(tmp_path, text))
    assert f"{place}: unknown key; did you mean `{near}`?" in str(refusal.value)


def test_all_faults_are_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsError) as refusal:
        settings.load(write(tmp_path, "limts: {}\nexam: {attempts: 0}\nhub: {port: 70000}"))
    assert len(str(refusal.value).splitlines()) == 3


def test_faults_come_in_the_order_of_the_file_each_with_its_line(tmp_path: Path) -> None:
    text = "exam: {attempts: 0}\nhub:\n  port: 70000\n  prot: 1\nlimts: {}\n"
    with pytest.raises(settings.SettingsError) as refusal:
        settings.load(write(tmp_path, text))
    lines = [line.split(":")[1] for line in str(refusal.value).splitlines()]
    assert lines == ["1", "3", "4", "5"]


def test_a_key_given_twice_is_refused(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsError, match=r"yaml:3: port: stands in line 2 already; keep one"):
        settings.load(write(tmp_path, "hub:\n  port: 8000\n  port: 9000\n"))


def test_a_misspelt_required_key_is_not_called_missing_too(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsError) as refusal:
        settings.load(write(tmp_path, "tenants: [{id: a, nmae: {en: A}}]"))
    assert str(refusal.value).endswith("yaml:1: tenants.0.nmae: unknown key; did you mean `name`?")


@pytest.mark.parametrize("text", ["- a\n- b", "a: [", "just words"])
def test_a_file_of_another_shape_is_refused(tmp_path: Path, text: str) -> None:
    with pytest.raises(settings.SettingsError, match=r"lehrwerk\.yaml"):
        settings.load(write(tmp_path, text))


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsError, match="nowhere"):
        settings.load(tmp_path / "nowhere.yaml")


def test_demo_people_stay_on_the_loopback_address(tmp_path: Path) -> None:
    with pytest.raises(settings.SettingsError) as refusal:
        settings.load(write(tmp_path, DEMO + "hub: {host: 0.0.0.0}\n"))
    assert "yaml:7: hub.host: demo people may sign in on 127.0.0.1 only; " in str(refusal.value)


def test_names_ids_and_courses_are_distinct(tmp_path: Path) -> None:
    twice = DEMO + DEMO.split("tenants:\n")[1]
    with pytest.raises(settings.SettingsError, match="nord is there already"):
        settings.load(write(tmp_path, twice))
    with pytest.raises(settings.SettingsError, match="learner-nord is there already"):
        settings.load(write(tmp_path, twice.replace("id: nord", "id: sued", 1)))


@pytest.mark.parametrize("bad", ["Nord", "a--b", "-a", "a_b", "../x", "a" * 41, "grader-nord--first"])
def test_an_id_that_could_mean_something_else_is_refused(tmp_path: Path, bad: str) -> None:
    with pytest.raises(settings.SettingsError):
        settings.load(write(tmp_path, f"tenants: [{{id: '{bad}', name: {{en: x}}}}]"))


def test_a_course_id_can_be_taken_apart_again() -> None:
    assert settings.split_course_id(settings.course_id("uni-a", "gpu-1")) == ("uni-a", "gpu-1")
    for wrong in ("uni", "uni--", "--gpu", ""):
        with pytest.raises(ValueError, match="tenant--course"):
            settings.split_course_id(wrong)


def test_the_committed_settings_offer_two_accounts_for_each_role() -> None:
    loaded = settings.load(Path(__file__).parents[2] / "lehrwerk.yaml")
    roles = [p.role for tenant in loaded.tenants if tenant.signin.demo for p in tenant.signin.demo.people]
    assert all(roles.count(role) >= 2 for role in ("learner", "grader", "instructor", "admin"))
