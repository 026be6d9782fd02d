"""Who waits, found from the seat's side: the first waiting call that a profile can serve.

Calls with the same requirement (group of items, region scope, facet) wait in one `Line`, in order. Items that no
profile tells apart share a group: only nodes that some profile names are distinguished.

A seat serves item subtrees in region subtrees, so lines are gathered in `Cell`s, one per item node, region and facet:
`own` cells hold the lines whose scope is that very region, `under` cells those whose scope lies in it. A seat serving
region R finds what concerns it under R, and in the own cells of the divisions around R (calls whose search has
widened to them). Only nodes and regions that profiles name have cells.

A cell is a heap of line heads, corrected lazily: a head that left remains as a lower bound until it comes up and is
replaced by the line's true head; a line whose head becomes earlier posts anew. So a call costs one insertion into its
line, and cells are touched only when it becomes the line's head. Finding costs one look per slot of the profile.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from heapq import heappop, heappush

from relay.scheduler import catalogue, regions
from relay.scheduler.entities import Call
from relay.scheduler.model import Kind, Media

from .line import Cell, Entry, Line, Post
from .profile import Facet, Numbers, Profile

_SPARE_LINES = 1024
"""Empty lines kept in any case; beyond, they are swept when they outnumber half of all lines."""
_NOWHERE = ""
"""The node above all nodes that profiles name."""


class WaitingIndex:
    """All lines and cells."""

    __slots__ = (
        "_by_node", "_by_scope", "_cells", "_empty", "_group_numbers", "_groups", "_lines", "_numbers",
        "_served", "size",
    )  # fmt: skip

    def __init__(self, numbers: Numbers) -> None:
        self._numbers = numbers
        self._lines: dict[tuple[int, int, int], Line] = {}
        self._by_node: dict[str, dict[tuple[int, int, int], Line]] = {_NOWHERE: {}}
        self._by_scope: dict[str, dict[tuple[int, int, int], Line]] = {}
        self._cells: dict[int, dict[int, Cell]] = {}
        self._groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._group_numbers: dict[tuple[str, ...], int] = {}
        self._served: dict[str, None] = {}
        self._empty = 0
        self.size = 0
        """Calls that wait."""

    def line(self, item: str, scope: str, kind: Kind, language: str, media: tuple[Media, ...], level: int) -> Line:
        """The line of a requirement, made when there is none."""
        facet = self._numbers.facet(kind, language, media, level)
        group = self._groups.get(item)
        if group is None:
            group = self._groups[item] = self._group(item)
        key = (group[0], self._numbers.region(scope), facet.number)
        return self._lines.get(key) or self._new_line(key, group[1], scope, facet)

    def line_of(self, call: Call) -> Line:
        """The line of a call as its search stands."""
        return self.line(call.item, call.scope, call.kind, call.language, call.media, call.level)

    def add(self, call: Call, line: Line) -> None:
        """`call` waits in `line` from now on."""
        entry = (call.virtual_ms, call.seq, call)
        call.line = line
        call.entry = entry
        calls = line.calls
        if not calls.blocks:
            self._empty -= 1
            if not line.open:
                self._open(line)
        calls.add(entry)
        self.size += 1
        if calls.blocks[0][0] is entry:
            line.post(entry)

    def remove(self, call: Call) -> None:
        """`call`, which waits here, does so no longer."""
        line = call.line
        if line is None or call.entry is None:
            return
        line.calls.remove(call.entry)
        call.entry = None
        self.size -= 1
        if not line.calls.blocks:
            self._empty += 1
            if self._empty > _SPARE_LINES + len(self._lines) // 2:
                self._sweep()

    def first(self, profile: Profile, barred: Collection[str] = ()) -> Call | None:
        """The first call that a seat of this profile can serve and that is not one of `barred` (call ids)."""
        best: Entry | None = None
        cells = self._cells
        choosy = bool(barred) or profile.lowered
        for slot, level in profile.slots:
            facets = cells.get(slot)
            if facets is None:
                continue
            for cell in facets.values():
                facet = cell.facet
                if facet.level > level or not cell.heap or not profile.accepts(facet):
                    continue
                head = _first_but(cell, profile, barred) if choosy else cell.first()
                if head is not None and (best is None or head < best):
                    best = head
        return None if best is None else best[2]

    def add_profile(self, profile: Profile) -> None:
        """Distinguish what this profile names."""
        for node in profile.levels:
            if node not in self._by_node:
                self._name(node)
        for region in profile.regions:
            if region not in self._served:
                self._serve(region)

    def rivals(self, line: Line) -> Iterator[Line]:
        """Lines with calls for the same group of items (or a part of it) in overlapping scopes; itself included."""
        path = regions.chain(line.scope)
        for other in list(self._by_node[line.group[0] if line.group else _NOWHERE].values()):
            if other.calls.blocks and (other.scope in path or line.scope in regions.chain(other.scope)):
                yield other

    def lines(self) -> Iterator[Line]:
        """All lines in which somebody waits."""
        return (line for line in self._lines.values() if line.calls.blocks)

    def _group(self, item: str) -> tuple[int, tuple[str, ...]]:
        named = tuple(node for node in catalogue.chain(item) if node in self._by_node)
        return self._group_numbers.setdefault(named, len(self._group_numbers)), named

    def _new_line(self, key: tuple[int, int, int], group: tuple[str, ...], scope: str, facet: Facet) -> Line:
        """A line without calls is in no cell yet."""
        line = self._lines[key] = Line(key, group, scope, facet)
        self._empty += 1
        return line

    def _open(self, line: Line) -> None:
        """The line has its first call: seats must find it."""
        key, group, scope, facet = line.key, line.group, line.scope, line.facet
        line.open = True
        self._by_node[_NOWHERE][key] = line
        for node in group:
            self._by_node[node][key] = line
        lines = self._by_scope.get(scope)
        if lines is None:
            lines = self._by_scope[scope] = {}
        lines[key] = line
        around = [region for region in regions.chain(scope) if region in self._served]
        slot = self._numbers.slot
        for node in group:
            line.join(self._cell(slot(node, scope, under=False), facet))
            for region in around:
                line.join(self._cell(slot(node, region, under=True), facet))

    def _close(self, line: Line) -> None:
        line.leave()
        del self._by_scope[line.scope][line.key]
        del self._by_node[_NOWHERE][line.key]
        for node in line.group:
            del self._by_node[node][line.key]

    def _cell(self, slot: int, facet: Facet) -> Cell:
        facets = self._cells.get(slot)
        if facets is None:
            facets = self._cells[slot] = {}
        cell = facets.get(facet.number)
        if cell is None:
            cell = facets[facet.number] = Cell(facet)
        return cell

    def _serve(self, region: str) -> None:
        """A profile serves `region`: lines whose scope lies in it get its cell."""
        self._served[region] = None
        for scope, lines in self._by_scope.items():
            if region in regions.chain(scope):
                for line in lines.values():
                    for node in line.group:
                        line.join(self._cell(self._numbers.slot(node, region, under=True), line.facet))

    def _name(self, node: str) -> None:
        """A profile names `node`: calls beneath it move to lines of their own."""
        around = next((wider for wider in catalogue.chain(node)[1:] if wider in self._by_node), _NOWHERE)
        self._by_node[node] = {}
        self._groups.clear()
        affected = [
            entry[2]
            for line in list(self._by_node[around].values())
            for entry in line.calls
            if node in catalogue.chain(entry[2].item)
        ]
        for call in affected:
            self.remove(call)
            self.add(call, self.line_of(call))

    def _sweep(self) -> None:
        """Forget empty lines, and cells without lines."""
        for key, line in list(self._lines.items()):
            if not line.calls.blocks:
                del self._lines[key]
                if line.open:
                    self._close(line)
        self._empty = 0
        for slot, facets in list(self._cells.items()):
            kept = {number: cell for number, cell in facets.items() if cell.lines}
            if kept:
                self._cells[slot] = kept
            else:
                del self._cells[slot]


def _first_but(cell: Cell, profile: Profile, barred: Collection[str]) -> Entry | None:
    """As `Cell.first`, passing over barred calls and items known less than asked for.

    Costs as much more as there are lines ahead that are passed over.
    """
    aside: list[Post] = []
    best: Entry | None = None
    while (head := cell.first()) is not None and (best is None or head < best):
        line = cell.heap[0][3]
        served = not profile.lowered or profile.level_of(line.group) >= cell.facet.level
        if served and head[2].id not in barred:
            best = head
            break
        aside.append(heappop(cell.heap))
        if served:
            other = next((entry for entry in line.calls if entry[2].id not in barred), None)
            if other is not None and (best is None or other < best):
                best = other
    for post in aside:
        heappush(cell.heap, post)
    return best
