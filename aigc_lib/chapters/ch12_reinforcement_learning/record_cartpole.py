"""Train chapter 12's policy on CartPole-v1 with several seeds, score it, and record it.

    aigc record 12 cartpole

About ten seconds a seed. Recorded are the full and the short settings, and a network before
training as the baseline.
"""

import time

import torch

from aigc_lib.core.results import Recording


def main(seeds: int = 10, threads: int = 1) -> None:
    """Record training runs.

    Args:
        seeds: how many, from 0 on.
        threads: of the processor.
    """
    import gymnasium  # one of the book's packages; the library does without

    from aigc_lib.chapters.ch12_reinforcement_learning import cartpole

    torch.set_num_threads(threads)
    settings = {"untrained": None, "full": cartpole.FULL, "short": cartpole.SHORT}
    command = f"aigc record 12 cartpole --seeds {seeds} --threads {threads}"
    recording = Recording("cartpole", __file__, command, key=("what", "seed"))
    for what, seed in recording.missing([(w, s) for s in range(seeds) for w in settings]):
        row = {"what": what, "seed": seed, "gymnasium": gymnasium.__version__}
        setting = settings[what]
        if setting is None:
            found = cartpole.returns(cartpole.fresh(seed), seed, greedy=False)
        else:
            start = time.perf_counter()
            model, history = cartpole.fit(seed, setting, progress=False)
            row["seconds"] = time.perf_counter() - start
            row |= {"updates": len(history), "steps": history[-1]["steps"]}
            found = cartpole.returns(model, seed)
        recording.add({**row, **cartpole.summary(found)})
    recording.declare(why_none="One way of training, long and short, beside an untrained network.")
