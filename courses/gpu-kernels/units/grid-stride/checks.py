"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np

from grader.checks import Hints, KernelCheck, Report, ceil_div

LENGTHS = (1000, 1, 31, 64, 2049)
#: (images, pixels of one): a film of one image would hide what a film of several shows.
FILMS = ((4, 250), (3, 33), (40, 2), (2, 1023))
#: (blocks, threads in one) for each length.
SHARES = {1000: (2, 64), 1: (3, 32), 31: (1, 32), 64: (2, 32), 2049: (5, 96)}
BLOCK = 64


def launches(count):
    """Far too many threads for an odd `count` and just enough for an even one, then launches with too few of them."""
    enough = ceil_div(count, BLOCK)
    few = ((1, BLOCK), (2, 32), (3, 96))
    return [(4 * enough + 3 if count % 2 else enough, BLOCK), *(one for one in few if one[0] * one[1] < count)]


def film_launches(film):
    return launches(film[0] * film[1])


def frame_and_total(rng, n):
    """frame, total: float32, shape (n,), in steps of a quarter, so that sums are exact. None of the pixels is 0."""
    return (rng.integers(1, 400, n) / 4).astype("f4"), (rng.integers(0, 4000, n) / 4).astype("f4")


def add_frame(kernel, lengths=LENGTHS, hidden=False) -> Report:
    signature = "void(float32[:], float32[:])"
    check = KernelCheck(kernel, signature, launch=launches, names=("frame", "total"), name="add_frame", hidden=hidden)
    check.inputs(frame_and_total, sizes=lengths)
    check.expect(lambda frame, total: total + frame, output=1, accumulates=True)
    return check.points(correct=1, in_bounds=1, race_free=1, any_launch=4, coalesced=(1, 0.9)).run()


def film_and_background(rng, film):
    """film, background: float32, shapes (images * pixels,) and (pixels,), in steps of a quarter."""
    images, pixels = film
    frames = rng.integers(400, 800, images * pixels) / 4
    return frames.astype("f4"), (rng.integers(1, 200, pixels) / 4).astype("f4")


def without_background(film, background):
    return film - np.tile(background, film.size // background.size)


def remove_background(kernel, films=FILMS, hidden=False) -> Report:
    names = ("film", "background")
    signature = "void(float32[:], float32[:])"
    check = KernelCheck(kernel, signature, launch=film_launches, names=names, name="remove_background", hidden=hidden)
    check.inputs(film_and_background, sizes=films)
    check.expect(without_background, output=0, accumulates=True)
    return check.points(correct=1, in_bounds=1, race_free=1, any_launch=3).run()


def shares(raw, sums):
    """The sum of elements t, t + T, t + 2 * T, ... of `raw` for each thread t of T."""
    return np.array([raw[thread :: sums.size].sum(dtype=np.int64) for thread in range(sums.size)])


def sum_shares(kernel, launch_of=None, hidden=False) -> Report:
    launch_of = launch_of or SHARES
    signature = "void(int32[:], int64[:])"
    check = KernelCheck(
        kernel, signature, launch=launch_of.get, names=("raw", "sums"), name="sum_shares", hidden=hidden
    )
    check.inputs(
        lambda rng, n: (rng.integers(1, 4000, n, "i4"), np.empty(np.prod(launch_of[n]), "i8")), sizes=launch_of
    )
    check.expect(shares, output=1)
    return check.points(correct=3, in_bounds=1, race_free=1).run()


add_frame_hint = Hints(
    {
        "en": "Look at the column of thread 5 in the first picture. Which pixel does it begin with, and how far is it to "
        "the next one?",
        "de": "Sieh dir im ersten Bild die Spalte von Thread 5 an. Mit welchem Pixel fängt er an, und wie weit ist es bis "
        "zum nächsten?",
    },
    {
        "en": "Start, end and step of the `range` are the number of the thread, the number of pixels, and the number of "
        "all threads. Two of them Numba tells you.",
        "de": "Anfang, Ende und Schritt von `range` sind die Nummer des Threads, die Zahl der Pixel und die Zahl aller "
        "Threads. Zwei davon sagt dir Numba.",
    },
    {
        "en": "`for i in range(cuda.grid(1), frame.size, cuda.gridsize(1)):` and then add one pixel.",
        "de": "`for i in range(cuda.grid(1), frame.size, cuda.gridsize(1)):` und dann ein Pixel addieren.",
    },
)

remove_background_hint = Hints(
    {
        "en": "Take the start, the end and the step of the `range` one after the other, and then the index of the "
        "background. Which of the four is right for a film of two images and a grid of two blocks?",
        "de": "Nimm dir nacheinander Anfang, Ende und Schritt von `range` vor und dann den Index des Hintergrunds. Was "
        "davon stimmt für einen Film aus zwei Bildern und ein Grid aus zwei Blöcken?",
    },
    {
        "en": "With two blocks there are two threads for which `cuda.threadIdx.x` is 0. And the loop ends after one "
        "image.",
        "de": "Bei zwei Blöcken gibt es zwei Threads, für die `cuda.threadIdx.x` gleich 0 ist. Und die Schleife endet "
        "nach einem Bild.",
    },
    {
        "en": "Begin at `cuda.grid(1)`, end at `film.size`, and subtract `background[i % background.size]`.",
        "de": "Fang bei `cuda.grid(1)` an, hör bei `film.size` auf und zieh `background[i % background.size]` ab.",
    },
)

sum_shares_hint = Hints(
    {
        "en": "The loop is the one that you know. What is new is where the sum grows: in a variable of the thread's own.",
        "de": "Die Schleife kennst du schon. Neu ist, wo die Summe wächst: in einer eigenen Variablen des Threads.",
    },
    {
        "en": "The variable begins at 0 before the loop. After the loop comes the only write, and every thread does it.",
        "de": "Die Variable beginnt vor der Schleife bei 0. Nach der Schleife wird einmal geschrieben, und das macht "
        "jeder Thread.",
    },
    {
        "en": "`total = 0`, then in the loop `total += raw[i]`, and after the loop `sums[cuda.grid(1)] = total`.",
        "de": "`total = 0`, dann in der Schleife `total += raw[i]` und nach der Schleife `sums[cuda.grid(1)] = total`.",
    },
)
