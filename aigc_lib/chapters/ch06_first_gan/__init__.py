"""The room of chapter 6, the first GAN: handwritten digits from noise, and an honest score.

Its own files:
    exercises.py         checks: D's loss, smoothed labels, noise, slerp, detached samples, seeds
    record_first_gan.py  trains the chapter's GAN from several seeds and scores each
    results/             the record: first-gan-seeds

What it uses of the shared packages:
    benchmark.compare   times the article's loop, mended, and ours in turn
    core.pixels         pictures to [-1, 1] for the networks, samples back to bytes
    core.results        reads the scores over seeds, and writes them in the recorder
    core.runtime        device, seeds, and the size of the training on a CPU or a GPU
    core.show           grids of samples, loss curves, sliders, numbers with bounds
    data.batches        Batches: endless shuffled batches that lie on the device
    data.images         load: all of MNIST (its checksums: data.registry), and the floor's pictures
    gan.divergences     the best discriminator, its loss, and the slopes of both generator losses
    gan.state           Gan: the two players, their optimisers, the moving average of the generator
    gan.training        d_step, g_step, fit: the step and the loop (resumes: core.training)
    metrics.classes     which digits were drawn how often, and how sure the classifier is
    metrics.features    pictures to the features in which the distance is taken
    metrics.frechet     the Fréchet distance, and its floor between real pictures
    metrics.neighbours  the training picture nearest to each sample: is it a copy?
    nets.mlp            both networks; the minibatch spread, by which D sees lost modes
    pretrained.loaders  the features' network (nets.classifier), the training set's statistics
    recipes.gan         what `aigc train` trains, which the recorder repeats
    recipes.scores      scores each seed's samples for the record
"""
