"""A network as a torch.fx graph whose operations have names that people can read."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import Any

from torch import fx, nn

# While fx traces, it replaces methods of the class nn.Module, for every thread: one trace at a time.
_TRACING = threading.Lock()


class Tracer(fx.Tracer):
    """Stops at torch's own layers and at modules that declare themselves one operation by an `operation_kind`.

    Modules that other threads run meanwhile are left to run.
    """

    def __init__(self) -> None:
        super().__init__()
        self.thread = threading.get_ident()

    def is_leaf_module(self, m: nn.Module, module_qualified_name: str) -> bool:
        return hasattr(m, "operation_kind") or super().is_leaf_module(m, module_qualified_name)

    def call_module(self, m: nn.Module, forward: Callable[..., Any], args: Any, kwargs: Any) -> Any:
        if threading.get_ident() != self.thread:
            return forward(*args, **kwargs)
        return super().call_module(m, forward, args, kwargs)

    def getattr(self, attr: str, attr_val: Any, parameter_proxy_cache: dict[str, fx.Proxy]) -> Any:
        if threading.get_ident() != self.thread:
            return attr_val
        return super().getattr(attr, attr_val, parameter_proxy_cache)


def upstream(node: fx.Node) -> set[fx.Node]:
    """The operation and all that it depends on."""
    found: set[fx.Node] = set()
    stack = [node]
    while stack:
        current = stack.pop()
        if current not in found:
            found.add(current)
            stack.extend(current.all_input_nodes)
    return found


def graph_of(model: nn.Module) -> fx.GraphModule:
    """`model` as a module that runs the graph of its operations."""
    return fx.GraphModule(model, operations_of(model))


def operations_of(model: nn.Module) -> fx.Graph:
    """The operations of `model`: nodes that carry their unique id, module path and block.

    They are `node.meta["name"]`, `["path"]` and `["block"]`.
    """
    with _TRACING:
        graph = Tracer().trace(model)
    modules = dict(model.named_modules())
    taken: set[str] = set()
    for node in graph.nodes:
        if node.op == "placeholder":
            name = "input"
        elif node.op in ("call_module", "get_attr"):
            name = str(node.target)
        else:
            function = getattr(node.target, "__name__", str(node.target)).strip("_")
            name = ".".join(filter(None, (_enclosing_module(node), function)))
        unique, count = name, 1
        while unique in taken:
            count += 1
            unique = f"{name}_{count}"
        taken.add(unique)
        path = str(node.target) if node.op == "call_module" else _enclosing_module(node)
        node.meta |= {"name": unique, "path": path, "block": _block_path(path, modules)}
    return graph


def _enclosing_module(node: fx.Node) -> str:
    stack = node.meta.get("nn_module_stack") or {"": ("", None)}
    path, _ = list(stack.values())[-1]
    return str(path)


def _block_path(path: str, modules: dict[str, nn.Module]) -> str:
    """The child of the stage that contains `path`, or the stage itself if it consists of operations only."""
    parts = path.split(".")
    if len(parts) == 1:
        return path
    has_blocks = any(
        next(child.children(), None) is not None and not hasattr(child, "operation_kind")
        for child in modules[parts[0]].children()
    )
    return ".".join(parts[:2]) if has_blocks else parts[0]
