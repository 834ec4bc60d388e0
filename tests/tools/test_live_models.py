"""The networks for the browser: ONNX Runtime's answers are PyTorch's, and pages ask for what is."""

import json
import math
import re
from itertools import pairwise
from pathlib import Path
from typing import Any

import onnxruntime
import pytest
import torch
from torch import Tensor

from aigc_lib.core.pixels import normalize
from aigc_lib.data.images import load
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.pretrained import loaders
from tests.support import small
from tests.support.live import normals
from tools import live_models
from tools.notebook import ROOT

# Largest difference of any number in an answer; 1.1e-5 was measured. Pictures lie in [-1, 1], so
# half a grey value is 4e-3; strong guidance multiplies what rounding leaves by up to 9.
CLOSE = 5e-5
PLACE = re.compile(r'<div class=\\?"aigc-live\\?" data-model=\\?"([\w-]+)\\?">')


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("live")
    with torch.no_grad():
        return folder, live_models.make(folder)["models"]


def drawn(name: str, about: dict[str, Any], seed: int) -> dict[str, Tensor]:
    """Inputs as a page may give them: another class, moment, weight or text for each seed."""
    rng = torch.Generator().manual_seed(seed)
    found = {}
    for key, shape in about["inputs"].items():
        if key in ("z", "x"):
            found[key] = torch.randn(shape, generator=rng)
        elif key == "t":
            found[key] = torch.rand(shape, generator=rng)
        elif key == "weight":
            found[key] = 5 * torch.rand(shape, generator=rng)
        else:
            size = about["hex"] + len(about["characters"]) if key == "tokens" else 10
            found[key] = torch.randint(size, shape, generator=rng)
    if about["kind"] == "judge":
        data = name.removeprefix("judge-")
        small.need(data)
        found["x"] = normalize(load(data, "test").images[seed : seed + 1])
    return found


def expected(name: str, given: dict[str, Tensor]) -> Tensor:
    """The library's own answer, by its own way and without what the export wraps around it."""
    kind, _, data = name.partition("-")
    data = {"digits": "mnist", "garments": "fashion-mnist"}.get(data or kind, data)
    if kind in ("digits", "garments"):
        return loaders.load_generator(data)(given["z"], given["label"])
    if kind == "first":
        return loaders.load_first_gan()(given["z"])
    if kind == "diffusion":
        weight, told = float(given["weight"]), given["label"][:, None]
        null = torch.tensor([10])
        denoise = denoiser(loaders.load_diffusion(data), told, null, weight, limit=1.0)
        return denoise(given["x"], given["t"])
    if kind == "judge":
        return loaders.load_classifier(data)(given["x"])
    seen = given["tokens"][:, : int(given["place"]) + 1]  # the export reads what is behind it too
    return loaders.load_writer(name).model(seen)[:, -1]


@pytest.mark.slow
@pytest.mark.parametrize("name", live_models.MODELS)
@torch.no_grad()
def test_onnx_answers_what_pytorch_answers(name: str, built: tuple[Path, dict[str, Any]]) -> None:
    folder, models = built
    session = onnxruntime.InferenceSession(folder / f"{name}.onnx")
    apart, answers = [], []
    for seed in range(20):
        given = drawn(name, models[name], seed)
        (answer,) = session.run(None, {key: value.numpy() for key, value in given.items()})
        wanted = expected(name, given)
        apart.append(float((torch.from_numpy(answer) - wanted).abs().max()))
        answers.append(wanted)
    print(f"{name}: largest difference {max(apart):.1e}")  # `pytest -rP` shows it
    assert max(apart) < CLOSE
    # Other inputs have other answers, so that equality says something.
    assert min(float((a - b).abs().max()) for a, b in pairwise(answers)) > 0.05


@pytest.mark.slow
def test_the_manifest_tells_what_is_there(built: tuple[Path, dict[str, Any]]) -> None:
    folder, models = built
    manifest = json.loads((folder / "manifest.json").read_text("utf8"))
    assert manifest["models"] == models
    for name, about in models.items():
        content = (folder / f"{name}.onnx").read_bytes()
        assert about["bytes"] == len(content)
        assert 100_000 < len(content) < 2_500_000
        assert str(ROOT).encode() not in content  # nor anybody else's folders
        assert b"site-packages" not in content
        assert about.get("judge") in (None, "judge-mnist", "judge-fashion-mnist")
        assert (folder / f"{name}.png").is_file() == ("alt" in about)
    names = {path.name for path in folder.iterdir()} - {"manifest.json"}
    assert names == {f"{n}.onnx" for n in models} | {
        f"{n}.png" for n in models if "alt" in models[n]
    }


def test_pages_ask_for_networks_that_there_are() -> None:
    pages = [ROOT / "book" / "index.md", *(ROOT / "notebooks").glob("*.ipynb")]
    asked = {page.stem[:2]: PLACE.findall(page.read_text("utf8")) for page in pages}
    assert {name for names in asked.values() for name in names} == set(live_models.TITLES)
    assert {stem for stem, names in asked.items() if names} == {"in", "01", "06", "07", "10", "13"}
    assert set(live_models.TITLES) < set(live_models.MODELS)


def test_the_pages_random_numbers_are_normal() -> None:
    z = normals(12, 100_000)
    assert abs(float(z.mean())) < 0.01
    assert abs(float(z.std()) - 1) < 0.01
    share = float((z.abs() < 1).float().mean())
    assert abs(share - math.erf(1 / math.sqrt(2))) < 0.01
    assert abs(float((z[::2] * z[1::2]).mean())) < 0.02  # the two of a pair
    assert abs(float((normals(12, 50_000) * normals(13, 50_000)).mean())) < 0.02  # next seeds
