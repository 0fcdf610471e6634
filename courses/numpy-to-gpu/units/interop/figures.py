"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"
SIDE = 52


def text(x, y, words, size=15, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def box(x, y, width, height, fill, line=1.0, round_=0):
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="{round_}" fill="{fill}" stroke="{INK}" '
        f'stroke-width="{line}"/>'
    )


def arrow(x1, y1, x2, y2):
    return f'<line x1="{x1}" y1="{y1}" x2="{x2}" y2="{y2}" stroke="{INK}" stroke-width="2" marker-end="url(#head)"/>'


def save(name, width, height, parts):
    head = f'<path d="M0 0 L7 3.5 L0 7 z" fill="{INK}"/>'
    marker = (
        '<marker id="head" markerUnits="userSpaceOnUse" markerWidth="9" markerHeight="9" refX="7" refY="3.5" '
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


def card():
    """One memory of twelve fields, and two objects that point to it: a whole array above, a slice below."""
    left, top = 30, 150
    reached = range(0, 12, 2)
    parts = [box(left + SIDE * i, top, SIDE, SIDE, (COOL, WARM)[i // 4 % 2]) for i in range(12)]
    parts += [box(left + SIDE * i, top, SIDE, SIDE, "none", 5) for i in reached]
    parts += [text(left + SIDE * (i + 0.5), top + 32, i, 18) for i in range(12)]
    for y, name, shape, strides in (
        (20, "cupy.ndarray", "(3, 4)", "None"),
        (262, "DeviceNDArray", "(3, 2)", "(16, 8)"),
    ):
        parts.append(box(left, y, 560, 70, PAPER, 1.5, 6))
        parts += [text(left + 20, y + 42, name, 18, "start"), text(left + 250, y + 42, f"shape {shape}", 16, "start")]
        parts.append(text(left + 400, y + 42, f"strides {strides}", 16, "start"))
    parts += [arrow(left + 20, 90, left + 20, top - 6), arrow(left + 20, 262, left + 20, top + SIDE + 6)]
    save("card", 690, 350, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    card()
