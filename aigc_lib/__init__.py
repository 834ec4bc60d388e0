"""The small library that the book "AIGC from First Steps to Practice" runs on.

What stands where, and the chapter that reads it:

Used throughout:

    runtime      device, seeds, size of the work, memory                    every chapter
    data         real images and texts, and the loader on the device      01, 06
    prepare      fetching and computing everything beforehand
    data.toy     mixtures of Gaussians, known exactly                     03, 04
    nets         networks: mlp (06), points (03, 04), dcgan (07), gpt (01), classifier (06),
                 masked (10), policy (12), scenes and velocity (14)
    optim        Adam for the game, weight averaging                          06
    checkpoint   complete, atomic, safe files; interrupted runs go on         06
    results      recorded measurements and where they came from           04, 06
    show         figures, sliders without a kernel, source, reported numbers  every chapter
    exercises    check(...) for the reader's answers                          every chapter

The game of two networks:

    losses       adversarial losses as pure functions of logits, penalties   03, 04, 06
    players      the two networks and all that a step changes about them      06
    gan          the adversarial game: d_step, g_step, fit                03, 04, 06, 07
    theory       closed forms of the game's objective                     03, 06
    dynamics     closed forms of its training, distances on a line            04
    collapse     the experiment on lost modes: settings and their score       04
    recipes      what `aigc train` can train, as plain values                 07
    augment      random changes to images that a gradient passes through      07
    contest      the experiment on losses and augmentation                    07
    stacked      a thousand modes to count                                    07
    garments     what was drawn when a class was ordered                      07

Scores:

    metrics      features -> statistics -> value: scores of samples       06, 08
    score        all scores of a set of images                                08
    classify     the recipe of the shipped classifiers                        06
    generators   the recipe of the shipped generators                 01, 07, 08
    quiz         the blind test                                               08

A task from start to finish, and speed:

    workflow     fitting a classifier to few labels; intervals           05, 14 to 17
    loops        the textbook loop and ours                               06, 09
    bench        both side by side                                        06, 09
    ladder       from one to the other, a change at a time                    09
    speed        switches that make a step faster, and their eager twins      09
    footprint    bytes that a forward pass keeps                              09
    distributed  one job on several processes                                 09

Language:

    tokenisers   text to numbers and back                                     01
    lm           training and scoring a language model                        01
    pretraining  a published setting, ours beside a plain loop                 10
    sampling     letting it write                                             01
    writers      the recipe of the shipped language models                    01
    masked       pretraining on pictures that are mostly hidden; linear probe  10
    lora         fine-tuning through small matrices beside frozen ones        11
    finetuning   a small language model tuned on: all, the last block, LoRA   11
    directions   the experiment on stage directions: texts, settings, scores  11
    answering    answers of one word, from a chat model or our writer         11
    kinds        the experiment on kinds of things: names, split, questions   11

Rewards:

    rl           returns, advantages, policy losses, preferences              12
    acting       playing environments with a policy, scoring it               12
    ppo          the loop: act, improve, again                                12
    cartpole     the experiment on a balanced pole: settings and score        12
    steering     a language model, a reward, a leash; preferences             12
    cheer        the experiment on cheerful words: reward and judges          12

Applications:

    apps         working tools: film, service, finance, recommendation    14 to 17
    embed        sentences as points, a pretrained network              15, 16, 17
    chat         a small pretrained chat model                            11, 15
    scenery      makers of scenes from descriptions, their judge, and the scores   14
    flow         flow matching: training and sampling                         14
    blend        Poisson blending, fillings, the seam and the flicker         14
    retrieval    words, BM25, fused rankings, thresholds                      15
    faq          the construction FAQ in parts that share no question         15
    intents      commands with intents, cut by template; keywords             15
    matching     a reply for a question: by a game, regression, contrast      15
    grounded     answers of a chat model from a text, and their checks        15
    news         figures, mood and words of a financial report                16
    newsroom     dated reports in parts that do not repeat each other         16
    judge        topic and mood of a report; word lists                       16
    semi         a discriminator with one class more: few labels              16
    few_labels   the experiment on 10, 50 and 500 labels                      16
    calibration  whether a probability means what it says                     16
    surge        the cumulative sum, planted surges, thresholds               16
    films        the experiment on films: two periods, settings, scores       17
    histories    what a request may know, and what was liked after it         17
    ranking      scores of recommendation lists                               17
    recommenders popularity, neighbours, factors, a linear model with texts   17
    irgan        a neural ranker: by likelihood, by pairs, by a game          17

From the shell:

    doctor       what runs on this machine, and how long it takes             05
    cli          aigc doctor | train | train-dcgan | sample | evaluate | bench | demo
"""

__version__ = "0.1.0"
