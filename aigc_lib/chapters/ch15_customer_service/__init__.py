"""The room of chapter 15, customer service: find the stored answer, word it, or fetch a person.

Its own files:
    app.py                  the tool: a desk in two languages that quotes and never invents
    construction-rewordings.json  the FAQ's questions as we would ask them
    data.py                 data sets: the construction FAQ, the shop's FAQ, commands to a house
    exercises.py            checks: BM25, fused ranks, the threshold, coverage, invented numbers
    faq_task.py             the FAQ cut so that twins share a part; hybrid scores
    grounding.py            answers from a text: groundedness, invented numbers, the guard
    intent_task.py          commands with intents, cut by template; the baseline of keywords
    prepare.py              `aigc prepare`: embeds all sentences once
    record_service.py       repliers over three seeds; the chat model's answers; injections
    reply_selection.py      the GAN that picks a reply, beside plain losses and a classifier
    rerank.py               the second look: features of a question with a candidate
    results/                the records: service-matching, service-answers, service-injections
    retrieval.py            words, BM25, reciprocal rank fusion, and two thresholds
    shop-faq.json           forty entries of an invented tea shop, in English and Chinese
    templates.py            commands to a house, written out from their templates

What it uses of the shared packages:
    core.contest            what the verdict on the replies rests on
    core.results            reads the three records, and writes them in the recorder
    core.show               times, the library's source, numbers with bounds
    core.stats              wilson and bootstrap: intervals of shares and of paired gaps
    core.training           a loss that is no number stops the training with a TrainingError
    core.unicode            what people type, brought to one form
    data.cache              fetch: the folders of FAQ and commands
    data.packages           takes both data sets out of package archives
    data.sources            what a data set is, and DataError where one cannot be had
    gan.losses              the game's losses with R1, for the GAN that picks replies
    gan.state               Gan: replier and discriminator
    gan.training            d_step and g_step, told the question
    pretrained.chat_model   SmolLM2, which words an answer from a text
    pretrained.sentence_embedder  questions and replies as points: the cosine that finds by meaning
"""
