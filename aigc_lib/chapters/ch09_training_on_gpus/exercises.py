"""Checks for chapter 09, "Training on GPUs"."""

import math

import torch
from torch import Tensor

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_shape, same_tensor


def check_1(answer: object) -> str:
    """Operations of the discriminator's second convolution, for a batch of 64."""
    right = 2 * 64 * 32 * 64 * 4**2 * 7**2
    usual = {
        right // 2: "a multiplication and an addition are two operations",
        right // 64: "count the whole batch of 64",
        right * 4: "count the pixels that go out, 7 x 7: a stride of 2 skips every other place",
        right // 16: "each output pixel meets the whole kernel, 4 x 4",
        right // 4: "the kernel is 4 high and 4 wide",
        right // 32: "each output channel looks at all 32 input channels",
    }
    hint = "2 * batch * channels in * channels out * kernel^2 * pixels out"
    if isinstance(answer, (int, float)) and int(answer) in usual:
        raise WrongAnswer(usual[int(answer)])
    close(answer, right, tol=0.5, hint=hint, what="the number of operations")
    return "205,520,896 for one layer of one network, forward only"


def check_2(answer: object) -> str:
    """Speedup by Amdahl's law: 90 % parallel, 8 workers."""
    right = 1 / (0.1 + 0.9 / 8)
    hint = "1 / ((1 - p) + p / n) with p = 0.9 and n = 8"
    if isinstance(answer, (int, float)):
        for wrong, why in (
            (8.0, "only the parallel share gets 8 times faster"),
            (7.2, "times add up, speeds do not: divide the time of each share"),
            (10.0, "that is the limit for any number of workers"),
            (1 / (0.9 + 0.1 / 8), "0.9 is the share that runs in parallel, not the other"),
        ):
            if math.isclose(answer, wrong, rel_tol=1e-3):
                hint = why
    close(answer, right, tol=1e-2, hint=hint, what="the speedup")
    return "4.7 times with 8 workers, and never more than 10 with any number"


def check_3(answer: object) -> str:
    """Distance from a bfloat16 number to the next larger one."""
    gap = is_function(answer, 1)
    for x in (1.0, 1.5, 2.0, 0.75, 100.0, 3e-5):
        number = torch.tensor(x).bfloat16()
        right = float((number.view(torch.int16) + 1).view(torch.bfloat16)) - float(number)
        found = gap(x)
        hint = "2 to the power of floor(log2 x) - 7"
        if isinstance(found, (int, float)):
            for wrong, why in (
                (2 ** (math.ceil(math.log2(x)) - 7), "round the exponent down, not up"),
                (2 * right, "8 bits are significant and the first is always 1: 7 are left"),
                (right / 2, "that is the largest rounding error, half of the gap"),
                (x * 2**-7, "all numbers between two powers of 2 have the same gap"),
                (2 ** (math.floor(math.log2(x)) - 10), "10 bits are float16's"),
            ):
                if found != right and math.isclose(found, wrong, rel_tol=1e-9):
                    raise WrongAnswer(why)
        close(found, right, tol=right * 1e-6, hint=hint, what=f"the gap at {x}")
    return "relative to the number it is between 1/256 and 1/128, however large the number"


class Watched:
    """Stands in for a loss on a GPU: adds up, and counts how often its value is asked for."""

    reads = 0

    def __init__(self, value: Tensor) -> None:
        self.value = value

    def detach(self) -> "Watched":
        """Itself."""
        return self

    def __add__(self, other: object) -> "Watched":
        """Their sum, on the device."""
        number = other.value if isinstance(other, Watched) else other
        return Watched(self.value + number)  # type: ignore[operator]

    __radd__ = __add__

    def __mul__(self, other: float) -> "Watched":
        """A multiple, on the device."""
        return Watched(self.value * other)

    def __truediv__(self, other: float) -> "Watched":
        """A part, on the device."""
        return Watched(self.value / other)

    def item(self) -> float:
        """The value, for which the host waits."""
        Watched.reads += 1
        return float(self.value)

    __float__ = item


def check_4(answer: object) -> str:
    """The mean loss of many steps, read once."""
    mean = is_function(answer, 2)
    values = [0.5, 2.0, 1.25, 4.0, 0.25]
    calls = iter(values)

    def step() -> Watched:
        return Watched(torch.tensor(next(calls)))

    Watched.reads = 0
    found = mean(step, 5)
    reads = Watched.reads
    if isinstance(found, Watched):
        raise WrongAnswer("at the end, once, read the value: return a number")
    hint = "add up the losses of all steps, then divide by their number"
    if isinstance(found, (int, float)) and found == values[-1]:
        hint = "that is the last loss only"
    close(found, sum(values) / 5, tol=1e-6, hint=hint, what="the mean loss")
    if reads > 1:
        raise WrongAnswer(f"the value was read {reads} times: add up on the device, read once")
    return "five steps, one wait: a sum on the device costs nothing"


def check_5(answer: object) -> str:
    """Gradient of the mean loss from micro-batches of different sizes."""
    accumulate = is_function(answer, 3)
    rng = torch.Generator().manual_seed(5)
    x, y = (torch.randn(10, generator=rng, dtype=torch.float64) for _ in range(2))

    def loss(w: Tensor, x: Tensor, y: Tensor) -> Tensor:
        return ((w * x - y) ** 2).mean()

    parts = [(x[:6], y[:6]), (x[6:9], y[6:9]), (x[9:], y[9:])]
    w = torch.tensor(0.7, dtype=torch.float64, requires_grad=True)
    pieces = [torch.autograd.grad(loss(w, *part), w)[0] for part in parts]
    (right,) = torch.autograd.grad(loss(w, x, y), w)
    found = same_shape(accumulate(loss, w, parts), (), "the gradient").detach()
    for wrong, why in (
        (sum(pieces), "that is their sum; the loss is a mean"),
        (sum(pieces) / 3, "the parts have different sizes: weight each by its own"),
        (pieces[-1], "only the last part counts there: gradients must add up"),
    ):
        if torch.allclose(found, torch.as_tensor(wrong), atol=1e-9):
            raise WrongAnswer(why)
    hint = "each part's gradient times its share of the samples, added up"
    same_tensor(found, right, tol=1e-9, what="the gradient", hint=hint)
    return "the same gradient from pieces that fit into memory"


def check_6(answer: object) -> str:
    """The smallest batch at which a linear layer is limited by arithmetic."""
    smallest = is_function(answer, 4)
    for n, m, peak, bandwidth in ((512, 512, 4e12, 1e11), (64, 3136, 1e12, 1e11)):
        ridge = peak / bandwidth
        right = next(b for b in range(1, 10**6) if _intensity(b, n, m) >= ridge)
        found = smallest(n, m, peak, bandwidth)
        hint = "solve b n m / (2 (b n + n m + b m)) >= peak / bandwidth for b, and round up"
        if isinstance(found, (int, float)):
            if found == right - 1:
                hint = "round up: one less is not enough"
            elif found == math.ceil(2 * ridge):
                hint = "b / 2 is the limit of large weights; inputs and outputs are moved too"
            elif found == next(b for b in range(1, 10**6) if 4 * _intensity(b, n, m) >= ridge):
                hint = "a float32 has four bytes"
        close(found, right, tol=1e-6, hint=hint, what=f"the batch for {n} to {m}")
    if smallest(64, 64, 1e13, 1e11) is not None:
        raise WrongAnswer(
            "from 64 to 64 even an endless batch has 16 operations a byte, and the ridge lies at "
            "100: return None where no batch is large enough"
        )
    return "small layers stay below the ridge at any batch size: memory is what they wait for"


def _intensity(b: int, n: int, m: int) -> float:
    return b * n * m / (2 * (b * n + n * m + b * m))


PARTS = {
    "weights of both players": True,
    "moments of both optimisers": True,
    "averaged generator": True,
    "state of the noise's generator": True,
    "place in the data": True,
    "number of images seen": True,
    "latest batch": False,
    "gradients of the last step": False,
    "sample pictures": False,
}


def check_7(answer: object) -> str:
    """What a checkpoint must hold for a run to go on to the same bits."""
    if not isinstance(answer, (set, list, tuple, frozenset)):
        raise WrongAnswer("give a set of the names in the list")
    chosen = set(answer)
    unknown = chosen - set(PARTS)
    if unknown:
        raise WrongAnswer(f"not in the list: {sorted(map(str, unknown))}")
    why = {
        "moments of both optimisers": "Adam would start with empty averages",
        "state of the noise's generator": "the next latent vectors would be others",
        "place in the data": "the next batch would be another",
        "number of images seen": "the average's pace and the end of the run depend on it",
        "averaged generator": "it holds weights of the past, which nothing can bring back",
        "latest batch": "it was used up before the checkpoint was written",
        "gradients of the last step": "they are set to zero before the next",
        "sample pictures": "they follow from the generator",
    }
    for part, needed in PARTS.items():
        if needed and part not in chosen:
            reason = why.get(part, "without them there is nothing to go on with")
            raise WrongAnswer(f"{part!r} is missing: {reason}")
        if not needed and part in chosen:
            raise WrongAnswer(f"{part!r} is not needed: {why[part]}")
    return "whatever the next step reads that nothing else can tell"
