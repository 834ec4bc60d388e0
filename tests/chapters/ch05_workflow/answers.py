"""Right and wrong answers to chapter 05's exercises, and what the hint to each wrong one says."""

import torch

from aigc_lib.chapters.ch05_workflow import few_shot
from aigc_lib.core.stats import wilson


def deal(form, k, rng):
    names, which = form.unique(return_inverse=True)
    return torch.randperm(len(names), generator=rng)[which] % k


def deal_unevenly(form, k, rng):
    names, which = form.unique(return_inverse=True)
    return torch.randint(k, (len(names),), generator=rng)[which] * 0


def deal_always_alike(form, k, rng):
    return form.unique(return_inverse=True)[1] % k


def dropout(x, q, u, training):
    return torch.where(u < q, 0.0, x / (1 - q)) if training else x


def dropout_in_place(x, q, u, training):
    x[u < q] = 0
    return x / (1 - q) if training else x


def early_stop(losses, patience, *, fresh=True, equal=False):
    best = waited = 0
    for epoch, loss in enumerate(losses):
        if epoch and (loss < losses[best] or (equal and loss == losses[best])):
            best, waited = epoch, 0 if fresh else waited
        elif epoch:
            waited += 1
        if waited >= patience:
            break
    return best, epoch


def alarm_p(ordinary, new):
    return (1 + sum(value >= new for value in ordinary)) / (1 + len(ordinary))


def best_plan(plans, spread, share, *, noise=lambda share, n: share * (1 - share) / n):
    def gain(plan):
        total = spread**2 + noise(share, plan[1])
        return few_shot.expected_max(plan[0]) * spread**2 / total**0.5

    return max(plans, key=gain)


def ship(broken, n, most):
    return wilson(broken, n)[1] < most


RIGHT = {
    "05.1": torch.tensor([0.7, -0.8, 0.1]),
    "05.2": deal,
    "05.3": dropout,
    "05.4": 1.8,
    "05.5": early_stop,
    "05.6": 1 / (1 + 1.96**2 / 20),
    "05.7": alarm_p,
    "05.8": best_plan,
    "05.9": ship,
}
WRONG = [
    ("05.1", torch.tensor([0.7, 0.2, 0.1]), "probabilities"),
    ("05.1", torch.tensor([-0.7, 0.8, -0.1]), "sign"),
    ("05.1", torch.tensor([-0.3, 0.2, 0.1]), "position 1"),
    ("05.1", torch.tensor([0.0, -5.0, 0.0]), "go on to the logits"),
    ("05.1", torch.tensor([[0.7, -0.8, 0.1]]), "dimension of size 1"),
    ("05.1", -0.8, "torch.Tensor"),
    ("05.2", lambda form, k, rng: torch.randint(k, form.shape, generator=rng), "torn apart"),
    ("05.2", deal_unevenly, "differ by more than one"),
    ("05.2", deal_always_alike, "every seed gives the same"),
    ("05.2", lambda form, k, rng: deal(form, k, torch.Generator()) + 1, "0 to k - 1"),
    ("05.2", lambda form, k, rng: deal(form, k, None), "generator given"),
    ("05.2", lambda form, k, rng: deal(form, k, rng).unique(), "shape"),
    ("05.3", lambda x, q, u, on: torch.where(u < q, 0.0, x) if on else x, "divided by"),
    ("05.3", lambda x, q, u, on: torch.where(u < q, 0.0, x / q) if on else x, "being kept"),
    ("05.3", lambda x, q, u, on: torch.where(u < q, x / (1 - q), 0.0) if on else x, "wrong ones"),
    ("05.3", lambda x, q, u, on: dropout(x, q, u, True), "in use nothing"),
    ("05.3", lambda x, q, u, on: dropout(x, q, u, True) if on else x * (1 - q), "in use nothing"),
    ("05.3", dropout_in_place, "in use nothing"),
    ("05.4", 0.95 * 2 - 0.1 * 3, "step of SGD"),
    ("05.4", 1.9, "put into the gradient"),
    ("05.4", 0.9, "not by 1 - 0.5"),
    ("05.4", 1.4, "multiplied by the learning rate"),
    ("05.4", 1.805, "first and then"),
    ("05.4", 18.0, "besides"),
    ("05.5", lambda losses, patience: (losses.index(min(losses)), len(losses) - 1), "stops there"),
    ("05.5", lambda a, b: early_stop(a, b, fresh=False), "anew"),
    ("05.5", lambda a, b: early_stop(a, b, equal=True), "not better"),
    ("05.5", lambda a, b: early_stop(a, b)[::-1], "exchanged"),
    ("05.5", lambda a, b: tuple(i + 1 for i in early_stop(a, b)), "from 0"),
    ("05.5", lambda a, b: early_stop(a, b)[0], "two positions"),
    ("05.5", lambda a, b: list(early_stop(a, b, equal=True)), "not right: .* not better"),
    ("05.6", 1.0, "upper end"),
    ("05.6", 83.89, "not per cent"),
    ("05.6", 0.05 ** (1 / 20), "exact one-sided"),
    ("05.6", 1 / (1 + 1.645**2 / 20), "90 %"),
    ("05.6", 0.95, "minus sign"),
    ("05.7", lambda old, new: sum(v >= new for v in old) / len(old), "the new one included"),
    ("05.7", lambda old, new: (1 + sum(v <= new for v in old)) / (1 + len(old)), "only the new"),
    ("05.7", lambda old, new: (1 + sum(v >= new for v in old)) / len(old), "the new one included"),
    ("05.7", lambda old, new: None, "a return"),
    ("05.7", lambda old, new: (1 + sum(v > new for v in old)) / (1 + len(old)), "just as"),
    ("05.8", lambda plans, spread, share: max(plans), "told apart|luck"),
    ("05.8", lambda plans, spread, share: min(plans), "more trials win"),
    ("05.8", lambda p, spread, s: best_plan(p, spread, s, noise=lambda s, n: 0), "noise counts"),
    ("05.8", lambda p, spread, s: best_plan(p, spread, 0.95), "depends on the share"),
    ("05.8", lambda plans, spread, share: 0, "a pair of trials and pictures"),
    ("05.8", lambda plans, spread, share: None, "a return"),
    ("05.9", lambda broken, n, most: broken / n < most, "less than 1 %"),
    ("05.9", lambda broken, n, most: wilson(broken, n)[0] < most, "upper end"),
    ("05.9", lambda broken, n, most: broken == 0, "may be 3.7"),
    ("05.9", lambda broken, n, most: False, "none of 1,000"),
    ("05.9", lambda broken, n, most: None, "a return"),
]
