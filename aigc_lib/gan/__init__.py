"""The adversarial game: two players, their losses, one step of each, and the loop around it.

augment.py      random changes to images that a gradient passes through
dirac.py        the smallest GAN in closed form: multipliers, largest step; distances on a line
divergences.py  the optimal discriminator, divergences of both losses, f-GAN bound
evaluate.py     all scores of a generator, which ``aigc evaluate`` prints
losses.py       losses as functions of logits; gradient penalty, R1
state.py        Gan: both players, their optimisers, the averaged generator, the clock
training.py     d_step, g_step, and fit, the loop around them
"""
