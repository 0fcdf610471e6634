"""Tests that need a GPU are chosen with `pytest -m gpu`; without that they are not part of the run.

What they measure is written as JSON to the file that LEHRWERK_GPU_TABLE names, or to `gpu-table.json`.
"""

import json
import os
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
TABLE = pytest.StashKey[dict[str, Any]]()


def pytest_configure(config):
    config.stash[TABLE] = {}


def pytest_collection_modifyitems(config, items):
    if "gpu" in (config.option.markexpr or ""):
        return
    out = [item for item in items if HERE in Path(item.path).parents and item.get_closest_marker("gpu")]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]


def pytest_sessionfinish(session):
    rows = session.config.stash[TABLE]
    if rows:
        place = Path(os.environ.get("LEHRWERK_GPU_TABLE", "gpu-table.json"))
        place.write_text(json.dumps(rows, indent=1, sort_keys=True) + "\n", encoding="utf-8")


@pytest.fixture(scope="session")
def table(request):
    """Rows of the JSON table, by name."""
    return request.config.stash[TABLE]


@pytest.fixture(scope="module")
def gpu(table):
    """The device, described in the table."""
    from grader.device.cuda import CudaDevice

    device = CudaDevice()
    table["device"] = {
        "name": device.name,
        "compute_capability": list(device.compute_capability),
        **device.conditions(),
    }
    yield device
    device.close()
