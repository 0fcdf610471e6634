"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE = "#1a1a1a", "#003f7d"
FETCH, MULTIPLY = "#ffd27f", "#cfe8ff"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><pattern id="outside" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#f7f7f7"/><rect width="2" height="8" fill="#8a8a8a"/></pattern></defs>\n'
)


def box(x, y, width, height, fill, text=""):
    drawn = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{INK}"/>\n'
    return drawn + (words(x + width / 2, y + height / 2 + 6, text) if text != "" else "")


def frame(x, y, width, height, dashed=False):
    dash = ' stroke-dasharray="7 5"' if dashed else ""
    size = f'width="{width}" height="{height}"'
    return f'<rect x="{x}" y="{y}" {size} fill="none" stroke="{BLUE}" stroke-width="5"{dash}/>\n'


def words(x, y, text):
    return f'<text x="{x}" y="{y}" fill="{INK}">{text}</text>\n'


def boxes(left, top, rows, columns, side=36):
    places = [(left + side * column, top + side * row) for row in range(rows) for column in range(columns)]
    return "".join(box(x, y, side, side, "#ffffff") for x, y in places)


def product():
    """A row of a, a column of b, and the number of c where they meet."""
    side, left, top = 36, 60, 200
    right, up = left + 4 * side + 50, top - 4 * side - 30
    svg = HEAD.format(width=480, height=330)
    svg += boxes(left, top, 3, 4) + boxes(right, up, 4, 5) + boxes(right, top, 3, 5)
    svg += frame(left, top + side, 4 * side, side) + frame(right + 3 * side, up, side, 4 * side)
    svg += frame(right + 3 * side, top + side, side, side, dashed=True)
    svg += f'<circle cx="{right + 3.5 * side}" cy="{top + 1.5 * side}" r="7" fill="{INK}"/>\n'
    return (
        svg
        + words(left - 20, top + 60, "a")
        + words(right - 20, up + 78, "b")
        + words(right - 20, top + 60, "c")
        + "</svg>\n"
    )


def steps():
    """The tiles that a block fetches, by the number of the step; a part of the last ones lies outside."""
    side, left, top = 60, 60, 250
    right, up = left + 3 * side + 50, top - 3 * side - 40
    svg = HEAD.format(width=480, height=400)
    svg += boxes(left, top, 2, 3, side) + boxes(right, up, 3, 2, side) + boxes(right, top, 2, 2, side)
    for step in range(3):
        svg += box(left + step * side, top + side, side, side, MULTIPLY)
        svg += box(right + side, up + step * side, side, side, MULTIPLY)
    svg += box(left + 2.6 * side, top + side, 0.4 * side, side, "url(#outside)")
    svg += box(right + side, up + 2.6 * side, side, 0.4 * side, "url(#outside)")
    for step in range(3):
        svg += words(left + (step + (0.3 if step == 2 else 0.5)) * side, top + 1.6 * side, step)
        svg += words(right + 1.5 * side, up + (step + (0.4 if step == 2 else 0.6)) * side, step)
    svg += box(right + side, top + side, side, side, FETCH, "+") + frame(right + side, top + side, side, side)
    return (
        svg
        + words(left - 20, top + 65, "a")
        + words(right - 20, up + 95, "b")
        + words(right - 20, top + 65, "c")
        + "</svg>\n"
    )


def barriers():
    """Two warps without the second barrier: one fetches the next tile while the other still uses this one."""
    svg = HEAD.format(width=720, height=190)
    signs = ("↓ 0", "× 0", "↓ 1", "× 1")
    for warp, bars in enumerate(
        (((130, 280), (330, 460), (470, 590), (640, 710)), ((130, 320), (330, 550), (560, 630), (640, 710)))
    ):
        y = 35 + warp * 70
        svg += words(65, y + 28, f"Warp {warp}")
        for step, (begin, end) in enumerate(bars):
            svg += box(begin, y, end - begin, 46, MULTIPLY if step % 2 else FETCH, signs[step])
    for x in (325, 635):
        svg += f'<path d="M{x} 20 L{x} 170" stroke="{BLUE}" stroke-width="6"/>\n'
    svg += frame(464, 26, 90, 136, dashed=True)
    return svg + words(509, 20, "!") + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (product, steps, barriers):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
