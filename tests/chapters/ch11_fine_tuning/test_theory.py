"""Proofs, in numbers, of chapter 11's statements."""

import math

import pytest
import torch
from torch import nn

from aigc_lib.chapters.ch11_fine_tuning.finetune import kept_share, training_bytes
from aigc_lib.chapters.ch11_fine_tuning.label_prompting import answer_loss
from aigc_lib.chapters.ch11_fine_tuning.lora import LoRALinear, add_lora, trainable

RNG = torch.Generator().manual_seed(11)


def random(*shape: int) -> torch.Tensor:
    return torch.randn(*shape, generator=RNG, dtype=torch.float64)


def layer(rank: int, alpha: float, trained: bool = True) -> tuple[LoRALinear, torch.Tensor]:
    """A LoRA layer of 7 inputs and 5 outputs, and its frozen weight."""
    base = nn.Linear(7, 5).double()
    found = LoRALinear(base, rank, alpha)
    if trained:
        found.B.data = random(5, rank)
    return found, base.weight.detach().clone()


@pytest.mark.label("eq-lora")
@pytest.mark.parametrize(("rank", "alpha"), [(1, 4.0), (3, 3.0), (3, 16.0)])
def test_a_layer_with_lora_is_the_sum_over_its_directions(rank: int, alpha: float) -> None:
    lora, weight = layer(rank, alpha)
    x = random(7)
    wanted = weight @ x + lora.base.bias
    for k in range(rank):  # one direction read, one written, each
        wanted = wanted + alpha / rank * lora.B[:, k] * sum(lora.A[k, i] * x[i] for i in range(7))
    torch.testing.assert_close(lora(x), wanted)


@pytest.mark.label("thm-lora-rank")
def test_products_of_rank_r_are_all_matrices_of_rank_at_most_r_and_no_others() -> None:
    for rank in (1, 2, 4):
        lora, weight = layer(rank, 2.0)
        update = lora(torch.eye(7).double()).T - lora.base.bias[:, None] - weight
        assert int(torch.linalg.matrix_rank(update)) == rank
        assert sum(p.numel() for p in trainable(lora)) == rank * (7 + 5)
        # The other way: a matrix of this rank, made without a product of thin ones.
        rows = random(rank, 7)
        wanted = torch.stack([random(rank) @ rows for _ in range(5)])
        u, s, v = torch.linalg.svd(wanted)
        lora.B.data, lora.A.data = u[:, :rank] * s[:rank] * rank / 2.0, v[:rank]
        found = lora(torch.eye(7).double()).T - lora.base.bias[:, None] - weight
        torch.testing.assert_close(found, wanted)


@pytest.mark.label("thm-lora-start")
def test_at_the_start_nothing_changes_and_only_b_has_a_gradient() -> None:
    lora, weight = layer(3, 12.0, trained=False)
    x = random(4, 7)
    torch.testing.assert_close(lora(x), x @ weight.T + lora.base.bias, rtol=0, atol=0)

    def loss() -> torch.Tensor:
        return lora(x).sin().sum()

    for trained in (False, True):
        if trained:
            lora.B.data = random(5, 3)
        lora.zero_grad()
        loss().backward()  # type: ignore[no-untyped-call]
        g = (x @ (weight + 4 * lora.B @ lora.A).T + lora.base.bias).cos().detach()
        assert lora.A.grad is not None
        assert lora.B.grad is not None
        torch.testing.assert_close(lora.B.grad, 4 * g.T @ (x @ lora.A.T))
        torch.testing.assert_close(lora.A.grad, 4 * (g @ lora.B).T @ x)
        assert bool((lora.A.grad == 0).all()) is not trained
        assert lora.base.weight.grad is None
        with torch.no_grad():  # by differences, which know no chain rule
            up, down = (shifted(lora, loss, s) for s in (1e-6, -1e-6))
        assert (up - down) / 2e-6 == pytest.approx(float(lora.B.grad[2, 1]), rel=1e-6)


def shifted(lora: LoRALinear, loss, by: float) -> float:  # type: ignore[no-untyped-def]
    """The loss with one number of B moved."""
    lora.B[2, 1] += by
    found = float(loss())
    lora.B[2, 1] -= by
    return found


@pytest.mark.label("thm-best-rank")
@pytest.mark.parametrize("rank", [1, 2, 4])
def test_no_matrix_of_low_rank_is_nearer_than_that_of_the_largest_singular_values(
    rank: int,
) -> None:
    update = random(6, 9)
    whole = float(update.square().sum())
    lost = whole * (1 - kept_share(update, rank))
    # Singular values by another way: the eigenvalues of the smaller Gram matrix.
    squares = torch.linalg.eigvalsh(update @ update.T).flip(0)
    assert lost == pytest.approx(float(squares[rank:].sum()))
    # The best of many starts of alternating least squares reaches it, and none goes below.
    reached = math.inf
    for _ in range(20):
        rows = random(rank, 9)
        for _ in range(60):
            columns = update @ torch.linalg.pinv(rows)
            rows = torch.linalg.pinv(columns) @ update
            off = float((update - columns @ rows).square().sum())
            assert off >= lost * (1 - 1e-9)
            reached = min(reached, off)
    assert reached == pytest.approx(lost, rel=1e-3)


@pytest.mark.label("eq-tuning-bytes")
@pytest.mark.parametrize("rank", [None, 2])
def test_bytes_of_weights_gradients_and_adams_means(rank: int | None) -> None:
    model = nn.Sequential(nn.Linear(30, 40), nn.Tanh(), nn.Linear(40, 20))
    if rank:
        add_lora(model, rank, 4.0, ["0", "2"])
    optimizer = torch.optim.AdamW(trainable(model))
    model(torch.randn(3, 30)).square().sum().backward()
    optimizer.step()
    tensors = [*model.parameters(), *(p.grad for p in model.parameters() if p.grad is not None)]
    for state in optimizer.state.values():
        tensors += [value for name, value in state.items() if name != "step"]
    assert training_bytes(model) == sum(t.numel() * 4 for t in tensors)
    total, train = (
        sum(p.numel() for p in some) for some in (list(model.parameters()), trainable(model))
    )
    assert training_bytes(model) == 4 * total + 12 * train


@pytest.mark.label("eq-answer-loss")
def test_only_the_answers_tokens_count_and_each_is_guessed_from_the_place_before() -> None:
    features, table = random(2, 5, 3), random(7, 3)
    tokens = torch.tensor([[3, 1, 4, 6, 0], [2, 0, 5, 0, 0]])
    answer = torch.tensor([[0, 0, 0, 1, 1], [0, 1, 1, 0, 0]]).bool()
    found = []
    for row, place in ((0, 3), (0, 4), (1, 1), (1, 2)):
        weights = [math.exp(float(table[k] @ features[row, place - 1])) for k in range(7)]
        found.append(-math.log(weights[int(tokens[row, place])] / sum(weights)))
    wanted = sum(found) / 4
    assert float(answer_loss(features, table, tokens, answer)) == pytest.approx(wanted)
    # Other tokens and states after the last place that counts change nothing.
    tokens[1, 3:], features[1, 2:] = 6, 100.0
    assert float(answer_loss(features, table, tokens, answer)) == pytest.approx(wanted)
