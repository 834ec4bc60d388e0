"""Checks for chapter 07, "Convolutional and conditional GANs"."""

import torch
from torch.nn.functional import conv_transpose1d

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_shape, same_tensor


def check_1(answer: object) -> str:
    """Weights of a convolution from 3 to 16 channels with a kernel of 5 by 5, biases included."""
    hint = "each of the 16 outputs has 5 * 5 weights for each of the 3 inputs, and one bias"
    for wrong, why in (
        (1200, "the biases are missing: one for each output channel"),
        (416, "a kernel has its own weights for each of the 3 input channels"),
        (1203, "there is one bias for each output channel, and not for each input channel"),
        (256, "count every pixel of the kernel: it is 5 high and 5 wide"),
        (1216 * 28 * 28, "the same weights serve every place: the picture's size does not matter"),
    ):
        if isinstance(answer, (int, float)) and answer == wrong:
            hint = why
    close(answer, 1216, tol=0.5, hint=hint, what="the number of weights")
    return "16 * (3 * 5 * 5 + 1) = 1,216, whatever the size of the picture"


def check_2(answer: object) -> str:
    """The receptive field of a stack of convolutions, from their kernels and strides."""
    field = is_function(answer, 1)
    cases: tuple[tuple[list[tuple[int, int]], int], ...] = (
        ([(5, 3)], 5),
        ([(3, 1), (3, 1)], 5),
        ([(4, 2), (4, 2), (3, 2)], 18),
        ([(3, 2), (5, 1), (2, 3), (4, 2)], 31),
    )
    for layers, expected in cases:
        hint = "a step in a later layer is as wide as the product of all the strides before it"
        found = field(layers)
        if isinstance(found, (int, float)):
            if found == 1 + sum(k - 1 for k, _ in layers):
                hint = "strides count: behind a stride of 2, neighbours lie two pixels apart"
            own, reach = 1, 1
            for kernel, stride in layers:
                own *= stride
                reach += (kernel - 1) * own
            if found == reach:
                hint = "a layer's own stride comes after its kernel: it widens the next layers only"
        close(found, expected, tol=1e-6, hint=hint, what=f"the receptive field of {layers}")
    if field([]) != 1:
        raise WrongAnswer("without any layer a unit is a pixel and sees itself: 1")
    return "each kernel adds (k - 1) steps, each as wide as all earlier strides together"


def check_3(answer: object) -> str:
    """A transposed convolution in one dimension: zeros between the inputs, then a convolution."""
    spread = is_function(answer, 3)
    generator = torch.Generator().manual_seed(3)
    for length, size, stride in ((5, 4, 2), (4, 3, 3), (6, 5, 1)):
        x = torch.randn(length, generator=generator)
        kernel = torch.randn(size, generator=generator)
        what = f"the output for {length} inputs, a kernel of {size} and a stride of {stride}"
        expected = conv_transpose1d(x[None, None], kernel[None, None], stride=stride)[0, 0]
        found = same_shape(spread(x, kernel, stride), tuple(expected.shape), what)
        mirrored = conv_transpose1d(x[None, None], kernel.flip(0)[None, None], stride=stride)[0, 0]
        if torch.allclose(found, mirrored, atol=1e-5):
            raise WrongAnswer(
                "the kernel is mirrored: PyTorch's convolution does not flip it for you, and a "
                "stamp read from the output's side is reversed"
            )
        hint = "every input stamps the whole kernel, moved by the stride"
        same_tensor(found, expected, tol=1e-5, what=what, hint=hint)
    return "stamping the kernel and convolving the stretched input are the same thing"


def check_4(answer: object) -> str:
    """The logit of a projection discriminator."""
    logit = is_function(answer, 5)
    generator = torch.Generator().manual_seed(4)
    features = torch.randn(6, 5, generator=generator)
    w, b = torch.randn(5, generator=generator), torch.tensor(0.7)
    v = torch.randn(3, 5, generator=generator)
    labels = torch.tensor([2, 0, 1, 1, 2, 0])
    table = features @ v.T
    found = same_shape(logit(features, labels, w, b, v), (6,), "the logits")
    blind = features @ w + b
    if torch.allclose(found, blind, atol=1e-5):
        raise WrongAnswer("these logits do not know the labels: add the inner product with v_y")
    if torch.allclose(found, blind + table.sum(1), atol=1e-5):
        raise WrongAnswer("only the vector of the picture's own class counts, and not their sum")
    expected = blind + table[torch.arange(6), labels]
    same_tensor(found, expected, tol=1e-5, what="the logits", hint="w.f + b + v_y.f")
    return "one number for the picture, plus one for how well it fits the class it claims to be"


def check_5(answer: object) -> str:
    """The share of left shoes before a flip, from the share after it."""
    before = is_function(answer, 2)
    for share in (0.0, 0.3, 0.9, 1.0):
        for r in (0.0, 0.1, 0.25, 0.8):
            after = r + (1 - 2 * r) * share
            found = before(after, r)
            hint = "solve share_after = r + (1 - 2 r) * share for share"
            if isinstance(found, (int, float)) and abs(found - (r + (1 - 2 * r) * after)) < 1e-9:
                hint = "that flips once more; the flip must be undone"
            close(found, share, tol=1e-6, hint=hint, what=f"the share before, at r = {r}")
    try:
        before(0.5, 0.5)
    except ValueError:
        return "every flip but the one at 1/2 can be undone; there, nothing is left to undo it from"
    except ZeroDivisionError:
        raise WrongAnswer("at r = 1/2 raise a ValueError that says why, not a division") from None
    raise WrongAnswer("at r = 1/2 every share looks the same afterwards: raise a ValueError")


def check_6(answer: object) -> str:
    """Label agreement of each class."""
    agreement = is_function(answer, 2)
    generator = torch.Generator().manual_seed(6)
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2, 2, 3])
    logits = torch.randn(10, 4, generator=generator)
    logits[torch.arange(10), labels] += torch.tensor([9, 9, 9, -9, 9, -9, -9, -9, -9, 9.0])
    expected = torch.tensor([0.75, 0.5, 0.0, 1.0])
    found = same_shape(agreement(logits, labels), (4,), "the agreement")
    named = logits.argmax(1)
    precision = torch.stack([(labels[named == k] == k).float().mean() for k in range(4)])
    if torch.allclose(found.float(), precision.nan_to_num(0), atol=1e-4):
        raise WrongAnswer("divide by the pictures that were ordered, not by those so named")
    if torch.allclose(found.float(), expected.mean(), atol=1e-4):
        raise WrongAnswer("one number for each class, and not their mean in each place")
    hint = "of the pictures with label k, the share whose largest logit is k"
    same_tensor(found.float(), expected, tol=1e-4, what="the agreement", hint=hint)
    return "an average over all classes would hide the one that never works"


def check_7(answer: object) -> str:
    """BatchNorm in training, without its learned scale and shift."""
    norm = is_function(answer, 2)
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(4, 3, 5, 6, generator=generator) * 3 + 2
    layer = torch.nn.BatchNorm2d(3, eps=0.1, affine=False)
    found = same_shape(norm(x, 0.1), (4, 3, 5, 6), "the output")
    unbiased, variance = (x.var((0, 2, 3), correction=c, keepdim=True) for c in (1, 0))
    centred = x - x.mean((0, 2, 3), keepdim=True)
    alone = torch.nn.functional.instance_norm(x, eps=0.1)
    for wrong, why in (
        (alone, "mean and variance are taken over the batch too, not over one picture alone"),
        (centred / (unbiased + 0.1).sqrt(), "divide the variance by n, and not by n - 1"),
        (centred / (variance.sqrt() + 0.1), "eps is added to the variance, under the root"),
        (centred, "divide by the root of the variance plus eps"),
    ):
        if torch.allclose(found, wrong, atol=1e-5):
            raise WrongAnswer(why)
    hint = "one mean and one variance for each channel, over batch, height and width"
    same_tensor(found, layer(x), tol=1e-4, what="the output", hint=hint)
    return "every channel of the batch now has mean 0 and variance (almost) 1"
