"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE = "#1a1a1a", "#003f7d"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
)


def cell(x, y, text, marked, side=40):
    """A pixel; marked ones are yellow with a thick frame."""
    fill, line, thick = ("#ffd27f", INK, 3) if marked else ("#e8f2fb", "#9a9a9a", 1)
    return (
        f'<rect x="{x}" y="{y}" width="{side}" height="{side}" fill="{fill}" stroke="{line}" stroke-width="{thick}"/>\n'
        f'<text x="{x + side / 2}" y="{y + side / 2 + 6}" fill="{INK}">{text}</text>\n'
    )


def frame(x, y, width, height):
    return f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="none" stroke="{BLUE}" stroke-width="4"/>\n'


def stripes():
    """12 pixels for 4 threads with 3 pixels each, blocked above and striped below; each thread's first one marked."""
    svg = HEAD.format(width=560, height=190)
    for y, owner in ((30, lambda i: i // 3), (120, lambda i: i % 4)):
        seen = set()
        order = [(i, owner(i)) for i in range(12)]
        firsts = {i for i, t in order if not (t in seen or seen.add(t))}
        for marked in (False, True):
            for i, t in order:
                if (i in firsts) == marked:
                    svg += cell(40 + 40 * i, y, t, marked)
    return svg + "</svg>\n"


def layouts():
    """Eight pixels with the fields a, b, c, d: as records, and as planes; all of a marked, sectors of 8 framed."""
    side, left = 20, 20
    svg = HEAD.format(width=680, height=170).replace('font-size="16"', 'font-size="13"')
    for y, name in ((25, lambda i: "abcd"[i % 4]), (105, lambda i: "abcd"[i // 8])):
        for marked in (False, True):
            for i in range(32):
                if (name(i) == "a") == marked:
                    svg += cell(left + side * i, y, name(i), marked, side)
        for sector in range(4):
            svg += frame(left + 8 * side * sector, y - 6, 8 * side, side + 12)
    return svg + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (stripes, layouts):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
