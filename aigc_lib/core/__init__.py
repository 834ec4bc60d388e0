"""What all else stands on; it knows nothing of models or data sets.

checkpoint.py   save_run, resume_run: whole files, safe to load, with all that a run must hold
contest.py      Contest: what a verdict rests on, declared in a record
distributed.py  one job on several processes: a share of the batch each, gradients averaged
files.py        write_atomically, by which every file here is written
optim.py        Adam for adversarial games, and EMA, the moving average of weights
pixels.py       bytes 0..255 to [-1, 1], and back; many pictures tiled into one
results.py      recorded measurements: written row by row, read by name
rooms.py        finds the chapters' rooms by their files
runtime.py      device, seeds, size of the work, memory, what machine this is
show.py         numbers with bounds, pictures, sliders without a kernel, the library's source
speed.py        switches that make a step faster: bfloat16, compilation, CUDA graphs
stats.py        intervals: Wilson's for shares, the bootstrap and Student's for means
training.py     run_ticks: every loop's ticks, rows, and going on from a checkpoint; TrainingError
unicode.py      what people type in one form; ? for what a terminal lacks
words.py        say: messages in the language of AIGC_LANGUAGE
zh.po           their Chinese, and that of what the site says
"""
