"""The room of chapter 13, diffusion and flow matching: pictures out of noise, without a game.

Its own files:
    closed_forms.py     data whose perfect denoiser has a formula; terms of the bound; guidance
    distillation.py     a student that jumps in one or two steps where its teacher walks
    exercises.py        checks: noising, answers, weights, steps, guidance, copies
    record_large.py     a larger network, for a given time on a GPU
    record_quality.py   the recipe on seeds, one of them to choose guidance: scores
    record_students.py  students of one and two steps; copies after training on few pictures
    results/            the records: diffusion-quality, diffusion-students

What it uses of the shared packages:
    core.optim           its learning rate rises and falls; averaged weights of the student
    core.pixels          pictures to [-1, 1] and back
    core.results         reads the record, and writes records in the recorders
    core.runtime         device, seeds, size of the training in the page
    core.show            pictures, sliders, source, numbers with bounds
    core.speed           Speed: channels-last layout for the network
    core.training        a loss that is no number stops the student with a TrainingError
    data.batches         Batches: pictures with their class, in the recorder of copies
    data.images          load: MNIST and Fashion-MNIST
    data.registry        find: the names of the classes, on the card of the shipped weights
    data.toy             the ring of eight Gaussians
    diffusion.guidance   denoiser: a network that insists on a class
    diffusion.samplers   walk: Euler, Heun and multistep through given times
    diffusion.schedules  the straight path and the cosine; one answer from another
    diffusion.training   fit: the loop
    metrics.features     features of the test set, in the choice of guidance
    metrics.frechet      the distance from it
    metrics.neighbours   the nearest training picture of a sample
    nets.unet            UNet: the network
    pretrained.loaders   load_diffusion, the judge, and the shipped GAN
    pretrained.scores    all scores of a set of pictures
    pretrained.weights   writes the shipped networks and their cards
    recipes.diffusion    what `aigc train-diffusion` trains, and how it draws
"""
