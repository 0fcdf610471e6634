"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"


def text(x, y, words, size=15, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


def box(x, y, width, height, fill):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{INK}" stroke-width="1.5"/>'


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


def gather():
    """Left: a face gives to two cells. Right: a cell gathers from four faces; the index of each stands beside it."""
    parts = [box(40, 90, 70, 70, WARM), box(170, 90, 70, 70, WARM), box(128, 98, 24, 54, COOL)]
    parts += [text(75, 130, "y, x"), text(205, 130, "y, x+1")]
    parts += [arrow("M124 125 L 113 125"), arrow("M156 125 L 167 125")]
    left, top = 420, 90
    parts += [box(left, top, 70, 70, WARM), text(left + 35, top + 40, "i")]
    parts += [box(left - 46, top + 8, 24, 54, COOL), arrow(f"M{left - 20} {top + 35} L {left - 3} {top + 35}")]
    parts += [box(left + 92, top + 8, 24, 54, COOL), arrow(f"M{left + 90} {top + 35} L {left + 73} {top + 35}")]
    parts += [box(left + 8, top - 46, 54, 24, COOL), arrow(f"M{left + 35} {top - 20} L {left + 35} {top - 3}")]
    parts += [box(left + 8, top + 92, 54, 24, COOL), arrow(f"M{left + 35} {top + 90} L {left + 35} {top + 73}")]
    parts += [text(left - 52, top + 40, "right[f - 1]", 13, "end"), text(left + 122, top + 40, "right[f]", 13, "start")]
    parts += [text(left + 35, top - 54, "down[i - width]", 13), text(left + 35, top + 134, "down[i]", 13)]
    parts += [text(left + 120, 24, "i = y · width + x", 13, "start")]
    parts += [text(left + 120, 44, "f = y · (width − 1) + x", 13, "start")]
    save("gather", 720, 250, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    gather()
