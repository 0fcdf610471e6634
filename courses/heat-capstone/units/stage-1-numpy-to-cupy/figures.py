"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"
SIDE, GAP = 54, 34


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


def faces():
    """Three by four cells; between neighbours lie the faces with their indices."""
    parts, pitch = [], SIDE + GAP
    for y in range(3):
        for x in range(4):
            left, top = 30 + pitch * x, 30 + pitch * y
            parts += [box(left, top, SIDE, SIDE, WARM), text(left + SIDE / 2, top + SIDE / 2 + 5, f"{y}, {x}")]
            if x < 3:
                parts += [box(left + SIDE + 5, top + 8, GAP - 10, SIDE - 16, COOL)]
                parts += [text(left + SIDE + GAP / 2, top + SIDE / 2 + 4, f"{y},{x}", 12)]
            if y < 2:
                parts += [box(left + 4, top + SIDE + 8, SIDE - 8, GAP - 16, COOL)]
                parts += [text(left + SIDE / 2, top + SIDE + GAP / 2 + 4, f"{y}, {x}", 12)]
    legend = 40 + 4 * pitch
    parts += [box(legend, 40, 24, 24, WARM), text(legend + 36, 57, "conduct[y, x]   3 × 4", 15, "start")]
    parts += [box(legend + 4, 84, 16, 30, COOL), text(legend + 36, 104, "right[y, x]   3 × 3", 15, "start")]
    parts += [box(legend, 136, 30, 16, COOL), text(legend + 36, 149, "down[y, x]   2 × 4", 15, "start")]
    save("faces", 600, 3 * pitch + 24, parts)


def buffers():
    """Two buffers over four steps; the arrow leads from the one that is read to the one that is written."""
    parts = [text(34, 58, "A", 18), text(34, 138, "B", 18)]
    for state in range(5):
        left = 60 + 108 * state
        for row, top in enumerate((30, 110)):
            full = state % 2 == row
            parts.append(box(left, top, 62, 44, WARM if full else PAPER))
            if full:
                parts.append(text(left + 31, top + 28, f"t = {state}"))
        if state < 4:
            start, end = (58, 126) if state % 2 == 0 else (126, 58)
            parts.append(arrow(f"M{left + 64} {start} L {left + 106} {end}"))
    save("buffers", 580, 180, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    faces()
    buffers()
