"""Diffusion models: noise is carried to pictures, step by step.

schedules.py      how pictures become noise; picture, noise and velocity from one another
training.py       one regression at random times, and its loop
samplers.py       from noise to pictures: DDIM, ancestral, Heun, DPM-Solver++
guidance.py       a network as a denoiser that insists on a description
"""
