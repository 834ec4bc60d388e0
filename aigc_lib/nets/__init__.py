"""Networks: plain ``nn.Module``s that know nothing of losses, data or training.

classifier.py  the small classifier whose features score pictures
dcgan.py       convolutional generator and discriminator, told the class if wanted
gpt.py         attention, its causal mask, the block, the GPT, and its cache for writing
mlp.py         the simplest players, for pictures and for points; the minibatch spread
unet.py        what is behind a noisy picture, told the time and the description
"""
