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


def box(x, y, width, fill, text, dashed=False):
    dash = ' stroke-dasharray="5 4"' if dashed else ""
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="40" fill="{fill}" stroke="{INK}"{dash}/>\n'
        f'<text x="{x + width / 2}" y="{y + 26}" fill="{INK}">{text}</text>\n'
    )


def frame(x, y, width, height):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="{BLUE}" stroke-width="4"/>\n'


def words(x, y, text, anchor="middle"):
    return f'<text x="{x}" y="{y}" fill="{INK}" text-anchor="{anchor}">{text}</text>\n'


def arrow(x1, y1, x2, y2):
    return f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{INK}" stroke-width="2" marker-end="url(#tip)"/>\n'


def both_ways(x, y1, y2):
    return arrow(x, (y1 + y2) / 2, x, y1) + arrow(x, (y1 + y2) / 2, x, y2)


def memories():
    """Two blocks of four threads, each with shared memory of its own, above the global memory."""
    svg = HEAD.format(width=700, height=270)
    for block in range(2):
        left = 40 + block * 330
        svg += frame(left, 20, 290, 160) + words(left + 145, 45, f"Block {block}")
        for thread in range(4):
            x = left + 21 + thread * 64
            svg += box(x, 55, 56, "#ffd27f", thread) + both_ways(x + 28, 97, 128)
        svg += box(left + 21, 130, 248, "#cfe8ff", "shared") + both_ways(left + 145, 184, 218)
    svg += box(40, 220, 620, "#ffffff", "global")
    return svg + "</svg>\n"


def tree():
    """Eight values become one in three steps; what is out of play is dashed."""
    svg = HEAD.format(width=720, height=370)
    values, stride, y = [3, 1, 4, 1, 5, 9, 2, 6], 8, 20
    while True:
        for place, value in enumerate(values):
            svg += box(170 + place * 66, y, 56, "#cfe8ff" if place < stride else "#ffffff", value, place >= stride)
        if stride == 1:
            return svg + "</svg>\n"
        stride, y = stride // 2, y + 100
        svg += words(75, y - 24, f"stride = {stride}")
        for place in range(stride):
            x = 198 + place * 66
            svg += arrow(x, y - 60, x, y - 2) + arrow(x + stride * 66, y - 60, x + 14, y - 2)
            values[place] += values[place + stride]


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (memories, tree):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
