"""What learners hand in is read as text, however it is made."""

from __future__ import annotations

import json

import pytest

from campus.portal.notebooks import SHOWN, read


def test_a_notebook_becomes_sources_and_textual_outputs():
    cell = {
        "cell_type": "code",
        "metadata": {"nbgrader": {"grade_id": "saxpy"}},
        "source": ["a = 1\n", "b = 2"],
        "outputs": [
            {"output_type": "stream", "text": "hello"},
            {"output_type": "display_data", "data": {"text/html": "<b>no</b>", "text/plain": "yes"}},
            {"output_type": "display_data", "data": {"image/svg+xml": "<svg onload=alert(1)>"}},
            {"output_type": "error", "ename": "ValueError", "evalue": "bad", "traceback": ["<b>"]},
        ],
    }
    (file,) = read({"u.ipynb": json.dumps({"cells": [cell]}).encode()})
    (shown,) = file.cells
    assert (shown.kind, shown.grade_id, shown.source) == ("code", "saxpy", "a = 1\nb = 2")
    assert shown.outputs == ["hello", "yes", "ValueError: bad"]


@pytest.mark.parametrize(
    "content",
    [
        b"not json",
        b"[]",
        b"{}",
        b'{"cells": 5}',
        b'{"cells": [5]}',
        b'{"cells": [{"outputs": [1]}]}',
        b'{"cells": [{"metadata": 3}]}',
        b'{"cells": [{"source": 7}]}',
        b'{"cells": ' + b"[" * 100_000,
    ],
)
def test_a_broken_notebook_is_shown_as_its_text(content):
    (file,) = read({"u.ipynb": content})
    assert file.cells is None
    assert file.text == content.decode()[:SHOWN] + ("\n…" if len(content) > SHOWN else "")


def test_what_is_not_text_is_named_with_its_size():
    (file,) = read({"data.npy": b"\x93NUMPY\xff"})
    assert (file.cells, file.text, file.size) == (None, None, 7)


def test_notebooks_come_first():
    files = read({"a.py": b"", "z.ipynb": b'{"cells": []}', "b.py": b""})
    assert [file.name for file in files] == ["z.ipynb", "a.py", "b.py"]
