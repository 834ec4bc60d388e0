"""The room of chapter 13, diffusion and flow matching: pictures out of noise, without a game.

Its own files:
    closed_forms.py  data whose perfect denoiser has a formula; terms of the bound; guidance
    exercises.py     checks: noising, answers, weights, steps, guidance, copies

What it uses of the shared packages:
    core.runtime         seeds, so that every run of the page can be repeated
    core.show            pictures, numbers with bounds
    data.images          load: MNIST
    data.toy             the ring of eight Gaussians
    core.pixels          pictures to [-1, 1]
    diffusion.samplers   walk: Euler, Heun and multistep through given times
    diffusion.schedules  the straight path and the cosine; one answer from another
"""
