"""Simulation of whole days over the engine itself: seeded, far faster than real time. See `Simulation`."""

from relay.scheduler.simulate.result import Line, Point, Result
from relay.scheduler.simulate.scenario import BadScenario, Scenario, from_mapping
from relay.scheduler.simulate.simulation import Simulation
from relay.scheduler.simulate.world import World

__all__ = ["BadScenario", "Line", "Point", "Result", "Scenario", "Simulation", "World", "from_mapping"]
