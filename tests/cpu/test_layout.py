"""Where Unicorn keeps what it does not tell: found by experiment, in the Unicorn that is loaded."""

from emu.cpu.layout import layout


def test_every_place_is_found():
    """Without one a report names the page only, or a snapshot loses what the monitor remembers."""
    assert None not in layout()


def test_the_places_are_apart():
    refused, abort, exclusive = layout()
    assert refused % 4 == abort % 4 == exclusive % 4 == 0
    assert abs(abort - exclusive) >= 8
