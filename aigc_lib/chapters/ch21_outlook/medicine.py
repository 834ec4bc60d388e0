"""Do invented patients help to diagnose real ones? Generators, the classifier, and copies.

The data are the breast tumours of Wisconsin (Street, Wolberg and Mangasarian, 1993), as
scikit-learn carries them: 569 patients, thirty measurements of a picture of cells each; 212 tumours
were malignant.
"""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from aigc_lib.chapters.ch21_outlook import tabular
from aigc_lib.metrics.neighbours import Memorised, memorised, nearest_features

LABELS = (20, 100, 300)
CHOOSING, EXAM = 69, 200  # patients; up to 300 are left to learn from


class Patients(NamedTuple):
    """Measurements float (N, 30) and whether the tumour is malignant, int64 (N,)."""

    x: Tensor
    y: Tensor


def load() -> Patients:
    """All 569 patients."""
    from sklearn.datasets import load_breast_cancer

    x, y = load_breast_cancer(return_X_y=True)
    return Patients(torch.tensor(x).float(), torch.tensor(1 - y))


def split(patients: Patients, n: int, seed: int) -> tuple[Patients, Patients, Patients]:
    """``n`` patients to learn from, those to choose by, and those for the exam, at random.

    Fewer are always among more, of every kind the same share. Measurements are brought to mean 0
    and spread 1 by the ``n`` patients alone: nobody else is known.
    """
    rng = torch.Generator().manual_seed(seed)
    order = torch.randperm(len(patients.y), generator=rng)
    exam, choosing, pool = order.split([EXAM, CHOOSING, len(order) - EXAM - CHOOSING])
    sick = patients.y[pool] == 1
    share = round(n * float(sick.double().mean()))
    few = torch.cat([pool[sick][:share], pool[~sick][: n - share]])
    centre, spread = patients.x[few].mean(0), patients.x[few].std(0).clamp(min=1e-6)
    found = [Patients((patients.x[k] - centre) / spread, patients.y[k])
             for k in (few, choosing, exam)]  # fmt: skip
    return found[0], found[1], found[2]


Invent = Callable[[Patients, Tensor, int], Tensor]
"""Real patients, the labels (M,) that are wanted and a seed, to invented measurements (M, 30)."""


def gaussian(real: Patients, labels: Tensor, seed: int) -> Tensor:
    """A normal distribution of each kind, with the shrunk covariance of Ledoit and Wolf (2004)."""
    from sklearn.covariance import ledoit_wolf

    rng, found = np.random.default_rng(seed), torch.empty(len(labels), real.x.shape[1])
    for kind in labels.unique().tolist():
        mine = real.x[real.y == kind].double().numpy()
        drawn = rng.multivariate_normal(mine.mean(0), ledoit_wolf(mine)[0], len(labels))
        found[labels == kind] = torch.tensor(drawn).float()[labels == kind]
    return found


def smote(real: Patients, labels: Tensor, seed: int) -> Tensor:
    """Between a patient and one of the five most alike of the same kind (Chawla et al., 2002)."""
    rng, found = torch.Generator().manual_seed(seed), torch.empty(len(labels), real.x.shape[1])
    for kind in labels.unique().tolist():
        mine, wanted = real.x[real.y == kind], int((labels == kind).sum())
        near = torch.cdist(mine, mine).topk(min(6, len(mine)), largest=False).indices[:, 1:]
        one = torch.randint(len(mine), (wanted,), generator=rng)
        other = near[one, torch.randint(near.shape[1], (wanted,), generator=rng)]
        share = torch.rand(wanted, 1, generator=rng)
        found[labels == kind] = mine[one] + share * (mine[other] - mine[one])
    return found


def fitted(kind: str, real: Patients, seed: int, steps: int,
           on_step: Callable[[int, Invent], None] | None = None) -> Invent:  # fmt: skip
    """A ``"flow"`` or a ``"gan"`` that learnt from the patients, as an inventor."""

    def inventor(draw: tabular.Draw) -> Invent:
        return lambda _, labels, at: draw(F.one_hot(labels, 2).float(), at)

    def watch(step: int, draw: tabular.Draw) -> None:
        if on_step:
            on_step(step, inventor(draw))

    fit = tabular.fit_flow if kind == "flow" else tabular.fit_gan
    c = F.one_hot(real.y, 2).float()
    return inventor(fit(real.x, c, seed, steps, on_step=watch))


def with_invented(real: Patients, invent: Invent, times: float, seed: int) -> Patients:
    """The real patients, and ``times`` as many invented ones with labels drawn from theirs."""
    rng = torch.Generator().manual_seed(seed)
    labels = real.y[torch.randint(len(real.y), (round(times * len(real.y)),), generator=rng)]
    made = invent(real, labels, seed)
    return Patients(torch.cat([real.x, made]), torch.cat([real.y, labels]))


def probabilities(train: Patients, x: Tensor, strength: float) -> Tensor:
    """Of "malignant" for x (N, 30), by logistic regression with that inverse regularisation."""
    from sklearn.linear_model import LogisticRegression

    model = LogisticRegression(C=strength, max_iter=1000).fit(train.x.numpy(), train.y.numpy())
    return torch.tensor(model.predict_proba(x.numpy())[:, 1])


def log_loss(p: Tensor, y: Tensor) -> float:
    """Mean negative log-probability of the truth, nats a patient."""
    return float(F.binary_cross_entropy(p.clamp(1e-6, 1 - 1e-6), y.to(p)))


def missed(p: Tensor, y: Tensor) -> float:
    """Share of the malignant tumours that are taken for benign ones."""
    return float((p[y == 1] <= 0.5).double().mean())


def others(real: Patients, strangers: Patients) -> Tensor:
    """As many strangers as there are real patients, and of each kind as many (or all there are)."""
    kinds = [(strangers.x[strangers.y == k], int((real.y == k).sum())) for k in (0, 1)]
    return torch.cat([x[:count] for x, count in kinds])


def copies(real: Patients, made: Tensor, strangers: Tensor) -> Memorised:
    """How many invented patients lie closer to a real one than all but one stranger in fifty."""
    found = [nearest_features(some, real.x)[1] for some in (made, strangers)]
    return memorised(found[0], found[1], quantile=0.02)
