"""The room of chapter 10, pretraining: a small GPT step by step, and hidden patches of pictures.

Its own files:
    exercises.py           checks: bits, byte pairs, attention, top-p, temperature, parameters
    mae.py                 the masked autoencoder: visible patches in, hidden ones guessed
    mae_training.py        training it, and the linear probe that says what features are worth
    nanogpt.py             nanoGPT's published setting, by our loop and by a plain one
    record_masked.py       masked autoencoders and their probes over three seeds
    record_pretraining.py  both loops at nanoGPT's setting over three seeds
    record_scaling.py      GPTs of four widths, and of two tokenizers
    record_speed.py        milliseconds a step on a GPU, switch by switch and beside nanoGPT's loop
    results/               the records: masked, pretraining, scaling

What it uses of the shared packages:
    core.contest        what the verdicts on the masked autoencoder rest on
    core.pixels         pictures to [-1, 1]
    core.optim          its learning rate rises and falls (cosine_lr)
    core.results        reads the three records, and writes them in the recorders
    core.runtime        the device of the recorded runs
    core.show           attention maps, sliders, times, numbers with bounds
    core.speed          which switches a GPU's training uses
    core.stats          wilson: the interval of the linear probe
    core.training       a row of a training's history; TrainingError
    data.batches        Batches: pictures for the masked autoencoder
    data.images         load: Fashion-MNIST in parts that share no picture
    data.texts          load_text: Shakespeare's plays, four of them held out whole
    lm.batches          TokenBatches: random windows of a text, on the device
    lm.ngram            counted letters, pairs and longer runs: what a network has to beat
    lm.sampling         temperature, top-p, repetition penalty, and writing with a cache
    lm.text_quality     the share of real words and of different ones, in texts drawn hot and cold
    lm.tokenizers       characters, and byte pair encoding: which pair is joined next
    lm.training         the loop, and nats a token
    nets.gpt            attention, its causal mask, the block, the GPT and its cache
    pretrained.loaders  load_writer: the shipped writers of plays and verse
"""
