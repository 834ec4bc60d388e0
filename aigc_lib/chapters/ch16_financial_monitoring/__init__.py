"""The room of chapter 16, financial monitoring: news that turns bad, and the alarm.

Its own files:
    app.py                  the tool: a report in, then topic, mood, alert and the reason out
    calibration.py          does a probability mean what it says? ECE, Brier, temperature
    classifier.py           topic and mood from words and embeddings; the lexicon
    corpus.py               dated reports cut by time, without repeats; few labels; days
    cusum.py                the alarm: cumulative sum, planted surges, the threshold's choice
    data.py                 data sets: Reuters' reports of 1987; the words of mood
    earnings_parser.py      mood without asking anybody: this period's figure and the last
    exercises.py            checks: D, running sum, threshold, repeats, ECE, rates, baseline
    few_labels.py           the experiment on 10, 50 and 500 labels: who names the topic best
    prepare.py              `aigc prepare`: embeds all reports once
    record_asked.py         a language model asked for the topic, beside what is trained
    record_finance.py       the experiment on few labels over five seeds
    results/                the records: asked and finance
    semi_supervised_gan.py  the discriminator with one class too many, on few labels
    topic_prompting.py      how likely a language model finds each topic's name after a report

What it uses of the shared packages:
    core.contest            what the verdict on asking a language model rests on
    core.results            reads the records, and writes them in the recorders
    core.show               sliders, memory, the library's source, numbers with bounds
    core.stats              wilson and bootstrap: intervals of shares and of gaps
    core.training           a loss that is no number stops the training with a TrainingError
    core.unicode            what people type, brought to one form
    data.cache              fetch: the folders of reports and words
    data.packages           takes both data sets out of package archives
    data.sources            what a data set is
    pretrained.chat_model   SmolLM2, which is asked for topics
    pretrained.sentence_embedder  reports as points, for the classifiers and the game
"""
