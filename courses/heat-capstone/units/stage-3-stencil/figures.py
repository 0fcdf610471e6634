"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PALE, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#e6efe0", "#ffffff"
SIDE = 22


def text(x, y, words, size=15, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def box(x, y, width, height, fill, line=0.7):
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{INK}" stroke-width="{line}"/>'
    )


def arrow(path):
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.5" marker-end="url(#head)"/>'


def grid(left, top, rows, columns, fill):
    """Cells; `fill(row, column)` is a colour and a letter, which tells it where colours do not."""
    parts = []
    for row in range(rows):
        for column in range(columns):
            colour, letter = fill(row, column)
            x, y = left + SIDE * column, top + SIDE * row
            parts += [box(x, y, SIDE, SIDE, colour), text(x + SIDE / 2, y + SIDE / 2 + 4, letter, 11)]
    return parts


def save(name, width, height, parts):
    head = f'<path d="M0 0 L7 3.5 L0 7 z" fill="{INK}"/>'
    marker = (
        '<marker id="head" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" refX="7" refY="3.5" '
        f'orient="auto">{head}</marker>'
    )
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
        'font-family="sans-serif">',
        f"<defs>{marker}</defs>",
        f'<rect width="{width}" height="{height}" fill="{PAPER}"/>',
        *parts,
        "</svg>",
    ]
    (HERE / f"{name}.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


def ring(margin, rows, columns):
    """B for a cell of the block, then 1 and 2 for the rings around it."""

    def fill(row, column):
        distance = max(margin - row, row - (rows - 1 - margin), margin - column, column - (columns - 1 - margin), 0)
        return ((WARM, "B"), (COOL, "1"), (PALE, "2"))[distance]

    return fill


def tile():
    """A block of 3 x 6 threads, and its tile with a halo of one cell."""
    parts = grid(30, 52, 3, 6, lambda row, column: (WARM, "B")) + grid(260, 30, 5, 8, ring(1, 5, 8))
    parts += [arrow("M172 85 L 250 85"), text(96, 150, "3 × 6 = 18"), text(348, 164, "5 × 8 = 40")]
    save("tile", 470, 180, parts)


def steps():
    """The tile with a halo of two cells, what is right after the first step, and after the second one."""
    parts = grid(20, 20, 7, 10, ring(2, 7, 10)) + grid(302, 42, 5, 8, ring(1, 5, 8))
    parts += grid(540, 64, 3, 6, ring(0, 3, 6))
    parts += [arrow("M244 97 L 296 97"), arrow("M482 97 L 534 97")]
    parts += [text(130, 200, "t = 0"), text(390, 200, "t = 1"), text(606, 200, "t = 2")]
    save("steps", 700, 215, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    tile()
    steps()
