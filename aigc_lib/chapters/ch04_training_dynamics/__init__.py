"""The room of chapter 4, why training fails: spirals, vanishing slopes, lost modes, and cures.

Its own files:
    dirac.py            the Dirac-GAN: multipliers, the largest step under R1, the limit cycle
    exercises.py        checks: multipliers, W1, largest step, power iteration, penalty, alarm
    mode_collapse.py    the experiment on mode collapse: ring and grid, every cure, the score
    record_collapse.py  trains every row of the table of lost modes over five seeds
    results/            the record: collapse

What it uses of the shared packages:
    core.contest       what the verdict on the ring rests on, declared in the record
    core.results       reads the recorded table of lost modes, and writes it in the recorder
    core.show          sliders over step and penalty, the library's source, numbers with bounds
    core.training      TrainingError, which an overdose of the penalty ends in
    data.toy           the ring and the grid of Gaussians, and which of their modes samples reach
    gan.divergences    jensen_shannon, level where heaps do not touch; wasserstein, which is not
    gan.losses         Wasserstein critic, gradient penalty, R1: the cures as pure functions
    gan.state          Gan: the two players of every failing and mended run
    gan.training       fit: the loop that plays the gallery of failures
    nets.mlp           generator and discriminator of points; the minibatch spread
"""
