"""Functions made again from changed source: a mistake that is one expression among many."""

from __future__ import annotations
import __future__

import ast
import inspect
import textwrap
from collections.abc import Callable
from types import FunctionType
from typing import Any

_FUTURE = __future__.annotations.compiler_flag


def syntax(function: FunctionType) -> ast.FunctionDef:
    """The syntax tree of a function, without its decorators."""
    (node,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(node, ast.FunctionDef)
    node.decorator_list = []
    return node


def compiled(function: FunctionType, node: ast.FunctionDef) -> FunctionType:
    """A function with the names that `function` sees, from another syntax tree."""
    module = ast.fix_missing_locations(ast.Module([node], []))
    made: dict[str, Any] = {}
    code = compile(module, f"<{function.__qualname__}, changed>", "exec", flags=_FUTURE, dont_inherit=True)
    exec(code, function.__globals__, made)
    return made[node.name]


def edited(old: str, new: str) -> Callable[[Any], Any]:
    """What makes the wrong function: its source with `old`, which stands in it once, replaced by `new`."""

    def make(original: Any) -> Any:
        source = textwrap.dedent(inspect.getsource(original))
        if source.count(old) != 1:
            raise ValueError(f"{original.__qualname__} has {source.count(old)} times, not once: {old}")
        (node,) = ast.parse(source.replace(old, new)).body
        assert isinstance(node, ast.FunctionDef)
        node.decorator_list = []
        return compiled(original, node)

    return make
