"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE = "#1a1a1a", "#003f7d"
SIDE = 40
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L10 5 L0 10 z" fill="#1a1a1a"/></marker>'
    '<pattern id="border" width="8" height="8" patternUnits="userSpaceOnUse" patternTransform="rotate(45)">'
    '<rect width="8" height="8" fill="#f7f7f7"/><rect width="2" height="8" fill="#b5b5b5"/></pattern></defs>\n'
)


def box(x, y, fill, text=""):
    drawn = f'<rect x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" fill="{fill}" stroke="{INK}"/>\n'
    return drawn + (words(x + SIDE / 2, y + 26, text) if text != "" else "")


def frame(x, y, columns, rows, dashed=False):
    dash = ' stroke-dasharray="7 5"' if dashed else ""
    size = f'width="{columns * SIDE}" height="{rows * SIDE}"'
    return f'<rect x="{x}" y="{y}" {size} fill="none" stroke="{BLUE}" stroke-width="5"{dash}/>\n'


def words(x, y, text):
    return f'<text x="{x}" y="{y}" fill="{INK}">{text}</text>\n'


def arrow(x1, y1, x2, y2):
    return f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{INK}" stroke-width="2" marker-end="url(#tip)"/>\n'


def halo():
    """A block of 8 x 4 pixels with a border around it, and one pixel with its neighbours."""
    left, top = 110, 20
    svg = HEAD.format(width=640, height=290)
    for row in range(6):
        for column in range(10):
            inside = 0 < row < 5 and 0 < column < 9
            svg += box(left + SIDE * column, top + SIDE * row, "#cfe8ff" if inside else "url(#border)")
    svg += frame(left + SIDE, top + SIDE, 8, 4) + frame(left + 7 * SIDE, top + 3 * SIDE, 3, 3, dashed=True)
    svg += f'<circle cx="{left + 8.5 * SIDE}" cy="{top + 4.5 * SIDE}" r="7" fill="{INK}"/>\n'
    svg += words(50, top + 2.6 * SIDE, "Block") + arrow(76, top + 2.5 * SIDE, left + SIDE - 4, top + 2.5 * SIDE)
    svg += words(580, top + 1.6 * SIDE, "Halo") + arrow(556, top + 1.5 * SIDE, left + 9.6 * SIDE, top + 1.5 * SIDE)
    return svg + "</svg>\n"


def turn():
    """A row of the image goes into the tile; a column of the tile comes out as a row of the result."""
    svg = HEAD.format(width=700, height=200)
    straight = ((1, 2, 3), (4, 5, 6), (7, 8, 9))
    turned = ((3, 6, 9), (2, 5, 8), (1, 4, 7))
    for place, (name, rows) in enumerate((("image", straight), ("tile", straight), ("out", turned))):
        left = 50 + place * 240
        for row, numbers in enumerate(rows):
            for column, number in enumerate(numbers):
                svg += box(left + SIDE * column, 20 + SIDE * row, ("#ffffff", "#cfe8ff", "#ffffff")[place], number)
        svg += words(left + 1.5 * SIDE, 175, name)
        if place < 2:
            svg += arrow(left + 3 * SIDE + 15, 80, left + 225, 80)
    svg += frame(50, 20, 3, 1) + frame(290 + 2 * SIDE, 20, 1, 3) + frame(530, 20, 3, 1)
    return svg + "</svg>\n"


def banks():
    """A column of a tile in four banks, without and with a place more in each row."""
    svg = HEAD.format(width=620, height=320)
    for place, columns in enumerate((4, 5)):
        left = 90 + place * 310
        for bank in range(4):
            svg += words(left + SIDE * (bank + 0.5), 24, bank)
        for word in range(4 * columns):
            row, column = divmod(word, columns)
            x, y = left + SIDE * (word % 4), 36 + SIDE * (word // 4)
            svg += box(x, y, "url(#border)" if column == 4 else "#cfe8ff", f"{row},{column}" if column < 4 else "")
        for row in range(4):
            word = row * columns
            svg += frame(left + SIDE * (word % 4), 36 + SIDE * (word // 4), 1, 1)
        svg += words(left + 2 * SIDE, 280, ("4 ×", "1 ×")[place])
    return svg + words(40, 24, "Bank") + words(350, 24, "Bank") + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (halo, turn, banks):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
