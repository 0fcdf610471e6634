"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE = "#1a1a1a", "#003f7d"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L10 5 L0 10 z" fill="#1a1a1a"/></marker>'
    '<pattern id="idle" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#f2f2f2"/><rect width="3" height="8" fill="#9a9a9a"/></pattern></defs>\n'
)


def box(x, y, width, fill, text=""):
    drawn = f'<rect x="{x}" y="{y}" width="{width}" height="40" fill="{fill}" stroke="{INK}"/>\n'
    label = f'<text x="{x + width / 2}" y="{y + 26}" fill="{INK}">{text}</text>\n'
    return drawn + label if text != "" else drawn


def frame(x, y, width, height):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="{BLUE}" stroke-width="4"/>\n'


def words(x, y, text):
    return f'<text x="{x}" y="{y}" fill="{INK}">{text}</text>\n'


def arrow(x1, y1, x2, y2):
    return f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{INK}" stroke-width="2" marker-end="url(#tip)"/>\n'


def private():
    """Two blocks count six pixels each in four bins of their own, and hand them over to one histogram."""
    svg = HEAD.format(width=700, height=330)
    pixels = ((2, 2, 0, 2, 3, 2), (2, 1, 2, 2, 2, 3))
    for block, levels in enumerate(pixels):
        left = 40 + block * 330
        svg += frame(left, 20, 290, 190) + words(left + 145, 45, f"Block {block}")
        for place, level in enumerate(levels):
            svg += box(left + 21 + place * 42, 55, 38, "#ffd27f", level)
            svg += arrow(left + 40 + place * 42, 95, left + 50 + level * 63, 146)
        for level in range(4):
            svg += box(left + 21 + level * 63, 148, 59, "#cfe8ff", levels.count(level))
            if levels.count(level):
                svg += arrow(left + 50 + level * 63, 188, 239 + level * 74, 268)
    for level in range(4):
        svg += box(204 + level * 74, 270, 70, "#ffffff", sum(levels.count(level) for levels in pixels))
    return svg + words(120, 296, "global") + "</svg>\n"


def barriers():
    """Three warps clear, count and hand over; at two barriers the quick ones wait, hatched."""
    svg = HEAD.format(width=720, height=250)
    for warp, lengths in enumerate(((90, 170, 110), (130, 100, 80), (110, 140, 130))):
        y = 40 + warp * 60
        svg += words(60, y + 26, f"Warp {warp}")
        x = 120
        for step, (length, text) in enumerate(zip(lengths, ("= 0", "+ 1", "global"), strict=True)):
            end = (250, 430, 720)[step]
            svg += box(x, y, length, ("#ffffff", "#ffd27f", "#cfe8ff")[step], text)
            if step < 2:
                svg += box(x + length, y, end - x - length, "url(#idle)") if end > x + length else ""
                x = end + 10
    for x in (255, 435):
        svg += f'<path d="M{x} 25 L{x} 215" stroke="{BLUE}" stroke-width="6"/>\n'
    return svg + arrow(120, 232, 660, 232) + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (private, barriers):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
