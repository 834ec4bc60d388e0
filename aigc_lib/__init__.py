"""The small library that the book "AIGC from First Steps to Practice" runs on.

What stands where, and the chapter that reads it:

    runtime      device, seeds, size of the work, memory                    every chapter
    data         real images as uint8 tensors, and the loader on the device   06
    nets         networks: mlp (06), classifier (06, for its features)
    losses       adversarial losses as pure functions of logits               06
    gan          the adversarial game: d_step, g_step, fit                    06
    optim        Adam for the game, weight averaging                          06
    checkpoint   complete, atomic, safe files; interrupted runs go on         06
    metrics      features -> statistics -> value: scores of samples           06
    classify     the recipe of the shipped classifiers                        06
    results      recorded measurements and where they came from               06
    theory       closed forms that the chapters derive                        06
    show         figures, sliders without a kernel, source, reported numbers  every chapter
    exercises    check(...) for the reader's answers                          every chapter
    bench        the textbook loop and ours, side by side                     06
    cli          aigc doctor | train | sample | evaluate | bench
"""

__version__ = "0.1.0"
