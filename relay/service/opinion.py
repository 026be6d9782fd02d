"""How people would judge what they hear: the E-model (ITU-T G.107), as far as a network can spoil it. Pure.

R = 93.2 − Id − Ie,eff. Id, from the delay from mouth to ear, is the fit of Cole and Rosenbluth ("Voice over IP
performance monitoring", ACM CCR 31(2), 2001). Ie,eff is G.107 §3.5 for random loss with Ie = 0 and the robustness that
G.113 appendix I gives a codec with concealment (Bpl = 25.1): the ITU has published no figures for Opus, which conceals
better, so a score is rather too low than too high. The scale is that of narrow-band speech and ends at 4.4.
"""

_BASE = 93.2
_ROBUSTNESS = 25.1
_NOTICED_MS = 177.3


def transmission_rating(delay_ms: float, loss: float) -> float:
    """R, from 0 to 93.2; `loss` is the share of the sound that had to be concealed, 0 to 1."""
    late = 0.024 * delay_ms + 0.11 * max(0.0, delay_ms - _NOTICED_MS)
    percent = 100 * loss
    missing = 95 * percent / (percent + _ROBUSTNESS)
    return max(0.0, _BASE - late - missing)


def mean_opinion_score(rating: float) -> float:
    """1 (bad) to 4.5 (excellent), of a rating R (ITU-T G.107 annex B)."""
    if rating <= 0:
        return 1.0
    if rating >= 100:
        return 4.5
    return max(1.0, 1 + 0.035 * rating + rating * (rating - 60) * (100 - rating) * 7e-6)


def speech_score(delay_ms: float, loss: float) -> float:
    """1 to 4.5, of a delay from mouth to ear and a share of sound that was lost."""
    return mean_opinion_score(transmission_rating(delay_ms, loss))
