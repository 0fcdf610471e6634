"""Checks that learners run themselves, and hints. Code: Apache-2.0."""

import numpy as np

from grader.checks import FunctionCheck, Hints, Report, ceil_div

WARP, MOST_THREADS = 32, 1024
LENGTHS = (1000, 1, 31, 512, 513, 4097)
#: The longest has so many elements that a block for each 256 of them is more than a block has threads.
PIXELS = (1000, 1, 31, 4097, 300_000)


def length_and_threads(rng, n):
    """n, threads: 96 threads in a block for even n, 256 for odd n."""
    return n, 256 if n % 2 else 96


def blocks_for(function, sizes=LENGTHS, arguments=length_and_threads, hidden=False) -> Report:
    check = FunctionCheck(function, name="blocks_for", hidden=hidden)
    check.inputs(arguments, sizes=sizes).expect(ceil_div)
    return check.points(correct=3).run()


def length_and_wish(rng, n):
    """n, wanted: a wish of 1 to 2000 threads, often no multiple of a warp and sometimes more than a GPU allows."""
    return n, {1000: 200, 1: 1, 31: 2000, 513: 256, 4097: 1023}.get(n, 100)


def whole_warps(n, wanted):
    """(grid, block) as exercise 2 asks for it."""
    block = min(ceil_div(wanted, WARP) * WARP, MOST_THREADS)
    return max(ceil_div(n, block), 1), block


def launch_for(function, sizes=(*LENGTHS, 0), arguments=length_and_wish, hidden=False) -> Report:
    check = FunctionCheck(function, name="launch_for", hidden=hidden)
    check.inputs(arguments, sizes=sizes).expect(whole_warps)
    return check.points(correct=4).run()


def subtract_dark(function, sizes=PIXELS, hidden=False) -> Report:
    """raw, dark: Numba device arrays, float32, shape (n,)."""
    check = FunctionCheck(function, arrays=("numba",), name="subtract_dark", hidden=hidden)
    check.inputs(lambda rng, n: (rng.uniform(20, 90, n).astype("f4"), rng.random(n, "f4")), sizes=sizes)
    check.expect(np.subtract).limits(to_host=0, to_device=0, most_launches=1)
    return check.points(correct=3, on_device=1, keeps_inputs=1).run()


blocks_for_hint = Hints(
    {
        "en": "Take 10 pixels and 4 threads in a block. How many blocks are full, and what is left over?",
        "de": "Nimm 10 Pixel und 4 Threads je Block. Wie viele Blöcke werden voll, und was bleibt übrig?",
    },
    {
        "en": "A rest of any length needs one more block. A rest of 0 needs none: `n // threads + 1` is too many then.",
        "de": "Ein Rest braucht einen Block mehr, egal wie lang er ist. Ein Rest von 0 braucht keinen: Dann ist "
        "`n // threads + 1` zu viel.",
    },
    {
        "en": "Add `threads - 1` to `n` before you divide with `//`. Why does that leave whole multiples as they are?",
        "de": "Zähle vor dem Teilen mit `//` zu `n` noch `threads - 1` dazu. Warum bleiben glatte Vielfache dabei gleich?",
    },
)

launch_for_hint = Hints(
    {
        "en": "Settle the block first. The grid follows from it.",
        "de": "Lege zuerst den Block fest. Das Grid ergibt sich daraus.",
    },
    {
        "en": "Rounding up to whole warps is a ceil-division by 32, times 32. Then comes the limit: `min(..., 1024)`.",
        "de": "Auf ganze Warps aufrunden heißt: aufgerundet durch 32 teilen, dann mal 32. Danach kommt die Grenze: "
        "`min(..., 1024)`.",
    },
    {
        "en": "Use your `blocks_for` with the block that you really take, not with the wish. `max(..., 1)` keeps the grid "
        "from being empty. Return `grid, block` in this order.",
        "de": "Benutze dein `blocks_for` mit dem Block, den du wirklich nimmst, nicht mit dem Wunsch. `max(..., 1)` sorgt "
        "dafür, dass das Grid nicht leer ist. Gib `grid, block` in dieser Reihenfolge zurück.",
    },
)

subtract_dark_hint = Hints(
    {
        "en": "The kernel is right. Look at the three lines below the creation of `out`, one mistake at a time.",
        "de": "Der Kernel stimmt. Sieh dir die drei Zeilen unter dem Anlegen von `out` an, einen Fehler nach dem anderen.",
    },
    {
        "en": "Write down for 1000 pixels: how many threads has a block, how many blocks are there, and which of the two "
        "comes first in the brackets?",
        "de": "Schreib dir für 1000 Pixel auf: Wie viele Threads hat ein Block, wie viele Blöcke gibt es, und was von "
        "beidem steht in den Klammern zuerst?",
    },
    {
        "en": "At most 1024 threads in a block, a ceil-division for the blocks, and `kernel[blocks, threads]`.",
        "de": "Höchstens 1024 Threads je Block, beim Teilen aufrunden, und `kernel[blocks, threads]`.",
    },
)
