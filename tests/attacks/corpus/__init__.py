"""The corpus: every known trick, by family."""

from __future__ import annotations

from tests.attacks.case import Attack
from tests.attacks.corpus import (
    arrays,
    caches,
    channel,
    clocks,
    comparison,
    endings,
    filling,
    given_names,
    handles,
    instructors,
    kernels,
    leaks,
    notebook_tools,
    patches,
    platform_reach,
    reading,
    submissions,
)

CORPUS: dict[str, tuple[Attack, ...]] = {
    "objects that pass for an answer": comparison.ATTACKS,
    "patched and shadowed modules": patches.ATTACKS,
    "IPython's hooks, partial credit": notebook_tools.ATTACKS,
    "names of given cells replaced": given_names.ATTACKS,
    "dying and raising": endings.ATTACKS,
    "clocks, threads, processes": clocks.ATTACKS,
    "reading tests and secrets": reading.ATTACKS,
    "gradebook, portal, hub, network": platform_reach.ATTACKS,
    "filling memory, disk, channel": filling.ATTACKS,
    "messages": channel.ATTACKS,
    "handles": handles.ATTACKS,
    "arrays, arguments, counts": arrays.ATTACKS,
    "caches, replay, other behaviour": caches.ATTACKS,
    "kernels and PTX": kernels.ATTACKS,
    "hidden values carried out": leaks.ATTACKS,
    "files and cells": submissions.ATTACKS,
    "a hostile instructor": instructors.ATTACKS,
}
