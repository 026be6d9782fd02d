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

cimport cython
from cpython.ref cimport PyObject
from libc.stdlib cimport free, realloc

from relay.scheduler.entities cimport Call
from relay.scheduler.index.facets cimport Facet, Facets
from relay.scheduler.index.line cimport Cell, Line, Lines, Post
from relay.scheduler.index.ordered cimport before
from relay.scheduler.index.profile cimport Profile

from relay.scheduler import catalogue, regions

cdef enum:
    NOWHERE = -1
    SPARE_LINES = 4096

cdef str ANY = ""


@cython.final
cdef class Slot:
    """An item node in a region, as some profile names it: what lies under both, or in the region itself alone."""

    def __cinit__(self):
        self.cells = []  # one per facet of its lines
        self.sights = []  # of the profiles that look into it


@cython.final
cdef class Sight:
    """The cells that seats of one profile look into: those of its slots whose calls it can serve."""

    def __cinit__(self, int ability, list slots):
        self.ability = ability
        self.slots = slots  # with the level in the items of each
        self.cells = []
        for slot, _ in slots:
            (<Slot>slot).sights.append(self)

    def close(self):
        """Nobody looks this way any more."""
        for slot, _ in self.slots:
            (<Slot>slot).sights.remove(self)


@cython.final
cdef class WaitingIndex:
    """All lines and slots."""

    def __cinit__(self, Facets facets):
        self._facets = facets
        self._numbered = Lines()
        self._lines = {}
        self._by_node = {ANY: {}}  # open lines, by each named node they lie in, by number
        self._groups = {}
        self._group_numbers = {}
        self._slots = {}
        self._sights = {}
        self._oldest = self._newest = NOWHERE  # of the spare lines: empty ones, kept for the next call like it

    cpdef Line line(self, str item, str scope, object kind, str language, tuple media, int level):
        """The line of a requirement, made when there is none."""
        cdef Facet facet = self._facets.of(kind, language, media, level)
        cdef tuple group = self._groups.get(item)
        if group is None:
            group = self._group(item)
        cdef tuple key = (group[0], scope, facet.number)
        cdef Line line = self._lines.get(key)
        if line is None:
            line = self._lines[key] = Line(key, group[1], scope, facet)
            self._numbered.enter(line)
            self._keep_spare(line)
        return line

    cpdef Line line_of(self, Call call):
        """The line of a call as its search stands."""
        return self.line(call.item, call.scope, call.kind, call.language, call.media, call.level)

    cpdef add(self, Call call, Line line):
        """`call` waits in `line` from now on."""
        if line.used == 0:
            if line.number == NOWHERE:
                self._numbered.enter(line)
                self._lines[line.key] = line
            self._reuse(line)
            if not line.open:
                self._open(line)
        call.line_number = line.number
        call.indexed = True
        line.add(call.virtual_ms, call.seq, call)
        self.size += 1
        if line.head().item is <PyObject*>call:
            line.post(self._numbered)

    cpdef remove(self, Call call):
        """`call`, which waits here, does so no longer."""
        cdef Line line = self._numbered.at(call.line_number)
        cdef PyObject* head = line.head().item
        line.remove(call.virtual_ms, call.seq)
        call.indexed = False
        self.size -= 1
        if head is <PyObject*>call:
            line.lose(head)
        if line.used == 0:
            self._keep_spare(line)

    cpdef Call first(self, Profile profile, object barred=()):
        """The first call that a seat of this profile can serve and that is not one of `barred` (call ids)."""
        cdef Sight sight = self._sights[profile]
        cdef Cell cell
        cdef Cell best = None
        if barred or profile.lowered:
            return self._first_but(sight, profile, barred)
        for cell in self._look(sight):
            if cell.first(self._numbered) is not NULL and (
                best is None or before(cell.head_key, cell.head_seq, best.head_key, best.head_seq)
            ):
                best = cell
        return None if best is None else <Call>best.head

    def add_profile(self, Profile profile, *, bint new_ability):
        """Distinguish what this profile names, and let it find its calls."""
        if new_ability:
            self._start_anew()
        for node in profile.levels:
            if node not in self._by_node:
                self._name(node)
        slots = {}
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

    def rivals(self, Line line):
        """Lines with calls for the same group of items (or a part of it) in overlapping scopes; itself included."""
        cdef Line other
        path = regions.chain(line.scope)
        for other in list(self._by_node[line.group[0] if line.group else ANY].values()):
            if other.used and (other.scope in path or line.scope in regions.chain(other.scope)):
                yield other

    def lines(self):
        """All lines in which somebody waits."""
        return [line for line in self._lines.values() if len(line)]

    cdef list _look(self, Sight sight):
        cdef Cell cell
        if not sight.fresh:
            sight.fresh = True
            sight.cells = [
                cell
                for slot, level in sight.slots
                for cell in (<Slot>slot).cells
                if cell.facet.level <= level and cell.facet.met[sight.ability]
            ]
        return sight.cells

    cdef Call _first_but(self, Sight sight, Profile profile, object barred):
        cdef Cell cell
        cdef PyObject* best = NULL
        for cell in self._look(sight):
            best = self._first_in_cell(cell, profile, barred, best)
        return None if best is NULL else <Call>best

    cdef PyObject* _first_in_cell(self, Cell cell, Profile profile, object barred, PyObject* best) except? NULL:
        """As `Cell.first`, if earlier than `best`, passing over barred calls and items known less than asked for."""
        cdef Post* aside = NULL
        cdef Post* larger
        cdef Line line
        cdef Call call
        cdef PyObject* head
        cdef int passed = 0
        cdef bint served
        try:
            while True:
                head = cell.first(self._numbered)
                if head is NULL or not is_earlier(head, best):
                    break
                line = self._numbered.at(cell.heap[0].line)
                served = not profile.lowered or profile.level_of(line.group) >= cell.facet.level
                if served and (<Call>head).id not in barred:
                    best = head
                    break
                if passed & passed - 1 == 0:
                    larger = <Post*>realloc(aside, 2 * (passed + 1) * sizeof(Post))
                    if larger is NULL:
                        raise MemoryError
                    aside = larger
                aside[passed] = cell.pop()
                passed += 1
                cell.fresh = False
                for _, _, call in line if served else ():
                    if call.id not in barred:
                        if is_earlier(<PyObject*>call, best):
                            best = <PyObject*>call
                        break
        finally:
            while passed:
                passed -= 1
                cell.add(aside[passed], self._numbered)
                cell.fresh = False
            free(aside)
        return best

    def _group(self, item):
        named = tuple([node for node in catalogue.chain(item) if node in self._by_node])
        group = self._groups[item] = (self._group_numbers.setdefault(named, len(self._group_numbers)), named)
        return group

    def _slot(self, node, region, under):
        """The slot, which a profile looks into from now on; lines that concern it join."""
        cdef Line line
        slot = self._slots.get((node, region, under))
        if slot is None:
            slot = self._slots[(node, region, under)] = Slot()
            for line in self._by_node[node].values():
                if line.scope == region or (under and region in regions.chain(line.scope)):
                    self._join(line, slot)
        return slot

    cdef _open(self, Line line):
        """The line has its first call: seats must find it."""
        cdef tuple path = regions.chain(line.scope)
        line.open = True
        self._by_node[ANY][line.number] = line
        for node in line.group:
            self._by_node[node][line.number] = line
            own = self._slots.get((node, line.scope, False))
            if own is not None:
                self._join(line, own)
            for region in path:
                slot = self._slots.get((node, region, True))
                if slot is not None:
                    self._join(line, slot)

    cdef _join(self, Line line, Slot slot):
        cdef Cell cell
        for cell in slot.cells:
            if cell.facet is line.facet:
                break
        else:
            cell = Cell(line.facet)
            slot.cells.append(cell)
            for sight in slot.sights:
                (<Sight>sight).fresh = False
        line.join(cell, self._numbered)

    cdef _keep_spare(self, Line line):
        """The line is empty; the one that has been so for longest is forgotten."""
        line.spare = True
        line.older = self._newest
        line.newer = NOWHERE
        if self._newest == NOWHERE:
            self._oldest = line.number
        else:
            self._numbered.at(self._newest).newer = line.number
        self._newest = line.number
        self._spares += 1
        if self._spares > SPARE_LINES:
            self._forget(self._numbered.at(self._oldest))

    cdef void _reuse(self, Line line) noexcept:
        """The line is no longer spare."""
        if not line.spare:
            return
        if line.older == NOWHERE:
            self._oldest = line.newer
        else:
            self._numbered.at(line.older).newer = line.newer
        if line.newer == NOWHERE:
            self._newest = line.older
        else:
            self._numbered.at(line.newer).older = line.older
        line.spare = False
        self._spares -= 1

    cdef _forget(self, Line line):
        self._reuse(line)
        if self._lines.get(line.key) is line:
            del self._lines[line.key]
        if line.open:
            line.close()
            for node in (ANY, *line.group):
                self._by_node[node].pop(line.number, None)
        self._numbered.leave(line)

    def _name(self, node):
        """A profile names `node`: calls beneath it move to lines of their own."""
        around = ANY
        for wider in catalogue.chain(node)[1:]:
            if wider in self._by_node:
                around = wider
                break
        self._by_node[node] = {}
        self._groups.clear()
        lines = list(self._by_node[around].values())
        calls = [call for line in lines for _, _, call in line if node in catalogue.chain(call.item)]
        for call in calls:
            self.remove(call)
            self.add(call, self.line_of(call))

    def _start_anew(self):
        """Facets are others than before: all calls move to other lines."""
        cdef Line line
        cdef Slot slot
        calls = [call for line in self._lines.values() for _, _, call in line]
        for line in self._lines.values():
            line.close()
        for known in self._by_node.values():
            known.clear()
        for slot in self._slots.values():
            slot.cells = []
            for sight in slot.sights:
                (<Sight>sight).fresh = False
        self._lines.clear()
        self._numbered = Lines()
        self._oldest = self._newest = NOWHERE
        self._spares = 0
        self.size = 0
        for call in calls:
            self.add(call, self.line_of(call))


cdef bint is_earlier(PyObject* one, PyObject* other) noexcept:
    """Whether the call comes first; there may be no `other`."""
    return other is NULL or before(
        (<Call>one).virtual_ms, (<Call>one).seq, (<Call>other).virtual_ms, (<Call>other).seq
    )
