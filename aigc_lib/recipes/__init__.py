"""What made the shipped weights, one command each, and what ``aigc train`` trains.

classifier.py  the classifiers of MNIST and Fashion-MNIST behind the scores
gan.py         everything that defines a run of ``aigc train``, as plain values
generator.py   a trained run's averaged generator as small shipped weights
writer.py      the small GPTs that write plays or Tang poems
"""
