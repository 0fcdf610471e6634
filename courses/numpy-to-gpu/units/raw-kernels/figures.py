"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"
SIDE = 44


def field(x, y, fill, words="", width=1.0):
    square = (
        f'<rect x="{x}" y="{y}" width="{SIDE}" height="{SIDE}" fill="{fill}" stroke="{INK}" stroke-width="{width}"/>'
    )
    return [square, text(x + SIDE / 2, y + SIDE / 2 + 5, words)] if words != "" else [square]


def text(x, y, words, size=15, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def arrow(path):
    return f'<path d="{path}" fill="none" stroke="{INK}" stroke-width="1.5" marker-end="url(#head)"/>'


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


def rows():
    """A grid of 3 x 4 with its numbers, and the same in one line; row 1, column 2 is drawn strong."""
    parts = []
    for y in range(3):
        parts.append(text(90, 63 + SIDE * y, f"y = {y}", 14, "end"))
        for x in range(4):
            if (y, x) != (1, 2):
                parts += field(100 + SIDE * x, 36 + SIDE * y, (COOL, WARM)[y % 2], 4 * y + x)
    parts += [text(122 + SIDE * x, 26, f"x = {x}", 14) for x in range(4)]
    parts += field(100 + SIDE * 2, 36 + SIDE, WARM, 6, 4)
    parts.append(text(320, 107, "y · width + x = 1 · 4 + 2 = 6", 16, "start"))
    for i in range(12):
        if i != 6:
            parts += field(30 + SIDE * i, 200, (COOL, WARM)[i // 4 % 2], i)
    parts += field(30 + SIDE * 6, 200, WARM, 6, 4)
    parts.append(arrow(f"M500 116 C 490 170, {30 + SIDE * 6.5} 140, {30 + SIDE * 6.5} 195"))
    save("rows", 590, 260, parts)


def star():
    """The five weights, and what happens in a corner: arrows to missing neighbours come back."""
    parts = []
    for x, y, weight in ((1, 1, 4), (0, 1, 1), (2, 1, 1), (1, 0, 1), (1, 2, 1)):
        parts += field(40 + SIDE * x, 40 + SIDE * y, WARM if weight == 4 else COOL, weight)
    left, top = 380, 70
    for y in range(2):
        for x in range(3):
            parts += field(left + SIDE * x, top + SIDE * y, WARM if (x, y) == (0, 0) else COOL)
    parts.append(text(left + 22, top + 27, "4"))
    parts += [text(left + SIDE + 22, top + 27, "1"), text(left + 22, top + SIDE + 27, "1")]
    parts.append(
        arrow(f"M{left + 6} {top + 16} C {left - 50} {top - 10}, {left - 50} {top + 60}, {left + 6} {top + 32}")
    )
    parts.append(
        arrow(f"M{left + 16} {top + 6} C {left - 10} {top - 50}, {left + 60} {top - 50}, {left + 32} {top + 6}")
    )
    parts += [text(left - 46, top + 29, "1"), text(left + 22, top - 42, "1")]
    save("star", 590, 200, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    rows()
    star()
