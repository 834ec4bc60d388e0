"""The room of chapter 7, convolutional and conditional GANs: clothes drawn to order.

Its own files:
    exercises.py        checks: weights, receptive field, convolutions, projection, BatchNorm
    fashion_scores.py   what a shop would ask: right kind, variety, mirrored shoes, copies
    loss_comparison.py  the experiment: losses, R1, averages, augmentation and its leaks
    record_contest.py   trains every setting of the comparison over three seeds
    record_falling.py   the recipe with step sizes that stay and that fall, for as many images
    record_large.py     the recipe for a GPU, trained for a given time
    record_quality.py   the recipe beside the textbook's DCGAN for the same time
    record_stacked.py   counts the modes that the game finds on Stacked MNIST
    results/            the records: contest, quality, stacked
    stacked_mnist.py    a thousand modes that can be counted: three digits in the three colours

What it uses of the shared packages:
    benchmark.loops     the textbook's loop, which the recorded DCGAN is trained by
    core.pixels         pictures to [-1, 1], samples back to bytes
    core.results        reads the three records, and writes them in the recorders
    core.runtime        device and seeds; memory kept for the next step in the recorders
    core.show           grids of clothes, the slider through latent space, numbers with bounds
    core.speed          Speed: channels-last layout, the switch that pays on every CPU
    data.batches        Batches: pictures with their labels, which both players are told
    data.images         load: Fashion-MNIST, MNIST, and the names of the ten kinds
    gan.acceleration    accelerate: switches channels last on for the players
    gan.augment         differentiable augmentation: shifts, flips, cutouts
    gan.losses          least squares, hinge and Wasserstein losses; lazy R1
    gan.state           Gan: the two conditional players and the average of the generator
    gan.training        fit: the loop, which passes labels on
    metrics.classes     how many samples of an order the classifier names so
    metrics.features    pictures to the features of the scores
    metrics.frechet     the Fréchet distance to Fashion-MNIST
    metrics.neighbours  how near samples come to training pictures
    nets.classifier     the classifier that says what was drawn
    nets.dcgan          the convolutional players, told the class: embedding in G, projection in D
    nets.mlp            chapter 6's players, to count their weights beside these
    pretrained.loaders  classifiers, their statistics, and the shipped generator of digits
    pretrained.scores   all scores of a set of pictures
    recipes.gan         what `aigc train-dcgan` trains, which the recorder repeats
    recipes.scores      all scores of the recorded runs
"""
