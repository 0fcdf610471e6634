"""Every pair of text and ground that the pages use can be read: WCAG 2.2 AA, in light and dark."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import campus.portal

CSS = (Path(campus.portal.__file__).parent / "static" / "portal.css").read_text(encoding="utf-8")
TEXT_ON = [
    *((ink, ground) for ink in ("ink", "soft", "accent") for ground in ("ground", "card", "code")),
    ("on-accent", "accent"),
    ("accent", "accent-soft"),
    ("ink", "accent-soft"),
    *((tone, ground) for tone in ("good", "bad", "wait") for ground in (f"{tone}-soft", "card", "ground")),
    ("ink", "wait-soft"),
]


def tokens(scheme: str) -> dict[str, str]:
    light, dark = (dict(re.findall(r"--([\w-]+): (#[0-9a-f]{6})", block)) for block in CSS.split("}", 2)[:2])
    return light if scheme == "light" else light | dark


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize(("ink", "ground"), TEXT_ON)
def test_text_stands_out_from_its_ground(scheme, ink, ground):
    colours = tokens(scheme)
    assert contrast(colours[ink], colours[ground]) >= 4.5


def test_the_schemes_differ_and_motion_is_asked_for():
    assert tokens("light") != tokens("dark")
    for line in CSS.splitlines():
        assert "transition" not in line or "prefers-reduced-motion: no-preference" in line
        assert "animation" not in line


def test_the_style_sheet_loads_nothing_from_elsewhere():
    assert "url(" not in CSS
    assert "@import" not in CSS
