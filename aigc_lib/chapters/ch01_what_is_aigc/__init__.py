"""The room of chapter 1, what generative AI is: drawing from what was learned from examples.

Its own files:
    exercises.py  checks: drawing a category, a table of letters, nats, cross-entropy, copied runs

What it uses of the shared packages:
    core.pixels         drawn pictures as bytes, before they are compared with the training set
    core.rooms          load_part: the tools of chapters 18 and 19, for a caption and a tune
    core.show           grids of digits, the slider of the walk, numbers with bounds
    data.images         load: MNIST, in which copies of the drawn digits are searched for
    data.sources        DataError: the songs could not be fetched
    data.texts          load_text: Shakespeare's plays and the Tang verses, with the parts held out
    lm.ngram            counted tables of letters and of pairs: the writer's baselines
    lm.text_quality     score: the share of drawn words that exist, bold and careful
    lm.training         evaluate: the nats a character that the writer pays for text it never saw
    metrics.neighbours  nearest, memorised: are drawn digits copies of training pictures?
    pretrained.loaders  the five networks of the first cells: digits twice, clothes, a scene, a poem
    recipes.diffusion   draw: how a diffusion model draws the digits
"""
