import pytest

from relay.errors import Malformed, Misuse
from relay.sfu.wire import rtcp
from relay.sfu.wire.rtcp import Chunk, Item, ItemType, SourceDescription


@pytest.mark.parametrize("size", range(6))
def test_items_are_ended_and_padded(size: int) -> None:
    description = SourceDescription(
        (Chunk(1, (Item(ItemType.CNAME, b"x" * size), Item(ItemType.MID, b"0"))), Chunk(2), Chunk(3, (Item(9, b""),)))
    )
    data = description.serialise()
    assert len(data) % 4 == 0
    assert rtcp.parse(data) == (description,)


def test_on_the_wire() -> None:
    description = SourceDescription((Chunk(0x0A, (Item(ItemType.CNAME, b"abc"),)),))
    assert description.serialise().hex() == "81ca0003" + "0000000a" + "0103616263" + "000000"


@pytest.mark.parametrize(
    ("data", "what"),
    [
        ("81ca000100000001", "chunk is cut short"),
        ("81ca00020000000101046162", "item overruns"),
        ("81ca00020000000101026162", "item overruns"),  # no zero ends the chunk
        ("82ca00020000000100000000", "chunk is cut short"),
    ],
)
def test_what_breaks_the_format(data: str, what: str) -> None:
    with pytest.raises(Malformed, match=what):
        rtcp.parse(bytes.fromhex(data))


@pytest.mark.parametrize("item", [Item(0, b""), Item(256, b""), Item(1, bytes(256))])
def test_an_item_that_does_not_fit_is_misuse(item: Item) -> None:
    with pytest.raises(Misuse):
        SourceDescription((Chunk(1, (item,)),)).serialise()
