"""What the stand-in has is called as in the installed CuPy."""

import inspect
import re

import pytest

from grader.device.frontends.cupy_standin import contents
from grader.device.frontends.cupy_standin.core import ndarray
from tests.real_cupy import ask

MODULES = ("cupy", "cupy.linalg", "cupy.fft", "cupy.random", "cupy.cuda", "cupyx")
#: Names of the stand-in that the installed CuPy lacks or calls otherwise, and why.
OTHERS = {
    "cupy.random.Generator": "there only where a driver is",
    "cupy.ndarray.broadcast": "for the stand-in's own use",
    "cupy.ndarray.owning": "for the stand-in's own use",
    "cupy.ndarray.memory": "for the stand-in's own use",
    "cupy.ndarray.view_": "for the stand-in's own use",
}


@pytest.fixture(scope="module")
def signatures():
    return ask("signatures")


def ours():
    held = contents()
    for module in MODULES:
        for name, value in held[module].items():
            if not name.startswith("_"):
                yield f"{module}.{name}", value
    for name in dir(ndarray):
        if not name.startswith("_"):
            yield f"cupy.ndarray.{name}", getattr(ndarray, name)


def parameters(text):
    """Names in a signature's text: `(a, axis=None, *, out=None)`; None where CuPy does not say."""
    inside = re.match(r"[\w.]*\((.*)\)", text)
    if inside is None:
        return None
    flat = re.sub(r"\([^()]*\)|\[[^][]*\]|<[^<>]*>", "", inside[1])
    names = [part.split("=")[0].split(":")[0].split()[-1:] for part in flat.split(",")]
    return [name[0] for name in names if name and name[0] not in ("self", "*", "/")]


def test_every_name_is_one_of_cupys(signatures):
    missing = [name for name, _ in ours() if name not in signatures and name not in OTHERS]
    assert missing == []
    assert [name for name in OTHERS if name in signatures] == []


def test_parameters_come_in_cupys_order_with_cupys_names(signatures):
    wrong = []
    for name, value in ours():
        if name in OTHERS or inspect.isclass(value) or not inspect.isroutine(value):
            continue
        theirs = parameters(signatures[name])
        mine = list(inspect.signature(value).parameters.values())[name.startswith("cupy.ndarray.") :]
        plain = [p.name for p in mine if p.kind in (p.POSITIONAL_ONLY, p.POSITIONAL_OR_KEYWORD)]
        if theirs is None or not plain or any(p.kind is p.VAR_POSITIONAL for p in mine):
            continue
        if [name for name in theirs if name in plain][: len(plain)] != plain:
            wrong.append((name, plain, theirs))
    assert wrong == []
