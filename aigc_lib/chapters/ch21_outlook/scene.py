"""A place to walk through, from pictures of it: a small radiance field, and what it must beat.

The scene is synthetic, a few balls above a chequered disc, drawn exactly by following rays; the
field is a grid of densities and colours (Mildenhall et al., 2020; Fridovich-Keil et al., 2022).
"""

import math
from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor, nn

SIZE, DISTANCE, NEAR, FAR = 32, 3.0, 1.6, 4.4
CENTRES = torch.tensor(
    [[-0.45, -0.2, 0.1], [0.4, -0.3, -0.25], [0.1, -0.35, 0.5], [0.05, 0.3, -0.1]]
)
RADII = torch.tensor([0.35, 0.28, 0.22, 0.25])
COLOURS = torch.tensor([[0.85, 0.25, 0.2], [0.2, 0.45, 0.85], [0.95, 0.8, 0.2], [0.3, 0.7, 0.35]])
LIGHT = F.normalize(torch.tensor([0.5, 1.0, 0.3]), dim=0)
FLOOR, DISC = -0.6, 0.95
WHITE = 1.0


def cameras(n: int, seed: int, azimuth: tuple[float, float] = (0, 2 * math.pi)) -> Tensor:
    """Places (n, 3) at ``DISTANCE`` from the middle, 10 to 60 degrees above the floor."""
    rng = torch.Generator().manual_seed(seed)
    turn, up = torch.rand(2, n, generator=rng)
    turn = azimuth[0] + (azimuth[1] - azimuth[0]) * turn
    height = (10 + 50 * up) * math.pi / 180
    return DISTANCE * torch.stack(
        [height.cos() * turn.cos(), height.sin(), height.cos() * turn.sin()], dim=1
    )


def rays(places: Tensor) -> tuple[Tensor, Tensor]:
    """Origins and unit directions (n, SIZE, SIZE, 3) of cameras that look at the middle."""
    ahead = F.normalize(-places, dim=1)
    right = F.normalize(torch.linalg.cross(ahead, torch.tensor([[0.0, 1.0, 0.0]])), dim=1)
    above = torch.linalg.cross(right, ahead)
    at = (torch.arange(SIZE) + 0.5) / SIZE * 2 - 1
    down, across = torch.meshgrid(-at, at, indexing="ij")
    spread = 0.42  # the tangent of half the angle of view
    aside = across[..., None] * right[:, None, None] + down[..., None] * above[:, None, None]
    directions = ahead[:, None, None] + spread * aside
    return places[:, None, None].expand_as(directions), F.normalize(directions, dim=-1)


def truth(origins: Tensor, directions: Tensor) -> Tensor:
    """The exact colour (..., 3) in [0, 1] that each ray meets."""
    colour = torch.full_like(origins, WHITE)
    depth = torch.full(origins.shape[:-1], math.inf)
    far = (FLOOR - origins[..., 1]) / directions[..., 1]
    at = origins + far[..., None] * directions
    on = (far > 0) & (at[..., [0, 2]].norm(dim=-1) < DISC)
    check = ((at[..., 0] * 3).floor() + (at[..., 2] * 3).floor()) % 2
    tile = (0.35 + 0.35 * check)[..., None].expand_as(colour)
    colour, depth = torch.where(on[..., None], tile, colour), torch.where(on, far, depth)
    for centre, radius, paint in zip(CENTRES, RADII, COLOURS, strict=True):
        away = origins - centre
        half = (away * directions).sum(-1)
        inside = half.square() - away.square().sum(-1) + radius**2
        first = -half - inside.clamp(min=0).sqrt()
        hit = (inside > 0) & (first > 0) & (first < depth)
        normal = (origins + first[..., None] * directions - centre) / radius
        lit = 0.35 + 0.65 * (normal @ LIGHT).clamp(min=0)
        colour = torch.where(hit[..., None], paint * lit[..., None], colour)
        depth = torch.where(hit, first, depth)
    return colour


def photographs(places: Tensor) -> Tensor:
    """Exact pictures (n, 3, SIZE, SIZE) in [0, 1]."""
    return truth(*rays(places)).permute(0, 3, 1, 2)


class Field(nn.Module):
    """Density (0 or more) and colour (in [0, 1]) at points of the cube [-1, 1]^3, from a grid."""

    def __init__(self, cells: int = 32) -> None:
        super().__init__()
        self.density = nn.Parameter(torch.full((1, 1, cells, cells, cells), -2.0))
        self.colour = nn.Parameter(torch.zeros(1, 3, cells, cells, cells))

    def forward(self, points: Tensor) -> tuple[Tensor, Tensor]:
        """Points (R, S, 3) -> densities (R, S) and colours (R, S, 3); nothing outside the cube."""
        at = points[None, :, :, None]  # grid_sample's form: (1, R, S, 1, 3)
        grid = torch.cat([self.density, self.colour], dim=1)
        found = F.grid_sample(grid, at, align_corners=True)[0, ..., 0]  # (4, R, S)
        inside = points.abs().amax(-1) <= 1
        density = 10 * F.softplus(found[0]) * inside
        return density, found[1:].sigmoid().permute(1, 2, 0)

    def variation(self) -> Tensor:
        """Mean square difference of neighbouring cells: what a smooth field keeps low."""
        grid = torch.cat([self.density, self.colour], dim=1)
        return torch.stack([grid.diff(dim=k).square().mean() for k in (2, 3, 4)]).sum()


def weights(density: Tensor, length: Tensor) -> tuple[Tensor, Tensor]:
    """How much each piece of a ray adds to its colour, and what gets through to the end.

    density and length (R, S) of the pieces, from the eye on. A piece stops a share
    1 - exp(-density * length) of the light that gets to it. Returns (R, S) and (R,); together they
    sum to 1.
    """
    passed = torch.exp(-torch.cumsum(density * length, dim=1))  # after each piece
    before = torch.cat([torch.ones_like(passed[:, :1]), passed[:, :-1]], dim=1)
    return before - passed, passed[:, -1]


def render(field: Field, origins: Tensor, directions: Tensor, samples: int = 48,
           rng: torch.Generator | None = None) -> Tensor:  # fmt: skip
    """Colours (R, 3) of rays, before a white background; with ``rng`` the points are jittered."""
    step = (FAR - NEAR) / samples
    jitter = torch.rand(len(origins), samples, generator=rng) if rng else 0.5
    along = NEAR + step * (torch.arange(samples) + jitter)
    along = along.expand(len(origins), samples)
    density, colour = field(origins[:, None] + along[..., None] * directions[:, None])
    share, through = weights(density, torch.full_like(density, step))
    seen: Tensor = (share[..., None] * colour).sum(1) + WHITE * through[:, None]
    return seen


@torch.no_grad()
def picture(field: Field, places: Tensor) -> Tensor:
    """What the field shows from these places: (n, 3, SIZE, SIZE)."""
    origins, directions = (each.flatten(0, 2) for each in rays(places))
    parts = zip(origins.split(8192), directions.split(8192), strict=True)
    seen = torch.cat([render(field, *part) for part in parts])
    return seen.view(len(places), SIZE, SIZE, 3).permute(0, 3, 1, 2)


def fit(places: Tensor, seed: int, steps: int, smooth: float = 1e-3, rays_a_step: int = 1024,
        on_step: Callable[[int, Field], None] | None = None) -> Field:  # fmt: skip
    """Learn a field from the photographs at these places."""
    rng = torch.Generator().manual_seed(seed)
    field = Field()
    optimizer = torch.optim.Adam(field.parameters(), lr=0.1)
    origins, directions = (each.flatten(0, 2) for each in rays(places))
    wanted = truth(origins, directions)
    for k in range(steps):
        if on_step:
            on_step(k, field)
        rows = torch.randint(len(origins), (rays_a_step,), generator=rng)
        seen = render(field, origins[rows], directions[rows], rng=rng)
        loss = (seen - wanted[rows]).square().mean() + smooth * field.variation()
        optimizer.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimizer.step()
    if on_step:
        on_step(steps, field)
    return field


def nearest(places: Tensor, new: Tensor, k: int = 1) -> Tensor:
    """The baseline: the mean of the ``k`` photographs taken nearest to each new place."""
    index = torch.cdist(new, places).topk(k, largest=False).indices
    return photographs(places)[index].mean(1)


def psnr(seen: Tensor, wanted: Tensor) -> Tensor:
    """Peak signal-to-noise ratio (n,) in decibels: -10 log10 of the mean square error."""
    return -10 * (seen - wanted).square().mean((1, 2, 3)).log10()
