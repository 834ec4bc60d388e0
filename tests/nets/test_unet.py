"""aigc_lib.nets.unet: sizes, what each part sees, and the layout in memory."""

import math

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from aigc_lib.nets.unet import Block, Description, UNet


def settled(network: nn.Module, spread: float = 0.1) -> nn.Module:
    """Weights that are all at work."""
    torch.manual_seed(3)
    for parameter in network.parameters():
        nn.init.normal_(parameter, std=spread)
    return network


def inputs(n: int = 3, channels: int = 1, side: int = 8) -> tuple[Tensor, Tensor, Tensor]:
    rng = torch.Generator().manual_seed(0)
    x = torch.randn(n, channels, side, side, generator=rng)
    return x, torch.rand(n, generator=rng), torch.randint(5, (n, 2), generator=rng)


@pytest.mark.parametrize(
    ("channels", "side", "widths"),
    [(1, 28, (8, 16)), (3, 32, (8, 16, 24)), (3, 32, (8,)), (1, 32, (8, 8, 8, 16, 8))],
)
def test_an_answer_has_the_shape_of_the_pictures(
    channels: int, side: int, widths: tuple[int, ...]
) -> None:
    net = settled(UNet(5, channels, widths, 8))
    x, t, words = inputs(2, channels, side)
    answer = net(x, t, words)
    assert answer.shape == x.shape
    assert float(answer.detach().std()) > 1e-3
    # Each level halves the side: that of the pictures must be divisible as often.
    with pytest.raises(RuntimeError):
        net(x[:, :, :-2, :-2] if len(widths) > 1 else x[:, :, :-1, :-1], t, words)


def test_parameters_are_counted_by_hand() -> None:
    def conv(a: int, b: int, kernel: int) -> int:
        return a * b * kernel**2 + b

    def block(width: int, condition: int) -> int:
        norms, film = 2 * 2 * width, (condition + 1) * 2 * width
        return norms + film + 2 * conv(width, width, 3)

    total = 7 * 8 + 17 * 8 + 9 * 8  # words, time, mix
    total += conv(12, 8, 3) + conv(8, 12, 3) + 2 * conv(16, 8, 2) - 8 + 16 + 2 * 8  # and a norm
    total += 2 * block(8, 8) + 2 * block(16, 8)
    assert sum(p.numel() for p in UNet(7, 3, (8, 16), 8).parameters()) == total


def test_the_gradient_reaches_every_parameter() -> None:
    net = settled(UNet(5, 1, (8, 16, 8), 8))
    net(*inputs()).square().sum().backward()
    for name, parameter in net.named_parameters():
        assert float(parameter.grad.abs().max()) > 0, name


def test_a_picture_is_answered_for_itself_alone() -> None:
    net, (x, t, words) = settled(UNet(5, 1, (8, 16), 8)), inputs(4)
    together = net(x, t, words)
    for i in range(4):
        one = slice(i, i + 1)
        torch.testing.assert_close(net(x[one], t[one], words[one]), together[one],
                                   rtol=1e-4, atol=1e-6)  # fmt: skip
    x[0], t[0], words[0] = 9.0, 0.9, 0
    changed = net(x, t, words)
    torch.testing.assert_close(changed[1:], together[1:], rtol=1e-4, atol=1e-6)
    assert float((changed[0] - together[0]).detach().abs().max()) > 1e-3


def test_time_and_description_matter_and_the_order_of_words_does_not() -> None:
    net, (x, t, words) = settled(UNet(5, 1, (8, 16), 8), 0.3), inputs()
    words[:] = torch.tensor([1, 4])
    with torch.no_grad():
        answer = net(x, t, words)
        for other in (net(x, 1 - t, words), net(x, t, words.new_tensor([1, 3]).expand(3, 2))):
            assert float((other - answer).abs().max()) > 1e-3
        torch.testing.assert_close(net(x, t, words.flip(1)), answer)
        table = settled(Description(5, 8))
        wanted = table.table.weight[1] + table.table.weight[4]
        torch.testing.assert_close(table(words), wanted.expand(3, 8))


def test_a_layout_in_memory_changes_nothing() -> None:
    net, (x, t, words) = settled(UNet(5, 3, (8, 16), 8)), inputs(channels=3)
    wanted = net(x, t, words)
    net.to(memory_format=torch.channels_last)
    for given in (x, x.contiguous(memory_format=torch.channels_last)):
        torch.testing.assert_close(net(given, t, words), wanted, rtol=1e-4, atol=1e-6)


def test_float64_runs_through() -> None:
    net, (x, t, words) = settled(UNet(5, 1, (8, 16), 8)), inputs()
    wanted = net(x, t, words)
    found = net.double()(x.double(), t.double(), words)
    assert found.dtype == torch.float64
    torch.testing.assert_close(found.float(), wanted, rtol=1e-4, atol=1e-5)


def test_a_block_begins_as_the_way_around_it() -> None:
    torch.manual_seed(0)
    block = Block(16, 6)
    x, condition = torch.randn(3, 16, 5, 5), torch.randn(3, 6)
    bias = block.second.bias[:, None, None]
    torch.testing.assert_close(block(x, condition), x + bias)
    assert float(bias.detach().abs().max()) < 1 / math.sqrt(16 * 9)


def test_a_block_is_the_formula() -> None:
    block, x, condition = settled(Block(16, 6), 0.3), torch.randn(3, 16, 5, 5), torch.randn(3, 6)

    def norm(h: Tensor, layer: nn.GroupNorm) -> Tensor:
        groups = h.reshape(3, 8, -1)
        centred = groups - groups.mean(2, keepdim=True)
        h = (centred / (centred.square().mean(2, keepdim=True) + 1e-5).sqrt()).reshape(h.shape)
        return h * layer.weight[:, None, None] + layer.bias[:, None, None]

    def swish(h: Tensor) -> Tensor:
        return h / (1 + (-h).exp())

    h = F.conv2d(swish(norm(x, block.before)), block.first.weight, block.first.bias, padding=1)
    film = condition @ block.film.weight.T + block.film.bias
    h = norm(h, block.between) * (1 + film[:, :16, None, None]) + film[:, 16:, None, None]
    h = F.conv2d(swish(h), block.second.weight, block.second.bias, padding=1)
    torch.testing.assert_close(block(x, condition), x + h, rtol=1e-4, atol=1e-4)
