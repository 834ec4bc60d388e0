"""The room of chapter 5, the workflow: another office's digits, from fifty labels to deployment.

Its own files:
    exercises.py      checks: gradient, groups, dropout, AdamW, early stopping, Wilson, drift, plans
    few_shot.py       fitting to few labels, early stopping, frozen layers, best of many
    search.py         a search for hyperparameters, with every trial scored on unseen data too
    record_search.py  records random search and TPE, with equal budgets of trials
    results/          the record: search

What it uses of the shared packages:
    core.contest        what the verdict between the two searches rests on
    core.pixels         the scanned digits as the network reads them
    core.results        the recorded searches
    core.runtime        seeds; what machine this is, and the memory used
    core.show           pictures, the library's source, numbers with bounds
    core.stats          wilson: the interval of a share that is right
    core.training       TrainingError, in which a training without a future ends
    data.images         load: MNIST, which the network must not forget
    metrics.two_sample  the drift alarm: can a classifier tell new pictures from old ones?
    nets.classifier     the network of the task, for training it from scratch
    pretrained.loaders  load_classifier: the network that is adapted, and what was deployed
    pretrained.weights  deployment: writes the tensors with a card, and refuses a damaged file
"""
