"""Who waits, found from the seat's side: the first waiting call that a profile can serve.

Calls with the same requirement (group of items, region scope, facet) wait in one `Line`, in order. Items that no
profile tells apart share a group: only nodes that some profile names are distinguished.

A seat serves item subtrees in region subtrees. It looks into one `Slot` for each of its item nodes and regions, with
all lines whose items lie in the node and whose scope lies in the region; and into slots for the divisions around the
region, with the lines whose scope is that very division (calls whose search has widened to it). A line is in all slots
that concern it, and only slots that profiles look into exist. In a slot there is a `Cell` per facet.

A cell is a heap of line heads, corrected lazily: a head that left remains as a lower bound until it comes up and is
replaced by the line's true head; a line whose head becomes earlier posts anew. So a call costs one insertion into its
line, and cells are touched only when it becomes the line's head. Finding costs one look per cell of the seat's slots.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Collection, Iterator
from heapq import heappop, heappush

from relay.scheduler import catalogue, regions
from relay.scheduler.entities import Call
from relay.scheduler.model import Kind, Media

from .facets import Facets
from .line import Cell, Entry, Line, Post, Sight, Slot
from .profile import Profile

_SPARE_LINES = 4096
"""Empty lines are kept for the next call like it, the most recent ones."""
_ANY = ""
"""The node above all nodes that profiles name."""


class WaitingIndex:
    """All lines and slots."""

    __slots__ = (
        "_by_node", "_facets", "_group_numbers", "_groups", "_lines", "_made", "_numbered", "_sights", "_slots", "_spare", "size",
    )  # fmt: skip

    def __init__(self, facets: Facets) -> None:
        self._facets = facets
        self._lines: dict[tuple[int, str, int], Line] = {}
        self._spare: OrderedDict[tuple[int, str, int], Line] = OrderedDict()
        self._by_node: dict[str, dict[tuple[int, str, int], Line]] = {_ANY: {}}
        """Open lines by each named node they lie in."""
        self._groups: dict[str, tuple[int, tuple[str, ...]]] = {}
        self._group_numbers: dict[tuple[str, ...], int] = {}
        self._slots: dict[tuple[str, str, bool], Slot] = {}
        self._numbered: dict[int, Line] = {}
        self._sights: dict[Profile, Sight] = {}
        self._made = 0
        self.size = 0
        """Calls that wait."""

    def line(self, item: str, scope: str, kind: Kind, language: str, media: tuple[Media, ...], level: int) -> Line:
        """The line of a requirement, made when there is none."""
        facet = self._facets.of(kind, language, media, level)
        group = self._groups.get(item)
        if group is None:
            group = self._groups[item] = self._group(item)
        key = (group[0], scope, facet.number)
        line = self._lines.get(key)
        if line is None:
            self._made += 1
            line = self._lines[key] = Line(self._made, key, group[1], scope, facet)
            self._numbered[line.number] = line
            self._keep_spare(line)
        return line

    def line_of(self, call: Call) -> Line:
        """The line of a call as its search stands."""
        return self.line(call.item, call.scope, call.kind, call.language, call.media, call.level)

    def add(self, call: Call, line: Line) -> None:
        """`call` waits in `line` from now on."""
        entry = (call.virtual_ms, call.seq, call)
        call.line_number = line.number
        call.indexed = True
        calls = line.calls
        if not calls.blocks:
            self._spare.pop(line.key, None)
            self._lines[line.key] = self._numbered[line.number] = line
            if not line.open:
                self._open(line)
        calls.add(entry)
        self.size += 1
        if calls.blocks[0][0] is entry:
            line.post(entry)

    def remove(self, call: Call) -> None:
        """`call`, which waits here, does so no longer."""
        line = self._numbered[call.line_number]
        calls = line.calls
        head = calls.blocks[0][0]
        calls.remove((call.virtual_ms, call.seq, call))
        call.indexed = False
        self.size -= 1
        if head[2] is call:
            line.lose(head)
        if not line.calls.blocks:
            self._keep_spare(line)

    def first(self, profile: Profile, barred: Collection[str] = ()) -> Call | None:
        """The first call that a seat of this profile can serve and that is not one of `barred` (call ids)."""
        if barred or profile.lowered:
            return self._first_but(profile, barred)
        best: Cell | None = None
        sight = self._sights[profile]
        for cell in sight.look():
            if not cell.fresh:
                cell.first()
            if cell.head is not None and (
                best is None
                or cell.head_ms < best.head_ms
                or (cell.head_ms == best.head_ms and cell.head_seq < best.head_seq)
            ):
                best = cell
        return None if best is None or best.head is None else best.head[2]

    def add_profile(self, profile: Profile, *, new_ability: bool) -> None:
        """Distinguish what this profile names, and let it find its calls."""
        if new_ability:
            self._start_anew()
        for node in profile.levels:
            if node not in self._by_node:
                self._name(node)
        slots: dict[tuple[str, str, bool], int] = {}
        for node, level in profile.levels.items():
            for region in profile.regions if level else ():
                path = regions.chain(region)
                slots[(node, path[0], True)] = level
                for around in path[1:]:
                    slots[(node, around, False)] = level
        former = self._sights.get(profile)
        if former is not None:
            former.close()
        self._sights[profile] = Sight(profile.ability, [(self._slot(*key), level) for key, level in slots.items()])

    def rivals(self, line: Line) -> Iterator[Line]:
        """Lines with calls for the same group of items (or a part of it) in overlapping scopes; itself included."""
        path = regions.chain(line.scope)
        for other in list(self._by_node[line.group[0] if line.group else _ANY].values()):
            if other.calls.blocks and (other.scope in path or line.scope in regions.chain(other.scope)):
                yield other

    def lines(self) -> Iterator[Line]:
        """All lines in which somebody waits."""
        return (line for line in self._lines.values() if line.calls.blocks)

    def _first_but(self, profile: Profile, barred: Collection[str]) -> Call | None:
        best: Entry | None = None
        sight = self._sights[profile]
        for cell in sight.look():
            head = _first_but(cell, profile, barred)
            if head is not None and (best is None or head < best):
                best = head
        return None if best is None else best[2]

    def _group(self, item: str) -> tuple[int, tuple[str, ...]]:
        named = tuple(node for node in catalogue.chain(item) if node in self._by_node)
        return self._group_numbers.setdefault(named, len(self._group_numbers)), named

    def _slot(self, node: str, region: str, under: bool) -> Slot:
        """The slot, which a profile looks into from now on; lines that concern it join."""
        slot = self._slots.get((node, region, under))
        if slot is None:
            slot = self._slots[(node, region, under)] = Slot()
            for line in self._by_node[node].values():
                if line.scope == region or (under and region in regions.chain(line.scope)):
                    line.join(slot)
        return slot

    def _open(self, line: Line) -> None:
        """The line has its first call: seats must find it."""
        line.open = True
        key, scope, slots = line.key, line.scope, self._slots
        path = regions.chain(scope)
        self._by_node[_ANY][key] = line
        for node in line.group:
            self._by_node[node][key] = line
            own = slots.get((node, scope, False))
            if own is not None:
                line.join(own)
            for region in path:
                slot = slots.get((node, region, True))
                if slot is not None:
                    line.join(slot)

    def _keep_spare(self, line: Line) -> None:
        """The line is empty; the one that has been so for longest is forgotten."""
        spare = self._spare
        spare[line.key] = line
        if len(spare) > _SPARE_LINES:
            key, oldest = spare.popitem(last=False)
            del self._numbered[oldest.number]
            if self._lines.get(key) is oldest:
                del self._lines[key]
            if oldest.open:
                oldest.close()
                for node in (_ANY, *oldest.group):
                    self._by_node[node].pop(key, None)

    def _name(self, node: str) -> None:
        """A profile names `node`: calls beneath it move to lines of their own."""
        around = next((wider for wider in catalogue.chain(node)[1:] if wider in self._by_node), _ANY)
        self._by_node[node] = {}
        self._groups.clear()
        lines = list(self._by_node[around].values())
        calls = [entry[2] for line in lines for entry in line.calls if node in catalogue.chain(entry[2].item)]
        for call in calls:
            self.remove(call)
            self.add(call, self.line_of(call))

    def _start_anew(self) -> None:
        """Facets are others than before: all calls move to other lines."""
        lines = [line for line in self._lines.values() if line.open]
        calls = [entry[2] for line in lines for entry in line.calls]
        for line in lines:
            line.close()
        for known in self._by_node.values():
            known.clear()
        self._lines.clear()
        self._numbered.clear()
        self._spare.clear()
        self.size = 0
        for call in calls:
            self.add(call, self.line_of(call))


def _first_but(cell: Cell, profile: Profile, barred: Collection[str]) -> Entry | None:
    """As `Cell.first`, passing over barred calls and items known less than asked for.

    Costs as much more as there are lines ahead that are passed over.
    """
    aside: list[Post] = []
    best: Entry | None = None
    while (head := cell.first()) is not None and (best is None or head < best):
        line = cell.heap[0][4]
        served = not profile.lowered or profile.level_of(line.group) >= cell.facet.level
        if served and head[2].id not in barred:
            best = head
            break
        aside.append(heappop(cell.heap))
        cell.fresh = False
        if served:
            other = next((entry for entry in line.calls if entry[2].id not in barred), None)
            if other is not None and (best is None or other < best):
                best = other
    for post in aside:
        heappush(cell.heap, post)
        cell.fresh = False
    return best
