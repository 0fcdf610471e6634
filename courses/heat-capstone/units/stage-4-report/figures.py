"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"
SIDE = 58


def text(x, y, words, size=15, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def box(x, y, width, height, fill, line=1.5):
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{INK}" stroke-width="{line}"/>'
    )


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


def bath():
    """The bath on the left of three rows of cells; the middle one begins with a hole. Distances stand below."""
    parts = [box(20, 30, 60, 3 * SIDE, COOL), text(50, 30 + 1.5 * SIDE + 5, "bath")]
    for row in range(3):
        for column in range(4):
            left, top = 80 + SIDE * column, 30 + SIDE * row
            hole = (row, column) == (1, 0)
            parts.append(box(left, top, SIDE, SIDE, PAPER if hole else WARM))
            middle = (left + SIDE / 2, top + SIDE / 2)
            if hole:
                parts.append(text(middle[0], middle[1] + 5, "0"))
            else:
                parts.append(f'<circle cx="{middle[0]}" cy="{middle[1]}" r="3" fill="{INK}"/>')
        if row != 1:
            parts.append(arrow(f"M{80 + SIDE / 2 - 6} {30 + SIDE * (row + 0.5)} L 66 {30 + SIDE * (row + 0.5)}"))
    base = 30 + 3 * SIDE + 18
    for start, end, words in ((80, 80 + SIDE / 2, "½"), (80 + 1.5 * SIDE, 80 + 2.5 * SIDE, "1")):
        parts.append(f'<path d="M{start} {base} L {end} {base}" stroke="{INK}" stroke-width="2"/>')
        parts.append(text((start + end) / 2, base + 20, words))
    parts += [text(360, 80, "2 · k · (bath − t)", 16, "start"), text(360, 130, "k = 0: 0", 16, "start")]
    save("bath", 540, 250, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    bath()
