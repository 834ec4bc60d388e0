"""The room of chapter 14, film scenes: a GAN that reads a description and draws it.

Its own files:
    app.py               the tool: a description becomes frames, or a refusal that says why
    exercises.py         checks: draws needed, the middle of a hole, a blend, flicker, a leak
    experiment.py        the experiment: training, exam on pairs never seen, best of n
    networks.py          generator and discriminator that read words
    poisson_blending.py  gradient-domain blending, feathering, filled holes, seam, flicker
    record_scenes.py     every maker of scenes over three seeds, and the shipped weights
    results/             the record: scenes
    scene_classifier.py  what a picture shows: the judge of all makers, and the picker
    scenes.py            descriptions, the pairs held out, and real scenes composed of cut-outs

What it uses of the shared packages:
    core.files              writes the film's picture whole or not at all
    core.pixels             scenes to [-1, 1] and back
    core.results            reads the record of all makers, and writes it in the recorder
    core.runtime            freed memory kept for the next step; the machine on the weights' card
    core.show               frames, sliders, times, numbers with bounds
    core.speed              Speed: channels-last layout for the networks
    core.stats              bootstrap and wilson: intervals of shares and of gaps
    core.training           a loss that is no number stops the training with a TrainingError
    core.unicode            what people type, brought to one form
    data.batches            Batches: scenes with their words
    data.cache              fetch: the folder of the emoji
    data.emoji              Library: pictures with captions, cut out
    data.registry           the checksums of the emoji, for the card of the weights
    diffusion.guidance      the rival without an opponent, as a denoiser
    diffusion.samplers      its steps from noise to scenes
    diffusion.training      Diffusion, fit: its regression
    gan.acceleration        accelerate: switches channels last on for the players
    gan.losses              the game's losses with R1
    gan.state               Gan: the two players who read
    gan.training            fit: the game's loop, which passes the words on
    metrics.features        scenes to features of the judge
    metrics.frechet         how like real scenes the drawn ones are
    nets.unet               the network of the flow-matching rival; words as a sum of vectors
    pretrained.loaders      load_into: the shipped painter and classifiers, frozen
    pretrained.weights      reads and writes the shipped painter and the two judges
"""
