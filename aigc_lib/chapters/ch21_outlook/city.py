"""How many bikes will be lent tomorrow, hour by hour? Scenarios, their scores, and rivals.

All forecasts of a day are made at the midnight before it, from the counts up to then and the
calendar. A forecast is a set of scenarios (S, 24): whole days that might come.
"""

from dataclasses import dataclass

import torch
from torch import Tensor

from aigc_lib.chapters.ch21_outlook import tabular
from aigc_lib.chapters.ch21_outlook.data import Bikes

LEVELS = torch.arange(1, 10) / 10  # of the quantiles that are asked for
FIRST, VALID, TEST, END = 35, 239, 302, 365  # days: training, choosing, nine weeks of testing
SCENARIOS = 200


def pinball(y: Tensor, q: Tensor, level: Tensor) -> Tensor:
    """What a forecast q of the quantile ``level`` costs when y comes: in bikes, elementwise."""
    return torch.maximum(level * (y - q), (level - 1) * (y - q))


def day_losses(scenarios: Tensor, y: Tensor) -> Tensor:
    """Mean pinball loss of each day (N,), of scenarios (N, S, 24) for counts y (N, 24)."""
    return quantile_losses(scenarios.quantile(LEVELS, dim=1), y)


def quantile_losses(q: Tensor, y: Tensor) -> Tensor:
    """The same for quantiles q (9, N, 24)."""
    return pinball(y, q, LEVELS[:, None, None]).mean((0, 2))


def band(scenarios: Tensor, share: float = 0.8) -> Tensor:
    """Ends (2, N, 24) of the band that ``share`` of the hours should lie in.

    They are at the places level * (S + 1) among the S scenarios in order (Weibull), so that
    honest ones hold ``share`` however many they are.
    """
    s = scenarios.shape[1]
    levels = torch.tensor([0.5 - share / 2, 0.5 + share / 2])
    return scenarios.quantile(((levels * (s + 1) - 1) / (s - 1)).clamp(0, 1), dim=1)


def covered(scenarios: Tensor, y: Tensor) -> Tensor:
    """Whether each hour's count lies within the band of 80 per cent: (N, 24)."""
    ends = band(scenarios)
    return (ends[0] <= y) & (y <= ends[1])


def level(counts: Tensor) -> Tensor:
    """Mean hourly count of the four weeks before each day: (365,), not a number at first."""
    daily = counts.mean(1)
    past = torch.full_like(daily, torch.nan)
    past[28:] = daily.unfold(0, 28, 1).mean(1)[:-1]
    return past


def conditions(bikes: Bikes) -> Tensor:
    """What is known of each day at the midnight before: calendar, and two earlier days' totals.

    These are divided by the level, so that a growing year looks the same at its end.
    """
    total = bikes.counts.mean(1) / level(bikes.counts)
    lagged = torch.stack([total.roll(1), total.roll(7)], dim=1)
    return torch.cat([torch.eye(7)[bikes.weekday], bikes.working[:, None].float(), lagged], dim=1)


@dataclass(frozen=True)
class Scale:
    """Turns days into numbers of about mean 0 and spread 1 and back: roots of relative counts."""

    mean: Tensor
    spread: Tensor

    @classmethod
    def of(cls, bikes: Bikes, days: Tensor) -> "Scale":
        """From these days only."""
        root = (bikes.counts[days] / level(bikes.counts)[days, None]).sqrt()
        return cls(root.mean(0), root.std(0))

    def there(self, counts: Tensor, level: Tensor) -> Tensor:
        """Counts (N, 24) at levels (N,) to numbers."""
        return ((counts / level[:, None]).sqrt() - self.mean) / self.spread

    def back(self, x: Tensor, level: Tensor) -> Tensor:
        """Numbers (N, S, 24) to counts at levels (N,)."""
        root = (x * self.spread + self.mean).clamp(min=0)
        return root.square() * level[:, None, None]


def seasonal(bikes: Bikes, days: Tensor, last: int, scaled: bool) -> Tensor:
    """The baseline: the ``last`` days of the same kind (working or not) are the scenarios.

    Scaled, each is multiplied by the ratio of today's level to that of its own time.
    """
    found, now = [], level(bikes.counts)
    for day in days.tolist():
        alike = (bikes.working[:day] == bikes.working[day]).nonzero().flatten()
        alike = alike[alike >= 28][-last:]
        factor = now[day] / now[alike] if scaled else torch.ones(len(alike))
        found.append(bikes.counts[alike] * factor[:, None])
    return torch.stack(found)


def boosted(bikes: Bikes, train: Tensor, days: Tensor, leaves: int, profiles: bool) -> Tensor:
    """What a practitioner would start from: gradient boosting, one model a quantile: (9, N, 24).

    With ``profiles`` it also sees the same hour of the day before, and of a week before.
    """
    from sklearn.ensemble import HistGradientBoostingRegressor

    known, now = conditions(bikes), level(bikes.counts)
    relative = bikes.counts / now[:, None]
    lagged = torch.stack([relative.roll(1, 0), relative.roll(7, 0)], dim=2)  # (365, 24, 2)

    def table(chosen: Tensor) -> Tensor:
        hours = torch.arange(24).repeat(len(chosen))[:, None].float()
        columns = [known[chosen].repeat_interleave(24, 0), hours]
        return torch.cat(columns + [lagged[chosen].flatten(0, 1)] * profiles, dim=1)

    y = relative[train].flatten()
    found = []
    for quantile in LEVELS.tolist():
        model = HistGradientBoostingRegressor(
            loss="quantile", quantile=quantile, max_leaf_nodes=leaves, max_iter=60,
            random_state=0,
        )  # fmt: skip
        model.fit(table(train).numpy(), y.numpy())
        found.append(torch.tensor(model.predict(table(days).numpy())).float().view(-1, 24))
    return torch.stack(found).clamp(min=0).sort(0).values * now[days, None]


def generative(
    kind: str, bikes: Bikes, train: Tensor, days: Tensor, seed: int, steps: int, *,
    width: int, on_step: tabular.OnStep | None = None,
) -> Tensor:  # fmt: skip
    """Scenarios (N, S, 24) of a ``"flow"`` or a ``"gan"`` that learnt the days ``train``."""
    scale, known = Scale.of(bikes, train), standard(conditions(bikes), train)
    now = level(bikes.counts)
    fit = tabular.fit_flow if kind == "flow" else tabular.fit_gan
    draw = fit(scale.there(bikes.counts[train], now[train]), known[train], seed, steps,
               width=width, on_step=on_step)  # fmt: skip
    return scenarios(draw, scale, known, now, days, seed)


def scenarios(draw: tabular.Draw, scale: Scale, known: Tensor, now: Tensor, days: Tensor,
              seed: int) -> Tensor:  # fmt: skip
    """Draw whole days for each of the days: (N, S, 24), in bikes."""
    drawn = draw(known[days].repeat_interleave(SCENARIOS, 0), seed).view(len(days), SCENARIOS, 24)
    return scale.back(drawn, now[days])


def standard(known: Tensor, train: Tensor) -> Tensor:
    """Columns with mean 0 and spread 1 over the days ``train``."""
    return (known - known[train].mean(0)) / known[train].std(0).clamp(min=1e-3)


def totals(scenarios: Tensor, y: Tensor) -> Tensor:
    """Pinball loss of a whole day's total (N,): a scenario has one, separate quantiles do not."""
    q = scenarios.sum(2).quantile(LEVELS, dim=1)
    return pinball(y.sum(1), q, LEVELS[:, None]).mean(0)


def ranks(scenarios: Tensor, y: Tensor) -> Tensor:
    """Share of the scenarios that are below what came, (N, 24): even if the forecast is honest."""
    return (scenarios < y[:, None]).double().mean(1)
