"""A link emulator in user space: rate, queue, delay, jitter, loss, reordering, change of address. Pure, but for `shell`."""

from loadtest.impair.conditions import Conditions, GilbertElliott
from loadtest.impair.link import Fate, Link
from loadtest.impair.profiles import PROFILES, Profile, profile_of

__all__ = ["PROFILES", "Conditions", "Fate", "GilbertElliott", "Link", "Profile", "profile_of"]
