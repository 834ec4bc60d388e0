"""The command ``aigc``, from the shell.

doctor.py     what runs on this machine, and how long the chapters will take
main.py       the list of commands; bench and demo
prepare.py    fetches all data, and computes what chapters share once
record.py     finds and runs a chapter's recorders
timings.json  the measured run time and memory of every chapter
train.py      train, train-dcgan, sample, evaluate
"""
