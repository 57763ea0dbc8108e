"""Small changes of the syntax tree of a function: comparisons, signs, indices, conditions, orders, types, defaults."""

from __future__ import annotations

import ast
import copy
import functools
import itertools
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

_COMPARED: dict[type[ast.cmpop], type[ast.cmpop]] = {
    ast.Lt: ast.LtE, ast.LtE: ast.Lt, ast.Gt: ast.GtE, ast.GtE: ast.Gt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq,
    ast.In: ast.NotIn, ast.NotIn: ast.In, ast.Is: ast.IsNot, ast.IsNot: ast.Is,
}  # fmt: skip
_COMPUTED: dict[type[ast.operator], type[ast.operator]] = {
    ast.Add: ast.Sub, ast.Sub: ast.Add, ast.Mult: ast.Div, ast.Div: ast.Mult, ast.FloorDiv: ast.Mult,
    ast.BitAnd: ast.BitOr, ast.BitOr: ast.BitAnd, ast.Mod: ast.Mult, ast.Pow: ast.Mult, ast.LShift: ast.RShift,
    ast.RShift: ast.LShift,
}  # fmt: skip
_TEXTS = {
    "<": ">", ">": "<", "little": "big", "big": "little", "start": "end", "end": "start", ">u8": "<u8", "<u8": ">u8",
    "right": "left", "left": "right", "<f8": ">f8",
}  # fmt: skip
_NAMES = {
    "minimum": "maximum", "maximum": "minimum", "argmax": "argmin", "argmin": "argmax", "any": "all", "all": "any",
    "min": "max", "max": "min", "zeros": "ones", "ones": "zeros", "float64": "float32", "int64": "int16",
    "cumsum": "cumprod", "startswith": "endswith", "endswith": "startswith", "flatnonzero": "argsort",
}  # fmt: skip
_SYMMETRIC = ("min", "max", "minimum", "maximum", "zip", "isinstance", "range")
"""Functions of which two arguments are swapped in vain, or with an error at once."""


@dataclass(frozen=True)
class Change:
    """One change of a tree: where it differs, and the source of what stood there and of what stands there now."""

    line: int
    old: str
    new: str
    statement: str
    """The statement that it stands in; of one that holds others, its first line."""
    make: Callable[[], ast.FunctionDef] = field(repr=False)
    """Makes the changed tree."""

    def __str__(self) -> str:
        """The change in words that stay the same wherever its function moves."""
        said = f"{self.old} -> {self.new}"
        return said if self.statement == self.old else f"{said} in {self.statement}"


def changes(tree: ast.FunctionDef) -> Iterator[Change]:
    """Every change of a function, one at a time; lines count from the first of the function."""
    for number, (node, statement) in enumerate(_nodes(tree, tree)):
        for variant, new in enumerate(_alternatives(node)):
            yield Change(getattr(node, "lineno", 1), _said(node), _said(new), _said(statement),
                         functools.partial(_changed, tree, number, variant))  # fmt: skip


def _changed(tree: ast.FunctionDef, number: int, variant: int) -> ast.FunctionDef:
    mutant = copy.deepcopy(tree)
    twin, _ = next(itertools.islice(_nodes(mutant, mutant), number, None))
    _replace(mutant, twin, _alternatives(twin)[variant])
    return mutant


def _nodes(node: ast.AST, statement: ast.stmt) -> Iterator[tuple[ast.AST, ast.stmt]]:
    """The nodes that have a meaning to a program, each with its statement.

    Annotations have none, nor the words of an error, nor what bounds memory."""
    statement = node if isinstance(node, ast.stmt) else statement
    yield node, statement
    if isinstance(node, ast.Raise | ast.JoinedStr) or _owner(node) == "memory":
        return
    if isinstance(node, ast.keyword) and node.arg == "strict":
        return
    if isinstance(node, ast.Yield) and isinstance(node.value, ast.Call) and _owner(node.value)[:1].isupper():
        return
    for name, value in ast.iter_fields(node):
        if name not in ("annotation", "returns"):
            for child in value if isinstance(value, list) else [value]:
                if isinstance(child, ast.AST):
                    yield from _nodes(child, statement)


def _owner(node: ast.AST) -> str:
    """The first name of what a call, or a statement that is one, calls."""
    node = node.value if isinstance(node, ast.Expr) else node
    called: ast.AST = node.func if isinstance(node, ast.Call) else node
    while isinstance(called, ast.Attribute):
        called = called.value
    return called.id if isinstance(node, ast.Call) and isinstance(called, ast.Name) else ""


def _said(node: ast.AST) -> str:
    """The beginning of the source on one line; of a statement that holds others, its first line."""
    source = ast.unparse(ast.fix_missing_locations(copy.deepcopy(node)))
    return (source.partition("\n")[0] if hasattr(node, "body") else " ".join(source.split()))[:120]


def _replace(tree: ast.AST, old: ast.AST, new: ast.AST) -> None:
    """Put a node in the place of another."""
    for parent in ast.walk(tree):
        for name, value in ast.iter_fields(parent):
            if value is old:
                setattr(parent, name, new)
            elif isinstance(value, list):
                value[:] = [new if item is old else item for item in value]


def _alternatives(node: ast.AST) -> list[ast.AST]:
    """What may stand in the place of a node."""
    if isinstance(node, ast.Compare):
        return [_with(node, ops=[*node.ops[:k], _COMPARED[type(op)](), *node.ops[k + 1 :]])
                for k, op in enumerate(node.ops)]  # fmt: skip
    if isinstance(node, ast.BinOp | ast.AugAssign):
        if isinstance(node.op, ast.MatMult):
            return [_with(node, left=node.right, right=node.left)] if isinstance(node, ast.BinOp) else []
        return [_with(node, op=_COMPUTED[type(node.op)]())] if type(node.op) in _COMPUTED else []
    if isinstance(node, ast.BoolOp):
        other = ast.Or() if isinstance(node.op, ast.And) else ast.And()
        return [_with(node, op=other), *(_without(node, k) for k in range(len(node.values)))]
    if isinstance(node, ast.UnaryOp):
        return [node.operand] if isinstance(node.op, ast.Not | ast.USub | ast.Invert) else []
    if isinstance(node, ast.Constant):
        return _constants(node.value)
    if isinstance(node, ast.Attribute):
        if node.attr == "T":
            return [node.value]
        return [_with(node, attr=_NAMES[node.attr])] if node.attr in _NAMES else []
    if isinstance(node, ast.Call):
        return _calls(node)
    if isinstance(node, ast.IfExp):
        return [node.body, node.orelse]
    if isinstance(node, ast.If):
        return [_with(node, test=ast.Constant(True)), _with(node, test=ast.Constant(False))]
    if isinstance(node, ast.Raise | ast.Continue | ast.Break) or (
        isinstance(node, ast.Expr)
        and isinstance(node.value, ast.Call | ast.Yield | ast.YieldFrom)
        and _owner(node) != "memory"
    ):
        return [ast.Pass()]
    return []


def _constants(value: object) -> list[ast.AST]:
    if isinstance(value, bool):
        return [ast.Constant(not value)]
    if isinstance(value, int):
        return [ast.Constant(value + 1), *([ast.Constant(value - 1)] if value > 0 else [])]
    if isinstance(value, float):
        return [ast.Constant(value * 10 if value else 1.0)]
    return [ast.Constant(_TEXTS[value])] if isinstance(value, str) and value in _TEXTS else []


def _calls(node: ast.Call) -> list[ast.AST]:
    """Two arguments swapped, a keyword left to its default, `sorted` left out."""
    found: list[ast.AST] = []
    if isinstance(node.func, ast.Name) and node.func.id in ("sorted", "reversed", "abs") and len(node.args) == 1:
        found.append(node.args[0])
    if (
        len(node.args) == 2
        and _called(node) not in _SYMMETRIC
        and not any(isinstance(arg, ast.Starred) for arg in node.args)
    ):
        found.append(_with(node, args=node.args[::-1]))
    found += [_with(node, keywords=[k for k in node.keywords if k is not word])
              for word in node.keywords if word.arg not in (None, "strict")]  # fmt: skip
    return found


def _called(node: ast.Call) -> str:
    """The last name of what is called."""
    return node.func.attr if isinstance(node.func, ast.Attribute) else _owner(node)


def _without(node: ast.BoolOp, k: int) -> ast.AST:
    rest = [value for place, value in enumerate(node.values) if place != k]
    return rest[0] if len(rest) == 1 else _with(node, values=rest)


def _with(node: ast.AST, **fields: object) -> ast.AST:
    """The same node with other fields."""
    return ast.copy_location(type(node)(**{**dict(ast.iter_fields(node)), **fields}), node)
