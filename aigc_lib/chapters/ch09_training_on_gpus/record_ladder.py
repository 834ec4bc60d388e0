"""Measure chapter 9's ladder on this machine, and record it.

    aigc record 09 ladder

The record is ladder-cpu, or ladder-gpu where PyTorch finds a GPU. Run it while the machine does
nothing else: a few minutes, more with --compiled.
"""

from aigc_lib.chapters.ch09_training_on_gpus.speed_ablation import climb, rungs
from aigc_lib.core import runtime
from aigc_lib.core.results import Recording


def main(rounds: int = 7, steps: int = 50, compiled: bool = False) -> None:
    """Record all rungs of both models.

    Args:
        rounds: measured rounds, at least 5.
        steps: training steps of each rung in a round.
        compiled: measure torch.compile too.
    """
    device = runtime.device()
    command = f"aigc record 09 ladder --rounds {rounds} --steps {steps}" + " --compiled" * compiled
    name = "ladder-gpu" if device.type == "cuda" else "ladder-cpu"
    recording = Recording(name, __file__, command, key=("model", "compiled"))
    # All rungs of a model take turns: they are one run. What compiles for minutes comes last, and
    # takes turns with the textbook's loop alone.
    models = ("mlp", "dcgan")
    runs = [(m, None) for m in models] + [(m, True) for m in models if compiled]
    for model, last in recording.missing(runs):
        ladder = rungs(device, images=model == "dcgan", compiled=bool(last))
        if last:
            ladder = {name: ladder[name] for name in ("textbook", "compiled")}
        rows = climb(model, ladder, device, rounds, steps)
        recording.add(*([{**rows[1], "compiled": True}] if last else rows))
    recording.declare(why_none="One training, timed with other switches: nothing is tuned.")
