"""What the channel carries arrives as it was."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest

from grader.exam import channel

DAYS = pd.date_range("2024-01-01", periods=3, freq="D")
SERIES = [
    pd.Series([1.0, 2.0], index=["a", "b"], name="s"),
    pd.Series([4, 2], index=pd.Index(["A", "B"], name="town")),
    pd.Series(["x", None]),
    pd.Series([1, "x", None, (2, 3)]),
    pd.Series(["a", "b"], dtype=object, index=[0, 0]),
    pd.Series(np.array(["2020-01-01"], "M8[s]")),
    pd.Series([1.0, 2.0, 3.0], index=DAYS),
    pd.Series([1, None], dtype="Int64"),
    pd.Series([True, None], dtype="boolean"),
    pd.Series(["low", "high", None], dtype=pd.CategoricalDtype(["low", "high"], ordered=True)),
    pd.Series([1, 2], index=pd.MultiIndex.from_tuples([("a", 1), ("b", 2)], names=["x", None])),
    pd.Series([1, 2], index=pd.CategoricalIndex(["a", "b"])),
    pd.Series([], dtype="f4", index=pd.RangeIndex(0, name="nothing")),
]
FRAMES = [
    pd.DataFrame({"a": [1, 2], "b": ["x", "y"]}, index=[3, 4]),
    pd.DataFrame({"a": [1, 2, 3], "day": DAYS}).set_index("day"),
    pd.DataFrame(np.eye(2), columns=pd.MultiIndex.from_tuples([("a", 1), ("a", 2)])),
    pd.DataFrame(np.eye(2), columns=["same", "same"]),
    pd.DataFrame({"town": ["A", "B", "A"], "sold": [1, 2, 3]}).groupby("town").agg(["sum", "mean"]),
    pd.DataFrame({"empty": []}),
    pd.DataFrame(index=pd.RangeIndex(5)),
    pd.DataFrame(),
]


def round_trip(sent: Any) -> Any:
    return channel.decode(channel.unpack(channel.pack(channel.encode(sent))))


@pytest.mark.parametrize("sent", SERIES, ids=str)
def test_a_column_arrives_with_its_type_its_index_and_its_name(sent: pd.Series) -> None:
    pd.testing.assert_series_equal(round_trip(sent), sent, check_index_type="exact")  # type: ignore[arg-type]


@pytest.mark.parametrize("sent", FRAMES, ids=str)
def test_a_table_arrives_with_its_types_and_both_indexes(sent: pd.DataFrame) -> None:
    pd.testing.assert_frame_equal(round_trip(sent), sent, check_index_type="exact", check_column_type="exact")  # type: ignore[arg-type]


@pytest.mark.parametrize("sent", [DAYS, pd.Timestamp("2024-02-29 12:00"), pd.Timedelta("1h"), pd.NaT, pd.NA], ids=str)
def test_what_tables_hold_arrives_by_itself(sent: Any) -> None:
    got = round_trip(sent)
    assert type(got) is type(sent)
    assert repr(got) == repr(sent)


@pytest.mark.parametrize(
    "sent", [pd.Timestamp("2024-01-01", tz="UTC"), pd.Series(pd.period_range("2024", periods=2)), pd.DataFrame], ids=str
)
def test_what_no_message_carries_whole_is_not_carried_in_parts(sent: Any) -> None:
    assert channel.encode([sent], lambda value: {"~": "handle"}) == [{"~": "handle"}]


@pytest.mark.parametrize(
    "plain",
    [
        {
            "~": "series",
            "v": {"~": "range", "v": [0, 1 << 60, 1]},
            "i": {"k": "range", "v": [0, 1, 1], "n": None},
            "n": None,
        },
        {"~": "series", "v": {"d": "period[D]", "v": [1]}, "i": {"k": "range", "v": [0, 1, 1], "n": None}, "n": None},
        {"~": "frame", "v": [5], "c": {}, "i": {}},
        {"~": "index", "v": {"k": "range", "v": [0, 1], "n": None}},
        {"~": "index", "v": {"k": "multi", "v": [{"~": "range", "v": [0, 1 << 60, 1]}], "n": [None]}},
        {"~": "timestamp", "v": {}},
        {"~": "series"},
    ],
    ids=str,
)
def test_a_malformed_table_is_refused(plain: Any) -> None:
    with pytest.raises(channel.ChannelError):
        channel.decode(plain)


@pytest.mark.parametrize("order", ["C", "F"])
def test_arrays_keep_their_order_in_memory(order: Any) -> None:
    sent = np.asarray(np.arange(6).reshape(2, 3), order=order)
    got = round_trip(sent)
    assert np.array_equal(got, sent)
    assert got.strides == sent.strides
