"""The errata page quotes what happens to a reader who follows the article: run it, and look."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch
from torch import nn
from torchvision.utils import save_image

PAGE = (Path(__file__).parents[2] / "book" / "errata.md").read_text("utf8")


def generator() -> nn.Module:
    return nn.Sequential(nn.Linear(100, 128), nn.Tanh(), nn.Linear(128, 784))


def discriminator() -> nn.Module:
    return nn.Sequential(nn.Linear(784, 128), nn.Sigmoid(), nn.Linear(128, 1))


def name_clash() -> None:
    d_loss = nn.BCELoss()

    def train() -> None:
        d_loss = d_loss(torch.rand(1), torch.ones(1))  # noqa: F823, F841 - the mistake

    train()
    d_loss.eval()


def no_detach() -> None:
    loss = nn.BCEWithLogitsLoss()
    g, d = generator(), discriminator()
    fake = g(torch.randn(4, 100))
    loss(d(fake), torch.zeros(4, 1)).backward()
    assert g[0].weight.grad.abs().sum() > 0, "the discriminator's loss reached the generator"
    loss(d(fake), torch.ones(4, 1)).backward()


def text_gan() -> None:
    writer = nn.Linear(8, 20)  # noise to the logits of twenty tokens
    reader = nn.Sequential(nn.Embedding(20, 4), nn.Linear(4, 1)).requires_grad_(False)
    token = torch.multinomial(writer(torch.randn(4, 8)).softmax(1), 1)[:, 0]
    nn.functional.softplus(-reader(token)).mean().backward()


MISTAKES: list[tuple[type[Exception], Callable[[], object], str]] = [
    (
        RuntimeError,
        text_gan,
        "element 0 of tensors does not require grad and does not have a grad_fn",
    ),
    (
        TypeError,
        lambda: nn.Tanh(torch.rand(2)),
        "Tanh.__init__() takes 1 positional argument but 2 were given",
    ),
    (
        TypeError,
        lambda: save_image(torch.rand(100, 28, 28), "unwritten.png"),
        "Cannot handle this data type: (1, 1, 100), |u1",
    ),
    (
        RuntimeError,
        lambda: discriminator()(torch.rand(128, 1, 28, 28)),
        "mat1 and mat2 shapes cannot be multiplied (3584x28 and 784x128)",
    ),
    (
        RuntimeError,
        lambda: nn.BCELoss()(torch.tensor([1.5]), torch.ones(1)),
        "all elements of input should be between 0 and 1",
    ),
    (NameError, lambda: g_net.parameters(), "name 'g_net' is not defined"),  # noqa: F821
    (NameError, lambda: generator().to(device), "name 'device' is not defined"),  # noqa: F821
    (
        TypeError,
        lambda: nn.BCELoss()(torch.rand(1)),
        "BCELoss.forward() missing 1 required positional argument: 'target'",
    ),
    (
        UnboundLocalError,
        name_clash,
        "cannot access local variable 'd_loss' where it is not associated with a value",
    ),
    (RuntimeError, no_detach, "Trying to backward through the graph a second time"),
    (
        ValueError,
        lambda: nn.BCELoss()(torch.rand(100, 1), torch.ones(128, 1)),
        "Using a target size (torch.Size([128, 1])) that is different to the input size "
        "(torch.Size([100, 1]))",
    ),
]


@pytest.mark.parametrize(("kind", "mistake", "message"), MISTAKES, ids=range(len(MISTAKES)))
def test_a_quoted_error_is_what_the_mistake_raises(kind, mistake, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(kind, match=re.escape(message)):
        mistake()
    assert message in PAGE


def test_half_of_an_untrained_linear_output_lies_outside_the_pixels_range():
    torch.manual_seed(0)
    pixels = generator()(torch.randn(1000, 100))
    outside = ((pixels < 0) | (pixels > 1)).float().mean()
    assert 0.45 < outside < 0.55


def test_the_minus_sign_teaches_the_generator_to_be_recognised():
    loss = nn.BCEWithLogitsLoss()

    def belief_after(sign: float) -> tuple[float, float]:
        torch.manual_seed(0)
        g, d, z = generator(), discriminator(), torch.randn(128, 100)
        optimizer = torch.optim.Adam(g.parameters(), lr=2e-4)
        before = torch.sigmoid(d(g(z))).mean().item()
        for _ in range(100):
            optimizer.zero_grad()
            (sign * loss(d(g(z)), torch.ones(128, 1))).backward()
            optimizer.step()
        return before, torch.sigmoid(d(g(z))).mean().item()

    before, fooled = belief_after(+1)
    _, recognised = belief_after(-1)
    assert f"$D(G(z)) = {before:.2f}$" in PAGE
    assert before == pytest.approx(0.54, abs=0.01)
    assert fooled == pytest.approx(0.72, abs=0.01)
    assert recognised == pytest.approx(0.32, abs=0.01)


def test_without_the_order_the_discriminator_cannot_ask_for_it():
    """Two judges learn to tell pictures that fit their description from pictures that do not."""
    rng = torch.Generator().manual_seed(0)

    def case(n: int) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        shown, other = (
            torch.randint(10, (n,), generator=rng),
            torch.randint(1, 10, (n,), generator=rng),
        )
        fits = torch.rand(n, generator=rng) < 0.5
        one_hot = nn.functional.one_hot
        pictures = one_hot(shown, 10).float() + 0.1 * torch.randn(n, 10, generator=rng)
        order = torch.where(fits, shown, (shown + other) % 10)
        return pictures, one_hot(order, 10).float(), fits.float()

    right = {}
    for name in ("picture", "pair"):
        torch.manual_seed(1)
        judge = nn.Sequential(nn.Linear(20, 128), nn.ReLU(), nn.Linear(128, 1))
        adam = torch.optim.Adam(judge.parameters(), lr=3e-3)

        def ask(n: int, name=name, judge=judge) -> tuple[torch.Tensor, torch.Tensor]:
            pictures, order, fits = case(n)
            told = order if name == "pair" else torch.zeros_like(order)
            return judge(torch.cat([pictures, told], 1))[:, 0], fits

        for _ in range(600):
            logits, fits = ask(256)
            loss = nn.functional.binary_cross_entropy_with_logits(logits, fits)
            adam.zero_grad()
            loss.backward()
            adam.step()
        with torch.no_grad():
            logits, fits = ask(4000)
        right[name] = float(((logits > 0) == (fits > 0)).float().mean())
    assert 0.46 < right["picture"] < 0.54
    assert right["pair"] > 0.95


def test_every_entry_has_its_five_parts_and_a_label():
    entries = re.split(r"^(?=\(errata-[a-z-]+\)=$)", PAGE, flags=re.MULTILINE)[1:]
    assert len(entries) == PAGE.count("\n### ") >= 15
    for entry in entries:
        parts = re.findall(r"^(\S.*)\n: ", entry, flags=re.MULTILINE)
        assert parts == ["Where", "Wrong", "What happens", "Right", "Shown"], entry[:60]
