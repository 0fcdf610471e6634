"""A real Jupyter Server, as the hub would start it but with a token instead of the hub's sign-in."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

import httpx

from campus.processes import wait_until


@contextmanager
def jupyter_server(work: Path, base: str, token: str, log: Path, environment: Mapping[str, str]) -> Iterator[str]:
    """Its URL, once it answers; `work` is the folder it serves and runs in, `base` its path."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}{base}"
    with log.open("w") as output:
        process = subprocess.Popen(
            [
                sys.executable,
                "-m",
                "jupyter_server",
                "--allow-root",
                "--no-browser",
                "--ip=127.0.0.1",
                f"--port={port}",
                "--ServerApp.port_retries=0",
                f"--ServerApp.base_url={base}",
                f"--ServerApp.root_dir={work}",
                f"--IdentityProvider.token={token}",
            ],
            cwd=work,
            env={**os.environ, **environment},
            stdout=output,
            stderr=subprocess.STDOUT,
        )

        def ready() -> bool:
            assert process.poll() is None, log.read_text()
            try:
                return httpx.get(f"{url}api", timeout=60).status_code == 200
            except httpx.TransportError:
                return False

        try:
            assert wait_until(ready, 60), log.read_text()
            yield url
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()
