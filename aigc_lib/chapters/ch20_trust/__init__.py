"""The room of chapter 20, trust: each worry about generated content as something to measure.

Its own files:
    collapse.py          models that learn from models: Gaussians with a recursion, and digits
    detector.py          real or generated? a network, the spectrum, and what happens on the way
    exercises.py         checks: z, marks, base rates, attacks, radii, attributions, loops, privacy
    fairness.py          a GAN on uneven data, what a judge sees, keeping and throwing away
    membership.py        many small networks at once, and LiRA: who was in the training?
    picture_mark.py      a watermark in pictures, and its p-value by rank among other keys
    private.py           DP-SGD, and the account of its epsilon
    provenance.py        signed notes that everybody can check
    record_detectors.py  three makers, three seeds: who is caught by whom?
    record_private.py    membership attacks on networks with more and less noise
    record_robust.py     training on attacks and on noise, on three seeds
    record_shares.py     the same GAN with other digits rare: is it rarity?
    results/             the records: detectors, private, robust, shares
    robustness.py        attacks, training against them, smoothing with a certificate
    saliency.py          maps of pixels, and what happens to them when the weights are random
    watermark.py         green lists in text, and the exact chance of a false alarm

What it uses of the shared packages:
    core.contest         what the verdict of the attacked digits rests on
    core.pixels          pictures to [-1, 1] and back
    core.results         reads and writes the records
    core.runtime         the device, seeds
    core.show            figures, numbers with bounds
    core.stats           wilson and student: intervals
    core.training        a loss that is no number stops the training with a TrainingError
    data.batches         Batches: for the generator that learns from uneven data
    data.images          load: digits and clothes
    data.texts           load_text: Shakespeare's held-out plays, text without a mark
    gan.state            Gan: the players of that generator
    gan.training         fit: the loop
    lm.sampling          distribution: the probabilities that the mark changes
    metrics.features     features of digits, for the Fréchet distance
    metrics.frechet      how far the drawn digits of a loop are from real ones
    nets.classifier      the body of the detector
    nets.gpt             the cache of keys and values, while a marked text is written
    nets.mlp             the networks of the generator that learns from uneven data
    pretrained.loaders   the classifier, the writer and three generators of digits
    recipes.diffusion    draw: digits of the diffusion model
"""
