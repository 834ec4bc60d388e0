"""Right and wrong answers to chapter 17's exercises, and what the hint to each wrong one says."""

import numpy as np
import torch


def halves(time):
    past = torch.tensor([bool(t < time[len(time) // 2]) for t in time])
    return past, ~past


def by_place(time):
    past = torch.arange(len(time)) < len(time) // 2
    return past, ~past


def popularity(film, stars, time, until, n):
    found = torch.zeros(n)
    for f, s, t in zip(film, stars, time, strict=True):
        found[f] += float(s >= 4 and t <= until)
    return found


def favourite(user, film, stars, time, until, count=None, told_again=False, everybody=False):
    rows = list(zip(*(column.tolist() for column in (user, film, stars, time)), strict=True))
    liked = [(u, f) for u, f, s, t in rows if s >= 4 and t <= (count or until)]
    fame = {i: sum(f == i for _, f in liked) for i in range(int(film.max()) + 1)}
    hits = {}
    for person in sorted({u for u, _, s, t in rows if t > until and (s >= 4 or everybody)}):
        seen = {f for u, f, _, t in rows if u == person and t <= until and not told_again}
        best = max((i for i in fame if i not in seen), key=fame.__getitem__)
        hits[person] = (person, best) in {(u, f) for u, f, s, t in rows if t > until and s >= 4}
    return sum(hits.values()) / len(hits)


def paired(a, b, rows):
    means = [float((a[row] - b[row]).mean()) for row in rows]
    return tuple(np.quantile(means, [0.025, 0.975]))


def unpaired(a, b, rows):
    means = a[rows].mean(1) - b[rows.flip(0)].mean(1)
    return tuple(np.quantile(means.numpy(), [0.025, 0.975]))


def swapped(a, b, rows):
    return paired(b, a, rows)


def newcomer(points, liked, weight, ridge):
    """By plain least squares: one row for each pull, scaled by the root of its weight."""
    rank = points.shape[1]
    rows = [points[liked], weight**0.5 * points, ridge**0.5 * torch.eye(rank).double()]
    aim = torch.cat([torch.ones(len(liked)), torch.zeros(len(points) + rank)]).double()
    found = np.linalg.lstsq(torch.cat(rows).numpy(), aim.numpy(), rcond=None)[0]
    return torch.from_numpy(found)


RIGHT = {
    "17.1": 0.6713,
    "17.2": halves,
    "17.3": popularity,
    "17.4": 0.015,
    "17.5": 1.3863,
    "17.6": favourite,
    "17.7": paired,
    "17.8": newcomer,
}
WRONG = [
    ("17.1", 0.4852, "three hits, not five"),
    ("17.1", 1.4307, "divide"),
    ("17.1", 2 / 3, "recall"),
    ("17.1", 0.9, "1 / log2"),
    ("17.2", by_place, "different sides"),
    ("17.2", lambda t: (t <= t[len(t) // 2], t > t[len(t) // 2]), "to be found"),
    ("17.2", lambda t: t < t[len(t) // 2], "two tensors"),
    ("17.3", lambda f, s, t, u, n: popularity(f, s, t, 99, n), "future"),
    ("17.3", lambda f, s, t, u, n: popularity(f, s + 4, t, u, n), "no like"),
    ("17.3", lambda f, s, t, u, n: popularity(f, s, t, u - 1, n), "included"),
    ("17.3", lambda f, s, t, u, n: popularity(f, s, t, u, 3), "shape"),
    ("17.4", 0.005, "which probability"),
    ("17.4", 0.3, "symmetry"),
    ("17.5", 1.0986, "the logit"),
    ("17.5", 0.2877, "other way round"),
    ("17.5", 4.0, "best logit"),
    ("17.6", lambda *a: favourite(*a, count=9), "of the future"),
    ("17.6", lambda *a: favourite(*a, told_again=True), "again"),
    ("17.6", lambda *a: favourite(*a, everybody=True), "leave them out"),
    ("17.6", lambda *a: 0.7, "five people"),
    ("17.7", unpaired, "too wide"),
    ("17.7", swapped, "other way round"),
    ("17.7", lambda a, b, r: float((a - b).mean()), "two numbers"),
    ("17.8", lambda v, liked, w, r: newcomer(v, liked, 0, r), "silence"),
    (
        "17.8",
        lambda v, liked, w, r: (
            v[liked].sum(0) @ torch.linalg.inv(w * v.T @ v + r * torch.eye(3).double())
        ),
        "towards one",
    ),
    ("17.8", lambda v, liked, w, r: newcomer(v, liked, w, 2 * r), "gradient to zero"),
    ("17.8", lambda v, liked, w, r: v[liked].mean(0)[:2], "each column"),
]
