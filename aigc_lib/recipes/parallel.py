"""The same game on several processes: ``torchrun --nproc-per-node 2 -m aigc_lib train``."""

from typing import Any

from torch import Tensor

from aigc_lib.core import distributed
from aigc_lib.gan.state import Gan


class ParallelGan(Gan):
    """Players that all processes of a job train together (``core.distributed``).

    Every process holds both players and draws the same noise, of which it takes its own share; the
    gradients are averaged before each of the two optimisers' steps.
    """

    def __init__(self, *networks: Any, **settings: Any) -> None:
        super().__init__(*networks, **settings)
        distributed.link(self.opt_g)
        distributed.link(self.opt_d)

    def noise(self, n: int) -> Tensor:
        """This process's ``n`` of the latent vectors (n, latent_dim) that all draw."""
        mine: Tensor = distributed.share(super().noise(n * distributed.world()))
        return mine
