"""Who speaks: one of several voices, by the audio levels that their senders tell (RFC 6464). Pure.

A voice is loud while its level is above the noise of a quiet room; what is loud for a moment may be a door. So each voice has an
activity that rises with loudness and falls in silence, and the one with the highest activity is the speaker. To take the word
from who has it, another must have been clearly louder for some time: then it is a turn in the conversation and no "mm-hm".
The idea is that of Volfin and Cohen's dominant speaker identification, reduced to what levels of 20 ms packets, looked at a few
times a second, can tell.
"""

from collections.abc import Hashable, Mapping
from typing import Final, Generic, TypeVar

VoiceT = TypeVar("VoiceT", bound=Hashable)

QUIET: Final = 127 - 50
"""Loudness, 127 − level: below −50 dBov nobody speaks."""
_RISE: Final = 0.5
_FALL: Final = 0.25
"""Share of the way that activity goes in one look, up and down."""
_SPEAKS: Final = 8.0
"""Activity from which on a voice is taken for speech."""
_LEAD: Final = 1.3
"""How many times more active another one must be to take the word."""
_TURN_LOOKS: Final = 2
"""For so many looks in a row."""


class DominantSpeaker(Generic[VoiceT]):
    """The speaker among the voices that one listener hears. owned: their activity, who has the word, who may take it."""

    def __init__(self) -> None:
        self.speaker: VoiceT | None = None
        """Who has the word; it is kept in silence, until somebody else speaks or it is gone."""
        self._activity: dict[VoiceT, float] = {}
        self._rival: VoiceT | None = None
        self._looks = 0

    def look(self, loudness: Mapping[VoiceT, float]) -> bool:
        """Take the mean loudness (0 to 127; 0 where nothing came) of every voice since the last look; whether the speaker changed."""
        before = self.speaker
        self._activity = {voice: self._follow(voice, value) for voice, value in loudness.items()}
        if self.speaker not in self._activity:
            self.speaker = None
        best = max(self._activity, key=self._activity.__getitem__, default=None)
        if best is None or best == self.speaker or self._activity[best] < _SPEAKS:
            self._rival = None
        elif self.speaker is None:
            self.speaker = best
        else:
            self._contest(best, self.speaker)
        return self.speaker != before

    def _follow(self, voice: VoiceT, loudness: float) -> float:
        activity, target = self._activity.get(voice, 0.0), max(0.0, loudness - QUIET)
        return activity + (target - activity) * (_RISE if target > activity else _FALL)

    def _contest(self, rival: VoiceT, holder: VoiceT) -> None:
        if self._activity[rival] < _LEAD * self._activity[holder]:
            self._rival = None
            return
        self._looks = self._looks + 1 if rival == self._rival else 1
        self._rival = rival
        if self._looks >= _TURN_LOOKS:
            self.speaker, self._rival = rival, None
