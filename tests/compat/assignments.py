"""Assignments as nbgrader's users write them, and submissions: what both graders mark in the comparison.

A notebook is a text of cells; each begins with `# %% KIND [GRADE_ID [POINTS]]`. Kinds: text, given, locked, solution,
test, essay (marked by a person), program (code marked by a person), task.
"""

from __future__ import annotations

from dataclasses import dataclass, field

#: An answer that takes the cell out of the notebook.
GONE = None
Answers = dict[str, str | None]


@dataclass(frozen=True)
class Assignment:
    """`submissions` are answers by grade id, laid over the model's or, where `over` says so, the starter's."""

    name: str
    notebooks: dict[str, str]
    submissions: dict[str, Answers] = field(default_factory=dict)
    files: dict[str, str] = field(default_factory=dict)
    #: What a submission does to the notebook's cells: (place in the release, a new cell there, or a new text).
    inserted: dict[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    edited: dict[str, tuple[tuple[int, str], ...]] = field(default_factory=dict)
    #: Notebooks that a submission leaves out.
    without: dict[str, tuple[str, ...]] = field(default_factory=dict)
    #: The mode that must be found; None where any will do.
    mode: str | None = None


ASSIGNMENTS: list[Assignment] = []


def _add(
    name: str, text: str, mode: str | None = None, files: dict[str, str] | None = None, **submissions: Answers
) -> None:
    ASSIGNMENTS.append(Assignment(name, {name: text}, submissions, files or {}, mode=mode))


_add(
    "every-cell",
    '''
# %% text
# Every kind of cell
# %% given
import math
# %% locked constants
RADIUS = 2.0
# %% solution area
def area(r):
    """Area of a circle."""
    ### BEGIN SOLUTION
    return math.pi * r ** 2
    ### END SOLUTION
# %% test area-test 3
assert abs(area(RADIUS) - 12.566370614359172) < 1e-9
### BEGIN HIDDEN TESTS
assert area(0) == 0
assert area(1) == math.pi
### END HIDDEN TESTS
# %% test area-types 2
assert isinstance(area(1), float), "a float is wanted"
# %% essay why 4
### BEGIN SOLUTION
Since the area grows with the square.
### END SOLUTION
# %% program plot-it 2
### BEGIN SOLUTION
points = [(r, area(r)) for r in range(3)]
### END SOLUTION
# %% task survey 5
Ask three people.
### BEGIN MARK SCHEME
Five points for three answers.
### END MARK SCHEME
# %% test points-test 1
assert len(points) == 3
''',
    mode="examiner",
    wrong={"area": "def area(r):\n    return 3.14 * r ** 2"},
    rounded={"area": "def area(r):\n    return math.pi * r * r", "why": "Because.", "plot-it": "points = []"},
    crashing={"area": "raise SystemError('no')"},
    missing={"area": GONE},
)

_add(
    "partial-credit",
    """
# %% solution answers
### BEGIN SOLUTION
import numpy as np
def right():
    return 4
def share(n):
    return n / 4
### END SOLUTION
# %% test whole 4
right()
# %% test half 4
share(2) * 4
# %% test float64 4
np.float64(share(1))
# %% test negative 4
-share(4)
# %% test truth 4
right() > 5
# %% test word 4
str(right())
# %% test silent 4
share(1);
# %% test zero 4
share(0)
# %% test listed 4
[share(1)]
# %% test nothing 4
print(share(1))
# %% test with-comment 4
share(3)  # of four
# %% test computed 10
score = 0
for n in range(4):
    score += 2.5 * (share(n) == n / 4)
score
""",
    wrong={"answers": "import numpy as np\ndef right():\n    return 3\ndef share(n):\n    return 0.25 if n else 1"},
    integer={"answers": "import numpy as np\ndef right():\n    return 1\ndef share(n):\n    return n // 4"},
    words={"answers": "def right():\n    return '4'\ndef share(n):\n    return 'x'"},
    arrays={"answers": "import numpy as np\nright = lambda: np.int64(2)\nshare = lambda n: np.array([n / 4])"},
)

_add(
    "too-much",
    """
# %% solution size
size = 3
# %% test size-test 5
size
""",
    modest={"size": "size = 5"},
    much={"size": "size = 6"},
)

ASSIGNMENTS.append(
    Assignment(
        "two-notebooks",
        {
            "first": """
# %% solution f
def f(x):
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION
# %% test f-test 2
assert f(1) == 2
# %% essay f-why 3
Here.
""",
            "second": """
# %% solution g
def g(x):
    ### BEGIN SOLUTION
    return x * 2
    ### END SOLUTION
# %% test g-test 2
assert g(2) == 4
# %% test g-always 1
1
# %% task g-task 3
Do.
""",
        },
        {"wrong": {"f": "f = abs", "g": "g = abs"}, "half": {}},
        without={"half": ("second",)},
    )
)

_add(
    "files",
    """
# %% given
import csv
# %% solution total
def total(name):
    ### BEGIN SOLUTION
    with open(name) as file:
        return sum(int(row["count"]) for row in csv.DictReader(file))
    ### END SOLUTION
# %% test total-test 2
import helper
assert total("data/counts.csv") == helper.EXPECTED
# %% test total-other 2
with open("mine.csv", "w") as file:
    file.write("name,count\\na,1\\nb,2\\n")
assert total("mine.csv") == 3
# %% solution save
### BEGIN SOLUTION
def save(words):
    with open("words.txt", "w") as file:
        file.write("\\n".join(words))
### END SOLUTION
# %% test save-test 2
import os
save(["a", "b"])
assert os.path.exists("words.txt")
assert open("words.txt").read().split() == ["a", "b"]
""",
    files={"helper.py": "EXPECTED = 12\n", "data/counts.csv": "name,count\nx,5\ny,7\n"},
    wrong={"total": "def total(name):\n    return 12"},
    crashing={"save": "save = open('nowhere.txt')"},
)

_add(
    "exceptions",
    """
# %% solution check
### BEGIN SOLUTION
class Refused(ValueError):
    def __init__(self, code):
        super().__init__(f"refused with {code}")
        self.code = code
def check(x):
    if x is None:
        raise TypeError("nothing there")
    if x < 0:
        raise ValueError("negative")
    if x > 100:
        raise Refused(7)
    return x
### END SOLUTION
# %% test type-error 1
try:
    check(None)
except TypeError:
    pass
else:
    raise AssertionError("did not raise")
# %% test message 2
try:
    check(-1)
except ValueError as error:
    assert "negative" in str(error)
    assert error.args == ("negative",)
else:
    raise AssertionError
# %% test unittest-style 2
import unittest
case = unittest.TestCase()
with case.assertRaises(ValueError):
    check(-5)
with case.assertRaisesRegex(ValueError, "refused"):
    check(101)
# %% test own-class 2
try:
    check(200)
except Refused as error:
    assert error.code == 7
# %% test fine 1
assert check(5) == 5
""",
    wrong={
        "check": "class Refused(Exception):\n    pass\ndef check(x):\n    if x is None or x < 0:\n        raise ValueError('bad')\n    return x"
    },
    silent={"check": "def check(x):\n    return x"},
)

_add(
    "builtin-exceptions",
    """
# %% solution check
### BEGIN SOLUTION
def check(x):
    if x is None:
        raise TypeError("nothing there")
    return 1 / x
def deep(n):
    return deep(n + 1)
### END SOLUTION
# %% test by-zero 2
try:
    check(0)
    raise AssertionError
except ZeroDivisionError:
    pass
# %% test nothing 2
import unittest
with unittest.TestCase().assertRaises(TypeError):
    check(None)
# %% test too-deep 2
try:
    deep(0)
except RecursionError:
    pass
# %% test key 2
try:
    {}[check(1)]
except KeyError as error:
    assert error.args == (1.0,)
""",
    mode="examiner",
    wrong={"check": "def check(x):\n    return 0 if not x else 1 / x\ndef deep(n):\n    return n"},
    crashing={"check": "check = 1 /"},
)

_add(
    "stdout",
    """
# %% given
import io
from contextlib import redirect_stdout
# %% solution greet
def greet(name):
    ### BEGIN SOLUTION
    print(f"Hello {name}!")
    return len(name)
    ### END SOLUTION
# %% test greet-test 2
buffer = io.StringIO()
with redirect_stdout(buffer):
    n = greet("Ada")
assert buffer.getvalue() == "Hello Ada!\\n", buffer.getvalue()
assert n == 3
# %% test swapped 2
import sys
old, sys.stdout = sys.stdout, io.StringIO()
try:
    greet("Bo")
    text = sys.stdout.getvalue()
finally:
    sys.stdout = old
assert "Bo" in text
# %% test asked 2
from unittest.mock import patch
with patch("builtins.input", return_value="Cy"):
    assert greet(input()) == 2
""",
    wrong={"greet": "def greet(name):\n    print('Hello', name)\n    return len(name)"},
    quiet={"greet": "def greet(name):\n    return len(name)"},
)

_add(
    "mocks",
    """
# %% given
import time
# %% solution weather
### BEGIN SOLUTION
def fetch(city):
    raise OSError("no network")
def weather(city):
    return f"{city}: {fetch(city)} degrees"
def wait(seconds):
    time.sleep(seconds)
    return seconds
### END SOLUTION
# %% test patched 3
from unittest.mock import patch
with patch("__main__.fetch", return_value=21) as fake:
    assert weather("Rome") == "Rome: 21 degrees"
fake.assert_called_once_with("Rome")
# %% test replaced 2
original = fetch
fetch = lambda city: 3
try:
    assert weather("Oslo") == "Oslo: 3 degrees"
finally:
    fetch = original
# %% test removed 1
kept = fetch
del fetch
try:
    weather("Bonn")
except NameError:
    pass
else:
    raise AssertionError("does not use fetch")
finally:
    fetch = kept
# %% test sleepless 2
with patch("time.sleep") as sleep:
    assert wait(3600) == 3600
assert sleep.call_count == 1
""",
    mode="in-process",
    wrong={
        "weather": "def fetch(city):\n    return 0\ndef weather(city):\n    return f'{city}: 21 degrees'\ndef wait(seconds):\n    return seconds"
    },
)

_add(
    "classes",
    """
# %% solution shapes
### BEGIN SOLUTION
from dataclasses import dataclass, field
class Shape:
    count = 0
    def __init__(self):
        Shape.count += 1
    def area(self):
        raise NotImplementedError
class Square(Shape):
    def __init__(self, side):
        super().__init__()
        self.side = side
    def area(self):
        return self.side ** 2
    @property
    def perimeter(self):
        return 4 * self.side
    @classmethod
    def unit(cls):
        return cls(1)
    @staticmethod
    def corners():
        return 4
@dataclass(order=True)
class Point:
    x: int
    y: int = 0
    tags: list = field(default_factory=list)
### END SOLUTION
# %% test instances 2
square = Square(3)
assert isinstance(square, Square) and isinstance(square, Shape)
assert issubclass(Square, Shape)
assert type(square) is Square
# %% test behaviour 2
assert square.area() == 9 and square.perimeter == 12
assert Square.unit().side == 1 and Square.corners() == 4
# %% test attributes 2
square.side = 5
assert square.area() == 25
assert hasattr(square, "side") and not hasattr(square, "radius")
# %% test counted 1
before = Shape.count
Square(1)
assert Shape.count == before + 1
# %% test points 3
assert Point(1, 2) == Point(1, 2) and Point(1, 2) != Point(2, 1)
assert Point(1) < Point(2)
assert sorted([Point(3), Point(1)])[0].x == 1
assert Point(1).tags is not Point(1).tags
# %% test abstract 1
try:
    Shape().area()
except NotImplementedError:
    pass
""",
    wrong={
        "shapes": "class Shape:\n    count = 0\nclass Square:\n    def __init__(self, side):\n        self.side = side\n    def area(self):\n        return self.side * self.side\n    perimeter = 12\nclass Point:\n    def __init__(self, x, y=0):\n        self.x, self.y, self.tags = x, y, []"
    },
    crashing={"shapes": "class Shape:\n    pass\nclass Square(Nothing):\n    pass"},
)

_add(
    "operators",
    """
# %% solution vector
### BEGIN SOLUTION
class Vector:
    def __init__(self, *parts):
        self.parts = list(parts)
    def __add__(self, other):
        return Vector(*[a + b for a, b in zip(self.parts, other.parts)])
    def __eq__(self, other):
        return isinstance(other, Vector) and self.parts == other.parts
    def __hash__(self):
        return hash(tuple(self.parts))
    def __len__(self):
        return len(self.parts)
    def __getitem__(self, n):
        return self.parts[n]
    def __setitem__(self, n, value):
        self.parts[n] = value
    def __iter__(self):
        return iter(self.parts)
    def __contains__(self, x):
        return x in self.parts
    def __bool__(self):
        return any(self.parts)
    def __repr__(self):
        return f"Vector({', '.join(map(str, self.parts))})"
    def __str__(self):
        return "<" + " ".join(map(str, self.parts)) + ">"
    def __format__(self, spec):
        return "|".join(format(p, spec) for p in self.parts)
    def __call__(self, n):
        return self.parts[n]
    def __enter__(self):
        self.parts.append(0)
        return self
    def __exit__(self, *_):
        self.parts.pop()
### END SOLUTION
# %% test arithmetic 2
assert Vector(1, 2) + Vector(3, 4) == Vector(4, 6)
assert hash(Vector(1)) == hash(Vector(1))
# %% test container 2
v = Vector(1, 2, 3)
assert len(v) == 3 and v[1] == 2 and 3 in v and list(v) == [1, 2, 3]
v[0] = 9
assert v[0] == 9 and max(v) == 9
# %% test truth 1
assert Vector(1) and not Vector(0)
# %% test shown 3
assert repr(Vector(1, 2)) == "Vector(1, 2)"
assert str(Vector(1, 2)) == "<1 2>"
assert f"{Vector(1.0, 2.0):.1f}" == "1.0|2.0"
assert "%s" % Vector(1) == "<1>"
# %% test called 2
with Vector(1) as w:
    assert len(w) == 2
assert len(w) == 1 and w(0) == 1
""",
    wrong={
        "vector": "class Vector:\n    def __init__(self, *p):\n        self.parts = list(p)\n    def __len__(self):\n        return 3\n    def __getitem__(self, n):\n        return self.parts[n]\n    def __repr__(self):\n        return '<1 2>'"
    },
)

_add(
    "iterators",
    """
# %% solution sequences
### BEGIN SOLUTION
from collections import namedtuple, Counter, deque, defaultdict, OrderedDict
from enum import Enum
def evens():
    n = 0
    while True:
        yield n
        n += 2
def upto(n):
    return (i for i in range(n))
Pair = namedtuple("Pair", "left right")
def swap(pair):
    return Pair(pair.right, pair.left)
class Colour(Enum):
    RED = 1
    GREEN = 2
def count(words):
    return Counter(words)
def last(n):
    return deque(range(5), maxlen=n)
def index(words):
    found = defaultdict(list)
    for word in words:
        found[word[0]].append(word)
    return found
### END SOLUTION
# %% test evens-test 2
from itertools import islice
assert list(islice(evens(), 4)) == [0, 2, 4, 6]
g = evens()
assert (next(g), next(g)) == (0, 2)
# %% test upto-test 2
import types
assert isinstance(upto(3), types.GeneratorType)
assert sum(upto(4)) == 6
# %% test pairs 2
assert swap(Pair(1, 2)) == (2, 1)
assert swap(Pair(1, 2)).left == 2
assert Pair._fields == ("left", "right")
# %% test colours 1
assert Colour.RED.value == 1 and Colour["GREEN"] is Colour.GREEN
# %% test counted 2
assert count(["a", "b", "a"]) == {"a": 2, "b": 1}
assert count(["a"]).most_common(1) == [("a", 1)]
# %% test kept 1
assert list(last(2)) == [3, 4]
# %% test indexed 2
assert index(["ab", "ac", "b"]) == {"a": ["ab", "ac"], "b": ["b"]}
assert dict(index(["x"]))["x"] == ["x"]
""",
    wrong={
        "sequences": "from collections import namedtuple\nevens = lambda: iter([0, 2, 4, 6])\ndef upto(n):\n    return range(n)\nPair = namedtuple('Pair', 'left right')\nswap = lambda p: (p[1], p[0])\ndef count(words):\n    return {w: words.count(w) for w in words}\ndef index(words):\n    return {}"
    },
    missing={"sequences": GONE},
)

_add(
    "pandas",
    """
# %% given
import pandas as pd
import numpy as np
table = pd.DataFrame({"town": ["A", "B", "A"], "sold": [1, 2, 3], "day": pd.to_datetime(["2024-01-01", "2024-01-02", "2024-01-03"])})
# %% solution sales
### BEGIN SOLUTION
def per_town(table):
    return table.groupby("town")["sold"].sum()
def with_double(table):
    made = table.copy()
    made["double"] = made["sold"] * 2
    return made
def best(table):
    return table.loc[table["sold"].idxmax(), "town"]
def add_column(table):
    table["new"] = 1
### END SOLUTION
# %% test grouped 2
assert per_town(table)["A"] == 4
assert list(per_town(table).index) == ["A", "B"]
assert per_town(table).index.name == "town"
# %% test doubled 2
made = with_double(table)
assert list(made.columns) == ["town", "sold", "day", "double"]
assert made["double"].tolist() == [2, 4, 6]
assert "double" not in table
assert made["sold"].dtype == np.int64
# %% test equal 2
expected = pd.Series([4, 2], index=pd.Index(["A", "B"], name="town"), name="sold")
pd.testing.assert_series_equal(per_town(table), expected)
# %% test frames 2
pd.testing.assert_frame_equal(with_double(table)[table.columns], table)
# %% test best-test 1
assert best(table) == "A"
# %% test in-place 1
mine = table.copy()
add_column(mine)
assert (mine["new"] == 1).all()
# %% test kinds 1
assert isinstance(per_town(table), pd.Series) and isinstance(with_double(table), pd.DataFrame)
""",
    mode="examiner",
    wrong={
        "sales": "def per_town(table):\n    return table.groupby('town').sum(numeric_only=True)\ndef with_double(table):\n    table['double'] = table['sold'] * 2\n    return table\ndef best(table):\n    return 'A'\ndef add_column(table):\n    table = table.assign(new=1)"
    },
    crashing={"sales": "import pandas as pd\npd.read_csv('nothing.csv')\ndef best(t):\n    return 'A'"},
)

_add(
    "numbers",
    """
# %% given
from decimal import Decimal, getcontext
from fractions import Fraction
from datetime import date, timedelta
# %% solution values
### BEGIN SOLUTION
def cents(text):
    return Decimal(text).quantize(Decimal("0.01"))
def third(n):
    return Fraction(n, 3)
def root(x):
    return complex(0, x)
def huge(n):
    return 7 ** n
def tomorrow(day):
    return day + timedelta(days=1)
def pieces(n):
    return divmod(n, 3)
def unique(words):
    return {w.lower() for w in words}
def nested():
    return {"a": [1, (2, {3})], ("k", 1): None}
### END SOLUTION
# %% test exact 2
assert cents("1.005") == Decimal("1.00") and str(cents("2")) == "2.00"
assert third(1) + third(2) == 1 and third(2).numerator == 2
# %% test larger 2
assert huge(100) == 7 ** 100 and root(2) ** 2 == -4
assert isinstance(huge(2), int) and not isinstance(huge(2), bool)
# %% test days 1
assert tomorrow(date(2024, 2, 28)) == date(2024, 2, 29)
# %% test tuples 2
assert pieces(7) == (2, 1) and isinstance(pieces(7), tuple)
q, r = pieces(8)
assert [q, r] == [2, 2]
# %% test sets 1
assert unique(["A", "a", "b"]) == {"a", "b"}
# %% test nesting 1
assert nested() == {"a": [1, (2, {3})], ("k", 1): None}
assert nested()[("k", 1)] is None
""",
    mode="examiner",
    wrong={
        "values": "def cents(text):\n    return float(text)\ndef third(n):\n    return n / 3\ndef huge(n):\n    return 7.0 ** n\ndef root(x):\n    return x * 1j\ndef tomorrow(day):\n    return day\ndef pieces(n):\n    return [n // 3, n % 3]\ndef unique(words):\n    return list(dict.fromkeys(w.lower() for w in words))\ndef nested():\n    return {'a': [1, [2, {3}]], ('k', 1): None}"
    },
)

_add(
    "functions",
    """
# %% given
import functools
# %% solution higher
### BEGIN SOLUTION
def compose(f, g):
    return lambda x: f(g(x))
def counter():
    n = 0
    def step():
        nonlocal n
        n += 1
        return n
    return step
def twice(f):
    @functools.wraps(f)
    def inner(*args, **kwargs):
        return f(f(*args, **kwargs))
    return inner
def apply_all(functions, x):
    return [f(x) for f in functions]
@functools.lru_cache
def fib(n):
    return n if n < 2 else fib(n - 1) + fib(n - 2)
def by(key, items):
    return sorted(items, key=key)
add = functools.partial(lambda a, b: a + b, 10)
### END SOLUTION
# %% test composed 2
assert compose(lambda x: x + 1, lambda x: x * 2)(5) == 11
assert compose(str, abs)(-3) == "3"
# %% test counted 2
a, b = counter(), counter()
assert [a(), a(), b()] == [1, 2, 1]
# %% test decorated 2
@twice
def grow(x, by=1):
    return x + by
assert grow(1) == 3
assert grow.__name__ == "grow"
# %% test many 1
assert apply_all([abs, lambda x: -x, str], -2) == [2, 2, "-2"]
# %% test cached 2
assert fib(60) == 1548008755920
assert fib.cache_info().hits > 0
# %% test keyed 1
assert by(lambda w: len(w), ["ccc", "a", "bb"]) == ["a", "bb", "ccc"]
calls = []
by(lambda w: calls.append(w) or 0, [1, 2])
assert calls == [1, 2]
# %% test partly 1
assert add(5) == 15
""",
    mode="examiner",
    wrong={
        "higher": "def compose(f, g):\n    return lambda x: g(f(x))\ndef counter():\n    n = [0]\n    def step():\n        n[0] += 1\n        return n[0]\n    return step\ndef twice(f):\n    return lambda x: f(f(x))\ndef apply_all(fs, x):\n    return [f(x) for f in fs]\ndef fib(n):\n    return n if n < 2 else 0\nby = lambda key, items: items\nadd = lambda b: b + 10"
    },
)

_add(
    "in-place",
    """
# %% given
import numpy as np
# %% solution changes
### BEGIN SOLUTION
def scale(x, factor, out=None):
    if out is None:
        return x * factor
    np.multiply(x, factor, out=out)
    return out
def clear(values):
    values.clear()
def push(values, x):
    values.append(x)
    return values
def fill(grid):
    grid[1:, 0] = 7
def sort_rows(rows):
    for row in rows:
        row.sort()
def rename(record):
    record["name"] = record.pop("title")
### END SOLUTION
# %% test scaled 2
x, out = np.arange(3.0), np.empty(3)
scale(x, 2, out=out)
assert np.array_equal(out, [0, 2, 4])
# %% test same-object 2
assert scale(x, 3, out=out) is out
values = [1]
assert push(values, 2) is values
# %% test lists 1
push(values, 3)
assert values == [1, 2, 3]
clear(values)
assert values == []
# %% test arrays 2
grid = np.zeros((3, 2))
fill(grid)
assert grid.tolist() == [[0, 0], [7, 0], [7, 0]]
part = grid[1:]
fill(part)
assert grid[2, 0] == 7
# %% test inner 1
rows = [[2, 1], [4, 3]]
first = rows[0]
sort_rows(rows)
assert rows == [[1, 2], [3, 4]] and first == [1, 2]
# %% test records 1
record = {"title": "x", "year": 1}
rename(record)
assert record == {"name": "x", "year": 1}
# %% test view 1
base = np.arange(6).reshape(2, 3)
fill(base.T)
assert base[0].tolist() == [0, 7, 7]
""",
    wrong={
        "changes": "def scale(x, factor, out=None):\n    out = x * factor\n    return out\ndef clear(values):\n    values = []\ndef push(values, x):\n    return values + [x]\ndef fill(grid):\n    grid = grid.copy()\n    grid[1:, 0] = 7\ndef sort_rows(rows):\n    rows[:] = [sorted(r) for r in rows]\ndef rename(record):\n    return {'name': record['title']}"
    },
)

_add(
    "introspection",
    '''
# %% given
import inspect
# %% solution mean
### BEGIN SOLUTION
def mean(values: list, *, weights: list | None = None) -> float:
    """The mean of values.

    >>> mean([1, 3])
    2.0
    """
    weights = weights or [1] * len(values)
    return sum(v * w for v, w in zip(values, weights)) / sum(weights)
### END SOLUTION
# %% test signature 2
assert list(inspect.signature(mean).parameters) == ["values", "weights"]
assert inspect.signature(mean).parameters["weights"].default is None
# %% test documented 2
assert mean.__doc__ and "mean" in mean.__doc__
assert mean.__name__ == "mean"
# %% test annotated 1
assert mean.__annotations__["return"] is float
# %% test source 1
assert "sum(" in inspect.getsource(mean)
assert "import statistics" not in inspect.getsource(mean)
# %% test doctested 1
import doctest
failed, tried = doctest.testmod(verbose=False)
assert failed == 0 and tried == 1
# %% test works 1
assert mean([1, 2]) == 1.5 and callable(mean)
assert mean([1, 3], weights=[3, 1]) == 1.5
''',
    mode="in-process",
    wrong={"mean": "import statistics\ndef mean(values, weights=None):\n    return statistics.mean(values)"},
    undocumented={"mean": "def mean(values, *, weights=None):\n    return sum(values) / len(values)"},
)

_add(
    "randomness",
    """
# %% given
import random
import numpy as np
# %% solution draws
### BEGIN SOLUTION
def dice(n):
    return [random.randint(1, 6) for _ in range(n)]
def noise(n):
    return np.random.rand(n)
def sample(rng, n):
    return rng.integers(0, 10, n)
### END SOLUTION
# %% test seeded 2
random.seed(42)
expected = [random.randint(1, 6) for _ in range(5)]
random.seed(42)
assert dice(5) == expected
# %% test numpy-seeded 2
np.random.seed(0)
expected = np.random.rand(3)
np.random.seed(0)
assert np.allclose(noise(3), expected)
# %% test generator 2
assert sample(np.random.default_rng(1), 4).tolist() == np.random.default_rng(1).integers(0, 10, 4).tolist()
# %% test range 1
assert all(1 <= n <= 6 for n in dice(100)) and noise(4).shape == (4,)
""",
    wrong={
        "draws": "import random\ndef dice(n):\n    return [random.randint(0, 5) for _ in range(n)]\ndef noise(n):\n    return np.random.default_rng(0).random(n)\ndef sample(rng, n):\n    return rng.integers(0, 10, n)"
    },
)

_add(
    "figures",
    """
# %% given
%matplotlib inline
import matplotlib.pyplot as plt
import numpy as np
# %% solution plot
def plot(x, y):
    ### BEGIN SOLUTION
    fig, ax = plt.subplots()
    ax.plot(x, y, label="y")
    ax.set_xlabel("time")
    ax.set_title("Growth")
    ax.legend()
    return ax
    ### END SOLUTION
# %% test labels 2
ax = plot([1, 2], [3, 4])
assert ax.get_xlabel() == "time" and ax.get_title() == "Growth"
# %% test data 2
line = plot([1, 2], [3, 4]).lines[0]
assert np.array_equal(line.get_ydata(), [3, 4])
plt.close("all")
# %% test current 1
plot([0, 1], [0, 1])
assert len(plt.gcf().axes) == 1 and plt.gca().get_legend() is not None
plt.close("all")
""",
    wrong={"plot": "def plot(x, y):\n    plt.plot(x, y)\n    plt.xlabel('time')\n    return plt.gca()"},
)

_add(
    "magics",
    """
# %% given
%precision 3
import math
# %% solution work
### BEGIN SOLUTION
%time squares = [n * n for n in range(10)]
def work(n):
    return sum(squares[:n])
### END SOLUTION
# %% test timed 2
%time result = work(3)
assert result == 5
# %% test captured 2
%%capture out
print(work(2))
# %% test captured-said 2
assert out.stdout.strip() == "1"
# %% test shown 3
work(2) * math.e
# %% test shell 1
assert get_ipython() is not None
# %% test named 1
%who_ls function
""",
    wrong={"work": "squares = [n * n for n in range(10)]\ndef work(n):\n    return sum(squares)"},
    broken={"work": "%nosuchmagic\nsquares = []\ndef work(n):\n    return 0"},
)

_add(
    "numpy-edges",
    """
# %% given
import numpy as np
# %% solution arrays
### BEGIN SOLUTION
def normal(x):
    x = np.asarray(x, dtype=np.float32)
    return x / np.linalg.norm(x)
def table(n):
    return np.arange(n * n, dtype=np.int16).reshape(n, n)
def gaps(x):
    return np.where(np.isnan(x), -1, x)
def people():
    return np.array([("Ada", 36), ("Bo", 7)], dtype=[("name", "U10"), ("age", "i4")])
def masked(x):
    return np.ma.masked_less(x, 0)
def nothing():
    return np.empty((0, 3))
def ragged():
    return np.array([[1], [2, 3]], dtype=object)
def first(x):
    return x[0]
def words():
    return np.array(["b", "a"])
### END SOLUTION
# %% test dtypes 2
assert normal([3, 4]).dtype == np.float32 and table(2).dtype == "int16"
np.testing.assert_allclose(normal([3, 4]), [0.6, 0.8], rtol=1e-6)
# %% test shapes 2
assert table(3).shape == (3, 3) and nothing().shape == (0, 3) and table(2).T[0, 1] == 2
# %% test nans 1
assert gaps(np.array([1, np.nan])).tolist() == [1, -1]
# %% test records 1
assert people()["age"].sum() == 43 and people().dtype.names == ("name", "age")
# %% test masks 1
assert masked(np.array([-1, 2])).sum() == 2
# %% test objects 1
assert ragged()[1] == [2, 3]
# %% test scalars 2
assert first(np.array([2.5])) == 2.5 and isinstance(first(np.array([2.5])), np.floating)
assert first([1, 2]) == 1
# %% test sorted-words 1
assert sorted(words()) == ["a", "b"] and words().dtype.kind == "U"
# %% test mismatch 1
try:
    normal([1, 2]) + table(3)
except ValueError:
    pass
else:
    raise AssertionError
""",
    wrong={
        "arrays": "import numpy as np\ndef normal(x):\n    return np.asarray(x) / 5\ndef table(n):\n    return np.arange(n * n).reshape(n, n)\ndef gaps(x):\n    return np.nan_to_num(x)\ndef people():\n    return {'age': np.array([43])}\nmasked = np.abs\ndef nothing():\n    return np.empty((3, 0))\nragged = lambda: [[1], [2, 3]]\nfirst = lambda x: float(x[0])\nwords = lambda: ['b', 'a']"
    },
    missing={"arrays": GONE},
)

_add(
    "globals",
    """
# %% given
calls = 0
log = []
# %% solution use
### BEGIN SOLUTION
def use():
    global calls
    calls += 1
    log.append(calls)
    return limit + calls
### END SOLUTION
# %% test counted 2
limit = 10
assert use() == 11 and use() == 12
assert calls == 2
# %% test logged 2
assert log == [1, 2]
limit = 100
assert use() == 103
# %% test reset 2
calls = 0
log.clear()
assert use() == 101 and log == [1]
# %% solution later
seen = calls
# %% test seen-test 1
assert seen == 1
# %% test known 1
assert "use" in globals() and "nothing" not in globals()
""",
    wrong={"use": "def use():\n    return 11"},
)

_add(
    "learner-imports",
    """
# %% solution work
### BEGIN SOLUTION
import numpy as np
import math as m
from statistics import median
from collections import Counter as Tally
def spread(x):
    return np.ptp(x)
### END SOLUTION
# %% test numpy 2
assert spread(np.array([1, 4])) == 3
# %% test maths 1
assert m.floor(2.5) == 2 and median([1, 2, 3]) == 2
# %% test tally 1
assert Tally("aab")["a"] == 2
# %% test fresh 1
assert np.zeros(2).sum() == 0 and np.pi > 3
""",
    forgotten={"work": "def spread(x):\n    return max(x) - min(x)"},
    other={"work": "import numpy\nimport math as m\ndef spread(x):\n    return numpy.ptp(x)"},
)

_add(
    "rebound",
    """
# %% given
import numpy as np
values = [3, 1, 2]
# %% solution order
### BEGIN SOLUTION
def order(values):
    return sorted(values)
### END SOLUTION
# %% test ordered 2
assert order(values) == [1, 2, 3]
# %% test total 2
assert sum(values) == 6 and len(values) == 3
# %% test numbers 1
assert np.sum(values) == 6
# %% test latest 1
values = values + [4]
assert order(values)[-1] == 4
# %% solution again
values = values[::-1]
# %% test reversed 1
assert values[0] == 4
""",
    shadowing={"order": "def order(values):\n    return sorted(values)\nsum = 6\nlen = lambda x: 3"},
    rebinding={"order": "def order(v):\n    return sorted(v)\nvalues = [1]\nnp = None"},
)

_add(
    "marking",
    """
# %% given
import os
# %% solution f
def f():
    ### BEGIN SOLUTION
    return 5
    ### END SOLUTION
# %% test quick 1
assert f() > 0
# %% test long 3
if os.environ.get("NBGRADER_EXECUTION") == "autograde":
    assert f() == 5
""",
    wrong={"f": "def f():\n    return 4"},
)

_add(
    "warnings",
    """
# %% given
import warnings
# %% solution old
### BEGIN SOLUTION
def old(x):
    warnings.warn("old is old", DeprecationWarning)
    return x
### END SOLUTION
# %% test warned 2
with warnings.catch_warnings(record=True) as seen:
    warnings.simplefilter("always")
    assert old(3) == 3
assert len(seen) == 1 and seen[0].category is DeprecationWarning
""",
    wrong={"old": "def old(x):\n    return x"},
)

_add(
    "unfinished",
    """
# %% solution a
a = 1
# %% test a-test 1
assert a == 1
# %% solution b
b = a + 1
# %% test b-test 1
assert b == 2
# %% solution c
c = b + 1
# %% test c-test 1
assert c == 3
# %% test all-three 3
(a == 1) + (b == 2) + (c == 3)
""",
    crashing={"b": "b = 2\nraise RuntimeError('here')"},
    syntax={"b": "b = = 2"},
    missing={"b": GONE},
    exiting={"b": "b = 2\nimport sys\nsys.exit(3)"},
)

_add(
    "untouched-text",
    """
# %% essay one 2
Write here.
# %% program two 3
x = 1
### BEGIN SOLUTION
y = 2
### END SOLUTION
# %% task three 4
Do it below.
# %% test y-test 1
assert y == 2
""",
    some={"one": "An answer.", "two": GONE},
    blank={"one": "", "two": ""},
)

ASSIGNMENTS.append(
    Assignment(
        "rearranged",
        {
            "rearranged": """
# %% given
import math
n = 3
# %% solution f
def f(x):
    ### BEGIN SOLUTION
    return x + n
    ### END SOLUTION
# %% test f-test 2
assert f(1) == 4
# %% solution g
def g(x):
    ### BEGIN SOLUTION
    return 2 * f(x)
    ### END SOLUTION
# %% test g-test 2
assert g(1) == 8
"""
        },
        {"added": {}, "edited": {}, "helper": {"f": "f = lambda x: plus(x, n)"}},
        inserted={
            "added": ((3, "f = abs"),),
            "helper": ((0, "def plus(a, b):\n    return a + b"), (5, "unused = 1")),
        },
        edited={"edited": ((0, "import math\nn = 30"),)},
    )
)

_add(
    "stderr",
    """
# %% given
import sys
import warnings
# %% solution f
def f(x):
    ### BEGIN SOLUTION
    return x + 1
    ### END SOLUTION
# %% test f-test 2
assert f(1) == 2
""",
    warning={"f": "def f(x):\n    warnings.warn('slow')\n    return x + 1"},
    printing={"f": "def f(x):\n    print('debug', file=sys.stderr)\n    return x + 1"},
    wrong={"f": "def f(x):\n    return x"},
)

_add(
    "async",
    """
# %% solution f
### BEGIN SOLUTION
import asyncio
async def f(x):
    await asyncio.sleep(0.01)
    return x + 1
async def both(x):
    return await asyncio.gather(f(x), f(x + 1))
### END SOLUTION
# %% test f-test 2
assert await f(1) == 2
# %% test both-test 2
assert await both(1) == [2, 3]
# %% test thread-test 1
assert await asyncio.to_thread(lambda: 5) == 5
""",
    wrong={"f": "async def f(x):\n    return x"},
    running={"f": "import asyncio\nasync def g(x):\n    return x + 1\ndef f(x):\n    return asyncio.run(g(x))"},
)

_add(
    "numba-cuda",
    """
# %% given
import math
import numpy as np
from numba import cuda
data = np.arange(1000, dtype=np.float32)
d_data = cuda.to_device(data)
@cuda.jit
def doubled(x, out):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = 2 * x[i]
# %% solution kernels
### BEGIN SOLUTION
@cuda.jit
def add(x, y, out):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i] + y[i]
@cuda.jit
def scale(x, factor):
    i, j = cuda.grid(2)
    if i < x.shape[0] and j < x.shape[1]:
        x[i, j] *= factor
def squares(d_x):
    out = cuda.device_array_like(d_x)
    square.forall(d_x.size)(d_x, out)
    return out
@cuda.jit
def square(x, out):
    i = cuda.grid(1)
    if i < out.size:
        out[i] = x[i] * x[i]
def add_all(arrays):
    total = cuda.to_device(np.zeros(arrays[0].size, np.float32))
    for array in arrays:
        add[32, 32](total, array, total)
    return {"total": total, "count": len(arrays)}
def clear(d_x, *, stream=0):
    d_x.copy_to_device(np.zeros(d_x.shape, d_x.dtype), stream=stream)
    return d_x
def transposed(d_x):
    return cuda.to_device(np.asfortranarray(d_x.copy_to_host()))
### END SOLUTION
# %% test launched 3
d_out = cuda.device_array(1000, np.float32)
start, end = cuda.event(), cuda.event()
start.record()
add[math.ceil(1000 / 128), 128](d_data, cuda.to_device(np.ones(1000, np.float32)), d_out)
end.record()
cuda.synchronize()
assert np.allclose(d_out.copy_to_host(), data + 1)
assert cuda.event_elapsed_time(start, end) >= 0
# %% test host-arrays 2
out = np.zeros(1000, np.float32)
add[8, 128](data, data, out)
np.testing.assert_array_equal(out, 2 * data)
# %% test in-place 2
table = cuda.to_device(np.ones((5, 3)))
stream = cuda.stream()
scale[(1, 1), (8, 8), stream](table, 3.0)
stream.synchronize()
assert (table.copy_to_host() == 3).all()
scale[(1, 1), (8, 8)](table[1:3], 2.0)
assert table.copy_to_host()[:, 0].tolist() == [3, 6, 6, 3, 3]
# %% test returned 2
result = squares(d_data)
assert isinstance(result, type(d_data)) and cuda.is_cuda_array(result)
assert result.dtype == np.float32 and result.shape == (1000,)
assert np.allclose(result.copy_to_host(), data**2)
assert np.array_equal(d_data.copy_to_host(), data)
# %% test own-kernel 2
twice = cuda.device_array_like(d_data)
doubled[8, 128](squares(d_data), twice)
@cuda.jit
def last(x, out):
    out[0] = x[x.size - 1]
found = np.zeros(1, np.float32)
last[1, 1](twice, found)
assert found[0] == 2 * 999**2
# %% test listed 2
made = add_all([d_data, d_data, d_data])
assert made["count"] == 3 and np.allclose(made["total"].copy_to_host(), 3 * data)
# %% test cleared 2
mine = cuda.to_device(np.ones(4))
assert clear(mine, stream=cuda.stream()).copy_to_host().sum() == 0
assert mine.copy_to_host().tolist() == [0, 0, 0, 0]
both = cuda.to_device(np.arange(8, dtype=np.float32))
add[1, 8](both, both, both)
assert both.copy_to_host().tolist() == [0, 2, 4, 6, 8, 10, 12, 14]
# %% test ordered 1
turned = transposed(cuda.to_device(np.ones((2, 3))))
assert turned.is_f_contiguous() and not turned.is_c_contiguous()
# %% test queried 1
assert cuda.is_available() and len(cuda.gpus) == 1 and cuda.get_current_device().WARP_SIZE == 32
assert d_data.copy_to_host()[-1] == 999
""",
    mode="examiner",
    wrong={
        "kernels": "@cuda.jit\ndef add(x, y, out):\n    i = cuda.grid(1)\n    if i < out.size - 1:\n        out[i] = x[i] + y[i]\n"
        "@cuda.jit\ndef scale(x, factor):\n    i = cuda.grid(1)\n    if i < x.shape[0]:\n        x[i, 0] *= factor\n"
        "def squares(d_x):\n    d_x.copy_to_device(d_x.copy_to_host() ** 2)\n    return d_x\n"
        "def add_all(arrays):\n    return {'total': arrays[0], 'count': len(arrays)}\n"
        "def clear(d_x, *, stream=0):\n    return cuda.to_device(np.zeros(d_x.shape))\ntransposed = abs"
    },
    host={
        "kernels": "def squares(d_x):\n    return d_x.copy_to_host() ** 2\n"
        "def add_all(arrays):\n    return {'total': sum(a.copy_to_host() for a in arrays), 'count': len(arrays)}\n"
        "def clear(d_x, **_):\n    return d_x.copy_to_host() * 0\ndef transposed(d_x):\n    return d_x"
    },
)

_add(
    "cupy",
    """
# %% given
import cupy as cp
import numpy as np
# %% solution work
### BEGIN SOLUTION
def normalised(x):
    xp = cp.get_array_module(x)
    return (x - x.mean()) / xp.sqrt(((x - x.mean()) ** 2).mean())
def clamp(x, low=0):
    x[x < low] = low
def rows(x):
    return [row for row in x]
def total(x):
    return float(x.sum())
saxpy = cp.ElementwiseKernel("T a, T x, T y", "T z", "z = a * x + y", "saxpy")
table = cp.arange(6).reshape(2, 3)
### END SOLUTION
# %% test same-library 2
x = cp.asarray([1.0, 2.0, 3.0])
assert isinstance(normalised(x), cp.ndarray)
assert isinstance(normalised(cp.asnumpy(x)), np.ndarray)
# %% test close 2
cp.testing.assert_allclose(normalised(x), np.array([-1.22474487, 0, 1.22474487]))
assert cp.allclose(normalised(x), cp.asarray(normalised(x.get())))
assert abs(float(normalised(x).sum())) < 1e-6
# %% test changed 2
y = cp.arange(-2, 3)
clamp(y)
assert y.tolist() == [0, 0, 0, 1, 2]
clamp(y, low=1)
assert int(y.min()) == 1
# %% test listed 1
assert [row.tolist() for row in rows(cp.eye(2))] == [[1, 0], [0, 1]]
# %% test number 1
assert total(cp.ones((100, 10))) == 1000
# %% test own-kernel 2
found = saxpy(2.0, x, cp.ones(3))
cp.testing.assert_array_equal(found, 2 * x + 1)
check = cp.RawKernel('extern "C" __global__ void g(const double* a, double* b) { b[threadIdx.x] = a[threadIdx.x] + 1; }', "g")
more = cp.empty(3)
check((1,), (3,), (found, more))
assert more.tolist() == [4, 6, 8]
# %% test bound 1
assert table.shape == (2, 3) and table[1].tolist() == [3, 4, 5]
# %% test refused 1
try:
    np.asarray(normalised(x))
except TypeError:
    pass
else:
    raise AssertionError("copies without being told")
""",
    mode="examiner",
    wrong={
        "work": "def normalised(x):\n    return np.asarray(cp.asnumpy(x)) - 2\ndef clamp(x, low=0):\n    return cp.maximum(x, low)\n"
        "def rows(x):\n    return x\ndef total(x):\n    return x.sum()\n"
        "saxpy = lambda a, x, y: a * x - y\ntable = np.arange(6).reshape(2, 3)"
    },
)
