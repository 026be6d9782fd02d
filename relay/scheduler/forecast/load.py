"""What a queueing forecast is asked (`Load`, `Target`) and what it answers (`Performance`)."""

from dataclasses import dataclass

from relay.errors import Misuse


@dataclass(frozen=True, slots=True)
class Load:
    """A stationary stream of calls: Poisson arrivals, exponential handling, exponential patience."""

    arrivals_per_s: float
    handle_s: float
    """Mean time a call keeps its seat: conversation plus wrap-up."""
    patience_s: float | None = None
    """Mean time a citizen is willing to wait; None: nobody hangs up (Erlang-C)."""

    def __post_init__(self) -> None:
        if not (self.arrivals_per_s >= 0.0 and self.handle_s > 0.0):
            raise Misuse(f"a load needs arrivals_per_s >= 0 and handle_s > 0, got {self}")
        if self.patience_s is not None and not self.patience_s > 0.0:
            raise Misuse(f"patience_s is a positive mean, or None for endless patience, got {self.patience_s}")

    @property
    def erlangs(self) -> float:
        """Offered load: the mean number of seats busy if nobody ever waited."""
        return self.arrivals_per_s * self.handle_s


@dataclass(frozen=True, slots=True)
class ServiceLevel:
    """The four published ways to say "x % of the calls were answered within T"; they differ by points, so name one.

    Every field is a share between 0 and 1. `of_answered` and `of_handled` are Asterisk's SL and SL2.
    """

    of_offered: float
    """Answered within T / all calls offered: the strictest."""
    of_answered: float
    """Answered within T / all calls answered."""
    of_handled: float
    """(Answered within T + hung up within T) / (answered + hung up)."""
    excluding_short: float
    """Answered within T / (offered - hung up within T)."""

    @classmethod
    def from_amounts(
        cls, *, offered: float, answered: float, abandoned: float, answered_in: float, abandoned_in: float
    ) -> "ServiceLevel":
        """Of counts or of probabilities; an empty denominator gives 1: nobody was kept waiting."""
        return cls(
            of_offered=_share(answered_in, offered),
            of_answered=_share(answered_in, answered),
            of_handled=_share(answered_in + abandoned_in, answered + abandoned),
            excluding_short=_share(answered_in, offered - abandoned_in),
        )


def _share(part: float, whole: float) -> float:
    return part / whole if whole > 0.0 else 1.0


@dataclass(frozen=True, slots=True)
class Performance:
    """What `seats` seats make of a load, in the long run. Shares are between 0 and 1."""

    seats: int
    erlangs: float
    target_s: float
    wait_probability: float
    """P(W > 0): the call finds no free seat."""
    abandonment: float
    """Share of the offered calls that hang up while waiting."""
    blocking: float
    """Share of the offered calls refused because the waiting room is full."""
    mean_wait_s: float
    """Over everybody who joins, whether served or not."""
    mean_wait_served_s: float
    mean_queue: float
    occupancy: float
    service_level: ServiceLevel


@dataclass(frozen=True, slots=True)
class Target:
    """What a staffing search must reach: `share` of the offered calls answered within `within_s`, and the caps."""

    share: float
    within_s: float
    max_abandonment: float = 1.0
    max_occupancy: float = 1.0

    def __post_init__(self) -> None:
        if not (0.0 < self.share < 1.0 and self.within_s >= 0.0):
            raise Misuse(f"a target is a share strictly between 0 and 1 within >= 0 seconds, got {self}")
        if not (0.0 < self.max_abandonment <= 1.0 and 0.0 < self.max_occupancy <= 1.0):
            raise Misuse(f"the caps of a target are shares above 0, got {self}")

    def met_by(self, performance: Performance) -> bool:
        """Whether that performance reaches the share and stays under both caps."""
        return (
            performance.service_level.of_offered >= self.share
            and performance.abandonment <= self.max_abandonment
            and performance.occupancy <= self.max_occupancy
        )
