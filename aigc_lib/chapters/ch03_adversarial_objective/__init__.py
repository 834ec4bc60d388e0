"""The room of chapter 3, the adversarial objective: what the two networks play for.

Its own files:
    closed_forms.py  what each loss descends, the excess loss, f-divergences and the f-GAN bound
    exercises.py     checks: D*, Jensen-Shannon, slopes of both losses, swapped labels, f-GAN

What it uses of the shared packages:
    core.runtime       seeds, so that every run of the page can be repeated
    core.show          the slider over the distance, times, numbers with bounds
    data.toy           samples of Gaussians whose densities are known, for the game and its judge
    gan.divergences    the optimal discriminator, Jensen-Shannon, the slopes of both losses
    gan.losses         the discriminator's loss, saturating and non-saturating generators as logits
    gan.state          Gan: the two players, their optimisers and averages
    gan.training       d_step, which trains D alone, and fit, in which both play
    nets.mlp           point_discriminator: the network that is laid over the closed form
"""
