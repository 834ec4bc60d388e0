"""Right and wrong answers to chapter 13's exercises, and what the hint to each wrong one says."""


def recover(v, x_t, t):
    return x_t + (1 - t) * v, x_t - t * v


def denoise(x_t, pictures, a, b, *, scale=True, power=2):
    square = (x_t - (a if scale else 1) * pictures).square().sum(dim=1)
    return (-square / (2 * b**power)).softmax(dim=0) @ pictures


def nearest(x_t, pictures, a, b):
    return pictures[(x_t - a * pictures).square().sum(dim=1).argmin()]


def step(x, clean, a, b, a_next, b_next, *, noise=lambda x, clean, a, b: (x - a * clean) / b):
    return a_next * clean + b_next * noise(x, clean, a, b)


def total(snr, error):
    return ((snr[1:] - snr[:-1]) * error).sum() / 2


RIGHT = {
    "13.1": (0.4, 1.5),
    "13.2": recover,
    "13.3": denoise,
    "13.4": 1.0,
    "13.5": 0.5,
    "13.6": step,
    "13.7": total,
    "13.8": (640, 72),
    "13.9": (1.5, 7.5),
    "13.10": (1.5, 0.5**1.5),
}
WRONG = [
    ("13.1", (0.1, 1.5), "from noise to picture"),
    ("13.1", (0.4, -1.5), "back to the noise"),
    ("13.1", (0.4, 0.5), "negative"),
    ("13.1", (0.4, 0.9), "only a part"),
    ("13.1", 0.4, "two numbers"),
    ("13.2", lambda v, x_t, t: recover(v, x_t, t)[::-1], "picture first"),
    ("13.2", lambda v, x_t, t: recover(v, x_t, 1 - t), "that is left"),
    ("13.2", lambda v, x_t, t: (recover(v, x_t, t)[0], x_t), "go back"),
    ("13.2", lambda v, x_t, t: recover(v, x_t, t)[0], "two things"),
    ("13.3", lambda *a: denoise(*a, scale=False), "a times each picture"),
    ("13.3", lambda *a: denoise(*a, power=0), "deviation b"),
    ("13.3", lambda *a: denoise(*a, power=1), "not by b"),
    ("13.3", nearest, "nearest picture alone"),
    ("13.3", lambda x, pictures, a, b: pictures.mean(0), "all pictures alike"),
    ("13.4", 4.0, "undoes the shrinking"),
    ("13.4", 2, "most of it is noise"),
    ("13.4", -2, "that is the score"),
    ("13.4", 0.3, "Tweedie"),
    ("13.5", 1 / 3, "t = 1 - t"),
    ("13.5", 0.0, "weighs nothing"),
    ("13.5", 0.8, "equal to"),
    ("13.6", lambda *a: step(*a, noise=lambda x, c, a, b: x - a * c), "divide by b"),
    ("13.6", lambda *a: step(*a, noise=lambda x, c, a, b: x), "before you call"),
    ("13.6", lambda x, c, a, b, s, r: step(x, c, a, b, a, r), "share grows"),
    ("13.7", lambda snr, error: total(snr, error.flip(0)), "out of order"),
    ("13.7", lambda snr, error: (snr[1:] * error).sum() / 2, "not what it is"),
    ("13.7", lambda snr, error: error.sum(), "simple loss"),
    ("13.7", lambda snr, error: 2 * total(snr, error), "twice"),
    ("13.8", (640, 36), "two calls"),
    ("13.8", (640, 320), "square of the steps"),
    ("13.8", (72, 640), "not with their square"),
    ("13.9", (2, 7.1), "nothing left"),
    ("13.9", (1.5, 7.2), "flatters"),
    ("13.9", (1.5, 7.1), "another weight"),
    ("13.10", (0.5, 0.354), "no guidance"),
    ("13.10", (1.5, 0.4264), "sharpened"),
    ("13.10", (1.5, 0.5), "own deviation"),
]
