"""GB/T 2260 division codes as a tree: country, province, city, county, and the towns and villages beneath.

A code has six digits (`330203`: province 33, city 02, county 03; trailing `00` pairs mean the whole), nine with the town
of GB/T 10114, twelve with the village. Hong Kong, Macao and Taiwan are provinces here as in the standard.
"""

from functools import lru_cache

from .errors import UnknownRegion
from .model import COUNTRY, Reach

PROVINCES = frozenset(
    [
        "11",
        "12",
        "13",
        "14",
        "15",
        "21",
        "22",
        "23",
        "31",
        "32",
        "33",
        "34",
        "35",
        "36",
        "37",
        "41",
        "42",
        "43",
        "44",
        "45",
        "46",
        "50",
        "51",
        "52",
        "53",
        "54",
        "61",
        "62",
        "63",
        "64",
        "65",
        "71",
        "81",
        "82",
    ]
)

_DEPTH = {Reach.COUNTRY: 0, Reach.PROVINCE: 1, Reach.CITY: 2, Reach.COUNTY: 3, Reach.TOWN: 4}


@lru_cache(maxsize=65_536)
def chain(code: str) -> tuple[str, ...]:
    """The code and all divisions around it, the country last. Raises UnknownRegion for what is no division code.

    >>> chain("330203001")
    ('330203001', '330203', '330200', '330000', '000000')
    """
    if code == COUNTRY:
        return (COUNTRY,)
    if len(code) not in (6, 9, 12) or not (code.isascii() and code.isdigit()) or code[:2] not in PROVINCES:
        raise UnknownRegion(f"{code!r} is not a GB/T 2260 division code")
    if len(code) > 6 and "00" in (code[2:4], code[4:6]):
        raise UnknownRegion(f"{code!r}: a town lies in a county, and {code[:6]} is none")
    if code[2:4] == "00" and code[4:6] != "00":
        raise UnknownRegion(f"{code!r}: a county lies in a city, and city 00 is the whole province")
    around = [code[:2] + "0000", code[:4] + "00", code[:6], code[:9], code]
    path = [COUNTRY]
    for wider in around:
        if wider != path[-1] and len(wider) in (6, 9, 12):
            path.append(wider)
    return tuple(reversed(path))


def scope(code: str, reach: Reach) -> str:
    """The division around `code` as far as `reach` goes; a code that is wider already is its own scope.

    >>> scope("330203", Reach.CITY)
    '330200'
    """
    path = chain(code)
    return path[max(0, len(path) - 1 - _DEPTH[reach])]


def encloses(outer: str, inner: str) -> bool:
    """Whether `inner` is `outer` or lies in it."""
    return outer in chain(inner)
