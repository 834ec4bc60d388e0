"""Scores of generated images: features -> statistics -> value, each step a pure function.

classes.py     how often each class was drawn, and how sure the classifier is
features.py    images -> features, and the checks that all scores share
frechet.py     Fréchet distance (the formula of FID), and the floor under it
kernel.py      kernel distance (the formula of KID)
neighbours.py  nearest real items; memorised and copied samples
prdc.py        precision and recall, density and coverage
two_sample.py  classifier two-sample test

Nothing here knows which network makes the features, so a score is always named after them: say
"Fréchet distance in MNIST classifier features", never "FID", which means the distance in the
features of one particular Inception network and is comparable with nothing else. The same holds for
"KID" and "Inception score".
"""
