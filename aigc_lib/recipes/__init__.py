"""What made the shipped weights, one command each, and what ``aigc train`` trains.

classifier.py  the classifiers of MNIST and Fashion-MNIST behind the scores
diffusion.py   everything that defines a run of ``aigc train-diffusion``; how it draws
gan.py         everything that defines a run of ``aigc train``, as plain values
generator.py   a trained run's averaged generator as small shipped weights
parallel.py    the adversarial game on several processes
runs.py        what a run's folder holds, whatever made it: something that draws
scores.py      the scores of a trained GAN, for records and cards
writer.py      the small GPTs that write plays or Tang poems
"""
