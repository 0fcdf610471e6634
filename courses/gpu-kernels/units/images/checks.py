"""Checks that learners run themselves, hints, and a picture of an image. Code: Apache-2.0."""

import base64
import html
import struct
import zlib

import numpy as np

from grader.checks import Hints, KernelCheck, Report, ceil_div

BLOCK = (32, 8)
#: (height, width), as NumPy says it.
SHAPES = ((31, 33), (48, 64), (1, 1), (20, 100), (100, 20))


def covering(shape):
    """Blocks of 32 x 8 threads, just enough to cover an image of (height, width)."""
    height, width = shape
    return (ceil_div(width, BLOCK[0]), ceil_div(height, BLOCK[1])), BLOCK


def covering_both_ways(shape):
    """Enough threads in each axis for either side of the image, so that swapped axes are covered, too."""
    side = max(shape)
    return (ceil_div(side, BLOCK[0]), ceil_div(side, BLOCK[1])), BLOCK


def heat_and_limits(rng, shape):
    """heat, low, high, out: degrees Celsius from 0 to 100, float32; some pixels lie outside of low to high."""
    low, high = np.float32(rng.uniform(15, 25)), np.float32(rng.uniform(70, 80))
    return rng.uniform(0, 100, shape).astype("f4"), low, high, np.empty(shape, "f4")


def grey_values(heat, low, high, out):
    return np.clip((heat - low) / (high - low), 0, 1)


def grey(kernel, shapes=SHAPES, hidden=False) -> Report:
    names = ("heat", "low", "high", "out")
    signature = "void(float32[:, :], float32, float32, float32[:, :])"
    check = KernelCheck(kernel, signature, launch=covering, names=names, name="grey", hidden=hidden)
    check.inputs(heat_and_limits, sizes=shapes)
    check.expect(grey_values, output=3, rtol=1e-5, atol=1e-6)
    return check.points(correct=3, in_bounds=1).run()


def planes(grey, out):
    """Red, green and blue planes of a grey image, shape (3, height, width)."""
    return np.stack([grey, 1 - abs(2 * grey - 1), 1 - grey])


def false_colour(kernel, shapes=SHAPES, hidden=False) -> Report:
    signature = "void(float32[:, :], float32[:, :, :])"
    check = KernelCheck(kernel, signature, launch=covering, names=("grey", "out"), name="false_colour", hidden=hidden)
    check.inputs(lambda rng, shape: (rng.random(shape, "f4"), np.empty((3, *shape), "f4")), sizes=shapes)
    check.expect(planes, output=1, rtol=1e-5, atol=1e-6)
    return check.points(correct=2, in_bounds=1, coalesced=(1, 0.6), keeps_inputs=1).run()


def mirror(kernel, shapes=SHAPES, hidden=False) -> Report:
    signature = "void(float32[:, :], float32[:, :])"
    check = KernelCheck(
        kernel, signature, launch=covering_both_ways, names=("image", "out"), name="mirror", hidden=hidden
    )
    check.inputs(lambda rng, shape: (rng.random(shape, "f4"), np.empty(shape, "f4")), sizes=shapes)
    check.expect(lambda image, out: image[:, ::-1], output=1)
    return check.points(correct=2, in_bounds=1, coalesced=(2, 0.6)).run()


class Picture:
    """What `picture` gives: an image in a notebook, its description elsewhere."""

    def __init__(self, pixels, text):
        self.pixels, self.text = pixels, text

    def __repr__(self):
        return f"<{self.text}: {self.pixels.shape[1]} x {self.pixels.shape[0]}>"

    def _repr_html_(self):
        height, width, _ = self.pixels.shape
        rows = b"".join(b"\0" + row.tobytes() for row in self.pixels)
        chunks = (
            (b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)),
            (b"IDAT", zlib.compress(rows)),
            (b"IEND", b""),
        )
        png = b"\x89PNG\r\n\x1a\n" + b"".join(
            struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            for kind, data in chunks
        )
        return (
            f'<img alt="{html.escape(self.text)}" width="{8 * width}" height="{8 * height}" '
            f'style="image-rendering: pixelated" src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        )


def picture(values, text):
    """`values` from 0 to 1 as a picture: grey for the shape (height, width), colour for (3, height, width).

    `text` says what it shows, for those who do not see it.
    """
    values = np.asarray(values)
    if values.ndim == 2:
        values = np.stack([values] * 3)
    pixels = (np.clip(np.nan_to_num(values), 0, 1) * 255).astype(np.uint8)
    return Picture(np.ascontiguousarray(pixels.transpose(1, 2, 0)), text)


grey_hint = Hints(
    {
        "en": "A thread asks for `x, y`, an array wants `[y, x]`. Which of the two counts columns?",
        "de": "Ein Thread fragt nach `x, y`, ein Array will `[y, x]`. Was von beidem zählt die Spalten?",
    },
    {
        "en": "`heat.shape` is `(height, width)`. Some threads stand to the right of the image, others below it.",
        "de": "`heat.shape` ist `(height, width)`. Manche Threads stehen rechts neben dem Bild, andere darunter.",
    },
    {
        "en": "Inside `if x < width and y < height:` compute `(heat[y, x] - low) / (high - low)`, then "
        "`min(max(value, 0), 1)`.",
        "de": "Berechne in `if x < width and y < height:` den Wert `(heat[y, x] - low) / (high - low)`, danach "
        "`min(max(value, 0), 1)`.",
    },
)

false_colour_hint = Hints(
    {
        "en": "One thread, one pixel, three planes: how often does each thread write?",
        "de": "Ein Thread, ein Pixel, drei Ebenen: Wie oft schreibt jeder Thread?",
    },
    {
        "en": "The plane comes first: `out[0, y, x]` is red. The size of the image stands in `grey.shape`.",
        "de": "Die Ebene steht zuerst: `out[0, y, x]` ist Rot. Die Größe des Bildes steht in `grey.shape`.",
    },
    {
        "en": "Read `value = grey[y, x]` once, then write `value`, `1 - abs(2 * value - 1)` and `1 - value`.",
        "de": "Lies einmal `value = grey[y, x]` und schreibe dann `value`, `1 - abs(2 * value - 1)` und `1 - value`.",
    },
)

mirror_hint = Hints(
    {
        "en": "Go through it for an image of one row with 4 pixels: from where does each of them come?",
        "de": "Spiel es für ein Bild aus einer Zeile mit 4 Pixeln durch: Woher kommt jedes von ihnen?",
    },
    {
        "en": "The last column is `width - 1`. And which threads stand below the image?",
        "de": "Die letzte Spalte ist `width - 1`. Und welche Threads stehen unter dem Bild?",
    },
    {
        "en": "The first number of `cuda.grid(2)` differs from thread to thread within a warp. It belongs to the columns: "
        "`x, y = cuda.grid(2)`.",
        "de": "Die erste Zahl von `cuda.grid(2)` ändert sich in einem Warp von Thread zu Thread. Sie gehört zu den "
        "Spalten: `x, y = cuda.grid(2)`.",
    },
)
