"""Lines of calls with one requirement, cells that gather the heads of many lines, slots that seats look into."""

from __future__ import annotations

from heapq import heapify, heappop, heappush, heapreplace
from typing import TYPE_CHECKING, TypeAlias

from .facets import Facet
from .ordered import Ordered

if TYPE_CHECKING:
    from relay.scheduler.entities import Call


class Line:
    """Calls with one requirement, in order, and where their head is posted."""

    __slots__ = (
        "calls",
        "cells",
        "eligible",
        "facet",
        "group",
        "key",
        "number",
        "open",
        "posted",
        "scope",
        "supply_version",
    )

    def __init__(
        self, number: int, key: tuple[int, str, int], group: tuple[str, ...], scope: str, facet: Facet
    ) -> None:
        self.number = number
        self.key = key
        self.group = group
        """The named item nodes it lies in, narrowest first."""
        self.scope = scope
        self.facet = facet
        self.calls = Ordered()
        self.open = False
        """Whether it is in its cells, so that seats find it."""
        self.cells: list[Cell] = []
        self.posted: list[Post | None] = []
        """The living post in each of `cells`."""
        self.eligible = 0
        """Seats that can serve this line, as of `supply_version`; kept here for the supply index."""
        self.supply_version = -1

    def join(self, slot: Slot) -> None:
        """Post heads to the slot's cell too, from now on."""
        cell = slot.cell(self.facet)
        self.cells.append(cell)
        self.posted.append(None)
        cell.lines += 1
        if self.calls.blocks:
            self.post(self.calls.blocks[0][0])

    def post(self, head: Entry) -> None:
        """Make `head`, the new first call, known to the cells that do not know an earlier one."""
        posted = self.posted
        for place, cell in enumerate(self.cells):
            last = posted[place]
            if last is None or (head[0], head[1]) < (last[0], last[1]):
                post = (head[0], head[1], self.number, place, self)
                posted[place] = post
                cell.add(post)
                cell.fresh = False

    def lose(self, head: Entry) -> None:
        """`head` was the first call, and is gone: cells that showed it must look again."""
        for cell in self.cells:
            if cell.head is head:
                cell.fresh = False

    def close(self) -> None:
        """Leave all cells; posts that are still there are dead."""
        for cell in self.cells:
            cell.lines -= 1
            if not cell.lines:
                cell.slot.drop(cell)
        self.posted = [None] * len(self.cells)
        self.cells = []
        self.open = False


class Slot:
    """An item node in a region, as some profile names it: what lies `under` both, or in the region itself alone."""

    __slots__ = ("cells", "sights")

    def __init__(self) -> None:
        self.cells: list[Cell] = []
        """One per facet of its lines."""
        self.sights: list[Sight] = []
        """Of the profiles that look into it."""

    def cell(self, facet: Facet) -> Cell:
        """The cell of a facet, made when there is none."""
        for cell in self.cells:
            if cell.facet is facet:
                return cell
        cell = Cell(facet, self)
        self.cells.append(cell)
        self._look_anew()
        return cell

    def drop(self, cell: Cell) -> None:
        """A cell has no more lines."""
        self.cells.remove(cell)
        self._look_anew()

    def _look_anew(self) -> None:
        for sight in self.sights:
            sight.fresh = False


class Sight:
    """The cells that seats of one profile look into: those of its slots whose calls it can serve."""

    __slots__ = ("ability", "cells", "fresh", "slots")

    def __init__(self, ability: int, slots: list[tuple[Slot, int]]) -> None:
        self.fresh = False
        self.cells: list[Cell] = []
        self.ability = ability
        self.slots = slots
        """With the level in the items of each."""
        for slot, _ in slots:
            slot.sights.append(self)

    def look(self) -> list[Cell]:
        """Its cells."""
        if not self.fresh:
            self.fresh = True
            self.cells = [
                cell
                for slot, level in self.slots
                for cell in slot.cells
                if cell.facet.level <= level and cell.facet.met[self.ability]
            ]
        return self.cells

    def close(self) -> None:
        """Nobody looks this way any more."""
        for slot, _ in self.slots:
            slot.sights.remove(self)


class Cell:
    """A heap of the heads of its lines, corrected when looked at; while it is `fresh`, `head` is the first of all."""

    __slots__ = ("facet", "fresh", "head", "head_ms", "head_seq", "heap", "lines", "slot")

    def __init__(self, facet: Facet, slot: Slot) -> None:
        self.facet = facet
        self.slot = slot
        self.heap: list[Post] = []
        self.lines = 0
        self.fresh = False
        self.head: Entry | None = None
        self.head_ms = 0
        self.head_seq = 0

    def add(self, post: Post) -> None:
        """Take a head in; dead posts are swept out when they outnumber the lines."""
        heap = self.heap
        heappush(heap, post)
        if len(heap) > 64 + 4 * self.lines:
            heap[:] = [kept for kept in heap if kept[4].posted[kept[3]] is kept]
            heapify(heap)

    def first(self) -> Entry | None:
        """The first call of all its lines."""
        if not self.fresh:
            head = self.head = self._corrected()
            self.fresh = True
            if head is not None:
                self.head_ms = head[0]
                self.head_seq = head[1]
        return self.head

    def _corrected(self) -> Entry | None:
        heap = self.heap
        while heap:
            post = heap[0]
            line = post[4]
            if line.posted[post[3]] is not post:
                heappop(heap)
                continue
            blocks = line.calls.blocks
            if not blocks:
                line.posted[post[3]] = None
                heappop(heap)
                continue
            head: Entry = blocks[0][0]
            if head[1] == post[1] and head[0] == post[0]:
                return head
            corrected = (head[0], head[1], line.number, post[3], line)
            line.posted[post[3]] = corrected
            heapreplace(heap, corrected)
        return None


Entry: TypeAlias = "tuple[int, int, Call]"
"""(virtual_ms, seq, call): a total order, for seq is unique."""
Post: TypeAlias = tuple[int, int, int, int, Line]
"""(virtual_ms, seq, number of the line, place of the cell in the line's list, line)."""
