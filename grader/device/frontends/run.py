"""Run a script on the emulated GPU: what `lehrwerk emulate SCRIPT.py` does.

The script runs in a Python of its own, just as Python runs it, with all rights of who started it; for foreign code
there is `grader.exam`. Imports `grader.device` only.
"""

from __future__ import annotations

import json as encoding
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

from grader.device.frontends import process, report
from grader.device.interface import Finding, Language

#: Exit codes of ours: all is well; something was found; there is no script. The script's own come through as they are.
FINE, FOUND, NO_SCRIPT = 0, 1, 2
#: What a shell says of a program that a signal has ended.
SIGNALLED = 128


def run_script(path: str | Path, args: Sequence[str] = (), json: bool = False, language: Language | None = None) -> int:
    """Run the script at `path` with `args` as its command line and return an exit code.

    0: nothing found; 1: a kernel has an error, or advice about much waste (`Finding.counts`); 2: there is no such
    script. A script that fails keeps its own code: that of its `sys.exit`, 1 for an exception. After the script's
    output come the findings in `language` or LEHRWERK_LANG: as lines, or with `json` as one object on the last line.
    """
    tongue: Language = language or report.language()
    if not Path(path).is_file():
        text = {"en": f"{path}: there is no such file", "de": f"{path}: Diese Datei gibt es nicht"}
        print(text[tongue], file=sys.stderr)
        return NO_SCRIPT
    with tempfile.TemporaryDirectory(prefix="lehrwerk-emulate-") as folder:
        record = Path(folder, "record")
        environment = process.environment({**os.environ, "LEHRWERK_LANG": tongue}, record)
        code = _ended([sys.executable, str(path), *args], environment)
        try:
            findings, counters = process.read(record)
        except ValueError as error:
            print(error, file=sys.stderr)
            return code or FOUND
    if code == FINE and any(finding.counts for finding in findings):
        code = FOUND
    # The script's last line may lack its end.
    print()
    if json:
        print(encoding.dumps({"findings": [_plain(f, tongue) for f in findings], "counters": counters}))
        return code
    for finding in findings:
        print(report.line(finding, tongue))
    print(_summary(counters, findings, tongue))
    return code


def _ended(command: list[str], environment: dict[str, str]) -> int:
    """The command's exit code. Ctrl-C is the script's; a request to end is handed on."""
    sys.stdout.flush()
    with subprocess.Popen(command, env=environment) as child:
        kept = {
            signal.SIGINT: signal.signal(signal.SIGINT, signal.SIG_IGN),
            signal.SIGTERM: signal.signal(signal.SIGTERM, lambda *_: child.terminate()),
        }
        try:
            code = child.wait()
        finally:
            for number, handler in kept.items():
                signal.signal(number, handler)
    return code if code >= 0 else SIGNALLED - code


def _plain(finding: Finding, tongue: Language) -> dict[str, object]:
    return {
        "kind": finding.kind,
        "file": finding.file,
        "line": finding.line,
        "thread": finding.thread,
        "block": finding.block,
        "message": finding.message[tongue],
    }


def _summary(counters: dict[str, int], findings: list[Finding], tongue: Language) -> str:
    launches = counters.get("launches", 0)
    up, down = counters.get("host_to_device_bytes", 0), counters.get("device_to_host_bytes", 0)
    errors = sum(finding.severity == "error" for finding in findings)
    advice = len(findings) - errors
    if tongue == "de":
        return (
            f"Emulierte GPU: {launches} Kernelstarts, {up} Byte hin, {down} Byte zurück; {errors} Fehler und {advice} "
            "Hinweise. Zeiten sagen nichts über eine GPU."
        )
    return (
        f"Emulated GPU: {launches} kernel launches, {up} bytes to the device, {down} bytes back; {errors} errors and "
        f"{advice} pieces of advice. Times say nothing about a GPU."
    )
