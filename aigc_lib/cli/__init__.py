"""The command ``aigc``, from the shell.

doctor.py     what runs on this machine, and how long the chapters will take
main.py       the list of commands; bench and demo
needs.json    what each chapter imports beyond the core dependencies; written by tools/needs.py
outputs.py    files that a command is told to write, refused before the work if they cannot be
prepare.py    fetches all data, and computes what chapters share once
record.py     finds and runs a chapter's recorders
timings-gpu.json  the same on a GPU, as far as it was measured; ``make gpu`` measures it
timings.json  the measured run time and memory of every chapter
train.py      train, train-dcgan, sample, evaluate
train_diffusion.py  train-diffusion
"""

EXTRA = "pip install 'aigc-lib[chapters]'"  # brings what chapters import beyond the library's own
