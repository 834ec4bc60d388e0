"""The recipe of the shipped language models: small GPTs that write plays or Tang poems.

    python -m aigc_lib.writers --data shakespeare --out DIR
    python -m aigc_lib.writers --data tang --out DIR

trains one from scratch in a few minutes, and writes its weights in half precision and a card with
recipe, seed and scores. ``load_writer`` reads what was written.
"""

import math
from collections import Counter
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor

from aigc_lib import runtime, weights
from aigc_lib.data import DATASETS, load_text
from aigc_lib.lm import Run, TokenBatches, evaluate, fit
from aigc_lib.nets.gpt import GPT, GPTSize
from aigc_lib.sampling import generate
from aigc_lib.tokenisers import HEX, Characters


@dataclass(frozen=True)
class Recipe:
    """How a shipped writer is made.

    Attributes:
        data: the text.
        rare: characters that occur less often have no token of their own.
        context, layers, heads, width: the network, see ``GPTSize``.
        batch: windows a step.
        steps: of training.
        lr: highest learning rate.
        seed: of the weights and the windows.
    """

    data: Literal["shakespeare", "tang"] = "shakespeare"
    rare: int = 1
    context: int = 96
    layers: int = 4
    heads: int = 4
    width: int = 96
    batch: int = 32
    steps: int = 5000
    lr: float = 3e-3
    seed: int = 0


RECIPES = {
    "shakespeare": Recipe(),
    "tang": Recipe("tang", rare=20, context=34, layers=3, width=80, batch=64),
}


class Writer(NamedTuple):
    """A language model and the tokeniser that it was trained with."""

    model: GPT
    tokeniser: Characters

    def write(self, prompt: str, n: int, *, seed: int = 0, **settings: Any) -> str:
        """The prompt and ``n`` more characters; settings as in ``sampling.distribution``.

        Only characters with a token of their own are drawn, none that is spelt by its bytes.
        """
        device = self.model.embedding.weight.device
        tokens = torch.tensor([self.tokeniser.encode(prompt)], device=device)
        digits = torch.arange(HEX, device=device)
        drawn = generate(self.model, tokens, n, seed=seed, without=digits, **settings)
        return self.tokeniser.decode(drawn[0].tolist())


def frequent(text: str, times: int) -> str:
    """The characters that a text has at least so many times, in the order of their code points."""
    return "".join(sorted(c for c, n in Counter(text).items() if n >= times))


def load_writer(
    name: str, device: torch.device | str = "cpu", folder: Path | None = None
) -> Writer:
    """A shipped language model, ready to write; its parameters want no gradient.

    Args:
        name: "shakespeare" or "tang".
        device: where it shall run.
        folder: where its files lie; default: the shipped ones.

    Raises:
        FileNotFoundError, ValueError: see ``weights.read``.
    """
    card = weights.read_card(name, folder, "writer")
    model = GPT(GPTSize(**card["sizes"]))
    tensors = weights.read(name, "writer", folder, "writer")
    model.load_state_dict({key: value.float() for key, value in tensors.items()})
    model.requires_grad_(False).eval()
    return Writer(model.to(device), Characters(card["characters"]))


def unigram_nats(train: Tensor, valid: Tensor, size: int) -> float:
    """Mean nats a token of a model that knows only how frequent each token is (plus one each)."""
    p = (train.bincount(minlength=size) + 1).double()
    return float(-(p / p.sum()).log()[valid].mean())


def bigram_nats(train: Tensor, valid: Tensor, size: int) -> float:
    """Mean nats a token of a model that knows how frequent each token is after the one before it.

    A hundredth is added to each count, so that nothing is impossible.
    """
    pairs = (train[:-1] * size + train[1:]).bincount(minlength=size**2).view(size, size).double()
    p = (pairs + 0.01) / (pairs + 0.01).sum(1, keepdim=True)
    return float(-p[valid[:-1], valid[1:]].log().mean())


def main(data: Literal["shakespeare", "tang"], out: Path, steps: int | None = None) -> None:
    """Train a writer, and write its weights and card.

    Args:
        data: the text.
        out: folder for both; made if it is not there.
        steps: fewer or more than the recipe's.
    """
    recipe = RECIPES[data]
    steps = steps or recipe.steps
    device = runtime.device()
    texts = {part: load_text(data, part) for part in ("train", "valid")}
    tokeniser = Characters(frequent(texts["train"], recipe.rare))
    train, valid = (torch.tensor(tokeniser.encode(text), device=device) for text in texts.values())
    runtime.seed_everything(recipe.seed)
    size = GPTSize(tokeniser.size, recipe.context, recipe.layers, recipe.heads, recipe.width)
    run = Run(GPT(size).to(device), recipe.lr)
    fit(run, TokenBatches(train, recipe.batch, recipe.context, recipe.seed), steps)
    card: dict[str, Any] = {
        "command": weights.RECIPES["writer"].format(name=data, folder="DIR"),
        "date": date.today().isoformat(),
        "machine": runtime.machine(),
        "recipe": asdict(recipe) | {"steps": steps},
        "parameters": sum(p.numel() for p in run.model.parameters()),
        "data_sha256": {name: file.sha256 for name, file in DATASETS[data].files.items()},
        "sizes": asdict(size),
        "characters": tokeniser.characters,
    }
    halves = {key: value.half().contiguous() for key, value in run.model.state_dict().items()}
    weights.write(data, {"writer": halves}, card, out, model="writer")
    # What was written is scored, not what was meant. Text lengths are in characters.
    written = load_writer(data, device, out).model
    length = len(texts["valid"]) - 1
    per_character = (len(valid) - 1) / length
    nats = {
        "nats": evaluate(written, valid) * per_character,
        "unigram_nats": unigram_nats(train, valid[1:], size.vocabulary) * per_character,
        "bigram_nats": bigram_nats(train, valid, size.vocabulary) * per_character,
    }
    bits = {"bits": nats["nats"] / math.log(2)}
    card["scores"] = {"part": "valid", "per": "character", **nats, **bits}
    weights.write(data, {"writer": halves}, card, out, model="writer")
    print(f"written to {out}: {nats['nats']:.3f} nats a character")


if __name__ == "__main__":
    import tyro

    tyro.cli(main)
