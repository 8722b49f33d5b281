"""Code as a set of prints that a copy keeps when its variables, comments, layout and order change.

A print stands for a part of the syntax tree: for an expression of some size, for what a loop runs over, for what is
decided on, for two statements one after the other. Names that the student chose are taken away, docstrings, comments,
types and decorators, too. What can be written in two ways without a thought has one print: ``a + b`` and ``b + a``,
``torch.tanh(a)`` and ``a.tanh()``, ``a += b`` and ``a = a + b``, a loop and a comprehension, both kinds of ``if``.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from rnnkit.grading.notebooks.reading import GIVEN_UP, parsed

SMALLEST = 4  # nodes of an expression that has a print
RUN = 4  # tokens in a row that have one, of code that is no Python
DEEPEST = 60  # nodes inside one another; what lies deeper has no print
MOST_NODES = 20_000  # of a cell; a larger one is no answer
MAGIC = re.compile(r"^\s*[%!].*$", re.M)
TOKEN = re.compile(r"[A-Za-z_]\w*|\d[\w.]*|[^\s\w]")
SWAPPED = {ast.Gt: "Lt", ast.GtE: "LtE"}
Span = tuple[int, int]  # first and last line, counted from 1


@dataclass
class Prints:
    """The prints of a cell, and the lines where each of them stands."""

    lines: dict[str, list[Span]] = field(default_factory=dict)

    def add(self, parts: Iterable[object], at: Span) -> None:
        """Adds the print of something."""
        self.lines.setdefault(_hashed(parts), []).append(at)


def _hashed(parts: Iterable[object]) -> str:
    return hashlib.blake2b("\0".join(map(str, parts)).encode("utf-8", "replace"), digest_size=8).hexdigest()


@dataclass(frozen=True)
class Names:
    """Which names in a notebook are the student's own, and which stand for a module."""

    own: frozenset[str] = frozenset()
    modules: Mapping[str, str] = field(default_factory=dict)

    def __or__(self, other: Names) -> Names:
        modules = {**self.modules, **other.modules}
        return Names((self.own | other.own) - {*modules}, modules)

    @classmethod
    def of(cls, sources: Iterable[str]) -> Names:
        """Those of all cells of a notebook."""
        own: set[str] = set()
        modules: dict[str, str] = {}
        for source in sources:
            for node in ast.walk(parsed(MAGIC.sub("pass", source)) or ast.Module([], [])):
                if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                    own.add(node.id)
                elif isinstance(node, ast.arg):
                    own.add(node.arg)
                elif isinstance(node, ast.FunctionDef | ast.ClassDef):
                    own.add(node.name)
                elif isinstance(node, ast.Import):
                    modules |= {one.asname or one.name: one.name for one in node.names}
                elif isinstance(node, ast.ImportFrom):
                    modules |= {one.asname or one.name: f"{node.module}.{one.name}" for one in node.names}
        return cls(frozenset(own - {*modules}), modules)


def prints(source: str, names: Names) -> Prints:
    """The prints of a cell's code.

    Arguments:
        source: as it was handed in, whatever it is.
        names: of its notebook.
    """
    found = Prints()
    tree = parsed(MAGIC.sub("pass", source))
    if tree is None:
        _of_tokens(source, found)
        return found
    if sum(1 for _, _ in zip(ast.walk(tree), range(MOST_NODES + 1), strict=False)) <= MOST_NODES:
        try:
            _Reader(names, found).block(tree.body, 0)
        except GIVEN_UP:  # of a number of thousands of digits, say
            _of_tokens(source, found)
    return found


def _of_tokens(source: str, found: Prints) -> None:
    """Of code that Python cannot read: rows of tokens, names taken away but for those after a dot."""
    tokens = []
    for number, line in enumerate(source.split("\n"), 1):
        before = ""
        for token in TOKEN.findall(line.split("#")[0]):
            tokens.append(("_" if token[0].isalpha() and before != "." else token, number))
            before = token
    for start in range(len(tokens) - RUN + 1):
        row = tokens[start : start + RUN]
        found.add(("tokens", *(token for token, _ in row)), (row[0][1], row[-1][1]))


class _Reader:
    """Reads one cell's tree; every method gives what is read as a text, and its size in nodes."""

    def __init__(self, names: Names, found: Prints) -> None:
        self.names, self.found = names, found

    def block(self, body: list[ast.stmt], depth: int) -> None:
        """A row of statements."""
        before, at = "", (1, 1)
        for node in body:
            if depth > DEEPEST or (isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant)):
                continue
            here = (node.lineno, getattr(node, "end_lineno", None) or node.lineno)
            text = self.statement(node, depth)
            if text and before:
                self.found.add(("then", before, text), (at[0], here[1]))
            before, at = text, here

    def statement(self, node: ast.stmt, depth: int) -> str:
        """One statement without its blocks; empty where nothing in it tells."""
        inner = [getattr(node, name, []) for name in ("body", "orelse", "finalbody")]
        inner += [handler.body for handler in (*getattr(node, "handlers", []), *getattr(node, "cases", []))]
        text = self._head(node, depth)
        for block in inner:
            self.block(block, depth + 1)
        return text

    def _head(self, node: ast.stmt, depth: int) -> str:
        if isinstance(node, ast.For | ast.AsyncFor):
            return self._loop(node.target, node.iter, depth)
        if isinstance(node, ast.If | ast.While):
            return self._decided(node.test, depth)
        if isinstance(node, ast.AugAssign):
            load = ast.copy_location(ast.BinOp(_loaded(node.target), node.op, node.value), node)
            return self.expression(load, depth)[0]
        if isinstance(node, ast.Assign | ast.AnnAssign | ast.Return | ast.Expr):
            return self.expression(node.value, depth)[0] if node.value is not None else ""
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef | ast.Import | ast.ImportFrom):
            return ""
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.expr):
                self.expression(child, depth)
        return type(node).__name__

    def _loop(self, target: ast.expr, over: ast.expr, depth: int) -> str:
        left, right = self.expression(target, depth)[0], self.expression(over, depth)[0]
        self.found.add(("for", left, right), _lines(over))
        return f"for {left} in {right}"

    def _decided(self, test: ast.expr, depth: int) -> str:
        text = self.expression(test, depth)[0]
        self.found.add(("if", text), _lines(test))
        return f"if {text}"

    def expression(self, node: ast.expr, depth: int) -> tuple[str, int]:
        """An expression; it and all its parts of some size get their prints."""
        if depth > DEEPEST:
            return "…", 1
        kind, parts = self._parts(node, depth + 1)
        size = 1 + sum(one for _, one in parts)
        text = f"{kind}({','.join(part for part, _ in parts)})" if parts else kind
        if size >= SMALLEST:
            text = _hashed((text,))
            self.found.lines.setdefault(text, []).append(_lines(node))
        return text, size

    def _parts(self, node: ast.expr, depth: int) -> tuple[str, list[tuple[str, int]]]:
        """What an expression is, and what it is made of."""
        if isinstance(node, ast.Name):
            return self._name(node.id), []
        if isinstance(node, ast.Constant):
            return f"{type(node.value).__name__} {node.value!r}"[:200], []
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add | ast.Mult):
            return type(node.op).__name__, sorted(self.expression(one, depth) for one in _operands(node, type(node.op)))
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            sides, operator = [node.left, node.comparators[0]], type(node.ops[0])
            sides = sides[::-1] if operator in SWAPPED else sides
            return SWAPPED.get(operator, operator.__name__), [self.expression(one, depth) for one in sides]
        if isinstance(node, ast.IfExp):
            self._decided(node.test, depth)
            return "choice", [self.expression(one, depth) for one in (node.body, node.orelse)]
        if isinstance(node, ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp):
            return self._comprehension(node, depth)
        if isinstance(node, ast.Call):
            return self._call(node, depth)
        if isinstance(node, ast.Attribute):
            dotted = self._module(node)
            return (dotted, []) if dotted else (f".{node.attr}", [self.expression(node.value, depth)])
        if isinstance(node, ast.Lambda):
            return "lambda", [self.expression(node.body, depth)]
        kind = " ".join([type(node).__name__, *(type(one).__name__ for one in _operators(node))])
        return kind, [self.expression(one, depth) for one in _children(node)]

    def _name(self, name: str) -> str:
        return "_" if name in self.names.own else self.names.modules.get(name, name)

    def _module(self, node: ast.expr) -> str:
        """``torch.linalg`` and the like; empty for what is no module's."""
        if isinstance(node, ast.Attribute):
            inside = self._module(node.value)
            return f"{inside}.{node.attr}" if inside else ""
        return self._name(node.id) if isinstance(node, ast.Name) and node.id in self.names.modules else ""

    def _call(self, node: ast.Call, depth: int) -> tuple[str, list[tuple[str, int]]]:
        given = [self.expression(one, depth) for one in node.args]
        for one in node.keywords:
            text, size = self.expression(one.value, depth)
            given.append((f"{one.arg}={text}", size))
        called = node.func
        if not isinstance(called, ast.Attribute):
            return "call", [self.expression(called, depth), *given]
        receiver = [] if self._module(called.value) else [self.expression(called.value, depth)]
        return f"call .{called.attr}", [*receiver, *given]

    def _comprehension(
        self, node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp, depth: int
    ) -> tuple[str, list[tuple[str, int]]]:
        loops = [(self._loop(one.target, one.iter, depth), 1) for one in node.generators]
        loops += [(self._decided(test, depth), 1) for one in node.generators for test in one.ifs]
        made = [node.key, node.value] if isinstance(node, ast.DictComp) else [node.elt]
        return "each", [*loops, *(self.expression(one, depth) for one in made)]


def _loaded(target: ast.expr) -> ast.expr:
    """What is assigned to, as it is read."""
    return ast.copy_location(ast.Name(target.id, ast.Load()), target) if isinstance(target, ast.Name) else target


def _operands(node: ast.expr, kind: type) -> Iterator[ast.expr]:
    """All that a chain of sums, or of products, is made of."""
    waiting = [node]
    while waiting:
        one = waiting.pop()
        if isinstance(one, ast.BinOp) and isinstance(one.op, kind):
            waiting += [one.right, one.left]
        else:
            yield one


def _operators(node: ast.expr) -> Iterator[ast.AST]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.operator | ast.unaryop | ast.boolop | ast.cmpop):
            yield child


def _children(node: ast.expr) -> Iterator[ast.expr]:
    for child in ast.iter_child_nodes(node):
        if isinstance(child, ast.expr):
            yield child


def _lines(node: ast.expr) -> Span:
    return node.lineno, node.end_lineno or node.lineno
