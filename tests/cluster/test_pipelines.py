"""Drawing: every sampler runs, a seed gives the same bytes, and nothing of one job stays for the next."""

from pathlib import Path
from typing import Any

import pytest

from domain.kernel.wire import ModelRef, RenderFailed, RenderFinished, StepDone
from gpu_cluster.artist import Artist
from gpu_cluster.pipelines import SAMPLERS, load_checkpoint, use_sampler
from tests.cluster.orders import NUMPY_AND_TORCH, in_place, picture, pictures, render_order

pytestmark = pytest.mark.filterwarnings(NUMPY_AND_TORCH)


@pytest.mark.parametrize("sampler", ["DDIM", "EULER", "EULER_ANCESTRAL", "DPMPP_2M", "DPMPP_2M_KARRAS", "LCM", "UNIPC"])
@pytest.mark.parametrize("steps", [1, 5])
def test_every_sampler_draws_in_any_number_of_steps(
    warm_artist: Artist, starter: ModelRef, sampler: str, steps: int
) -> None:
    order = render_order(starter, sampler=sampler, steps=steps)

    events = list(warm_artist.render(order))

    assert [event.step for event in events if isinstance(event, StepDone)] == list(range(1, steps + 1))
    assert len(pictures(events)) == 1
    assert isinstance(events[-1], RenderFinished)


def test_lcm_takes_more_steps_than_it_was_distilled_for(warm_artist: Artist, starter: ModelRef) -> None:
    order = render_order(starter, sampler="LCM", steps=51)

    events = list(warm_artist.render(order))

    assert isinstance(events[-1], RenderFinished)


def test_samplers_differ_and_leave_nothing_in_one_another(warm_artist: Artist, starter: ModelRef) -> None:
    order = {"sampler": "DPMPP_2M", "steps": 6}
    plain = picture(warm_artist, render_order(starter, **order))

    drawn = {sampler: picture(warm_artist, render_order(starter, sampler=sampler, steps=6)) for sampler in SAMPLERS}

    assert len(set(drawn.values())) == len(SAMPLERS)
    assert picture(warm_artist, render_order(starter, **order)) == plain


def test_a_sampler_is_made_from_the_checkpoints_own_schedule(models_folder: Path) -> None:
    studio = load_checkpoint(models_folder / "starter")

    use_sampler(studio, "DPMPP_2M_KARRAS", 4)
    karras = studio.pipe.scheduler.config.use_karras_sigmas
    use_sampler(studio, "DPMPP_2M", 4)

    assert karras is True
    assert studio.pipe.scheduler.config.use_karras_sigmas is False
    assert studio.pipe.scheduler.config.beta_end == 0.012


def test_a_seed_gives_the_same_bytes_again_and_in_another_artist(
    warm_artist: Artist, fresh_artist: Artist, starter: ModelRef
) -> None:
    order = render_order(starter, seeds=(11,))
    [first] = pictures(list(warm_artist.render(order)))

    [again] = pictures(list(warm_artist.render(order)))
    [elsewhere] = pictures(list(fresh_artist.render(order)))

    assert again.png == first.png
    assert elsewhere.png == first.png
    assert again.sha256 == first.sha256


def test_a_picture_of_many_equals_the_one_drawn_alone(warm_artist: Artist, starter: ModelRef) -> None:
    many = pictures(list(warm_artist.render(render_order(starter, seeds=(1, 2, 3)))))

    alone = [pictures(list(warm_artist.render(render_order(starter, seeds=(seed,)))))[0] for seed in (1, 2, 3)]

    assert [done.png for done in many] == [done.png for done in alone]
    assert [(done.image, done.seed) for done in many] == [(1, 1), (2, 2), (3, 3)]
    assert len({done.sha256 for done in many}) == 3


def test_every_setting_changes_the_picture(warm_artist: Artist, starter: ModelRef) -> None:
    plain = picture(warm_artist, render_order(starter))

    changes: list[dict[str, Any]] = [
        {"prompt": "a robot"},
        {"negative_prompt": "red"},
        {"guidance": 2.0},
        {"steps": 5},
        {"seeds": (8,)},
    ]

    for change in changes:
        assert picture(warm_artist, render_order(starter, **change)) != plain, change


def test_pictures_have_the_size_that_was_asked_for(warm_artist: Artist, starter: ModelRef) -> None:
    [done] = pictures(list(warm_artist.render(render_order(starter, width=128, height=72, steps=1))))

    assert (done.width, done.height) == (128, 72)


def test_previews_are_small_pictures_every_few_steps(warm_artist: Artist, starter: ModelRef) -> None:
    order = render_order(starter, width=512, height=64, steps=6, preview_every=2)

    steps = [event for event in warm_artist.render(order) if isinstance(event, StepDone)]

    shown = {event.step: event.preview for event in steps if event.preview}
    assert list(shown) == [2, 4]  # the last step is followed by the picture itself
    assert all(preview.startswith("data:image/jpeg;base64,") for preview in shown.values())
    assert max(map(len, shown.values())) < 8_000


def test_an_unknown_sampler_is_one_sentence(warm_artist: Artist, starter: ModelRef) -> None:
    order = render_order(starter, sampler="HEUN")

    with pytest.raises(RenderFailed, match="There is no sampler 'HEUN'; choose one of DDIM, EULER, "):
        list(warm_artist.render(order))


def test_a_pipelines_own_failure_is_one_sentence(warm_artist: Artist, starter: ModelRef) -> None:
    order = render_order(starter, width=65)

    with pytest.raises(RenderFailed, match=r"The pipeline failed: .*divisible by 8") as failure:
        list(warm_artist.render(order))

    assert "\n" not in str(failure.value)


@pytest.mark.parametrize(
    ("index", "sentence"),
    [
        (None, "no model_index.json"),
        ('{"_class_name": "FluxPipeline"}', "The checkpoint is a FluxPipeline"),
        ('{"_class_name": "StableDiffusionPipeline", "unet": ["subprocess", "Popen"]}', "comes from 'subprocess'"),
    ],
)
def test_a_folder_that_is_no_known_pipeline_is_refused(
    warm_artist: Artist, tmp_path: Path, index: str | None, sentence: str
) -> None:
    folder = tmp_path / "strange"
    folder.mkdir()
    (folder / "README.md").write_text("nothing")
    if index is not None:
        (folder / "model_index.json").write_text(index)

    with pytest.raises(RenderFailed, match=sentence):
        list(warm_artist.render(render_order(in_place(folder, kind="diffusers-tar"))))


def test_a_file_that_is_no_checkpoint_is_refused(warm_artist: Artist, clay: ModelRef) -> None:
    with pytest.raises(RenderFailed, match=r"neither those of SD 1\.5 nor those of SDXL"):
        list(warm_artist.render(render_order(clay)))
