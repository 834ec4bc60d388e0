"""Diffusion models: noise is carried to pictures, step by step.

flow_matching.py  along straight lines: loss, training, sampling
"""
