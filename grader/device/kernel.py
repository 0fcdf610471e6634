"""The notebook kernel of learners' servers: ipykernel, with the emulated GPU where there is none.

`python -m grader.device.kernel -f CONNECTION_FILE` starts it; `LEHRWERK_DEVICE` is `auto` (the default), `emulated` or
`cuda`. Imports `grader.device` only.
"""

from __future__ import annotations

import json
import logging
import os
import sys
from pathlib import Path
from typing import Literal

from grader.device.interface import Language

DeviceChoice = Literal["auto", "emulated", "cuda"]

DISPLAY_NAMES = {"cuda": "Python (GPU)", "emulated": "Python (emulated GPU)"}
#: A kernelspec's environment wins over the server's, so a default needs a name of its own.
_DEFAULT_LANGUAGE = "LEHRWERK_LANG_DEFAULT"
log = logging.getLogger("lehrwerk.device")


class NoGpu(RuntimeError):
    """A GPU was asked for by name and none is there."""


def resolve(choice: str | None = None) -> Literal["emulated", "cuda"]:
    """Which device this process takes. `choice` defaults to LEHRWERK_DEVICE.

    Raises `NoGpu` where `cuda` was asked for and no GPU answers, and ValueError for another word.
    """
    from grader.device import cuda

    choice = choice or os.environ.get("LEHRWERK_DEVICE") or "auto"
    if choice not in ("auto", "emulated", "cuda"):
        raise ValueError(f"LEHRWERK_DEVICE is {choice!r}; it must be auto, emulated or cuda")
    if choice == "emulated":
        return "emulated"
    if cuda.available():
        return "cuda"
    if choice == "cuda":
        raise NoGpu("LEHRWERK_DEVICE asks for a GPU, and no CUDA device answers here; use auto or emulated")
    return "emulated"


def install(choice: str | None = None, language: Language | None = None) -> str:
    """Make `numba.cuda` and `cupy` work in this process; returns `cuda` (nothing was changed) or `emulated`."""
    device = resolve(choice)
    if device == "emulated":
        from grader.device.frontends import install_emulated

        install_emulated(language=language)
        log.info("no GPU here: numba.cuda and cupy run on the Lehrwerk emulated GPU")
    return device


def write_kernelspec(folder: Path, python: str, language: Language, device: DeviceChoice) -> Path:
    """Write the kernelspec `python3` below `folder` (a Jupyter `kernels` folder) and return its folder.

    `python` is the interpreter that has this package. It takes the place of ipykernel's own `python3`, so that a
    notebook needs no other kernel name on a GPU and without one. With `auto` the name shown is that of the device
    found here, and the kernel looks again where it starts. `language` counts where the server's environment has no
    LEHRWERK_LANG.
    """
    target = Path(folder) / "python3"
    target.mkdir(parents=True, exist_ok=True)
    spec = {
        "argv": [python, "-m", "grader.device.kernel", "-f", "{connection_file}"],
        "display_name": DISPLAY_NAMES[resolve("auto") if device == "auto" else device],
        "language": "python",
        "metadata": {"debugger": True},
        "env": {"LEHRWERK_DEVICE": device, _DEFAULT_LANGUAGE: language},
    }
    (target / "kernel.json").write_text(json.dumps(spec, indent=1) + "\n", encoding="utf-8")
    return target


def main() -> None:
    # As ipykernel's own launcher: the folder the server was started in must not shadow modules while it starts.
    if sys.path and sys.path[0] == "":
        sys.path.pop(0)
    from ipykernel.kernelapp import IPKernelApp

    if default := os.environ.get(_DEFAULT_LANGUAGE):
        os.environ.setdefault("LEHRWERK_LANG", default)
    install()
    IPKernelApp.launch_instance()


if __name__ == "__main__":
    main()
