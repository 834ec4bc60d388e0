"""Checks for chapter 07, "Convolutional and conditional GANs"."""

from itertools import product

import torch
from torch import Tensor
from torch.nn.functional import conv_transpose1d

from aigc_lib.exercises.compare import close, is_function, need, same_shape, same_tensor


def check_1(answer: object) -> str:
    """Weights of a convolution from 3 to 16 channels with a kernel of 5 by 5, biases included."""
    size = 1216 * 28 * 28
    mistakes = {
        "the biases are missing: one for each output channel": 1200,
        "a kernel has its own weights for each of the 3 input channels": 416,
        "there is one bias for each output channel, and not for each input channel": 1203,
        "count every pixel of the kernel: it is 5 high and 5 wide": 256,
        "the same weights serve every place: the picture's size does not matter": size,
    }
    hint = "each of the 16 outputs has 5 * 5 weights for each of the 3 inputs, and one bias"
    close(answer, 1216, tol=0.5, hint=hint, what="the number of weights", mistakes=mistakes)
    return "16 * (3 * 5 * 5 + 1) = 1,216, whatever the size of the picture"


def check_2(answer: object) -> str:
    """The receptive field of a stack of convolutions, from their kernels and strides."""
    field = is_function(answer, 1)
    hint = "a step in a later layer is as wide as the product of all the strides before it"
    stacks = (
        [(5, 3)],
        [(3, 1), (3, 1)],
        [(4, 2), (4, 2), (3, 2)],
        [(3, 2), (5, 1), (2, 3), (4, 2)],
    )
    for layers, expected in zip(stacks, (5, 5, 18, 31), strict=True):
        own, reach = 1, 1
        for kernel, stride in layers:
            own *= stride
            reach += (kernel - 1) * own
        unstrided = 1 + sum(kernel - 1 for kernel, _ in layers)
        mistakes = {
            "strides count: behind a stride of 2, neighbours lie two pixels apart": unstrided,
            "a layer's own stride comes after its kernel: it widens the next layers only": reach,
        }
        what = f"the receptive field of {layers}"
        close(field(layers), expected, tol=1e-6, hint=hint, what=what, mistakes=mistakes)
    need(field([]) == 1, "without any layer a unit is a pixel and sees itself: 1")
    return "each kernel adds (k - 1) steps, each as wide as all earlier strides together"


def check_3(answer: object) -> str:
    """A transposed convolution in one dimension: zeros between the inputs, then a convolution."""
    spread = is_function(answer, 3)
    generator = torch.Generator().manual_seed(3)
    flip = (
        "the kernel is mirrored: PyTorch's convolution does not flip it for you, and a stamp read "
        "from the output's side is reversed"
    )
    hint = "every input stamps the whole kernel, moved by the stride"

    def stamped(x: Tensor, kernel: Tensor, stride: int) -> Tensor:
        return conv_transpose1d(x[None, None], kernel[None, None], stride=stride)[0, 0]

    for length, size, stride in ((5, 4, 2), (4, 3, 3), (6, 5, 1)):
        x, kernel = torch.randn(length + size, generator=generator).split([length, size])
        mistakes = {flip: stamped(x, kernel.flip(0), stride)}
        found, expected = spread(x, kernel, stride), stamped(x, kernel, stride)
        what = f"the output for {length} inputs, a kernel of {size} and a stride of {stride}"
        same_tensor(found, expected, hint=hint, what=what, mistakes=mistakes)
    return "stamping the kernel and convolving the stretched input are the same thing"


def check_4(answer: object) -> str:
    """The logit of a projection discriminator."""
    generator = torch.Generator().manual_seed(4)
    features, w = torch.randn(6, 5, generator=generator), torch.randn(5, generator=generator)
    b, v = torch.tensor(0.7), torch.randn(3, 5, generator=generator)
    labels = torch.tensor([2, 0, 1, 1, 2, 0])
    found = is_function(answer, 5)(features, labels, w, b, v)
    blind, table = features @ w + b, features @ v.T
    expected, summed = blind + table[range(6), labels], blind + table.sum(1)
    mistakes = {
        "these logits do not know the labels: add the inner product with v_y": blind,
        "only the vector of the picture's own class counts, and not their sum": summed,
    }
    same_tensor(found, expected, hint="w.f + b + v_y.f", what="the logits", mistakes=mistakes)
    return "one number for the picture, plus one for how well it fits the class it claims to be"


def check_5(answer: object) -> str:
    """The share of left shoes before a flip, from the share after it."""
    before = is_function(answer, 2)
    hint = "solve share_after = r + (1 - 2 r) * share for share"
    for share, r in product((0.0, 0.3, 0.9, 1.0), (0.0, 0.1, 0.25, 0.8)):
        after = r + (1 - 2 * r) * share
        mistakes = {"that flips once more; the flip must be undone": r + (1 - 2 * r) * after}
        what = f"the share before, at r = {r}"
        close(before(after, r), share, tol=1e-6, hint=hint, what=what, mistakes=mistakes)
    raised: Exception | None = None
    try:
        before(0.5, 0.5)
    except (ValueError, ZeroDivisionError) as error:
        raised = error
    need(raised, "at r = 1/2 every share looks the same afterwards: raise a ValueError")
    division = isinstance(raised, ZeroDivisionError)
    need(not division, "at r = 1/2 raise a ValueError that says why, not a division")
    return "every flip but the one at 1/2 can be undone; there, nothing is left to undo it from"


def check_6(answer: object) -> str:
    """Label agreement of each class."""
    generator = torch.Generator().manual_seed(6)
    labels = torch.tensor([0, 0, 0, 0, 1, 1, 2, 2, 2, 3])
    logits = torch.randn(10, 4, generator=generator)
    logits[torch.arange(10), labels] += torch.tensor([9, 9, 9, -9, 9, -9, -9, -9, -9, 9.0])
    found = same_shape(is_function(answer, 2)(logits, labels), (4,), "the agreement").float()
    named, expected = logits.argmax(1), torch.tensor([0.75, 0.5, 0.0, 1.0])
    precision = torch.stack([(labels[named == k] == k).float().mean() for k in range(4)])
    mistakes = {
        "divide by the pictures that were ordered, not by those so named": precision.nan_to_num(0),
        "one number for each class, and not their mean in each place": expected.mean(),
    }
    hint = "of the pictures with label k, the share whose largest logit is k"
    same_tensor(found, expected, tol=1e-4, hint=hint, what="the agreement", mistakes=mistakes)
    return "an average over all classes would hide the one that never works"


def check_7(answer: object) -> str:
    """BatchNorm in training, without its learned scale and shift."""
    generator = torch.Generator().manual_seed(7)
    x = torch.randn(4, 3, 5, 6, generator=generator) * 3 + 2
    expected = torch.nn.BatchNorm2d(3, eps=0.1, affine=False)(x)
    unbiased, variance = (x.var((0, 2, 3), correction=c, keepdim=True) for c in (1, 0))
    centred = x - x.mean((0, 2, 3), keepdim=True)
    alone = torch.nn.functional.instance_norm(x, eps=0.1)
    by_less, outside = centred / (unbiased + 0.1).sqrt(), centred / (variance.sqrt() + 0.1)
    mistakes = {
        "mean and variance are taken over the batch too, not over one picture alone": alone,
        "divide the variance by n, and not by n - 1": by_less,
        "eps is added to the variance, under the root": outside,
        "divide by the root of the variance plus eps": centred,
    }
    hint = "one mean and one variance for each channel, over batch, height and width"
    found = is_function(answer, 2)(x, 0.1)
    same_tensor(found, expected, tol=1e-4, hint=hint, what="the output", mistakes=mistakes)
    return "every channel of the batch now has mean 0 and variance (almost) 1"
