"""Make the networks that draw and write in a reader's browser: ONNX files, and what a page needs.

    python -m tools.live_models

The shipped weights of ``aigc_lib.pretrained`` are written once more, as ONNX, into
``.cache/site/live``, which ``_config.yml`` has in ``html_static_path``. Nothing is trained and
nothing committed. ``manifest.json`` beside them says for each name, which is the ``data-model`` of
a block on a page, what the network is called with; ``book/_assets/live.mjs`` reads it. A still
picture of each painter stands there for readers whose browser cannot run it.
"""

import json
import shutil
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from aigc_lib.core import show
from aigc_lib.data.registry import find
from aigc_lib.diffusion.schedules import STRAIGHT, solve
from aigc_lib.lm.tokenizers import HEX
from aigc_lib.pretrained import loaders
from aigc_lib.recipes.diffusion import Drawing, draw
from tools import site_assets

TARGET = site_assets.TARGET.parent / "live"
RUNTIME = site_assets.TARGET / "onnxruntime-web"
STILLS = 10
GUIDANCE, STEPS = 1.75, 8  # as chapter 13 draws


class Model(NamedTuple):
    """A network as a page calls it.

    Attributes:
        network: in evaluation mode.
        inputs: an example of each input, by name; the exported network takes these shapes only.
        about: what the page must know besides.
        stills: pictures by it, (N, 1, 28, 28), if it draws.
    """

    network: nn.Module
    inputs: dict[str, Tensor]
    about: dict[str, Any]
    stills: Tensor | None = None


class Guided(nn.Module):
    """The denoiser of ``diffusion.guidance`` with class and weight as inputs, for one picture."""

    def __init__(self, network: nn.Module, null: int) -> None:
        super().__init__()
        self.network = network
        self.register_buffer("null", torch.tensor([null]))

    def forward(self, x: Tensor, t: Tensor, label: Tensor, weight: Tensor) -> Tensor:
        """x (1, 1, H, W), t, label and weight (1,) -> the expected picture, cut to [-1, 1]."""
        both = torch.stack([label, self.null])
        answers = self.network(torch.cat([x, x]), torch.cat([t, t]), both)
        told, untold = answers[:1], answers[1:]
        answer = untold + weight * (told - untold)
        return solve(answer, x, t, "velocity", STRAIGHT)[0].clamp(-1, 1)


class NextToken(nn.Module):
    """The logits after the token at ``place``; what stands behind it is not looked at."""

    def __init__(self, model: nn.Module) -> None:
        super().__init__()
        self.model = model

    def forward(self, tokens: Tensor, place: Tensor) -> Tensor:
        """Tokens (1, context) and place (1,) -> (1, vocabulary)."""
        logits: Tensor = self.model(tokens)
        return logits.index_select(1, place)[:, 0]


def judge(data: str) -> Model:
    """The classifier of a data set."""
    x = torch.zeros(1, 1, 28, 28)
    return Model(loaders.load_classifier(data), {"x": x}, {"kind": "judge"})


def generator(data: str) -> Model:
    """Chapter 07's GAN, which is told a class."""
    network, labels = loaders.load_generator(data), torch.arange(STILLS)
    rng = torch.Generator().manual_seed(0)
    stills = network(torch.randn(STILLS, 64, generator=rng), labels)
    return Model(network, {"z": torch.zeros(1, 64), "label": labels[:1]}, painter(data), stills)


def first_gan() -> Model:
    """Chapter 06's GAN, which draws what it likes."""
    network, rng = loaders.load_first_gan(), torch.Generator().manual_seed(0)
    stills = network(torch.randn(STILLS, 64, generator=rng))
    about = painter("mnist") | {"ordered": False}
    return Model(network, {"z": torch.zeros(1, 64)}, about, stills)


def diffusion(data: str) -> Model:
    """Chapter 13's model, with its guidance."""
    network, classes = loaders.load_diffusion(data), len(find(data).classes)
    stills = draw(network, torch.arange(STILLS), 0, Drawing(GUIDANCE, STEPS, "euler"))
    inputs = {
        "x": torch.zeros(1, 1, 28, 28),
        "t": torch.zeros(1),
        "label": torch.zeros(1, dtype=torch.long),
        "weight": torch.ones(1),
    }
    about = painter(data) | {"kind": "diffusion", "guidance": GUIDANCE, "steps": STEPS}
    return Model(Guided(network, classes).eval(), inputs, about, stills)


def painter(data: str) -> dict[str, Any]:
    """What a page must know of a network that draws."""
    noun = {"mnist": "digit", "fashion-mnist": "garment"}[data]
    return {
        "kind": "gan",
        "ordered": True,  # the reader names the class
        "noun": noun,
        "classes": list(find(data).classes),
        "judge": f"judge-{data}",
        "alt": f"Ten {noun}s that this network drew when the site was built",
    }


def writer(name: str, language: str, prompt: str, length: int, temperature: float) -> Model:
    """A language model with its table of characters, and what it is asked at first."""
    model, tokenizer = loaders.load_writer(name)
    tokens = torch.zeros(1, model.config.context, dtype=torch.long)
    about = {
        "kind": "writer",
        "language": language,
        "hex": HEX,  # the first tokens spell bytes
        "characters": tokenizer.characters,
        "context": model.config.context,
        "prompt": prompt,
        "length": length,
        "temperature": temperature,
    }
    place = torch.zeros(1, dtype=torch.long)
    return Model(NextToken(model).eval(), {"tokens": tokens, "place": place}, about)


# The name in ``data-model``, and what stands above the controls.
TITLES = {
    "digits": "Digits to order",
    "garments": "Garments to order",
    "first-gan": "Digits from noise alone",
    "diffusion-digits": "A digit out of noise, step by step",
    "diffusion-garments": "A garment out of noise, step by step",
    "shakespeare": "A scene after Shakespeare",
    "tang": "A quatrain after the poets of the Tang dynasty",
}
MODELS: dict[str, Callable[[], Model]] = {
    "digits": lambda: generator("mnist"),
    "garments": lambda: generator("fashion-mnist"),
    "first-gan": first_gan,
    "diffusion-digits": lambda: diffusion("mnist"),
    "diffusion-garments": lambda: diffusion("fashion-mnist"),
    "shakespeare": lambda: writer("shakespeare", "en", "ROMEO:\n", 300, 0.7),
    "tang": lambda: writer("tang", "zh-Hant", "春", 48, 0.8),
    "judge-mnist": lambda: judge("mnist"),
    "judge-fashion-mnist": lambda: judge("fashion-mnist"),
}


def exported(model: Model) -> bytes:
    """The network as an ONNX file."""
    program = torch.onnx.export(
        model.network,
        tuple(model.inputs.values()),
        input_names=list(model.inputs),
        output_names=["out"],
        dynamo=True,
        verbose=False,
    )
    assert program is not None
    for node in program.model.graph:  # where in whose folder its line of code stands
        node.metadata_props.clear()
    content: bytes = program.model_proto.SerializeToString()
    return content


def make(target: Path = TARGET) -> dict[str, Any]:
    """Fill ``target``, which holds nothing else afterwards; return the manifest."""
    shutil.rmtree(target, ignore_errors=True)
    target.mkdir(parents=True)
    models = {}
    for name, load in MODELS.items():
        model = load()
        content = exported(model)
        (target / f"{name}.onnx").write_bytes(content)
        if model.stills is not None:
            (target / f"{name}.png").write_bytes(show.png(model.stills, columns=5, zoom=2))
        shapes = {key: list(example.shape) for key, example in model.inputs.items()}
        about = {"title": TITLES.get(name, name), "inputs": shapes, "bytes": len(content)}
        models[name] = model.about | about
    runtime = {path.suffix: path.stat().st_size for path in RUNTIME.glob("ort*")}
    manifest = {"script": runtime[".mjs"], "wasm": runtime[".wasm"], "models": models}
    (target / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), "utf8")
    return manifest


@torch.no_grad()
def main() -> int:
    """Command line entry."""
    models = make()["models"]
    size = sum(model["bytes"] for model in models.values()) / 2**20
    print(f"{len(models)} networks for the browser: {size:.1f} MiB in .cache/site/live")
    return 0


if __name__ == "__main__":
    sys.exit(main())
