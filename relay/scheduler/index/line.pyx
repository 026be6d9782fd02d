"""Lines of calls with one requirement, and cells that gather the heads of many lines.

Lines know their cells; cells know lines by number only, so nothing refers in a circle.
"""

cimport cython
from cpython.ref cimport Py_DECREF, Py_INCREF, PyObject
from libc.stdlib cimport free, realloc

from relay.scheduler.index.facets cimport Facet
from relay.scheduler.index.ordered cimport Entry, Ordered, before

cdef enum:
    NOWHERE = -1
    NOBODY = -1
    CHILDREN = 4
    FEW_POSTS = 64
    POSTS_PER_LINE = 4


@cython.final
@cython.no_gc
cdef class Line(Ordered):
    """Calls with one requirement, in order, and where their head is posted."""

    def __cinit__(self, tuple key, tuple group, str scope, Facet facet):
        self.key = key
        self.group = group  # the named item nodes it lies in, narrowest first
        self.scope = scope
        self.facet = facet
        self.number = self.older = self.newer = NOWHERE
        self.supply_version = -1

    def __dealloc__(self):
        self.close()
        free(self.postings)

    cdef int join(self, Cell cell, Lines lines) except -1:
        """Post heads to this cell too, from now on."""
        cdef Posting* postings
        if self.places == self.places_room:
            postings = <Posting*>realloc(self.postings, (self.places_room + 8) * sizeof(Posting))
            if postings is NULL:
                raise MemoryError
            self.postings = postings
            self.places_room += 8
        self.postings[self.places] = Posting(<PyObject*>cell, 0, NOBODY)
        Py_INCREF(cell)
        self.places += 1
        cell.lines += 1
        if self.used:
            self._post_to(self.places - 1, self.head(), lines)
        return 0

    cdef int post(self, Lines lines) except -1:
        """Make the head known to the cells that do not know an earlier one."""
        cdef Entry* head = self.head()
        cdef Posting* posting
        cdef int place
        for place in range(self.places):
            posting = &self.postings[place]
            if posting.seq == NOBODY or before(head.key, head.seq, posting.key, posting.seq):
                self._post_to(place, head, lines)
        return 0

    cdef void lose(self, PyObject* head) noexcept:
        """`head` was the first call, and is gone: cells that showed it must look again."""
        cdef Cell cell
        cdef int place
        for place in range(self.places):
            cell = <Cell>self.postings[place].cell
            if cell.head is head:
                cell.fresh = False

    cdef void close(self) noexcept:
        """Leave all cells; posts that are still there are dead."""
        cdef Cell cell
        while self.places:
            self.places -= 1
            cell = <Cell>self.postings[self.places].cell
            cell.lines -= 1
            Py_DECREF(cell)
        self.open = False

    cdef int _post_to(self, int place, Entry* head, Lines lines) except -1:
        cdef Posting* posting = &self.postings[place]
        cdef Cell cell = <Cell>posting.cell
        posting.key = head.key
        posting.seq = head.seq
        cell.fresh = False
        return cell.add(Post(head.key, head.seq, self.number, place), lines)


@cython.final
cdef class Lines:
    """Lines by number; numbers are given anew."""

    def __cinit__(self):
        self.free_number = NOWHERE

    def __dealloc__(self):
        cdef int number
        for number in range(self.used):
            if self.by_number[number] is not NULL:
                Py_DECREF(<object>self.by_number[number])
        free(self.by_number)
        free(self.next_free)

    cdef int enter(self, Line line) except -1:
        """Give it a number."""
        cdef int number = self.free_number
        cdef void* larger
        if number != NOWHERE:
            self.free_number = self.next_free[number]
        else:
            if self.used == self.room:
                larger = realloc(self.by_number, (2 * self.room + 64) * sizeof(PyObject*))
                if larger is NULL:
                    raise MemoryError
                self.by_number = <PyObject**>larger
                larger = realloc(self.next_free, (2 * self.room + 64) * sizeof(int))
                if larger is NULL:
                    raise MemoryError
                self.next_free = <int*>larger
                self.room = 2 * self.room + 64
            number = self.used
            self.used += 1
        line.number = number
        self.by_number[number] = <PyObject*>line
        Py_INCREF(line)
        return 0

    cdef void leave(self, Line line) noexcept:
        """Take its number away."""
        self.by_number[line.number] = NULL
        self.next_free[line.number] = self.free_number
        self.free_number = line.number
        line.number = NOWHERE
        Py_DECREF(line)

    cdef Line at(self, int number):
        """The line of a number that is given."""
        return <Line>self.by_number[number]


@cython.final
@cython.no_gc
cdef class Cell:
    """A heap of the heads of its lines, corrected when looked at; while it is `fresh`, `head` is the first of all."""

    def __cinit__(self, Facet facet):
        self.facet = facet

    def __dealloc__(self):
        free(self.heap)

    cdef int add(self, Post post, Lines lines) except -1:
        """Take a head in; dead posts are swept out when they outnumber the lines."""
        cdef Post* heap
        cdef int place, above
        if self.count == self.room:
            heap = <Post*>realloc(self.heap, (2 * self.room + 4) * sizeof(Post))
            if heap is NULL:
                raise MemoryError
            self.heap = heap
            self.room = 2 * self.room + 4
        heap = self.heap
        place = self.count
        self.count += 1
        while place:
            above = (place - 1) // CHILDREN
            if not before(post.key, post.seq, heap[above].key, heap[above].seq):
                break
            heap[place] = heap[above]
            place = above
        heap[place] = post
        if self.count > FEW_POSTS + POSTS_PER_LINE * self.lines:
            self._sweep(lines)
        return 0

    cdef PyObject* first(self, Lines lines) noexcept:
        """The first call of all its lines, or NULL.

        A head that left its line remains as a lower bound until it comes up here and is replaced by the line's true head.
        """
        cdef Post* post
        cdef Entry* head
        cdef Line line
        if self.fresh:
            return self.head
        self.fresh = True
        self.head = NULL
        while self.count:
            post = &self.heap[0]
            if not self.is_living(post, lines):
                self.pop()
                continue
            line = <Line>lines.by_number[post.line]
            head = line.head()
            if head is NULL:
                line.postings[post.place].seq = NOBODY
                self.pop()
            elif head.key == post.key and head.seq == post.seq:
                self.head = head.item
                self.head_key = head.key
                self.head_seq = head.seq
                break
            else:
                post.key = line.postings[post.place].key = head.key
                post.seq = line.postings[post.place].seq = head.seq
                self._sift_down(0)
        return self.head

    cdef Post pop(self) noexcept:
        """Take out the first post; there is one."""
        cdef Post post = self.heap[0]
        self.count -= 1
        if self.count:
            self.heap[0] = self.heap[self.count]
            self._sift_down(0)
        return post

    cdef bint is_living(self, Post* post, Lines lines) noexcept:
        """Whether it is what its line has posted here last."""
        cdef PyObject* at = lines.by_number[post.line]
        if at is NULL:
            return False
        cdef Line line = <Line>at
        if post.place >= line.places:
            return False
        cdef Posting* posting = &line.postings[post.place]
        return posting.cell is <PyObject*>self and posting.seq == post.seq and posting.key == post.key

    cdef void _sweep(self, Lines lines) noexcept:
        cdef int place
        cdef int kept = 0
        for place in range(self.count):
            if self.is_living(&self.heap[place], lines):
                self.heap[kept] = self.heap[place]
                kept += 1
        self.count = kept
        for place in range(kept // CHILDREN, -1, -1):
            self._sift_down(place)

    cdef void _sift_down(self, int place) noexcept:
        cdef Post* heap = self.heap
        cdef Post post
        cdef int child, least, last
        if place >= self.count:
            return
        post = heap[place]
        while True:
            least = CHILDREN * place + 1
            if least >= self.count:
                break
            last = min(least + CHILDREN, self.count)
            for child in range(least + 1, last):
                if before(heap[child].key, heap[child].seq, heap[least].key, heap[least].seq):
                    least = child
            if not before(heap[least].key, heap[least].seq, post.key, post.seq):
                break
            heap[place] = heap[least]
            place = least
        heap[place] = post
