from typing import Self, final

@final
class StreamRewrite:
    def __new__(cls, gated: bool, first_sequence: int, first_timestamp: int, clock_rate_hz: int) -> Self: ...
    def switch(self) -> None: ...
    def skip(self, position: int, *, picture: int | None = None, wide: bool = True) -> bool: ...
    def label(
        self,
        position: int,
        timestamp: int,
        received_ns: int,
        *,
        marker: bool = False,
        keyframe: bool = False,
        newest: bool = True,
        empty: bool = False,
        picture: int | None = None,
        wide: bool = True,
        level: int | None = None,
        key: int | None = None,
        since_last_ns: int = -1,
    ) -> tuple[int, int, int, int, int, int]: ...
