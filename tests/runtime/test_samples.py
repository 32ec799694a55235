from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from assets.samples.testcard import draw_test_card
from explorer import ROOT
from explorer.runtime import samples
from explorer.runtime.pictures import ImageError, load_image
from explorer.runtime.recognition import answers, networks
from explorer.runtime.weights.bundled import manifest


@pytest.mark.parametrize("sample", samples.samples(), ids=lambda sample: sample.id)
def test_samples_load_and_name_their_authors(sample: samples.Sample) -> None:
    loaded = load_image(sample.path)
    assert max(loaded.image.size) <= (640 if sample.rendered else 512)
    assert sample.path.stat().st_size <= 120_000
    assert loaded.notes == ()
    assert samples.sample(sample.id) == sample
    readme = sample.path.with_name("README.md").read_text(encoding="utf-8")
    row = next(line for line in readme.splitlines() if line.startswith(f"| `{sample.file}` |"))
    assert sample.author in row
    assert sample.licence in row
    assert sample.licence in {"CC0 1.0", "CC BY 2.0", "Public domain"}
    assert len(sample.alt) > 20


def test_the_rendered_ones_say_so_and_name_the_scene_that_makes_them() -> None:
    rendered = [sample for sample in samples.samples() if sample.rendered]
    assert len(rendered) >= 6
    for sample in rendered:
        scene = ROOT / sample.source
        assert sample.author == "Rendered by this project" and "rendered" in sample.alt
        assert scene.is_file() and scene.stem == sample.id == sample.path.stem
    scenes = {path.stem for path in (ROOT / "assets/samples/scenes").glob("*.py")} - {"render", "studio"}
    assert scenes == {sample.id for sample in rendered}


def test_what_most_networks_know_comes_first() -> None:
    every = samples.samples()
    ten = set(networks())
    assert len(ten) >= 13
    assert all(set(sample.answers) == ten for sample in every)
    known = [sample.known_by for sample in every]
    assert known == sorted(known, reverse=True)
    assert known[0] == len(ten), "the app opens with a picture that each network knows"
    classes = {name for network in ten for name in manifest()[network].classes}
    assert {sample.fits for sample in every} <= classes | {""}
    assert all(sample.known_by == 0 for sample in every if not sample.fits)
    assert all(sample.known_by >= 9 for sample in every if sample.rendered)
    assert len({sample.fits for sample in every if sample.fits}) >= 6


@pytest.mark.parametrize("network", ["mobilenet_v1", "nin_imagenet"])  # the two that run fastest
def test_the_stored_answers_are_what_the_networks_say(network: str) -> None:
    every = samples.samples()
    assert answers(network, every) == {sample.id: sample.answers[network] for sample in every}


def test_samples_are_complete_and_distinct() -> None:
    every = samples.samples()
    folder = every[0].path.parent
    assert {sample.file for sample in every} == {path.name for path in folder.glob("*.[jp][pn]g")}
    assert len({sample.id for sample in every}) == len(every) >= 8


def test_an_unknown_sample_is_refused_with_those_there_are() -> None:
    with pytest.raises(ImageError, match=r"^There is no sample picture 'dog'; available are .+, cat, .+, testcard\.$"):
        samples.sample("dog")


def test_the_stored_test_card_is_the_drawn_one() -> None:
    stored = np.asarray(load_image(samples.sample("testcard").path).image, int)
    assert np.abs(stored - draw_test_card()).max() <= 1  # cosines may differ by a last bit between processors


def test_the_test_card_holds_every_orientation() -> None:
    """Each grating's strongest frequency has the wavelength and the angle of its place in the ring."""
    card = draw_test_card()[..., 0] / 255.0
    places = [(1, 1), (1, 2), (1, 3), (1, 4), (1, 5), (2, 5), (3, 5), (4, 5)]
    for index, (row, column) in enumerate(places):
        for wavelength, (r, c) in ((8, (row, column)), (16, (6 - row, 6 - column))):
            tile = card[32 + 64 * r : 96 + 64 * r, 32 + 64 * c : 96 + 64 * c]
            spectrum = np.abs(np.fft.fftshift(np.fft.fft2(tile - tile.mean(), (512, 512))))
            fy, fx = np.unravel_index(spectrum.argmax(), spectrum.shape) - np.array([256, 256])
            assert np.hypot(fy, fx) == pytest.approx(512 / wavelength, abs=2)
            angle = np.degrees(np.arctan2(fy, fx)) % 180
            assert (angle - 22.5 * index + 90) % 180 - 90 == pytest.approx(0, abs=2)


def test_pictures_do_not_wait_for_torch() -> None:
    """The first page shows the samples; importing torch would take seconds of it."""
    code = "import sys; from explorer.runtime.samples import samples; samples(); print('torch' in sys.modules)"
    root = samples.samples()[0].path.parents[2]
    output = subprocess.run([sys.executable, "-c", code], cwd=root, capture_output=True, text=True, check=True)
    assert output.stdout.strip() == "False"
