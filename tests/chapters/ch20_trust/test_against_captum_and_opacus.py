"""Maps against captum's, and epsilon and DP-SGD's sums against opacus' and per-sample gradients."""

import pytest
import torch
import torch.nn.functional as F

from aigc_lib.chapters.ch20_trust import private, saliency
from aigc_lib.chapters.ch20_trust.membership import WIDTH, Networks
from aigc_lib.data.images import load
from aigc_lib.pretrained.loaders import load_classifier

FINE = [1 + x / 10 for x in range(1, 100)] + list(range(12, 64))  # opacus' own habit


@pytest.fixture(scope="module")
def digits():
    test = load("mnist", "test")
    return test.images[:4].float() / 127.5 - 1, test.labels[:4]


@pytest.mark.label("thm-completeness")
@pytest.mark.parametrize("kind", ["gradient", "integrated gradients", "guided backprop"])
def test_maps_are_captums(digits, kind):
    captum = pytest.importorskip("captum.attr")
    x, y = digits
    network = load_classifier("mnist")
    free, black = x.clone().requires_grad_(), torch.full_like(x, -1.0)
    method = {"n_steps": 32, "method": "riemann_middle"}
    twin = {
        "gradient": lambda: captum.Saliency(network).attribute(free, y, abs=False),
        "integrated gradients": lambda: captum.IntegratedGradients(network).attribute(
            x, black, y, **method
        ),
        "guided backprop": lambda: captum.GuidedBackprop(network).attribute(free, y),
    }[kind]()
    ours = saliency.MAPS[kind](network, x, y)
    assert torch.allclose(ours, twin.detach().float(), atol=2e-4)
    assert float(ours.abs().max()) > 0.01


@pytest.mark.label("thm-renyi")
@pytest.mark.parametrize(
    ("q", "sigma", "steps", "delta"),
    [(0.2, 2.4, 150, 1e-3), (0.01, 1.1, 4_000, 1e-5), (0.2, 0.98, 150, 1e-3)],
)
def test_epsilon_is_opacus(q, sigma, steps, delta):
    rdp = pytest.importorskip("opacus.accountants.analysis.rdp")

    def told(orders):
        found = rdp.compute_rdp(q=q, noise_multiplier=sigma, steps=steps, orders=orders)
        return rdp.get_privacy_spent(orders=orders, rdp=found, delta=delta)[0]

    ours = private.epsilon(q, sigma, steps, delta)
    assert ours == pytest.approx(told(list(private.ORDERS)), rel=1e-6)
    # Their fractional orders may find a little less, and never more than we.
    fine = told(FINE + list(private.ORDERS))
    assert 0.9 * ours < fine <= ours + 1e-9


def test_noise_for_keeps_its_promise_and_wastes_little():
    sigma = private.noise_for(4.0, 0.2, 150, 1e-3)
    assert private.epsilon(0.2, sigma, 150, 1e-3) <= 4.0
    assert private.epsilon(0.2, sigma - 0.01, 150, 1e-3) > 4.0


def test_the_clipped_sum_is_that_of_gradients_one_by_one():
    rng = torch.Generator().manual_seed(0)
    model = Networks(
        torch.randn(2, 6, WIDTH, generator=rng), torch.randn(2, WIDTH + 1, 10, generator=rng)
    )
    x, y = torch.randn(2, 7, 5, generator=rng), torch.randint(10, (2, 7), generator=rng)
    weight, clip = (torch.rand(2, 7, generator=rng) < 0.6).float(), 3.0
    wanted = [torch.zeros_like(w) for w in model]
    lengths = []
    for m in range(2):
        for k in range(7):
            free = Networks(*(w[m : m + 1].clone().requires_grad_(True) for w in model))
            loss = F.cross_entropy(free.logits(x[m, k : k + 1])[0], y[m, k : k + 1])
            own = torch.autograd.grad(loss, free)
            length = float(sum(g.square().sum() for g in own).sqrt())
            lengths.append(length)
            for total, g in zip(wanted, own, strict=True):
                total[m] += weight[m, k] * min(1.0, clip / length) * g[0]
    assert min(lengths) < clip < max(lengths)
    for ours, theirs in zip(private.clipped_sum(model, x, y, weight, clip), wanted, strict=True):
        assert torch.allclose(ours, theirs, atol=1e-4)
    assert float(wanted[0].abs().max()) > 0.01


def test_no_picture_moves_the_sum_by_more_than_the_clip():
    rng = torch.Generator().manual_seed(1)
    model = Networks(
        3 * torch.randn(1, 6, WIDTH, generator=rng), torch.randn(1, WIDTH + 1, 10, generator=rng)
    )
    x, y = 9 * torch.randn(1, 5, 5, generator=rng), torch.randint(10, (1, 5), generator=rng)
    every = private.clipped_sum(model, x, y, torch.ones(1, 5), 0.5)
    fewer = private.clipped_sum(model, x, y, torch.tensor([[1.0, 1, 0, 1, 1]]), 0.5)
    moved = sum(float((a - b).square().sum()) for a, b in zip(every, fewer, strict=True)) ** 0.5
    assert moved == pytest.approx(0.5, rel=1e-4)
