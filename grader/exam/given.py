"""Whose name is it? A test may rest on what the instructor's own cells define, not on what a learner made of it.

Read from the instructor's source alone, before anything runs: names that given cells bind are the instructor's, names
that solution cells bind are the learner's, and so is whatever a given cell computes from those. The examiner runs the
instructor's statements itself (`Own`), so that `np`, a tolerance or a helper in a test is not the learner's. Imports
nothing of the project.
"""

from __future__ import annotations

import ast
import builtins
import functools
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef, ast.Lambda)
_IMPORTS = (ast.Import, ast.ImportFrom)


def python(source: str) -> str:
    """IPython's syntax as Python."""
    from IPython.core.inputtransformer2 import TransformerManager

    return str(TransformerManager().transform_cell(source))


@functools.lru_cache(maxsize=1024)
def statements(source: str) -> tuple[ast.stmt, ...]:
    """A cell's statements; none where it is no Python."""
    try:
        return tuple(ast.parse(python(source)).body)
    except (SyntaxError, ValueError, RecursionError):
        return ()


def bound(nodes: Iterable[ast.AST]) -> set[str]:
    """Names that executing these statements binds in the notebook's namespace."""
    found: set[str] = set()
    for node in nodes:
        for part in _outside_functions(node):
            if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store | ast.Del):
                found.add(part.id)
            elif isinstance(part, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
                found.add(part.name)
            elif isinstance(part, ast.alias):
                found.add((part.asname or part.name).partition(".")[0])
            elif isinstance(part, ast.ExceptHandler | ast.MatchAs | ast.MatchStar) and part.name:
                found.add(part.name)
        # A function may bind global names once it is called.
        for part in ast.walk(node):
            if isinstance(part, ast.Global):
                found.update(part.names)
    return found


def used(nodes: Iterable[ast.AST]) -> set[str]:
    """Every name that these statements read, in functions too."""
    return {
        part.id
        for node in nodes
        for part in ast.walk(node)
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load)
    }


#: Tests that use one of these may read any name.
_ANY_NAME = {"globals", "locals", "vars", "dir", "eval", "exec", "get_ipython"}


def idle_launches(given: Iterable[str], tests: Iterable[str]) -> set[str]:
    """Kernel launches of given cells, as text, whose arguments no test can come to read: demonstrations for people.

    A launch is a statement `kernel[...](...)`. Those need not be made a second time in the examiner, where each costs
    a compilation and a run.
    """
    read = used(statement for source in tests for statement in statements(source))
    if read & _ANY_NAME:
        return set()
    shown = [statement for source in given for statement in statements(source)]
    launches = [one for one in shown if _is_launch(one)]
    # A module is in reach of everything, and no launch puts anything into one.
    modules = bound(one for one in shown if isinstance(one, _IMPORTS))
    others = [(bound([one]) | used([one])) - modules for one in shown if not _is_launch(one)]
    while grown := {name for names in others if names & read for name in names} - read:
        read |= grown
    return {ast.dump(one) for one in launches if not (_arguments(one) - modules) & read}


def _is_launch(statement: ast.stmt) -> bool:
    return (
        isinstance(statement, ast.Expr)
        and isinstance(statement.value, ast.Call)
        and isinstance(statement.value.func, ast.Subscript)
    )


def _arguments(launch: ast.stmt) -> set[str]:
    assert isinstance(launch, ast.Expr)
    assert isinstance(launch.value, ast.Call)
    return used([*launch.value.args, *launch.value.keywords])


def _outside_functions(node: ast.AST) -> Iterator[ast.AST]:
    """`node` and what is in it, without the bodies of functions, classes and comprehensions."""
    yield node
    if isinstance(node, ast.Lambda | ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        return
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
        return
    for child in ast.iter_child_nodes(node):
        yield from _outside_functions(child)


def _eager(node: ast.AST) -> set[str]:
    """Names that are read while the statement runs, without the bodies of functions that it only defines."""
    if isinstance(node, _FUNCTIONS):
        outside: list[ast.AST] = [*node.args.defaults, *(d for d in node.args.kw_defaults if d is not None)]
        if not isinstance(node, ast.Lambda):
            outside += node.decorator_list
        return set().union(*map(_eager, outside)) if outside else set()
    if isinstance(node, ast.Name):
        return {node.id} if isinstance(node.ctx, ast.Load) else set()
    found: set[str] = set()
    for child in ast.iter_child_nodes(node):
        found |= _eager(child)
    if isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Name):
        found.add(node.target.id)
    if isinstance(node, ast.ListComp | ast.SetComp | ast.DictComp | ast.GeneratorExp):
        found -= {part.id for part in ast.walk(node) if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Store)}
    return found


@dataclass
class Own:
    """What of the given cells the examiner runs itself, cell by cell in their order.

    `learners` are names that belong to the learner; `reaching` are the instructor's functions that use such a name, so
    that what they compute is the learner's, too. `modules` says what the instructor's solution cells import, by name;
    `idle` are statements that nothing can come of.
    """

    learners: set[str] = field(default_factory=set)
    reaching: set[str] = field(default_factory=set)
    known: set[str] = field(default_factory=set)
    modules: dict[str, str] = field(default_factory=dict)
    idle: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, solutions: Iterable[str], given: Iterable[str], tests: Iterable[str]) -> Own:
        """From the instructor's own sources of solution, given and test cells."""
        own = cls(idle=idle_launches(given, tests))
        for source in solutions:
            for statement in statements(source):
                if isinstance(statement, ast.Import):
                    for alias in statement.names:
                        whole = alias.name if alias.asname else alias.name.partition(".")[0]
                        own.modules[alias.asname or whole] = whole
                elif isinstance(statement, ast.ImportFrom):
                    # Where such a name is a module, as in `from numba import cuda`.
                    for alias in statement.names:
                        own.modules[alias.asname or alias.name] = f"{statement.module}.{alias.name}"
                else:
                    own.learners |= bound([statement])
        return own

    def take(self, source: str) -> list[ast.stmt]:
        """The statements of a given cell that the examiner runs; the names that the others bind are the learner's."""
        taken = []
        for statement in statements(source):
            if ast.dump(statement) in self.idle:
                continue
            names = bound([statement])
            eager = _eager(statement)
            known = self.known | set(dir(builtins))
            if eager & (self.learners | self.reaching) or not eager - names <= known:
                self.learners |= names - self.known
                continue
            taken.append(statement)
            self.known |= names - self.learners
            # What a definition uses later may be bound by then; what it uses of the learner's it reaches.
            if used([statement]) & (self.learners | self.reaching):
                self.reaching |= names
        return taken
