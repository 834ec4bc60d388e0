"""The room of chapter 2, eight core concepts as eight small programs, each beside a baseline.

Its own files:
    exercises.py  checks: factorising, mixing counts, best guesses, policies, attack, families

What it uses of the shared packages:
    core.pixels         pictures for the classifiers that judge and are attacked
    core.show           pictures, and numbers with bounds
    data.images         load: MNIST and Fashion-MNIST
    data.texts          load_text: the plays, for the counted language model and the dialogue
    gan.divergences     wasserstein: how far the first miniature's GAN is from data it never saw
    lm.ngram            smoothed_prices: the counted models that the shipped writer must beat
    pretrained.loaders  the generators, classifiers and writer that stand beside the miniatures
"""
