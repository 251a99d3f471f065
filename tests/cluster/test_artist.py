"""One order from its first check to its last event, without a cluster."""

import threading
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from PIL import Image

from domain.kernel.findings import Finding, Signal, Verdict
from domain.kernel.wire import (
    ClusterUnavailable,
    ModelRef,
    PictureDone,
    RenderCancelled,
    RenderFailed,
    RenderFinished,
    RenderOrder,
    RenderRefused,
    StepDone,
)
from domain.registry.faces import packed
from domain.registry.snapshot import EMPTY, EnrolledFace, Person, Snapshot
from gpu_cluster import pipelines
from gpu_cluster.artist import Artist
from gpu_cluster.faces import FaceCheck, face_reader
from tests.cluster.orders import NUMPY_AND_TORCH, lora, picture, pictures, render_order
from tests.portraits import portrait

pytestmark = pytest.mark.filterwarnings(NUMPY_AND_TORCH)

ALDEBARAN = Person(UUID(int=1), "Test Person Aldebaran")


def test_the_events_of_a_job_come_in_order(warm_artist: Artist, starter: ModelRef) -> None:
    order = render_order(starter, steps=2, seeds=(1, 2), attempt=3)

    events = list(warm_artist.render(order))

    kinds = [(type(event).__name__, getattr(event, "image", 0), getattr(event, "step", 0)) for event in events]
    assert kinds == [
        ("StepDone", 1, 1),
        ("StepDone", 1, 2),
        ("PictureDone", 1, 0),
        ("StepDone", 2, 1),
        ("StepDone", 2, 2),
        ("PictureDone", 2, 0),
        ("RenderFinished", 0, 0),
    ]
    assert {(event.job_id, event.attempt) for event in events} == {(order.job_id, 3)}
    assert isinstance(events[0], StepDone)
    assert (events[0].quantity, events[0].steps) == (2, 2)


def test_a_refused_prompt_draws_nothing(fresh_artist: Artist, starter: ModelRef) -> None:
    fresh_artist.adopt(Snapshot(7, (ALDEBARAN,)))
    order = render_order(starter, prompt="a statue of Test Person Aldebaran", registry_version=7)

    [event] = list(fresh_artist.render(order))

    assert isinstance(event, RenderRefused)
    assert event.registry_version == 7
    assert [(finding.signal, finding.person_id) for finding in event.findings] == [(Signal.NAME_IN_TEXT, ALDEBARAN.id)]
    assert fresh_artist._studios == {}  # not even the checkpoint was loaded


def test_a_registry_that_changes_in_the_middle_stops_the_job_at_the_next_step(
    fresh_artist: Artist, starter: ModelRef
) -> None:
    order = render_order(starter, prompt="Test Person Aldebaran", steps=50, seeds=(1, 2))
    events = fresh_artist.render(order)
    first = next(events)

    fresh_artist.adopt(Snapshot(1, (ALDEBARAN,)))
    rest = list(events)

    assert isinstance(first, StepDone)
    assert isinstance(rest[-1], RenderRefused)
    assert rest[-1].registry_version == 1
    assert len(rest) < 10
    assert pictures(rest) == []


def test_an_order_of_a_newer_registry_waits_for_it(fresh_artist: Artist, starter: ModelRef) -> None:
    order = render_order(starter, registry_version=2)

    with pytest.raises(ClusterUnavailable, match="holds registry version 0 and the order needs version 2"):
        list(fresh_artist.render(order))
    fresh_artist.adopt(Snapshot(2))
    events = list(fresh_artist.render(order))

    assert isinstance(events[-1], RenderFinished)
    assert events[-1].registry_version == 2


def test_a_cancelled_job_stops_within_one_step(warm_artist: Artist, starter: ModelRef) -> None:
    before = picture(warm_artist, render_order(starter))
    order = render_order(starter, steps=200)
    events = warm_artist.render(order)
    for _ in range(3):
        next(events)

    warm_artist.cancel(order.job_id)
    seen = 3
    for event in events:
        if isinstance(event, RenderCancelled):
            break
        seen += 1

    # The step under way when the word came is the last; steps that were done already may still be in the queue.
    assert isinstance(event, RenderCancelled)
    assert (event.image, event.step) == (1, seen + 1)
    assert event.step < 30
    assert warm_artist.silence is None
    assert picture(warm_artist, render_order(starter)) == before


def test_a_word_that_comes_before_its_order_counts(warm_artist: Artist, starter: ModelRef) -> None:
    order = render_order(starter)

    warm_artist.cancel(order.job_id)
    events = list(warm_artist.render(order))

    assert events == [RenderCancelled(order.job_id, 1, 1, 0)]


def test_the_fence_stops_older_attempts_only(warm_artist: Artist, starter: ModelRef) -> None:
    first = render_order(starter)
    second = replace(first, attempt=2)

    warm_artist.cancel(first.job_id, below=2)

    assert list(warm_artist.render(first)) == [RenderCancelled(first.job_id, 1, 1, 0)]
    assert isinstance(list(warm_artist.render(second))[-1], RenderFinished)


def test_a_job_that_nobody_listens_to_stops(warm_artist: Artist, starter: ModelRef) -> None:
    events = warm_artist.render(render_order(starter, steps=1000))
    next(events)

    events.close()

    assert warm_artist.silence is None


def test_jobs_of_many_callers_are_drawn_one_after_another(warm_artist: Artist, starter: ModelRef) -> None:
    expected = {seed: picture(warm_artist, render_order(starter, seeds=(seed,))) for seed in range(4)}
    drawn: dict[int, bytes] = {}

    def draw(seed: int) -> None:
        drawn[seed] = picture(warm_artist, render_order(starter, seeds=(seed,)))

    threads = [threading.Thread(target=draw, args=(seed,)) for seed in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert drawn == expected


def test_a_picture_that_the_check_refuses_is_never_delivered(tmp_path: Path, starter: ModelRef) -> None:
    class Strict:
        def examine(self, picture: Image.Image, order: RenderOrder, snapshot: Snapshot) -> Sequence[Finding]:
            return [Finding(Signal.MATURE_CONTENT, Verdict.BLOCKED, "the picture", 0.99)]

        def may_show(self, preview: Image.Image, order: RenderOrder, snapshot: Snapshot) -> bool:
            return False

    artist = Artist(EMPTY, tmp_path, threads=1, picture_check=Strict())
    events = list(artist.render(render_order(starter, preview_every=1)))
    artist.close()

    assert isinstance(events[-1], RenderRefused)
    assert pictures(events) == []
    assert all(event.preview is None for event in events if isinstance(event, StepDone))


def test_a_finished_picture_that_shows_an_enrolled_person_is_never_delivered(
    tmp_path: Path, starter: ModelRef, monkeypatch: pytest.MonkeyPatch
) -> None:
    reader = face_reader()
    assert reader is not None
    [face] = reader.read(portrait("astronaut"))
    enrolled = Snapshot(3, (ALDEBARAN,), faces=(EnrolledFace(ALDEBARAN.id, face.descriptor),))
    drawn = iter([portrait("hopper"), portrait("astronaut")])
    # The starter draws no faces; what a model would have drawn is put in its place.
    monkeypatch.setattr(pipelines, "draw", lambda *_: next(drawn))
    artist = Artist(enrolled, tmp_path, threads=1, picture_check=FaceCheck())

    events = list(artist.render(render_order(starter, seeds=(1, 2), registry_version=3)))
    artist.close()

    assert [event.image for event in pictures(events)] == [1]
    refused = events[-1]
    assert isinstance(refused, RenderRefused)
    assert [(finding.signal, finding.verdict, finding.person_id) for finding in refused.findings] == [
        (Signal.FACE_IN_PROBE, Verdict.HELD, ALDEBARAN.id)
    ]


def test_previews_pass_where_a_check_finds_nothing_in_them(tmp_path: Path, starter: ModelRef) -> None:
    enrolled = Snapshot(3, (ALDEBARAN,), faces=(EnrolledFace(ALDEBARAN.id, packed([0.12] * 128)),))
    artist = Artist(enrolled, tmp_path, threads=1, picture_check=FaceCheck())

    events = list(artist.render(render_order(starter, preview_every=1, registry_version=3)))
    artist.close()

    assert isinstance(events[-1], RenderFinished)
    assert sum(event.preview is not None for event in events if isinstance(event, StepDone)) == 3


def test_what_was_declared_mature_is_delivered_as_mature(warm_artist: Artist, starter: ModelRef) -> None:
    declared = [pictures(list(warm_artist.render(render_order(starter, mature=mature))))[0] for mature in (False, True)]

    assert [done.mature for done in declared] == [False, True]


def test_a_file_that_is_not_the_registered_one_fails_the_job(
    warm_artist: Artist, starter: ModelRef, clay: ModelRef
) -> None:
    changed = replace(clay, sha256="0" * 64)

    with pytest.raises(RenderFailed, match=r"^The file of model \S+ is not the one that was registered"):
        list(warm_artist.render(render_order(starter, resources=(lora(changed),))))

    assert isinstance(list(warm_artist.render(render_order(starter)))[-1], RenderFinished)


def test_so_many_checkpoints_stay_loaded_and_the_oldest_go(tmp_path: Path, starter: ModelRef) -> None:
    artist = Artist(EMPTY, tmp_path, threads=1, pipelines_kept=1)
    other = ModelRef(uuid4(), "", starter.sha256, starter.size_bytes, starter.format, starter.source_path)

    for model in (starter, other):
        done = list(artist.render(render_order(model)))
        assert isinstance(done[-2], PictureDone)

    assert list(artist._studios) == [starter.sha256]  # the same file is the same pipeline
    artist.close()
