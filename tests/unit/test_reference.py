"""The page of all settings says what the model says."""

from pathlib import Path

from campus import reference, settings
from campus.settings import Settings

PAGE = Path(__file__).parents[2] / "docs" / "operate" / "settings.md"


def test_the_committed_page_is_current() -> None:
    assert PAGE.read_text(encoding="utf-8") == reference.page(), (
        "run `.venv/bin/python -m campus.reference > docs/operate/settings.md`"
    )


def test_every_key_stands_in_it_with_type_default_and_meaning() -> None:
    page = reference.page()
    for key in ("hub.port", "tenants[].signin.demo.people[].role", "storage.s3.bucket", "exam.lease_seconds"):
        assert f"| `{key}` |" in page
    assert "| `exam.attempts` | whole number, ≥ 1 | `3` |" in page
    assert "| `exam.device` | `auto` or `emulated` or `cuda` | `auto` |" in page
    assert "| `tenants[].id` | id | *required* |" in page
    # The portal's port has another default than the hub's.
    assert "| `portal.port` | whole number, ≥ 0, ≤ 65535 | `0` |" in page
    rows = [line.split("|")[1:-1] for line in page.splitlines() if line.startswith("| `")]
    assert len(rows) > 30
    assert all(len(row) == 4 and row[1].strip() and row[3].strip() for row in rows)


def test_every_section_of_the_model_is_reached() -> None:
    page = reference.page()
    for name, model in vars(settings).items():
        if isinstance(model, type) and issubclass(model, settings._Section) and not name.startswith("_"):
            for key in model.model_fields:
                assert f"{key}`" in page, f"{name}.{key}"
    assert [f"## `{key}`" in page for key in Settings.model_fields] == [True] * len(Settings.model_fields)
