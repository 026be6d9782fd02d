"""A straight line through points, and how sure its slope is (ordinary least squares; Montgomery and Runger, ch. 11). Pure."""

from collections.abc import Sequence
from typing import Final, NamedTuple

_STUDENT_975: Final = (
    12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228,
    2.201, 2.179, 2.160, 2.145, 2.131, 2.120, 2.110, 2.101, 2.093, 2.086,
)  # fmt: skip
"""97.5 % quantile of Student's t for 1, 2, 3 … degrees of freedom."""
_NORMAL_975: Final = 1.96
MIN_POINTS: Final = 3
"""Two points leave no freedom to judge the line by."""


class Line(NamedTuple):
    """y = intercept + slope × x; the slope lies within ± `margin` at 95 % confidence."""

    intercept: float
    slope: float
    margin: float

    def at(self, x: float) -> float:
        """The fitted value."""
        return self.intercept + self.slope * x


def fit_line(points: Sequence[tuple[float, float]]) -> Line | None:
    """None with fewer than three points, or all at one x."""
    count = len(points)
    if count < MIN_POINTS:
        return None
    mean_x, mean_y = (sum(values) / count for values in zip(*points, strict=True))
    spread = sum((x - mean_x) ** 2 for x, _ in points)
    if spread == 0:
        return None
    slope = sum((x - mean_x) * (y - mean_y) for x, y in points) / spread
    intercept = mean_y - slope * mean_x
    residue = sum((y - intercept - slope * x) ** 2 for x, y in points)
    freedom = count - 2
    student = _STUDENT_975[freedom - 1] if freedom <= len(_STUDENT_975) else _NORMAL_975
    return Line(intercept, slope, student * (residue / freedom / spread) ** 0.5)
