"""Proofs, in numbers, of chapter 02's statements."""

import itertools
import math
import random
from collections import Counter

import pytest
import torch

# ------------------------------------------------------------------------------ a bandit


@pytest.mark.label("eq-bandit-gradient")
@pytest.mark.parametrize("baseline", [0.0, 1.3, -4.0])
def test_the_policy_gradient_is_the_gradient_of_the_mean_reward(baseline: float) -> None:
    rng = torch.Generator().manual_seed(3)
    scores = torch.randn(6, generator=rng, dtype=torch.float64, requires_grad=True)
    reward = torch.randn(6, generator=rng, dtype=torch.float64)
    (scores.softmax(0) @ reward).backward()
    policy = scores.detach().softmax(0)
    stated = sum(
        policy[a] * (reward[a] - baseline) * (torch.eye(6, dtype=torch.float64)[a] - policy)
        for a in range(6)
    )
    torch.testing.assert_close(stated, scores.grad, rtol=1e-12, atol=1e-14)


@pytest.mark.label("eq-bandit-gradient")
def test_the_batch_mean_as_the_page_uses_it_shortens_the_step_and_no_more() -> None:
    """All pairs of draws by enumeration: the mean push is (1 - 1/n) times the gradient."""
    scores = torch.tensor([0.3, -0.2, 0.9], dtype=torch.float64)
    policy, reward = scores.softmax(0), torch.tensor([1.0, 5.0, 2.0], dtype=torch.float64)
    exact = policy * (reward - policy @ reward)
    mean = torch.zeros(3, dtype=torch.float64)
    for pair in itertools.product(range(3), repeat=2):
        drawn = torch.tensor(pair)
        better = reward[drawn] - reward[drawn].mean()
        push = torch.eye(3, dtype=torch.float64)[drawn] - policy
        mean += policy[drawn].prod() * (better[:, None] * push).mean(0)
    torch.testing.assert_close(mean, exact * (1 - 1 / 2), rtol=1e-12, atol=1e-14)


# ---------------------------------------------------------------------------- a long context


def interpolated(text: str, context: str, alphabet: str) -> dict[str, float]:
    """The formula, by recursion over the context."""
    if context is None:
        return dict.fromkeys(alphabet, 1 / len(alphabet))
    lower = interpolated(text, context[1:] if context else None, alphabet)
    n = len(context)
    after = Counter(text[i + n] for i in range(len(text) - n) if text[i : i + n] == context)
    total = sum(after.values())
    return {x: (after[x] + lower[x]) / (total + 1) for x in alphabet}


@pytest.mark.label("eq-interpolation")
def test_it_is_a_distribution_in_every_context_and_nothing_is_impossible() -> None:
    rng = random.Random(0)
    text = "".join(rng.choices("abc", weights=(5, 3, 1), k=80))
    for n in range(4):
        for context in map("".join, itertools.product("abcd", repeat=n)):
            q = interpolated(text, context, "abcd")  # "d" never occurs
            assert sum(q.values()) == pytest.approx(1, abs=1e-12)
            assert min(q.values()) > 0
    unseen = interpolated(text, "dd", "abcd")
    assert unseen == pytest.approx(interpolated(text, "", "abcd"))  # all is left to shorter ones


@pytest.mark.label("eq-interpolation")
def test_the_loop_of_the_page_computes_it() -> None:
    plays, held_out, alphabet = "abacabadabacaba" * 3, "abadacabd", "abcd"
    guess, before = [1 / len(alphabet)] * len(held_out), Counter({"": len(plays)})
    for n in range(4):
        count = Counter(plays[i : i + n + 1] for i in range(len(plays) - n))
        for i in range(n, len(held_out)):
            found = held_out[i - n : i + 1]
            guess[i] = (count[found] + guess[i]) / (before[found[:-1]] + 1)
        for i in range(n, len(held_out)):
            wanted = interpolated(plays, held_out[i - n : i], alphabet)[held_out[i]]
            assert guess[i] == pytest.approx(wanted, rel=1e-12)
        before = count
        before[plays[-n - 1 :]] -= 1


# --------------------------------------------------------------------------- the best guess


@pytest.mark.label("thm-mean-repair")
def test_no_guess_beats_the_conditional_mean() -> None:
    rng = torch.Generator().manual_seed(0)
    joint = torch.rand(4, 5, generator=rng, dtype=torch.float64)  # of x and y
    joint /= joint.sum()
    y = torch.randn(5, generator=rng, dtype=torch.float64)

    def error(f: torch.Tensor) -> float:
        return float((joint * (y[None] - f[:, None]) ** 2).sum())

    mean = (joint @ y) / joint.sum(1)
    for _ in range(2000):
        other = mean + torch.randn(4, generator=rng, dtype=torch.float64)
        # The excess is exactly the mean squared distance from the conditional mean.
        excess = float((joint.sum(1) * (other - mean) ** 2).sum())
        assert error(other) == pytest.approx(error(mean) + excess, rel=1e-10)
        assert excess > 0


@pytest.mark.label("thm-mean-repair")
def test_with_two_equal_possibilities_the_best_guess_is_neither() -> None:
    grid = torch.linspace(-1, 2, 3001, dtype=torch.float64)
    error = 0.5 * grid**2 + 0.5 * (grid - 1) ** 2
    assert float(grid[error.argmin()]) == pytest.approx(0.5, abs=1e-3)


# ----------------------------------------------------------------------- the worst change


@pytest.mark.label("thm-fgsm")
def test_no_corner_and_no_inner_point_does_more_than_the_sign() -> None:
    rng = torch.Generator().manual_seed(1)
    size = 0.3
    for _ in range(20):
        g = torch.randn(8, generator=rng, dtype=torch.float64)
        best = float(g @ (size * g.sign()))
        assert best == pytest.approx(size * float(g.abs().sum()), rel=1e-12)
        corners = torch.tensor(list(itertools.product((-size, size), repeat=8))).double()
        assert float((corners @ g).max()) == pytest.approx(best, rel=1e-6)
        inner = size * (2 * torch.rand(5000, 8, generator=rng, dtype=torch.float64) - 1)
        assert float((inner @ g).max()) < best


# ------------------------------------------------------------------------------- families


@pytest.mark.label("eq-chain-rule")
def test_any_distribution_is_a_product_of_one_part_after_the_other() -> None:
    rng = torch.Generator().manual_seed(2)
    p = torch.rand(2, 3, 4, generator=rng, dtype=torch.float64)
    p /= p.sum()
    first = p.sum((1, 2))
    second = p.sum(2) / first[:, None]
    third = p / p.sum(2, keepdim=True)
    torch.testing.assert_close(first[:, None, None] * second[:, :, None] * third, p)
    for table in (first, second, third):  # each a distribution in its last part
        torch.testing.assert_close(table.sum(-1), torch.ones_like(table.sum(-1)))


@pytest.mark.label("eq-denoising")
@pytest.mark.parametrize("s", [0.2, 0.7, 2.0])
def test_the_best_guess_of_the_noise_is_the_score(s: float) -> None:
    """For data of three values the guess is a finite sum; the score comes from autograd."""
    points = torch.tensor([-1.0, 0.3, 2.0], dtype=torch.float64)
    share = torch.tensor([0.2, 0.5, 0.3], dtype=torch.float64)
    noisy = torch.linspace(-4, 5, 181, dtype=torch.float64, requires_grad=True)
    log_terms = share.log() - (noisy[:, None] - points) ** 2 / (2 * s * s)  # up to a constant
    log_density = log_terms.logsumexp(1)
    (score,) = torch.autograd.grad(log_density.sum(), noisy)
    weight = log_terms.detach().softmax(1)  # which point it came from
    noise = ((noisy.detach()[:, None] - points) / s * weight).sum(1)
    torch.testing.assert_close(score, -noise / s, rtol=1e-10, atol=1e-12)


@pytest.mark.label("eq-denoising")
def test_regression_on_the_noise_finds_it() -> None:
    """By drawing: the mean noise in a narrow bin is minus s times the score there."""
    rng = torch.Generator().manual_seed(0)
    s, n = 0.5, 4_000_000
    x = (torch.rand(n, generator=rng) < 0.3).double() * 2 - 1  # -1 or 1
    noise = torch.randn(n, generator=rng, dtype=torch.float64)
    noisy = x + s * noise
    for centre in (-0.9, -0.3, 0.1, 0.6):
        here = (noisy - centre).abs() < 0.02
        found = noise[here]
        a, b = (w * math.exp(-((centre - m) ** 2) / (2 * s * s)) for w, m in ((0.7, -1), (0.3, 1)))
        stated = (a * (centre + 1) + b * (centre - 1)) / (a + b) / s
        error = float(found.std()) / math.sqrt(len(found))
        assert abs(float(found.mean()) - stated) < 4 * error + 0.02 * 0.02 / s**2
        assert error < 0.02
