"""The training loop of the textbooks beside ours: ``aigc bench``.

compare.py  times both in turn, each in a process of its own
loops.py    both loops, and the networks that they train
results/    the records: bench-mlp, bench-dcgan
"""
