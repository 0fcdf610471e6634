"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE = "#1a1a1a", "#003f7d"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><pattern id="idle" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#f2f2f2"/><rect width="3" height="8" fill="#9a9a9a"/></pattern>'
    '<marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L10 5 L0 10 z" fill="#1a1a1a"/></marker></defs>\n'
)


def box(x, y, width, height, fill, line=INK, thick=1):
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{line}" '
        f'stroke-width="{thick}"/>\n'
    )


def words(x, y, text):
    return f'<text x="{x}" y="{y}" fill="{INK}">{text}</text>\n'


def arrow(x1, y1, x2, y2):
    return f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{INK}" stroke-width="2" marker-end="url(#tip)"/>\n'


def axes():
    """An image of 5 rows and 10 columns under blocks of 4 x 2 threads, the pixel [3, 6] marked."""
    side, left, top, rows, columns = 40, 90, 60, 5, 10
    svg = HEAD.format(width=640, height=330)
    for y in range(6):
        for x in range(12):
            inside = x < columns and y < rows
            fill = "#ffd27f" if (x, y) == (6, 3) else "#cfe8ff" if inside else "url(#idle)"
            svg += box(left + x * side, top + y * side, side, side, fill)
    for y in range(3):
        for x in range(3):
            svg += box(left + x * 4 * side, top + y * 2 * side, 4 * side, 2 * side, "none", BLUE, 4)
    svg += arrow(left, 40, left + 12 * side, 40) + words(left + 12 * side + 20, 45, "x")
    svg += arrow(70, top, 70, top + 6 * side) + words(70, top + 6 * side + 20, "y")
    for x in range(12):
        svg += words(left + x * side + side / 2, 30, x)
    for y in range(6):
        svg += words(45, top + y * side + 26, y)
    svg += words(left + 6.5 * side, top + 3 * side + 26, "[3,6]")
    return svg + "</svg>\n"


def neighbours():
    """Eight threads along a row touch one sector; eight threads down a column touch eight."""
    side = 20
    svg = HEAD.format(width=720, height=220)
    for left, along in ((30, True), (380, False)):
        for y in range(8):
            for x in range(16):
                mine = (y == 3 and x < 8) if along else x == 3
                moved = (y == 3 and x < 8) if along else x < 8
                fill = "#ffd27f" if mine else "url(#idle)" if moved else "#ffffff"
                svg += box(left + x * side, 20 + y * side, side, side, fill, "#9a9a9a")
                if mine:
                    svg += words(left + x * side + side / 2, 20 + y * side + 16, x if along else y)
        for y in range(8):
            for x in range(2):
                svg += box(left + x * 8 * side, 20 + y * side, 8 * side, side, "none", BLUE, 2)
        svg += words(left + 8 * side, 208, "1 × 32 B" if along else "8 × 32 B")
    return svg + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (axes, neighbours):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
