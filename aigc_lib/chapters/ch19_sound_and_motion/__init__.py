"""The room of chapter 19, sound and motion: a tune to order, and a film of moving digits.

Its own files:
    app.py            the tool: a tune to order, or a refusal that says why
    audio.py          notes to sound, a player in the page, spectrograms, Griffin-Lim
    bouncing.py       the small world of digits that bounce, and how to measure what is in a frame
    data.py           data set: folk songs in ABC; variants on one side of the split
    exercises.py      checks: bars, pitches, aliasing, runs, copies, windows, walls, roll-outs
    notes.py          three made-up instruments, a small generator of their notes, ears
    record_clips.py   rules and networks go on with films, over three seeds
    record_tunes.py   a GPT and four tables write tunes to order, over three seeds
    results/          the records: tunes, clips
    tune_counts.py    the counting model that a writer of tunes must beat
    tune_gpt.py       the writer of tunes: tokens, clock, training, writing
    tune_scores.py    five statistics, an ear for origin, the longest copied run
    tunes.py          tunes as tokens, the parser, and notes in words
    video_models.py   what comes next: rules, a regression, a flow, a recurrent network
    video_scores.py   errors of frames, places, speeds, walls, digits; flicker

What it uses of the shared packages:
    core.contest          what the records' verdicts rest on
    core.files            writes a tune whole or not at all
    core.pixels           frames and codes to [-1, 1] and bytes
    core.results          reads both records, and writes them in the recorders
    core.runtime          device, size of the training in the page
    core.show             sliders, contests, source, numbers with bounds
    core.stats            student: an interval over seeds
    core.training         a row of a training's history
    core.unicode          what people type, brought to one form
    data.batches          Batches: a frame and those before it; codes of notes
    data.cache            fetch: the folder of the songs
    data.images           load: MNIST, whose digits fly
    data.packages         takes the songs out of the package's archive
    data.sources          what a data set is
    diffusion.guidance    the flows as denoisers
    diffusion.samplers    their steps from noise to a frame or note
    diffusion.training    the loop of all networks but the writer
    lm.sampling           temperature
    lm.training           the loop of the writer
    nets.classifier       the judge of digits
    nets.gpt              the network of the writer
    nets.unet             the network of the films
    pretrained.derived    keeps the tool's trained writer in the cache
    pretrained.loaders    load_classifier: the judge
"""
