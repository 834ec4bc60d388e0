"""Right and wrong answers to chapter 02's exercises, and what the hint to each wrong one says."""

import torch


def factorise(joint):
    first = torch.stack([row.sum() for row in joint])
    return first, torch.stack([row / row.sum() for row in joint])


def interpolate(counts, lower):
    total = sum(counts.values()) + 1
    mixed = {x: q / total for x, q in lower.items()}
    for x, n in counts.items():
        mixed[x] += n / total
    return mixed


def bandit_gradient(scores, rewards):
    policy, one = scores.softmax(0), torch.eye(len(scores), dtype=scores.dtype)
    return sum(p * r * (e - policy) for p, r, e in zip(policy, rewards, one, strict=True))


def attack(pictures, gradient, size):
    return torch.minimum(
        torch.maximum(pictures + size * gradient / gradient.abs(), torch.tensor(-1.0)),
        torch.tensor(1.0),
    )


ARROWS = {
    ("noise", "generator"),
    ("generator", "generated samples"),
    ("generated samples", "discriminator"),
    ("real data", "discriminator"),
    ("discriminator", "logit"),
}
FAMILIES = {"price": "autoregressive", "one pass": "implicit", "many steps": "score-based"}

RIGHT = {
    "02.1": factorise,
    "02.2": interpolate,
    "02.3": (0.25, 0.1875),
    "02.4": bandit_gradient,
    "02.5": attack,
    "02.6": ARROWS,
    "02.7": FAMILIES,
}
WRONG = [
    ("02.1", lambda joint: joint.sum(1), "two things"),
    ("02.1", lambda joint: (joint.sum(0), joint / joint.sum(0)), "the first"),
    ("02.1", lambda joint: (joint.sum(1), joint / joint.sum(0)), "not each column"),
    ("02.1", lambda joint: (joint.sum(1), joint), "still"),
    ("02.1", lambda joint: (joint.sum(1), joint.sum(0).expand(2, 3)), "by its sum"),
    ("02.2", lambda counts, lower: {"a": 0.75, "c": 0.25}, "seen or not"),
    (
        "02.2",
        lambda counts, lower: {x: counts.get(x, 0) / 4 for x in lower},
        "not impossible",
    ),
    (
        "02.2",
        lambda counts, lower: {x: (counts.get(x, 0) + q) / 4 for x, q in lower.items()},
        "denominator",
    ),
    (
        "02.2",
        lambda counts, lower: {
            x: (counts.get(x, 0) + 1) / (sum(counts.values()) + 3) for x in lower
        },
        "q\\(a\\)",
    ),
    (
        "02.2",
        lambda counts, lower: interpolate(counts, lower) if counts else dict.fromkeys(lower, 1 / 3),
        "never seen",
    ),
    ("02.3", 0.25, "a pair"),
    ("02.3", (0.0, 0.25), "likeliest"),
    ("02.3", (0.5, 0.25), "weigh them"),
    ("02.3", (0.3, 0.25), "mean of what is possible"),
    ("02.3", (0.25, 0.1875**0.5), "root"),
    ("02.3", (0.25, 0.25), "average"),
    ("02.4", lambda s, r: s.softmax(0) * r, "every action up"),
    ("02.4", lambda s, r: s.softmax(0) * (r - r.mean()), "under the policy"),
    ("02.4", lambda s, r: -bandit_gradient(s, r), "sign"),
    ("02.4", lambda s, r: r - s.softmax(0) @ r, "the gradient"),
    ("02.5", lambda x, g, e: x + e * g.sign(), "no picture any more"),
    ("02.5", lambda x, g, e: (x - e * g.sign()).clamp(-1, 1), "easier"),
    ("02.5", lambda x, g, e: (x + e * g).clamp(-1, 1), "use the sign"),
    ("02.5", lambda x, g, e: x, "gradient's sign"),
    ("02.6", "noise", "set of pairs"),
    ("02.6", {("noise", "content")}, "none of the boxes"),
    ("02.6", ARROWS | {("real data", "generator")}, "never sees"),
    ("02.6", ARROWS | {("discriminator", "generated samples")}, "one number"),
    ("02.6", ARROWS - {("real data", "discriminator")}, "told apart from"),
    ("02.6", ARROWS | {("noise", "discriminator")}, "does not belong"),
    ("02.6", ARROWS - {("noise", "generator")}, "missing"),
    ("02.7", "implicit", "dictionary"),
    ("02.7", FAMILIES | {"price": "implicit"}, "probabilities that it knows"),
    ("02.7", FAMILIES | {"one pass": "score-based"}, "part by part"),
    ("02.7", FAMILIES | {"many steps": "GAN"}, "none of the families"),
]
