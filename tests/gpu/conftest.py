"""Tests that need a GPU are chosen with `pytest -m gpu`; without that they are not part of the run."""

from pathlib import Path

HERE = Path(__file__).parent


def pytest_collection_modifyitems(config, items):
    if "gpu" in (config.option.markexpr or ""):
        return
    out = [item for item in items if HERE in Path(item.path).parents and item.get_closest_marker("gpu")]
    if out:
        config.hook.pytest_deselected(items=out)
        items[:] = [item for item in items if item not in out]
