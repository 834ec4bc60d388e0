"""Searching for hyperparameters on chapter 05's task: each trial is scored on unseen data too."""

import copy
import math
import re
from typing import TYPE_CHECKING, Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from aigc_lib.chapters.ch05_workflow import few_shot
from aigc_lib.core.training import TrainingError
from aigc_lib.pretrained.loaders import load_classifier

if TYPE_CHECKING:
    import optuna

FORMS = {"train": range(4), "valid": range(4, 6), "study": range(6, 9), "test": range(9, 14)}
PLAIN = {"kind": "AdamW", "lr": 1e-3, "batch": 25, "weight_decay": 0.0, "dropout": 0.0}


class Office(NamedTuple):
    """The other office's scans, as the two layers that are trained read them.

    Attributes:
        below: outputs of the frozen layers, (N, 576).
        digits: what the pictures show, (N,).
        form: the sheet that each stands on, (N,).
        top: the last two layers, pretrained: (N, 576) -> logits (N, 10).
    """

    below: Tensor
    digits: Tensor
    form: Tensor
    top: nn.Sequential

    def part(self, name: str) -> Tensor:
        """The positions of all pictures of a part."""
        return torch.isin(self.form, torch.tensor(list(FORMS[name]))).nonzero()[:, 0]

    def draw(self, seed: int, name: str) -> Tensor:
        """Five pictures of each digit from a part, as positions (50,)."""
        rng, found = torch.Generator().manual_seed(seed), self.part(name)
        mixed = found[torch.randperm(len(found), generator=rng)]
        return torch.cat([mixed[self.digits[mixed] == d][:5] for d in range(10)])

    def of(self, rows: Tensor) -> tuple[Tensor, Tensor]:
        """Inputs and classes at these positions."""
        return self.below[rows], self.digits[rows]


@torch.no_grad()
def office() -> Office:
    """Chapter 05's data, made as its page makes them."""
    from sklearn.datasets import load_digits

    scans = load_digits()
    big = F.interpolate(torch.tensor(scans.images).float()[:, None] / 16, (20, 20), mode="bilinear")
    pictures, digits = F.pad(big, (4, 4, 4, 4)) * 2 - 1, torch.tensor(scans.target)
    written = "".join(map(str, digits.tolist()))
    starts = [match.start() for match in re.finditer("0?123456789012345", written)]
    form = torch.bucketize(torch.arange(len(digits)), torch.tensor(starts[1:]), right=True)
    network = load_classifier("mnist")
    below = torch.cat([network.body[:13](part) for part in pictures.split(300)])
    top = nn.Sequential(network.body[13], nn.ReLU(), nn.Dropout(0), network.head)
    return Office(below, digits, form, top)


def suggest(trial: "optuna.Trial") -> dict[str, Any]:
    """The space that is searched: five hyperparameters."""
    return {
        "kind": trial.suggest_categorical("kind", ["AdamW", "SGD"]),
        "lr": trial.suggest_float("lr", 1e-5, 1, log=True),
        "batch": trial.suggest_categorical("batch", [10, 25, 50]),
        "weight_decay": trial.suggest_float("weight_decay", 1e-4, 1, log=True),
        "dropout": trial.suggest_float("dropout", 0, 0.8),
    }


def train(office: Office, setting: dict[str, Any], seed: int) -> nn.Module | None:
    """The last two layers, fitted to the labels of draw ``seed``; None if no loss was finite."""
    network = copy.deepcopy(office.top).requires_grad_()
    network[2] = nn.Dropout(setting["dropout"])
    momentum = {"momentum": 0.9} if setting["kind"] == "SGD" else {}
    rates = {"lr": setting["lr"], "weight_decay": setting["weight_decay"]}
    optimizer = getattr(torch.optim, setting["kind"])(network.parameters(), **rates, **momentum)
    known, choose = (office.of(office.draw(seed, name)) for name in ("train", "valid"))
    try:
        batch = setting["batch"]
        few_shot.fit(network, known, choose, optimizer, batch=batch, patience=10, seed=seed)
    except TrainingError:
        return None
    return network


@torch.no_grad()
def scores(office: Office, network: nn.Module | None, seed: int) -> dict[str, float]:
    """Loss on the 50 validation pictures, on others of their forms, and on the study part.

    ``valid``, ``fresh`` and ``study`` are in nats, those of a guesser where training failed;
    ``right`` is the share of right answers on the study part, in %.
    """
    chosen = office.draw(seed, "valid")
    whole, study = office.part("valid"), office.part("study")
    parts = {"valid": chosen, "fresh": whole[~torch.isin(whole, chosen)], "study": study}
    if network is None:
        return {name: math.log(10) for name in parts} | {"right": 10.0}
    found = {n: float(F.cross_entropy(network(x), y)) for n, (x, y) in
             ((name, office.of(rows)) for name, rows in parts.items())}  # fmt: skip
    x, y = office.of(study)
    return found | {"right": 100 * float((network(x).argmax(1) == y).double().mean())}


def hunt(
    office: Office, sampler: "optuna.samplers.BaseSampler", trials: int, seed: int
) -> list[dict[str, float]]:
    """Try settings as the sampler asks for them; it is told only the validation loss.

    Returns:
        The scores of each trial, in order.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study, found = optuna.create_study(sampler=sampler), []
    for _ in range(trials):
        trial = study.ask()
        network = train(office, suggest(trial), seed)
        found.append(scores(office, network, seed))
        study.tell(trial, found[-1]["valid"])
    return found


def winner(found: list[dict[str, float]], trials: int | None = None) -> dict[str, float]:
    """The scores of the trial that is best on the validation part, of the first ones or of all."""
    return min(found[:trials], key=lambda each: each["valid"])
