"""What the channel carries arrives as it was."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
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


# -- the stream


@pytest.fixture
def pair() -> Iterator[tuple[channel.Channel, channel.Channel]]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        yield channel.Channel(ours.fileno(), 1 << 20), channel.Channel(theirs.fileno(), 1 << 20)


def test_messages_sent_as_one_stretch_arrive_one_by_one(pair: tuple[channel.Channel, channel.Channel]) -> None:
    ours, theirs = pair
    sent: list[Any] = [{"ask": 1}, b"", "x" * 70_000, []]
    ours.send_raw(*map(channel.pack, sent))
    ours.send("after")
    assert [theirs.receive(1) for _ in sent] == sent
    assert theirs.receive(1) == "after"
    with pytest.raises(channel.TimedOut):
        theirs.receive(0.01)


def test_of_a_stretch_with_a_message_that_is_too_large_nothing_is_sent(
    pair: tuple[channel.Channel, channel.Channel],
) -> None:
    ours, theirs = pair
    with pytest.raises(channel.TooLarge):
        ours.send_raw(b"small", bytes((1 << 20) + 1))
    with pytest.raises(channel.TimedOut):
        theirs.receive(0.01)


def test_a_message_that_nobody_takes_ends_with_the_clock(pair: tuple[channel.Channel, channel.Channel]) -> None:
    with pytest.raises(channel.TimedOut):
        pair[0].send_raw(bytes(1 << 20), timeout=0.05)
    with pytest.raises(channel.TimedOut):
        pair[1].send_raw(b"one", timeout=0)


def test_a_message_is_cut_off_by_its_own_limit_only(pair: tuple[channel.Channel, channel.Channel]) -> None:
    ours, theirs = pair
    ours.send_raw(bytes(100), bytes(10))
    with pytest.raises(channel.TooLarge):
        theirs.receive_raw(1, limit=50)


def test_what_was_sent_before_the_end_is_read_to_the_end(pair: tuple[channel.Channel, channel.Channel]) -> None:
    ours, theirs = pair
    ours.send_raw(b"first", b"second")
    os.write(ours.descriptor, b"\x09")
    with socket.socket(fileno=os.dup(ours.descriptor)) as end:
        end.shutdown(socket.SHUT_WR)
    assert (theirs.receive_raw(1), theirs.receive_raw(1)) == (b"first", b"second")
    with pytest.raises(channel.Closed):
        theirs.receive_raw(1)


@pytest.mark.parametrize(
    "deep", [lambda x: [x], lambda x: {"~": "tuple", "v": [x]}, lambda x: {"~": "dict", "v": [[1, x]]}]
)
def test_a_bomb_of_nested_values_is_refused(deep: Any) -> None:
    value: Any = 1
    for _ in range(2 * channel.MAX_DEPTH + 1):
        value = deep(value)
    with pytest.raises(channel.ChannelError, match="nested"):
        channel.decode(value)
