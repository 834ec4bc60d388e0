"""The room of chapter 18, words with pictures: search, captions, and what may be said of a picture.

Its own files:
    app.py               the tool: search by words in two languages; describe without inventing
    captioner.py         convolutions, sixteen prefix tokens and a small GPT
    contrastive.py       InfoNCE, renderings, the training of both encoders
    data.py              data set: keywords of the emoji; pictures in parts by families
    describer.py         what the captioner claims, less what the judge does not verify
    encoders.py          the two networks, and how a text becomes pieces
    exercises.py         checks: recall, the loss, its floor and bound, naming, fusing, verifying
    judge.py             a rule for colours, a classifier for garments, a threshold
    products.py          pictures of two garments in colours, sentences about them, pairs held out
    record_describer.py  captioners on three seeds, the judge, and what is stated after checking
    record_words.py      the search on three seeds beside averages of words and a regression
    results/             the records: words, describer
    retrieval.py         ranks, recall, naming by words, and the baselines

What it uses of the shared packages:
    core.contest               what the verdicts rest on
    core.pixels                pictures to [-1, 1]
    core.results               reads and writes the records
    core.runtime               the device, the size of the work
    core.show                  figures, a slider, numbers with bounds
    core.stats                 bootstrap, student and wilson: intervals
    core.training              a loss that is no number stops the training with a TrainingError
    core.unicode               what people type, brought to one form
    data.cache                 fetch: the folders of emoji and keywords
    data.emoji                 Library: the pictures with their two names
    data.images                garments: Fashion-MNIST
    data.packages              takes the keywords out of a package archive
    data.sources               what a data set is
    metrics.neighbours         the nearest training picture, whose caption is the baseline
    nets.gpt                   the blocks of the captioner
    pretrained.loaders         load_into: the shipped networks, frozen
    pretrained.weights         reads and writes the shipped networks and their cards
"""
