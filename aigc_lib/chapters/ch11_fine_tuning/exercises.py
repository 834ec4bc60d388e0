"""Checks for chapter 11, "Fine-tuning"."""

import torch
import torch.nn.functional as F

from aigc_lib.exercises.compare import close, equal, is_function, need, same_tensor

RNG = torch.Generator().manual_seed(11)


def _random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


W, BIAS, A, B, X = _random(4, 5), _random(4), _random(2, 5), _random(4, 2), _random(3, 5)


def check_1(answer: object) -> str:
    """Numbers that a LoRA of rank 4 trains beside a layer of 96 inputs and 288 outputs."""
    mistakes = {
        "that is the frozen matrix; count the two thin ones beside it": 96 * 288,
        "add, do not multiply: A is 4 by 96, B is 288 by 4": 4 * 96 * 288,
    }
    hint = "A has rank times inputs, B outputs times rank"
    close(answer, 1536, tol=0.5, hint=hint, mistakes=mistakes)
    return "4 (96 + 288) = 1,536 instead of 27,648: one in eighteen"


def check_2(answer: object) -> str:
    """The output of a linear layer with LoRA."""
    found = is_function(answer, 6)(X.clone(), W.clone(), BIAS.clone(), A.clone(), B.clone(), 6.0)
    wanted = X @ (W + 3 * B @ A).T + BIAS
    mistakes = {
        "divide alpha by the rank": X @ (W + 6 * B @ A).T + BIAS,
        "where is alpha / rank?": X @ (W + B @ A).T + BIAS,
        "the bias belongs to the frozen layer: it counts once": wanted + 2 * BIAS,
    }
    hint = "x W^T + b + (alpha / rank) x A^T B^T"
    same_tensor(found, wanted, hint=hint, what="the output", mistakes=mistakes)
    return "the rank is the number of rows of A, so the factor is 6 / 2"


def check_3(answer: object) -> str:
    """The gradients of A and B for one input."""
    x, g = X[0], _random(4)
    found = is_function(answer, 5)(x.clone(), g.clone(), A.clone(), B.clone(), 3.0)
    two = isinstance(found, (tuple, list)) and len(found) == 2
    need(two, "return two tensors, the gradient of A and that of B")
    unscaled = torch.outer(B.T @ g, x), torch.outer(g, A @ x)
    for one, wrong, name in zip(found, unscaled, "AB", strict=True):
        mistakes = {f"the factor alpha / rank is missing in the gradient of {name}": wrong}
        hint = "y = s B (A x): use the chain rule"
        same_tensor(one, 3 * wrong, hint=hint, what=f"that of {name}", mistakes=mistakes)
    return "with B = 0 the first is zero: at the start only B learns"


def check_4(answer: object) -> str:
    """Bytes of training 50,000 of a million numbers."""
    mistakes = {
        "that is full fine-tuning; only 50,000 numbers have a gradient here": 16e6,
        "that is the model at rest; gradients and Adam's two means are missing": 4e6,
        "the frozen numbers lie in memory too": 0.8e6,
        "Adam keeps two means for each trained number, not one": 4.4e6,
        "the trained numbers are among the million: their weights count once": 4.8e6,
    }
    hint = "4 bytes a number; 12 more for one that trains"
    close(answer, 4.6e6, tol=0.5, hint=hint, mistakes=mistakes)
    return "4.6 MB instead of 16 MB, and still 4 MB of them for what does not move"


def check_5(answer: object) -> str:
    """The loss on the answer's tokens."""
    logits, tokens = _random(6, 7), torch.tensor([1, 5, 2, 2, 0, 6])
    found = is_function(answer, 3)(logits.clone(), tokens.clone(), 4)

    def mean(start: int, shift: int = 1) -> float:
        return float(F.cross_entropy(logits[start - shift : 6 - shift], tokens[start:]))

    mistakes = {
        "each token is scored by its own place, which has seen it: look left": mean(4, shift=0),
        "that is the loss on the prompt too: start at the answer": mean(1),
        "the first token of the answer is missing": mean(5),
        "the last token of the prompt is in it": mean(3),
        "that is the sum: take the mean over the answer's tokens": 2 * mean(4),
    }
    hint = "-log softmax(logits[t - 1])[tokens[t]]"
    close(found, mean(4), tol=1e-6, hint=hint, mistakes=mistakes)
    return "the prompt is read, and only the answer is learned"


def check_6(answer: object) -> str:
    """The smallest rank that keeps a share of a matrix's squared length."""
    rank_for = is_function(answer, 2)
    left, right = torch.linalg.qr(_random(6, 4))[0], torch.linalg.qr(_random(5, 4))[0]
    update = left @ torch.tensor([4.0, 3.0, 2.0, 1.0]).double().diag() @ right.T
    for share, wanted, plain in ((0.5, 1, 2), (0.8, 2, 3), (0.9, 3, 3), (0.99, 4, 4)):
        mistakes = {
            "square the singular values: lengths add up in squares": plain,
            "one too few: count values, do not give the last one's position": wanted - 1,
        }
        found, what = rank_for(update.clone(), share), f"the rank for a share of {share}"
        equal(found, wanted, hint="add up squares", what=what, mistakes=mistakes)
    return "16, 9, 4 and 1 of 30: two of four directions keep more than four fifths"


def check_7(answer: object) -> str:
    """The best model that has not forgotten too much."""
    choose = is_function(answer, 3)
    losses = {"a": (1.70, 1.80), "b": (1.75, 1.55), "c": (1.90, 1.47), "d": (2.60, 1.46)}
    mistakes = {
        "that one has forgotten more than is allowed": "a",
        "among those that are allowed, take the best on the new text": "d",
    }
    for budget, wanted in ((1.0, "a"), (0.10, "b"), (0.02, "c"), (0.0, "d")):
        rows = [{"name": name, "new": new, "old": old} for name, (new, old) in losses.items()]
        found, hint = choose(rows, 1.46, budget), "which old losses are allowed?"
        what = f"with a budget of {budget} the answer"
        equal(found, wanted, hint=hint, what=what, mistakes=mistakes)
    return "what may be forgotten is decided before, and then the new text decides"
