"""The switches that make a training step faster, each with an eager twin (chapter 09).

None changes what is computed but for rounding. ``usual`` says which pay: on a GPU nearly all, on a
CPU most of them make these small networks slower.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Speed:
    """Which rungs of the ladder to use.

    Attributes:
        channels_last: lay images out as (N, H, W, C) in memory, as convolution kernels like them.
        bf16: run the networks' forward passes in bfloat16 where that is safe; weights, losses,
            penalties and optimisers stay in float32.
        compile: fuse the networks' operations with ``torch.compile``. Penalties stay eager: the
            compiled code has no second derivative.
        graph: on a GPU, record a whole training step as a CUDA graph and replay it, so that the
            host launches one thing a step instead of hundreds. On a CPU it does nothing.
        tuned: on a GPU, for the whole process, multiply matrices in TF32 (inputs of 10 bits, sums
            in float32), and let cuDNN try which algorithm is fastest for each new shape.
    """

    channels_last: bool = False
    bf16: bool = False
    compile: bool = False
    graph: bool = False
    tuned: bool = False


EAGER = Speed()


def usual(device: torch.device, cpu: Speed = EAGER) -> Speed:
    """The switches that pay: all but compiling on a GPU, ``cpu`` elsewhere.

    Compiling takes a minute before the first step, so that only a long run gains from it.
    """
    return replace(cpu, bf16=True, graph=True, tuned=True) if device.type == "cuda" else cpu


def tune(speed: Speed, device: torch.device) -> None:
    """Switch on what is the whole process's, if ``speed.tuned``; on a CPU it does nothing."""
    if speed.tuned and device.type == "cuda":
        torch.backends.cuda.matmul.allow_tf32 = torch.backends.cudnn.benchmark = True


def accelerated(network: nn.Module, speed: Speed, device: torch.device) -> Callable[..., Tensor]:
    """A function that does what ``network`` does, with the switches of ``speed``, in float32.

    The network itself stays as it was, but for the layout of its weights in memory: calling it
    directly is the eager twin.
    """
    if speed.channels_last:
        network.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
    call: Callable[..., Tensor] = torch.compile(network) if speed.compile else network

    def fast(*inputs: Tensor) -> Tensor:
        if speed.channels_last:
            layout = torch.channels_last
            inputs = tuple(x.contiguous(memory_format=layout) if x.ndim == 4 else x for x in inputs)
        # No cache: casts made while a graph is recorded must not outlive it.
        with torch.autocast(device.type, torch.bfloat16, speed.bf16, cache_enabled=False):
            return call(*inputs).float()

    return fast


class Recorded:
    """A function of tensors on a GPU, recorded at its fourth call and replayed from then on.

    The first three calls run as they are: they let libraries choose their algorithms and make the
    optimisers' state, neither of which may happen while a graph is recorded. From then on the
    inputs are copied into the graph's own, and one launch repeats all of the recorded work. On a
    CPU every call runs as it is.

    Args:
        work: takes tensors of unchanging shapes, reads nothing back, returns one tensor.
        device: where it runs.
        rng: a random generator that it draws from, if any, besides PyTorch's own.
    """

    WARM_UP = 3

    def __init__(
        self,
        work: Callable[..., Tensor],
        device: torch.device,
        rng: torch.Generator | None = None,
    ) -> None:
        self.work, self.device, self.rng = work, device, rng
        self.calls = 0
        self.graph: torch.cuda.CUDAGraph | None = None
        self.inputs: tuple[Tensor, ...] = ()
        self.result = torch.empty(0)

    def __call__(self, *inputs: Tensor) -> Tensor:
        """The work's result; overwritten by the next call once the work is recorded.

        Raises:
            ValueError: inputs of other shapes than those recorded.
        """
        if self.device.type != "cuda":
            return self.work(*inputs)
        self.calls += 1
        if self.calls <= self.WARM_UP:
            return self._aside(inputs)
        if self.graph is None:
            self._record(inputs)
        if [x.shape for x in inputs] != [x.shape for x in self.inputs]:
            raise ValueError("a recorded step takes batches of one shape only")
        for held, new in zip(self.inputs, inputs, strict=True):
            held.copy_(new)
        assert self.graph is not None
        self.graph.replay()
        return self.result

    def _aside(self, inputs: tuple[Tensor, ...]) -> Tensor:
        """Run on another stream, as recording will: a graph cannot be recorded on the default."""
        side = torch.cuda.Stream(self.device)
        side.wait_stream(torch.cuda.current_stream(self.device))
        with torch.cuda.stream(side):
            result = self.work(*inputs)
        torch.cuda.current_stream(self.device).wait_stream(side)
        return result

    def _record(self, inputs: tuple[Tensor, ...]) -> None:
        self.inputs = tuple(x.clone() for x in inputs)
        self.graph = torch.cuda.CUDAGraph()
        if self.rng is not None:
            self.graph.register_generator_state(self.rng)
        with torch.cuda.graph(self.graph):
            self.result = self.work(*self.inputs)
