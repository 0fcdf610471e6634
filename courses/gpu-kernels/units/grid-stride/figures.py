"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE, ORANGE = "#1a1a1a", "#cfe8ff", "#ffd27f"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><pattern id="idle" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#f2f2f2"/><rect width="3" height="8" fill="#9a9a9a"/></pattern></defs>\n'
)


def box(x, y, width, height, fill, text=""):
    drawn = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{INK}"/>\n'
    label = f'<text x="{x + width / 2}" y="{y + height / 2 + 6}" fill="{INK}">{text}</text>\n' if text else ""
    return drawn + label


def disc(x, y, text):
    return (
        f'<circle cx="{x}" cy="{y}" r="16" fill="{ORANGE}" stroke="{INK}"/>\n'
        f'<text x="{x}" y="{y + 6}" fill="{INK}">{text}</text>\n'
    )


def frame(x, y, width, height):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="#003f7d" stroke-width="4"/>\n'


def line(x1, y1, x2, y2):
    return f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{INK}" stroke-width="2"/>\n'


def passes(pixels=20, blocks=2, threads=4):
    """A column for each thread of the grid, and below it the pixels it takes, pass after pass."""
    grid, side = blocks * threads, 60
    svg = HEAD.format(width=640, height=260)
    for thread in range(grid):
        x = 60 + thread * (side + 4) + thread // threads * 24
        svg += disc(x + side / 2, 36, thread)
        for turn in range(-(-pixels // grid)):
            pixel = turn * grid + thread
            there = pixel < pixels
            svg += box(x, 70 + turn * 56, side, 44, BLUE if there else "url(#idle)", str(pixel) if there else "")
    for block in range(blocks):
        svg += frame(52 + block * (threads * (side + 4) + 24), 12, threads * (side + 4) + 12, 232)
    return svg + "</svg>\n"


def neighbours(pixels=16, threads=4, piece=4):
    """What four threads touch in their first step: with the grid as step, and with a part for each thread."""
    side = 40
    svg = HEAD.format(width=720, height=260)
    for top, touched in ((70, list(range(threads))), (200, list(range(0, pixels, pixels // threads)))):
        for pixel in range(pixels):
            x = 20 + pixel * side + pixel // piece * 12
            svg += box(x, top, side, 40, ORANGE if pixel in touched else BLUE, str(pixel))
            if pixel in touched:
                svg += disc(x + side / 2, top - 44, touched.index(pixel)) + line(
                    x + side / 2, top - 28, x + side / 2, top
                )
        for number in sorted({pixel // piece for pixel in touched}):
            svg += frame(17 + number * (piece * side + 12), top - 3, piece * side + 6, 46)
    return svg + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (passes, neighbours):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
