"""The adversarial game: two players, their losses, one step of each, and the loop around it.

acceleration.py  the same game faster, switched on from outside: layout, bfloat16, CUDA graphs
augment.py       random changes to images that a gradient passes through
divergences.py   the optimal discriminator, Jensen-Shannon, Wasserstein: closed forms
losses.py        losses as functions of logits; gradient penalty, R1
state.py         Gan: both players, their optimisers, the averaged generator, the clock
training.py      d_step, g_step, and fit, the loop around them
"""
