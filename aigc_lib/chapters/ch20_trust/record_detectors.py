"""Train detectors on each of three makers, on three seeds, and show them all three.

Once on the pictures as they are, and once with the nearly black pixels of all of them, real and
generated, made black: what is left then does not come from the background.

aigc record 20 detectors     # a few minutes on one thread
"""

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from aigc_lib.chapters.ch20_trust import detector
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording
from aigc_lib.data.images import load

LEARNED, TESTED, STEPS = 2_000, 1_000, 150
NO_CONTEST = (
    "What one kind of detector sees of each maker, beside the spectrum, a baseline without a "
    "network. No maker and no detector wins anything; the threshold is set on other real digits."
)
Judge = Callable[[Tensor], Tensor]


def by_spectrum(real: Tensor, fake: Tensor) -> Judge:
    """The baseline: logistic regression on the spectrum."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    told = [0] * len(real) + [1] * len(fake)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(detector.spectrum(torch.cat([real, fake])).numpy(), told)
    return lambda x: torch.from_numpy(model.decision_function(detector.spectrum(x).numpy()))


def by_network(real: Tensor, fake: Tensor, seed: int, see: Callable[[Tensor], Tensor]) -> Judge:
    """A network that learns from pictures as ``see`` shows them, and judges them so."""
    network = detector.fit(see(real), see(fake), seed, STEPS)
    return lambda x: detector.score(network, see(x))


def main(seeds: int = 3) -> None:
    """Record a row for each maker learned from, each seed, and cleaned pictures or not.

    Args:
        seeds: how many, from 0 on.
    """
    torch.set_num_threads(1)
    runtime.keep_memory()
    train, test = load("mnist"), load("mnist", "test").images[:TESTED]
    others = train.images[-3_000:]
    shown = {maker: detector.drawn(maker, TESTED, 1) for maker in detector.MAKERS}
    learned = {maker: detector.drawn(maker, LEARNED, 2) for maker in detector.MAKERS}
    command = f"aigc record 20 detectors --seeds {seeds}"
    recording = Recording("detectors", __file__, command, ("learned", "seed", "cleaned"))
    runs = [(maker, seed, clean) for clean in (None, True) for maker in detector.MAKERS
            for seed in range(seeds)]  # fmt: skip
    for maker, seed, clean in recording.missing(runs):
        real = train.images[seed * LEARNED : (seed + 1) * LEARNED]
        see = detector.cleaned if clean else torch.clone
        judges = {"network": by_network(real, learned[maker], seed, see)}
        if not clean:
            judges["spectrum"] = by_spectrum(real, learned[maker])
        for name, judge in judges.items():
            line = judge(others)
            row: dict[str, Any] = {"learned": maker, "seed": seed, "judge": name, "cleaned": clean}
            for other, pictures in shown.items():
                row[other] = detector.judged(judge(test), judge(pictures), line)._asdict()
            for kind in ("jpeg", "noise", "blur"):
                fake, real_too = (detector.shaken(x, kind) for x in (shown[maker], test))
                row[kind] = detector.judged(judge(real_too), judge(fake), line)._asdict()
            recording.add(row)
    recording.declare(why_none=NO_CONTEST)
