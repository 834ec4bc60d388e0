"""The shipped generators: whole, small, as good as their cards say; and how they are exported."""

import hashlib
import json
from pathlib import Path

import pytest
import torch

from aigc_lib.core import checkpoint as ckpt
from aigc_lib.core.pixels import to_uint8
from aigc_lib.data.registry import find
from aigc_lib.gan.training import fit
from aigc_lib.pretrained import weights
from aigc_lib.pretrained.loaders import load_first_gan, load_generator
from aigc_lib.pretrained.scores import score
from aigc_lib.recipes import generator as generators
from aigc_lib.recipes.gan import DCGANConfig, MLPConfig, build, plain, stream
from tests.support import small

NAMES = ["mnist", "fashion-mnist"]
CPU = torch.device("cpu")


@pytest.mark.parametrize("name", NAMES)
def test_shipped_files_are_those_of_the_card(name: str) -> None:
    card = weights.read_card(name, model="generator")
    file = f"{name}-generator.safetensors"
    content = (weights.FOLDER / file).read_bytes()
    assert card["sha256"] == {file: hashlib.sha256(content).hexdigest()}
    assert len(content) < 1_000_000
    generator = load_generator(name)
    assert not generator.training
    assert not any(p.requires_grad for p in generator.parameters())
    assert card["parameters"] == sum(p.numel() for p in generator.parameters())
    assert card["recipe"]["data"] == name
    assert card["data_sha256"] == {f: v.sha256 for f, v in find(name).files.items()}


@pytest.mark.parametrize("name", NAMES)
def test_shipped_generators_score_what_the_card_says(name: str) -> None:
    small.need(name)
    card = weights.read_card(name, model="generator")["scores"]
    rng = torch.Generator().manual_seed(99)
    labels = torch.arange(2000) % 10
    with torch.no_grad():
        images = load_generator(name)(torch.randn(2000, 64, generator=rng), labels)
    found = score(to_uint8(images), name, labels)
    # 2,000 samples instead of 10,000, other latents, and equal shares of the classes.
    assert abs(found["label_agreement"] - card["label_agreement"]) < 0.03
    assert 0.8 * card["frechet_distance"] < found["frechet_distance"]
    assert found["frechet_distance"] < card["frechet_distance"] + 4
    assert min(found["classes"].values()) > 140


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of two steps."""
    small.need("mnist")
    folder = tmp_path_factory.mktemp("runs")
    config = DCGANConfig(width=4, latent_dim=8, batch=32)
    gan = build(config, CPU)
    fit(gan, stream(config, CPU), 64, tick=64, loss=config.game(), config=plain(config),
        checkpoint=folder / "checkpoint.pt", progress=False)  # fmt: skip
    return folder


def test_what_is_exported_is_what_was_trained(run: Path, tmp_path: Path) -> None:
    generators.main(run, tmp_path, n=300)
    exported = load_generator("mnist", folder=tmp_path)
    trained = ckpt.load(run / "checkpoint.pt")["parts"]["gan"]["ema"]
    for key, value in exported.state_dict().items():
        torch.testing.assert_close(value, trained[key], rtol=2**-11, atol=1e-7)
    card = json.loads((tmp_path / "mnist-generator.json").read_text("utf8"))
    assert (card["images"], card["scores"]["n"]) == (64, 300)
    assert card["sizes"] == {"latent_dim": 8, "width": 4, "classes": 10}
    assert card["recipe"]["width"] == 4


def test_a_damaged_generator_is_refused(run: Path, tmp_path: Path) -> None:
    generators.main(run, tmp_path, n=300)
    path = tmp_path / "mnist-generator.safetensors"
    path.write_bytes(path.read_bytes()[:-1] + b"x")
    with pytest.raises(ValueError, match=r"was exchanged.*aigc_lib\.recipes\.generator --run"):
        load_generator("mnist", folder=tmp_path)
    path.unlink()
    with pytest.raises(FileNotFoundError, match="is missing"):
        load_generator("mnist", folder=tmp_path)
    with pytest.raises(FileNotFoundError, match="no generator named 'cifar'"):
        load_generator("cifar")


def test_a_first_gan_is_exported_as_one(tmp_path: Path) -> None:
    small.need("mnist")
    config = MLPConfig(hidden=(8,), latent_dim=4)
    gan = build(config, CPU)
    state = {"parts": {"gan": gan.state_dict()}, "recipe": plain(config)}
    ckpt.save(tmp_path / "checkpoint.pt", state)
    generators.main(tmp_path, tmp_path / "out", n=300)
    exported = load_first_gan(folder=tmp_path / "out").state_dict()
    for key, value in gan.average.state_dict().items():
        torch.testing.assert_close(exported[key], value, rtol=2**-11, atol=1e-7)
    card = weights.read_card("mnist", tmp_path / "out", "first-gan")
    assert card["sizes"] == {"latent_dim": 4, "hidden": [8]}
    with pytest.raises(FileNotFoundError, match="no generator named 'mnist'"):
        load_generator("mnist", folder=tmp_path / "out")


def test_the_shipped_first_gan_scores_what_its_card_says() -> None:
    small.need("mnist")
    card = weights.read_card("mnist", model="first-gan")
    content = (weights.FOLDER / "mnist-first-gan.safetensors").read_bytes()
    assert card["sha256"] == {"mnist-first-gan.safetensors": hashlib.sha256(content).hexdigest()}
    assert len(content) < 1_200_000  # half a million weights: a layer for each pixel
    rng = torch.Generator().manual_seed(99)
    with torch.no_grad():
        images = load_first_gan()(torch.randn(2000, 64, generator=rng))
    found = score(to_uint8(images), "mnist")["frechet_distance"]
    assert 0.8 * card["scores"]["frechet_distance"] < found
    assert found < card["scores"]["frechet_distance"] + 4
