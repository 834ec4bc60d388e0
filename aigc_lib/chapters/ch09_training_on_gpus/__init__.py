"""The room of chapter 9, training at full speed: from the plain loop to several GPUs.

Its own files:
    activation_memory.py  the bytes that a step keeps for its backward pass
    exercises.py          checks: operations, Amdahl, bfloat16, micro-batches, checkpoints
    record_ladder.py      times every rung on an idle machine
    results/              the record: ladder-cpu
    speed_ablation.py     the ladder from the textbook's loop to ours; host syncs counted
    training_loop.py      a rung's training loop: which changes are made to the textbook's

What it uses of the shared packages:
    benchmark.compare  times the textbook's loop and ours in turn, each in a process of its own
    benchmark.loops    the textbook's loop itself, and the networks that both loops train
    core.checkpoint    what a killed run goes on from: save_run, resume_run (see core.training)
    core.optim         Adam, unfused below rung 4 and fused from there on
    core.pixels        bytes to [-1, 1] on the device, inside the step
    core.results       reads the recorded ladder, and writes it in the recorder
    core.runtime       device, seeds, freed memory kept, the machine behind a number
    core.show          times, the library's source, numbers with bounds
    core.speed         Speed: bfloat16, channels last, compiling; the network that uses them
    data.batches       Batches: rung 1, all data on the device; knows its place for a resumed run
    data.cache         where the pictures lie that the textbook's loop reads one by one
    data.images        load: MNIST
    gan.acceleration   the switches applied to the game; its step as a CUDA graph
    gan.losses         the losses that every rung trains by
    gan.state          Gan: the players of a rung; all that a checkpoint of the game must hold
    gan.training       the step of the highest rungs, which reads nothing back
    nets.dcgan         the convolutional discriminator whose memory is halved
"""
