"""Checks for chapter 09, "Training on GPUs"."""

import math
from typing import Any

import torch
from torch import Tensor

from aigc_lib.exercises.compare import close, is_function, need, same_tensor


def check_1(answer: object) -> str:
    """Operations of the discriminator's second convolution, for a batch of 64."""
    right = 2 * 64 * 32 * 64 * 4**2 * 7**2
    strided = right * 4
    mistakes = {
        "a multiplication and an addition are two operations": right / 2,
        "count the whole batch of 64": right / 64,
        "count the pixels that go out, 7 x 7: a stride of 2 skips every other place": strided,
        "each output pixel meets the whole kernel, 4 x 4": right / 16,
        "the kernel is 4 high and 4 wide": right / 4,
        "each output channel looks at all 32 input channels": right / 32,
    }
    hint = "2 * batch * channels in * channels out * kernel^2 * pixels out"
    close(answer, right, tol=0.5, hint=hint, what="the number of operations", mistakes=mistakes)
    return "205,520,896 for one layer of one network, forward only"


def check_2(answer: object) -> str:
    """Speedup by Amdahl's law: 90 % parallel, 8 workers."""
    mistakes = {
        "only the parallel share gets 8 times faster": 8.0,
        "times add up, speeds do not: divide the time of each share": 7.2,
        "that is the limit for any number of workers": 10.0,
        "0.9 is the share that runs in parallel, not the other": 1 / (0.9 + 0.1 / 8),
    }
    right, hint = 1 / (0.1 + 0.9 / 8), "1 / ((1 - p) + p / n) with p = 0.9 and n = 8"
    close(answer, right, tol=1e-2, hint=hint, what="the speedup", mistakes=mistakes)
    return "4.7 times with 8 workers, and never more than 10 with any number"


def check_3(answer: object) -> str:
    """Distance from a bfloat16 number to the next larger one."""
    gap = is_function(answer, 1)
    for x in (1.0, 1.5, 2.0, 0.75, 100.0, 3e-5):
        number = torch.tensor(x).bfloat16()
        right = float((number.view(torch.int16) + 1).view(torch.bfloat16)) - float(number)
        mistakes = {
            "round the exponent down, not up": 2 ** (math.ceil(math.log2(x)) - 7),
            "8 bits are significant and the first is always 1: 7 are left": 2 * right,
            "that is the largest rounding error, half of the gap": right / 2,
            "all numbers between two powers of 2 have the same gap": x * 2**-7,
            "10 bits are float16's": right / 8,
        }
        hint, what = "2 to the power of floor(log2 x) - 7", f"the gap at {x}"
        close(gap(x), right, tol=right * 1e-6, hint=hint, what=what, mistakes=mistakes)
    return "relative to the number it is between 1/256 and 1/128, however large the number"


class Watched(Tensor):
    """Stands in for a loss on a GPU, as does what is computed from it: counts its reads."""

    reads = 0

    def read(self) -> float:
        """The value, for which the host waits."""
        Watched.reads += 1
        return float(self.as_subclass(Tensor))

    item = tolist = numpy = __float__ = read  # type: ignore[assignment]


def check_4(answer: object) -> str:
    """The mean loss of many steps, read once."""
    mean = is_function(answer, 2)
    values = [0.5, 2.0, 1.25, 4.0, 0.25]
    losses = iter(torch.tensor(values).as_subclass(Watched))
    Watched.reads = 0
    found = mean(lambda: next(losses), 5)
    reads = Watched.reads
    need(not isinstance(found, Watched), "at the end, once, read the value: return a number")
    mistakes = {"that is the last loss only": values[-1]}
    hint = "add up the losses of all steps, then divide by their number"
    close(found, sum(values) / 5, tol=1e-6, hint=hint, what="the mean loss", mistakes=mistakes)
    need(reads <= 1, f"the value was read {reads} times: add up on the device, read once")
    return "five steps, one wait: a sum on the device costs nothing"


def check_5(answer: object) -> str:
    """Gradient of the mean loss from micro-batches of different sizes."""
    accumulate = is_function(answer, 3)
    rng = torch.Generator().manual_seed(5)
    x, y = torch.randn(2, 10, generator=rng, dtype=torch.float64)

    def loss(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return ((w * x - y) ** 2).mean()

    parts = [(x[:6], y[:6]), (x[6:9], y[6:9]), (x[9:], y[9:])]
    w = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    pieces = [torch.autograd.grad(loss(w, *part), w)[0] for part in parts]
    (right,) = torch.autograd.grad(loss(w, x, y), w)
    mistakes = {
        "that is their sum; the loss is a mean": sum(pieces),
        "the parts have different sizes: weight each by its own": sum(pieces) / 3,
        "only the last part counts there: gradients must add up": pieces[-1],
    }
    hint = "each part's gradient times its share of the samples, added up"
    found = accumulate(loss, w, parts)
    same_tensor(found, right, tol=1e-9, hint=hint, what="the gradient", mistakes=mistakes)
    return "the same gradient from pieces that fit into memory"


def check_6(answer: object) -> str:
    """The smallest batch at which a linear layer is limited by arithmetic."""
    smallest = is_function(answer, 4)
    hint = "solve b n m / (2 (b n + n m + b m)) >= peak / bandwidth for b, and round up"
    for n, m, peak, bandwidth in ((512, 512, 4e12, 1e11), (64, 3136, 1e12, 1e11)):
        ridge = peak / bandwidth
        right, large = _smallest(n, m, ridge), math.ceil(2 * ridge)
        mistakes = {
            "round up: one less is not enough": right - 1,
            "b / 2 is the limit of large weights; inputs and outputs are moved too": large,
            "a float32 has four bytes": _smallest(n, m, ridge / 4),
        }
        found, what = smallest(n, m, peak, bandwidth), f"the batch for {n} to {m}"
        close(found, right, tol=1e-6, hint=hint, what=what, mistakes=mistakes)
    hint = (
        "from 64 to 64 even an endless batch has 16 operations a byte, and the ridge lies at 100: "
        "return None where no batch is large enough"
    )
    need(smallest(64, 64, 1e13, 1e11) is None, hint)
    return "small layers stay below the ridge at any batch size: memory is what they wait for"


def _smallest(n: int, m: int, intensity: float) -> int:
    """The first batch at which a layer from n to m has so many operations a byte, at 4 bytes."""
    batches = range(1, 10**6)
    return next(b for b in batches if b * n * m / (2 * (b * n + n * m + b * m)) >= intensity)


HELD = {
    "weights of both players": "without them there is nothing to go on with",
    "moments of both optimisers": "Adam would start with empty averages",
    "averaged generator": "it holds weights of the past, which nothing can bring back",
    "state of the noise's generator": "the next latent vectors would be others",
    "place in the data": "the next batch would be another",
    "number of images seen": "the average's pace and the end of the run depend on it",
}
LEFT_OUT = {
    "latest batch": "it was used up before the checkpoint was written",
    "gradients of the last step": "they are set to zero before the next",
    "sample pictures": "they follow from the generator",
}


def check_7(answer: Any) -> str:
    """What a checkpoint must hold for a run to go on to the same bits."""
    need(isinstance(answer, (set, list, tuple, frozenset)), "give a set of the names in the list")
    unknown = sorted(map(str, set(answer) - set(HELD | LEFT_OUT)))
    need(not unknown, f"not in the list: {unknown}")
    for part, why in HELD.items():
        need(part in answer, f"{part!r} is missing: {why}")
    for part, why in LEFT_OUT.items():
        need(part not in answer, f"{part!r} is not needed: {why}")
    return "whatever the next step reads that nothing else can tell"
