"""Scores of generated images: features -> statistics -> value, each step a pure function.

features.py     images -> features, the checks that all scores share
frechet.py      Fréchet distance (the formula of FID), and the floor under it
kernel.py       kernel distance (the formula of KID)
prdc.py         precision and recall, density and coverage
neighbours.py   nearest real items, memorisation
two_sample.py   classifier two-sample test
inception.py    inception score           classes.py   shares of classes, confidence
spread.py       mean and standard deviation of several values of a score

Nothing here knows which network makes the features, so a score is always named after them: say
"Fréchet distance in MNIST classifier features", never "FID", which means the distance in the
features of one particular Inception network and is comparable with nothing else. The same holds for
"KID" and "Inception score".
"""

from aigc_lib.metrics.classes import class_counts, confident_share, total_variation
from aigc_lib.metrics.features import extract
from aigc_lib.metrics.frechet import Statistics, floor, frechet_distance, statistics
from aigc_lib.metrics.inception import inception_score
from aigc_lib.metrics.kernel import kernel_distance, kernel_distance_subsets
from aigc_lib.metrics.neighbours import (
    Memorised,
    data_copying,
    memorised,
    nearest,
    nearest_features,
)
from aigc_lib.metrics.prdc import (
    DensityCoverage,
    PrecisionRecall,
    density_coverage,
    expected_coverage,
    precision_recall,
)
from aigc_lib.metrics.spread import Spread
from aigc_lib.metrics.two_sample import TwoSample, two_sample_test

__all__ = [
    "DensityCoverage",
    "Memorised",
    "PrecisionRecall",
    "Spread",
    "Statistics",
    "TwoSample",
    "class_counts",
    "confident_share",
    "data_copying",
    "density_coverage",
    "expected_coverage",
    "extract",
    "floor",
    "frechet_distance",
    "inception_score",
    "kernel_distance",
    "kernel_distance_subsets",
    "memorised",
    "nearest",
    "nearest_features",
    "precision_recall",
    "statistics",
    "total_variation",
    "two_sample_test",
]
