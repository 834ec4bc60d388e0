"""The room of chapter 8, evaluating generators: what each score sees, and what it misses.

Its own files:
    blind_test.py       real or generated? how many hits are luck, and the widget that counts them
    exercises.py        checks: inception score, recall, coverage, MMD, bias in 1/n, hits, faults
    inception_score.py  sure about each sample, undecided about all: the inception score

What it uses of the shared packages:
    core.pixels         pictures to [-1, 1] and samples to bytes
    core.results        reads chapter 6's scores over seeds: how large a difference counts
    core.runtime        device and seeds
    core.show           the ten sets of pictures, the slider over noise, numbers with bounds
    data.batches        Batches: endless shuffled batches that lie on the device
    data.images         load: MNIST, real pictures for the reference and for the floors
    gan.divergences     expected_mean_distance: the bias of the Fréchet distance from few samples
    gan.state           Gan: the players of the weak generator
    gan.training        fit: trains a weak generator, one of the ten sets
    metrics.features    pictures to the features that every score but the pixels' reads
    metrics.frechet     the Fréchet distance (the formula of FID)
    metrics.kernel      the kernel distance (the formula of KID), unbiased
    metrics.neighbours  hunting for copies: nearest neighbours, memorised, data-copying test
    metrics.prdc        precision, recall, density, coverage, and what a perfect generator gets
    metrics.two_sample  can a classifier tell the two sets apart?
    nets.mlp            the networks of the weak generator
    pretrained.loaders  the generator that is judged; the features' network (nets.classifier)
    recipes.diffusion   draw: digits of a diffusion model, at two strengths of guidance
"""
