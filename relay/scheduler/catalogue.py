"""The tree of service items: which items exist, and what lies beneath a code."""

from collections.abc import Iterable

from .errors import UnknownItem
from .model import ALL_ITEMS, ServiceItem


def parent(code: str) -> str:
    """The code one segment shorter; of a single segment, all items."""
    return code.rpartition(".")[0] or ALL_ITEMS


def chain(code: str) -> tuple[str, ...]:
    """The nodes that a call for `code` belongs to, narrowest first: itself, its parents, all items."""
    path = []
    while code != ALL_ITEMS:
        path.append(code)
        code = parent(code)
    path.append(ALL_ITEMS)
    return tuple(path)


def beneath(outer: str, code: str) -> bool:
    """Whether `code` is `outer` or lies under it."""
    return outer in (ALL_ITEMS, code) or code.startswith(outer + ".")


class Catalogue:
    """Items by code, and their children. Codes that only appear as leading parts are nodes, but not items."""

    __slots__ = ("children", "items", "leaves")

    def __init__(self, items: Iterable[ServiceItem] = ()) -> None:
        self.items: dict[str, ServiceItem] = {}
        self.children: dict[str, list[str]] = {ALL_ITEMS: []}
        self.leaves: dict[str, int] = {ALL_ITEMS: 0}
        """Number of items at or beneath a node, as a measure of how much a skill covers."""
        self.define(items)

    def define(self, items: Iterable[ServiceItem]) -> None:
        """Add or replace items."""
        for item in items:
            if item.code not in self.items:
                self._grow(item.code)
                for node in chain(item.code):
                    self.leaves[node] += 1
            self.items[item.code] = item

    def retire(self, codes: Iterable[str]) -> None:
        """Take items out; nodes stay, for skills may name them."""
        for code in codes:
            if self.items.pop(code, None) is not None:
                for node in chain(code):
                    self.leaves[node] -= 1

    def know(self, nodes: Iterable[str]) -> None:
        """Nodes of items that were retired."""
        for node in nodes:
            self._grow(node)

    def item(self, code: str) -> ServiceItem:
        """Raises UnknownItem."""
        item = self.items.get(code)
        if item is None:
            raise UnknownItem(f"the service item {code!r} is not in the catalogue")
        return item

    def require_node(self, code: str) -> None:
        """Raise UnknownItem when no item is `code` or lies beneath it."""
        if code not in self.children:
            raise UnknownItem(f"no service item is {code!r} or lies beneath it")

    def _grow(self, code: str) -> None:
        while code not in self.children:
            self.children[code] = []
            self.leaves[code] = 0
            above = parent(code)
            if above not in self.children and above != ALL_ITEMS:
                self._grow(above)
            self.children[above].append(code)
            code = above
