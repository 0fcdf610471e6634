"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE = "#1a1a1a", "#003f7d"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L10 5 L0 10 z" fill="#1a1a1a"/></marker></defs>\n'
)


def box(x, y, fill, text="", dashed=False):
    dashes = ' stroke-dasharray="5 4"' if dashed else ""
    drawn = f'<rect x="{x}" y="{y}" width="60" height="40" fill="{fill}" stroke="{INK}"{dashes}/>\n'
    return drawn + (words(x + 30, y + 26, text) if text != "" else "")


def words(x, y, text, family="sans-serif"):
    return f'<text x="{x}" y="{y}" fill="{INK}" font-family="{family}">{text}</text>\n'


def path(way):
    return f'<path d="{way}" fill="none" stroke="{BLUE}" stroke-width="2.5" marker-end="url(#tip)"/>\n'


def ends():
    """The last thread reads behind the array, the first one the last element."""
    svg = HEAD.format(width=640, height=240)
    for i in range(6):
        svg += box(90 + 70 * i, 110, "#ffd27f" if i in (0, 5) else "#cfe8ff", i)
    svg += box(90 + 70 * 6, 110, "#ffffff", "?", dashed=True)
    svg += words(470, 40, "Thread 5") + path("M470 50 C470 85 530 70 538 106") + words(550, 75, "i + 1", "monospace")
    svg += words(120, 40, "Thread 0") + path("M120 50 C120 110 40 90 45 150 C55 225 455 225 468 154")
    return svg + words(60, 85, "i - 1", "monospace") + "</svg>\n"


def names():
    """Two names for one array, and two arrays."""
    svg = HEAD.format(width=640, height=360)
    for row, (y, left) in enumerate(((40, ("temps", "later")), (170, ("temps",)), (290, ("out",)))):
        for i in range(6):
            chosen = row == 0 or (row == 1 and i in (1, 2, 3)) or (row == 2 and i == 2)
            svg += box(190 + 70 * i, y, "#ffd27f" if chosen else "#cfe8ff")
        for number, name in enumerate(left):
            at = y + 20 + (number * 2 - 1) * 22 * (len(left) - 1)
            svg += words(80, at + 6, name, "monospace") + path(f"M115 {at} L184 {y + 20}")
    for i in (1, 2, 3):
        svg += path(f"M{220 + 70 * i} 212 L{345 + 15 * (i - 1)} 286")
    return svg + f'<path d="M20 125 L620 125" stroke="{INK}" stroke-dasharray="4 6"/>\n</svg>\n'


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (ends, names):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
