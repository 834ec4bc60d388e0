"""A recommender that reads likes as a text: which film comes next (chapter 17).

SASRec (Kang and McAuley, 2018, arXiv:1808.09781): causal self-attention over the last likes. Here
it is chapter 10's GPT, whose tokens are films, with chapter 10's training. So its loss is the
cross-entropy over all films, in place of SASRec's one drawn film: 1,663 films are few.
"""

from collections.abc import Sequence

import torch
from torch import Tensor

from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.training import Run, fit
from aigc_lib.nets.gpt import GPT, GPTConfig

CONTEXT = 50  # likes that it reads, at most: as in the paper for sparse data


def text(sequences: Sequence[Tensor], films: int) -> Tensor:
    """Everybody's likes, one person after the other, each begun by the token ``films``."""
    start = torch.tensor([films])
    return torch.cat([torch.cat([start, likes]) for likes in sequences])


@torch.no_grad()
def scores(model: GPT, asked: Sequence[Tensor], films: int) -> Tensor:
    """Logits (N, films) of what comes next after the likes of each request."""
    model.eval()
    rows = [text([likes], films)[-model.config.context :] for likes in asked]
    return torch.stack([model(row[None])[0, -1, :films] for row in rows])


def attention(
    sequences: Sequence[Tensor], asked: Sequence[Tensor], films: int, dropout: float, lr: float,
    seed: int = 0, steps: int = 600, tick: int = 100,
) -> list[Tensor]:  # fmt: skip
    """The scores of the requests after every ``tick`` steps of one training.

    TrainingError if the loss is no number. PyTorch's global random state stays as it is.
    """
    found: list[Tensor] = []
    with torch.random.fork_rng([]):
        torch.manual_seed(seed)
        run = Run(GPT(GPTConfig(films + 1, CONTEXT, 2, 2, 32, dropout)), lr)
        fit(
            run, TokenBatches(text(sequences, films), 16, CONTEXT, seed), steps, tick=tick,
            on_tick=lambda run, row: found.append(scores(run.model, asked, films)), progress=False,
        )  # fmt: skip
    return found
