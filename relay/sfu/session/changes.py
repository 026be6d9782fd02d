"""What has changed between slots and sources since somebody looked, by handle."""


class Changes:
    """owned: which track feeds which slot, the sources whose slots or wishes have changed, and what is gone."""

    def __init__(self) -> None:
        self._fed: dict[int, int] = {}
        self._changed: set[int] = set()
        self._gone: set[int] = set()

    def ask(self, slot: int) -> None:
        """What the slot asks of its source is another than before."""
        if slot in self._fed:
            self._changed.add(self._fed[slot])

    def connect(self, slot: int, track: int) -> None:
        """The source feeds the slot from now on."""
        self.ask(slot)
        self._fed[slot] = track
        self._changed.add(track)

    def disconnect(self, slot: int) -> None:
        """Nothing feeds the slot."""
        self.ask(slot)
        self._fed.pop(slot, None)

    def add_source(self, track: int) -> None:
        """A source is there."""
        self._changed.add(track)

    def remove(self, handle: int) -> None:
        """A source or slot is gone."""
        self.disconnect(handle)
        self._gone.add(handle)

    def take(self) -> tuple[set[int], set[int]]:
        """Since the last call: sources of which the slots, or their wishes, have changed; sources and slots that are gone."""
        changes = self._changed - self._gone, self._gone
        self._changed, self._gone = set(), set()
        return changes
