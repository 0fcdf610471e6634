"""Draws this unit's pictures into figures/. Run it after a change: python figures.py. Code: Apache-2.0."""

from pathlib import Path

FOLDER = Path(__file__).parent / "figures"
INK, BLUE, ORANGE, PAPER = "#1a1a1a", "#cfe8ff", "#ffd27f", "#ffffff"
HEAD = (
    '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" width="{width}" height="{height}" '
    'font-family="sans-serif" font-size="16" text-anchor="middle">\n'
    '<rect width="{width}" height="{height}" fill="#ffffff"/>\n'
    '<defs><marker id="tip" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="8" markerHeight="8" orient="auto">'
    '<path d="M0 0 L10 5 L0 10 z" fill="#1a1a1a"/></marker></defs>\n'
)
KERNELS = ("subtract", "smooth", "mark")


def box(x, y, width, height, fill, text="", thick=1):
    drawn = (
        f'<rect x="{x}" y="{y}" width="{width}" height="{height}" fill="{fill}" stroke="{INK}" '
        f'stroke-width="{thick}"/>\n'
    )
    return drawn + (words(x + width / 2, y + height / 2 + 6, text) if text else "")


def words(x, y, text):
    return f'<text x="{x}" y="{y}" fill="{INK}">{text}</text>\n'


def arrow(x1, y1, x2, y2):
    return f'<path d="M{x1} {y1} L{x2} {y2}" stroke="{INK}" stroke-width="2" marker-end="url(#tip)"/>\n'


def trips():
    """Three kernels that get arrays of the host, and three that hand on what lies on the GPU."""
    svg = HEAD.format(width=740, height=320)
    for left, stays in ((15, False), (385, True)):
        svg += box(left, 50, 90, 250, BLUE) + words(left + 45, 36, "Host")
        svg += box(left + 190, 50, 150, 250, ORANGE) + words(left + 265, 36, "GPU")
        for number, kernel in enumerate(KERNELS):
            y = 70 + number * 78
            svg += box(left + 210, y, 110, 50, PAPER, kernel)
            if not stays or number == 0:
                svg += arrow(left + 90, y + 15, left + 208, y + 15)
            if not stays or kernel == KERNELS[-1]:
                svg += arrow(left + 208, y + 37, left + 92, y + 37)
            if stays and number:
                svg += arrow(left + 265, y - 28, left + 265, y - 2)
    return svg + "</svg>\n"


def turns(steps=3):
    """Two arrays that are read and written in turn; the one with the result has a heavy frame."""
    svg = HEAD.format(width=740, height=200)
    for step in range(1, steps + 1):
        left = 20 + (step - 1) * 258
        svg += words(left + 95, 30, str(step))
        source, target = (left, left + 120) if step % 2 else (left + 120, left)
        for x, name in ((left, "A"), (left + 120, "B")):
            last = step == steps and x == target
            svg += box(x, 50, 70, 130, ORANGE if x == target else BLUE, name, 5 if last else 1)
        svg += arrow(source + 72, 115, target - 4, 115) if source < target else arrow(source - 2, 115, target + 74, 115)
    return svg + "</svg>\n"


if __name__ == "__main__":
    FOLDER.mkdir(exist_ok=True)
    for draw in (trips, turns):
        (FOLDER / f"{draw.__name__}.svg").write_text(draw(), encoding="utf-8")
