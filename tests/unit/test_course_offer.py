"""A course that is sold without what the FernUSG asks for is not published; the reason names the key."""

from __future__ import annotations

from pathlib import Path

import pytest

from campus.publish import publish
from campus.settings import Settings
from grader.course.model import CourseError, Offer
from tests.courses import MANIFEST, small_course

WITHDRAWAL = {"de": "Innerhalb von 14 Tagen, in Textform.", "en": "Within 14 days, in writing."}


@pytest.mark.parametrize(
    "offer",
    [
        Offer(),
        Offer(zfu_number="7123456"),
        Offer(price=90, contract_type="business", zfu_number="7123456"),
        Offer(price=90, contract_type="business", sync_share=0.6),
        Offer(price=90, contract_type="consumer", sync_share=0.51, withdrawal=WITHDRAWAL),
    ],
)
def test_what_is_free_or_approved_or_mostly_live_may_be_published(offer: Offer) -> None:
    assert list(offer.refusals(["de", "en"])) == []


@pytest.mark.parametrize(
    ("offer", "words"),
    [
        (Offer(price=90, contract_type="business"), ["zfu_number"]),
        (Offer(price=90, contract_type="business", sync_share=0.5), ["50%"]),
        (Offer(price=0.01, sync_share=1), ["contract_type"]),
        (Offer(price=90, contract_type="consumer", zfu_number="7", withdrawal={"de": " "}), ["in de", "in en"]),
        (Offer(price=90), ["contract_type", "zfu_number"]),
    ],
)
def test_each_reason_names_the_key_to_mend(offer: Offer, words: list[str]) -> None:
    found = list(offer.refusals(["de", "en"]))
    assert len(found) == len(words)
    assert all(word in text for word, text in zip(words, found, strict=True))


def test_publishing_refuses_it_and_leaves_nothing(tmp_path: Path) -> None:
    folder = small_course(tmp_path / "course")
    (folder / "course.yaml").write_text(MANIFEST + "offer: {price: 90, contract_type: business}\n", encoding="utf-8")
    tenant = {"id": "nord", "name": {"de": "Nord", "en": "North"}, "courses": [{"id": "small"}]}
    settings = Settings.model_validate({"data": tmp_path / "data", "tenants": [tenant]})
    with pytest.raises(CourseError, match="zfu_number"):
        publish(settings, folder, "nord", by="somebody")
    assert not list((tmp_path / "data" / "courses").iterdir())
