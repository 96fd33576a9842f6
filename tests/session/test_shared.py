"""What is made once is made once, also where several ask at the same time."""

from __future__ import annotations

import pytest

from tests.session.conftest import Run
from tests.session.shared import made_once

SHARING = """
import time, pytest
from tests.session.shared import made_once

def make(place):
    with (place / "made").open("a") as file:
        file.write("x")

@pytest.mark.parametrize("number", range(8))
def test_one(tmp_path_factory, number):
    assert (made_once(tmp_path_factory, "thing", make) / "made").read_text() == "x"
"""


@pytest.mark.parametrize("words", [("-n0",), ("-n3",)], ids=["alone", "three workers"])
def test_all_workers_share_it(run_of: Run, words: tuple[str, ...]) -> None:
    assert run_of(SHARING, *words).endswith("status 0")


def test_what_could_not_be_made_is_tried_again(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.raises(ZeroDivisionError):
        made_once(tmp_path_factory, "again", lambda place: 1 / 0)
    place = made_once(tmp_path_factory, "again", lambda place: (place / "file").touch())
    assert (place / "file").exists()
