"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE = "#1a1a1a", "#003f7d"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L10 5 L0 10 z" fill="#1a1a1a"/></marker></defs>\n'
)


def box(x, y, width, fill, text):
    return (
        f'<rect x="{x}" y="{y}" width="{width}" height="40" fill="{fill}" stroke="{INK}"/>\n'
        f'<text x="{x + width / 2}" y="{y + 26}" fill="{INK}">{text}</text>\n'
    )


def words(x, y, text):
    return f'<text x="{x}" y="{y}" fill="{INK}">{text}</text>\n'


def arrow(x1, y1, x2, y2):
    return f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{INK}" stroke-width="2" marker-end="url(#tip)"/>\n'


def race():
    """Threads A and B both read 4 and both write 5."""
    svg = HEAD.format(width=700, height=260)
    for y, name in ((40, "A"), (110, "counts[0]"), (180, "B")):
        svg += words(60, y + 26, name)
    for number, value in enumerate((4, 4, 4, 5, 5)):
        svg += box(130 + number * 110, 110, 70, "#cfe8ff", value)
    for number, (y, text, reads) in enumerate(
        ((40, "4", True), (180, "4", True), (40, "4 + 1", False), (180, "4 + 1", False))
    ):
        x = 185 + number * 110
        svg += box(x, y, 70, "#ffd27f", text)
        memory, thread = (112, 80) if y == 40 else (148, 180)
        start, end = (memory, thread) if reads else (thread, memory)
        svg += arrow(x + 12 if reads else x + 58, start, x + 12 if reads else x + 58, end)
    svg += arrow(130, 245, 640, 245)
    return svg + "</svg>\n"


def crowd():
    """Eight threads that count in four bins, and eight that all count in one."""
    svg = HEAD.format(width=720, height=220)
    for left, bins in ((30, (0, 2, 1, 3, 1, 0, 3, 2)), (390, (2,) * 8)):
        for thread, chosen in enumerate(bins):
            svg += box(left + thread * 38, 20, 34, "#ffd27f", thread)
            svg += arrow(left + thread * 38 + 17, 60, left + 37 + chosen * 76, 148)
        for number in range(4):
            svg += box(left + number * 76, 150, 74, "#cfe8ff", f"+{bins.count(number)}")
    return svg + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (race, crowd):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
