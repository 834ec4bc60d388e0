"""The room of chapter 17, recommendation: what texts add to histories, and what a game does.

Its own files:
    app.py                  the tool: ten films for somebody who names a few, with reasons
    baselines.py            popularity, neighbours, factors, EASE, texts, iALS, transitions
    data.py                 data set: MovieLens 100K with the films' texts
    exercises.py            checks: NDCG, splits by time, floor, reward, baseline, bootstrap
    experiment.py           two periods, settings, scores; the hybrid, cold starts, new films
    irgan.py                a neural ranker by likelihood, by pairs, or by the article's game
    prepare.py              `aigc prepare`: embeds all films once
    ranking_metrics.py      NDCG and its floor, recall, coverage, novelty, variety
    record_recommendation.py  settings chosen, three seeds tested, films nobody has rated
    record_rivals.py        weighted factors (iALS) and attention: settings and three seeds
    results/                the records: recommendation, its choices and fresh films; rivals
    sequential.py           attention over the last likes (SASRec), with the shared GPT
    temporal_split.py       what was known at a moment, and what was liked after it

What it uses of the shared packages:
    core.results            reads the four records, and writes them in the recorder
    core.show               sliders, times, the library's source, numbers with bounds
    core.stats              bootstrap: intervals of a score and of paired gaps
    core.training           a loss that is no number stops the training with a TrainingError
    core.unicode            what people type, brought to one form
    core.contest            what the verdict on the rivals rests on
    data.cache              fetch: the folder of ratings and films
    data.packages           takes ratings and films out of package archives
    data.sources            what a data set is
    lm.batches              windows of the likes as a text, for the attention
    lm.training             its training, chapter 10's
    nets.gpt                the attention's network
    pretrained.sentence_embedder  the films' texts as points
"""
