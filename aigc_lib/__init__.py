"""The small library that the book "AIGC from First Steps to Practice" runs on.

Shared packages, from the ground up; each one's docstring has a line for every module:

    core         device, files, checkpoints, records, intervals, figures; finds the rooms
    exercises    check(...) for the reader's answers
    data         real images and texts, checked and cached, and the loader on the device
    nets         networks: fully connected, convolutional, classifier, GPT, U-Net
    metrics      scores of generated pictures: features -> statistics -> value
    lm           language models: tokenizers, training, nats a token, writing
    pretrained   trained networks, ready to use: ours and those of others
    gan          the adversarial game: losses, the step, the loop, closed forms
    diffusion    flow matching
    recipes      what made the shipped weights
    benchmark    the textbook's training loop beside ours
    cli          the command ``aigc``

What only one chapter needs stands in that chapter's room:

    chapters     ``chapters/ch14_film_scenes`` and so on: its experiment, exercises, data, records

A room is found by the chapter's number. Its docstring says what each of its files does, and what
the chapter takes from the shared packages, so begin there to find the code of an idea:
``help("aigc_lib.chapters.ch14_film_scenes")``. ``core.rooms`` finds the rooms for the commands:
``aigc demo 14``, ``aigc record 14``, ``check("14.2", ...)``.

Imports go downwards only: cli > chapters > recipes, benchmark > gan, diffusion > pretrained > lm >
metrics, nets > data, exercises > core. No chapter imports another.
"""

__version__ = "0.2.0"
