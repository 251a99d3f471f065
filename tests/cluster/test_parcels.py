"""Values in pieces come out whole, whatever the order of their pages."""

import random

from gpu_cluster.parcels import PART_BYTES, Binder, Joiner, in_pages, in_parts

SMALL = {"name": "ü"}
LARGE = random.Random(1).randbytes(3 * PART_BYTES + 17)


def test_a_stream_of_values_is_put_together_again() -> None:
    joiner = Joiner()
    parts = [part for value in (SMALL, LARGE, None, SMALL) for part in in_parts(value)]

    values = [value for part in parts if (value := joiner.add(part)) is not None]

    assert values == [SMALL, LARGE, SMALL]
    assert all(len(part.data) <= PART_BYTES for part in parts)


def test_pages_may_come_in_any_order_and_twice() -> None:
    pages = list(in_pages(3, LARGE))
    binder = Binder()
    random.Random(2).shuffle(pages)

    answers = [binder.add(page) for page in [pages[0], *pages]]

    assert answers[:-1] == [None] * len(pages)
    assert answers[-1] == LARGE


def test_a_newer_snapshot_overtakes_an_older_one() -> None:
    old, new = in_pages(3, LARGE), in_pages(4, LARGE[::-1])
    binder = Binder()

    answers = [binder.add(page) for page in (*old[:2], new[0], *old[2:], *new[1:])]

    assert [answer for answer in answers if answer is not None] == [LARGE[::-1]]
