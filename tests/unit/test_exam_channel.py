"""What the channel carries arrives as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from grader.exam import channel


@pytest.mark.parametrize(
    "sent",
    [
        pd.Series([1.0, 2.0], index=["a", "b"], name="s"),
        pd.Series(["x", None]),
        pd.Series(np.array(["2020-01-01"], "M8[s]")),
        pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[3, 4]),
        pd.DataFrame(),
    ],
    ids=str,
)
def test_pandas_tables_arrive_as_they_were(sent: Any) -> None:
    got = channel.decode(channel.unpack(channel.pack(channel.encode(sent))))
    assert type(got) is type(sent)
    assert got.equals(sent)


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_keep_their_order_in_memory(order: Any) -> None:
    sent = np.asarray(np.arange(6).reshape(2, 3), order=order)
    got = channel.decode(channel.unpack(channel.pack(channel.encode(sent))))
    assert np.array_equal(got, sent)
    assert got.strides == sent.strides
