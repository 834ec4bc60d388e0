"""Train detectors on each of three makers, on three seeds, and show them all three.

Once on the pictures as they are, and once with the nearly black pixels of all of them, real and
generated, made black: what is left then does not come from the background.

aigc record 20 detectors     # a few minutes on one thread
"""

from collections.abc import Callable
from functools import partial
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


def by_spectrum(real: Tensor, fake: Tensor) -> Callable[[Tensor], Tensor]:
    """The baseline: logistic regression on the spectrum."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    told = [0] * len(real) + [1] * len(fake)
    model = make_pipeline(StandardScaler(), LogisticRegression(max_iter=500))
    model.fit(detector.spectrum(torch.cat([real, fake])).numpy(), told)
    return lambda x: torch.from_numpy(model.decision_function(detector.spectrum(x).numpy()))


def on_cleaned(
    real: Tensor, maker: str, seed: int, learned: dict[str, Tensor], shown: dict[str, Tensor],
    test: Tensor, others: Tensor,
) -> dict[str, Any]:  # fmt: skip
    """The row of a network that learns from cleaned pictures, and is shown cleaned ones."""
    see = detector.cleaned
    network = detector.fit(see(real), see(learned[maker]), seed, STEPS)
    line, calm = (detector.score(network, see(x)) for x in (others, test))
    row: dict[str, Any] = {"learned": maker, "seed": seed, "judge": "network", "cleaned": True}
    for other, pictures in shown.items():
        found = detector.score(network, see(pictures))
        row[other] = detector.judged(calm, found, line)._asdict()
    sent = [detector.score(network, see(detector.shaken(x, "jpeg"))) for x in (test, shown[maker])]
    row["jpeg"] = detector.judged(sent[0], sent[1], line)._asdict()
    return row


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
        if clean:
            recording.add(on_cleaned(real, maker, seed, learned, shown, test, others))
            continue
        network = detector.fit(real, learned[maker], seed, STEPS)
        judges: dict[str, Callable[[Tensor], Tensor]] = {
            "network": partial(detector.score, network),
            "spectrum": by_spectrum(real, learned[maker]),
        }
        for name, judge in judges.items():
            line = judge(others)
            row = {"learned": maker, "seed": seed, "judge": name}
            for other, pictures in shown.items():
                row[other] = detector.judged(judge(test), judge(pictures), line)._asdict()
            for kind in ("jpeg", "noise", "blur"):
                fake, real_too = (detector.shaken(x, kind) for x in (shown[maker], test))
                row[kind] = detector.judged(judge(real_too), judge(fake), line)._asdict()
            recording.add(row)
    recording.declare(why_none=NO_CONTEST)
