"""Draws figures/*.svg: run `python figures.py` in this folder. Code: Apache-2.0."""

from pathlib import Path

HERE = Path(__file__).parent / "figures"
INK, COOL, WARM, PAPER = "#1b1b1b", "#cfe3f5", "#f8d9b8", "#ffffff"
#: Each piece's three steps in order: row and width.
STEPS = ((0, 48), (1, 30), (2, 44))


def box(x, y, width, height, fill):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{INK}"/>'


def text(x, y, words, size=15, anchor="middle"):
    return f'<text x="{x}" y="{y}" font-size="{size}" text-anchor="{anchor}" fill="{INK}">{words}</text>'


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


def plan(streams, pieces=4):
    """(piece, row, begin, width) of each step: it begins when its stream and its row are free."""
    free, rows, steps = [0] * streams, [0] * 3, []
    for piece in range(pieces):
        for row, width in STEPS:
            begin = max(free[piece % streams], rows[row])
            steps.append((piece, row, begin, width))
            free[piece % streams] = rows[row] = begin + width
    return steps


def engines():
    """Four pieces on one stream, and on two."""
    parts = []
    for top, streams in ((20, 1), (180, 2)):
        for row, name in enumerate(("Host → GPU", "Kernel", "GPU → Host")):
            parts.append(text(20, top + 24 + 42 * row, name, 15, "start"))
            y = top + 38 + 42 * row
            parts.append(f'<line x1="130" y1="{y}" x2="640" y2="{y}" stroke="{INK}" stroke-width="0.5"/>')
        steps = plan(streams)
        for piece, row, begin, width in steps:
            x, y = 134 + begin, top + 42 * row
            parts += [box(x, y, width, 36, (COOL, WARM)[piece % 2]), text(x + width / 2, y + 24, piece + 1)]
        end = 134 + max(begin + width for _, _, begin, width in steps)
        parts.append(
            f'<line x1="{end}" y1="{top - 8}" x2="{end}" y2="{top + 128}" stroke="{INK}" stroke-dasharray="5 4"/>'
        )
    parts.append(
        f'<line x1="130" y1="325" x2="640" y2="325" stroke="{INK}" stroke-width="1.5" marker-end="url(#head)"/>'
    )
    parts.append(text(656, 330, "t"))
    save("engines", 680, 345, parts)


if __name__ == "__main__":
    HERE.mkdir(exist_ok=True)
    engines()
