"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"
DEGREES = (58, 63, 61, 59, 66, 60, 57, 62)


def box(x, y, width, height, fill):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="4" fill="{fill}" stroke="{INK}"/>'


def text(x, y, words, size=15, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def arrow(x1, y1, x2, y2):
    line = f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="1.5"'
    return f'{line} marker-end="url(#head)"/>'


def row(y, values, places, fill):
    return [
        part
        for x, value in zip(places, values, strict=True)
        for part in (box(x - 24, y, 48, 30, fill), text(x, y + 20, value))
    ]


def tree():
    """Eight values go down through map, three rounds of reduce, and post."""
    head = f'<path d="M0 0 L7 3.5 L0 7 z" fill="{INK}"/>'
    marker = (
        '<marker id="head" markerUnits="userSpaceOnUse" markerWidth="8" markerHeight="8" refX="7" refY="3.5" '
        f'orient="auto">{head}</marker>'
    )
    places = [190 + 72 * number for number in range(8)]
    values = [max(value - 60, 0) for value in DEGREES]
    parts = row(20, DEGREES, places, COOL) + row(80, values, places, WARM)
    parts += [arrow(x, 50, x, 78) for x in places]
    y = 80
    while len(values) > 1:
        y += 60
        middles = [(left + right) / 2 for left, right in zip(places[::2], places[1::2], strict=True)]
        for number, middle in enumerate(middles):
            parts += [arrow(places[2 * number], y - 30, middle - 8, y - 2)]
            parts += [arrow(places[2 * number + 1], y - 30, middle + 8, y - 2)]
        values = [left + right for left, right in zip(values[::2], values[1::2], strict=True)]
        places = middles
        parts += row(y, values, places, WARM)
    parts += [arrow(places[0], y + 30, places[0], y + 58), box(places[0] - 40, y + 60, 80, 30, COOL)]
    parts += [text(places[0], y + 80, f"y = {values[0]}")]
    for at, words in ((70, "map: max(x − 60, 0)"), (190, "reduce: a + b"), (310, "post: y = a")):
        parts.append(text(10, at, words, 14, "start"))
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 740 370" width="740" height="370" '
        'font-family="sans-serif">',
        f"<defs>{marker}</defs>",
        f'<rect width="740" height="370" fill="{PAPER}"/>',
        *parts,
        "</svg>",
    ]
    (HERE / "tree.svg").write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    tree()
