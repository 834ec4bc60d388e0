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
