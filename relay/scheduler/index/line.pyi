from typing import final

from .facets import Facet
from .ordered import Ordered
from .seat_set import SeatSet

@final
class Line(Ordered):
    eligible: SeatSet
    supply_version: int
    def __init__(self, key: tuple[int, str, int], group: tuple[str, ...], scope: str, facet: Facet) -> None: ...
    @property
    def key(self) -> tuple[int, str, int]: ...
    @property
    def number(self) -> int: ...
    @property
    def group(self) -> tuple[str, ...]: ...
    @property
    def scope(self) -> str: ...
    @property
    def facet(self) -> Facet: ...

@final
class Lines: ...

@final
class Cell:
    def __init__(self, facet: Facet) -> None: ...
    @property
    def facet(self) -> Facet: ...
