"""Checks for chapter 11, "Fine-tuning"."""

import torch
import torch.nn.functional as F

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_tensor

RNG = torch.Generator().manual_seed(11)


def _random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


W, BIAS, A, B, X = _random(4, 5), _random(4), _random(2, 5), _random(4, 2), _random(3, 5)


def check_1(answer: object) -> str:
    """Numbers that a LoRA of rank 4 trains beside a layer of 96 inputs and 288 outputs."""
    if answer == 96 * 288:
        raise WrongAnswer("that is the frozen matrix; count the two thin ones beside it")
    if answer == 4 * 96 * 288:
        raise WrongAnswer("add, do not multiply: A is 4 by 96, B is 288 by 4")
    close(answer, 1536, tol=0.5, hint="A has rank times inputs, B outputs times rank")
    return "4 (96 + 288) = 1,536 instead of 27,648: one in eighteen"


def check_2(answer: object) -> str:
    """The output of a linear layer with LoRA."""
    layer = is_function(answer, 6)
    found = layer(X.clone(), W.clone(), BIAS.clone(), A.clone(), B.clone(), 6.0)
    wanted = X @ (W + 3 * B @ A).T + BIAS
    if torch.is_tensor(found) and found.shape == wanted.shape:
        for factor, why in ((6.0, "divide alpha by the rank"), (1.0, "where is alpha / rank?")):
            if torch.allclose(found, X @ (W + factor * B @ A).T + BIAS):
                raise WrongAnswer(why)
        if torch.allclose(found, wanted + 2 * BIAS):
            raise WrongAnswer("the bias belongs to the frozen layer: it counts once")
    same_tensor(found, wanted, hint="x W^T + b + (alpha / rank) x A^T B^T", what="the output")
    return "the rank is the number of rows of A, so the factor is 6 / 2"


def check_3(answer: object) -> str:
    """The gradients of A and B for one input."""
    gradients = is_function(answer, 5)
    x, g = X[0], _random(4)
    found = gradients(x.clone(), g.clone(), A.clone(), B.clone(), 3.0)
    if not isinstance(found, (tuple, list)) or len(found) != 2:
        raise WrongAnswer("return two tensors, the gradient of A and that of B")
    wanted = 3 * torch.outer(B.T @ g, x), 3 * torch.outer(g, A @ x)
    for one, right, name in zip(found, wanted, "AB", strict=True):
        if torch.is_tensor(one) and one.shape == right.shape and torch.allclose(one, right / 3):
            raise WrongAnswer(f"the factor alpha / rank is missing in the gradient of {name}")
        same_tensor(one, right, hint="y = s B (A x): use the chain rule", what=f"that of {name}")
    return "with B = 0 the first is zero: at the start only B learns"


def check_4(answer: object) -> str:
    """Bytes of training 50,000 of a million numbers."""
    known = {
        16_000_000: "that is full fine-tuning; only 50,000 numbers have a gradient here",
        4_000_000: "that is the model at rest; gradients and Adam's two means are missing",
        800_000: "the frozen numbers lie in memory too",
        4_400_000: "Adam keeps two means for each trained number, not one",
        4_800_000: "the trained numbers are among the million: their weights count once",
    }
    if isinstance(answer, (int, float)) and answer in known:
        raise WrongAnswer(known[int(answer)])
    close(answer, 4_600_000, tol=0.5, hint="4 bytes a number; 12 more for one that trains")
    return "4.6 MB instead of 16 MB, and still 4 MB of them for what does not move"


def check_5(answer: object) -> str:
    """The loss on the answer's tokens."""
    loss = is_function(answer, 3)
    logits, tokens = _random(6, 7), torch.tensor([1, 5, 2, 2, 0, 6])
    found = float(loss(logits.clone(), tokens.clone(), 4))

    def mean(places: range, shift: int) -> float:
        rows = torch.tensor(list(places))
        return float(F.cross_entropy(logits[rows - shift], tokens[rows]))

    slips = {
        mean(range(4, 6), 0): "each token is scored by its own place, which has seen it: look left",
        mean(range(1, 6), 1): "that is the loss on the prompt too: start at the answer",
        mean(range(5, 6), 1): "the first token of the answer is missing",
        mean(range(3, 6), 1): "the last token of the prompt is in it",
        2 * mean(range(4, 6), 1): "that is the sum: take the mean over the answer's tokens",
    }
    for value, why in slips.items():
        if abs(found - value) < 1e-6:
            raise WrongAnswer(why)
    close(found, mean(range(4, 6), 1), tol=1e-6, hint="-log softmax(logits[t - 1])[tokens[t]]")
    return "the prompt is read, and only the answer is learned"


def check_6(answer: object) -> str:
    """The smallest rank that keeps a share of a matrix's squared length."""
    rank_for = is_function(answer, 2)
    left, right = torch.linalg.qr(_random(6, 4))[0], torch.linalg.qr(_random(5, 4))[0]
    update = left @ torch.tensor([4.0, 3.0, 2.0, 1.0]).double().diag() @ right.T
    for share, wanted, plain in ((0.5, 1, 2), (0.8, 2, 3), (0.9, 3, 3), (0.99, 4, 4)):
        found = rank_for(update.clone(), share)
        if found != wanted and found == plain:
            raise WrongAnswer("square the singular values: lengths add up in squares")
        if found == wanted - 1:
            raise WrongAnswer("one too few: count values, do not give the last one's position")
        if found != wanted:
            raise WrongAnswer(f"for a share of {share} not {found}: add up squares")
    return "16, 9, 4 and 1 of 30: two of four directions keep more than four fifths"


def check_7(answer: object) -> str:
    """The best model that has not forgotten too much."""
    choose = is_function(answer, 3)
    rows = [
        {"name": "a", "new": 1.70, "old": 1.80},
        {"name": "b", "new": 1.75, "old": 1.55},
        {"name": "c", "new": 1.90, "old": 1.47},
        {"name": "d", "new": 2.60, "old": 1.46},
    ]
    for budget, wanted in ((1.0, "a"), (0.10, "b"), (0.02, "c"), (0.0, "d")):
        found = choose([dict(row) for row in rows], 1.46, budget)
        if found == "a" and wanted != "a":
            raise WrongAnswer("that one has forgotten more than is allowed")
        if found == "d" and wanted != "d":
            raise WrongAnswer("among those that are allowed, take the best on the new text")
        if found != wanted:
            raise WrongAnswer(f"with a budget of {budget} the answer is not {found!r}")
    return "what may be forgotten is decided before, and then the new text decides"
