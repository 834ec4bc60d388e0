"""The room of chapter 11, fine-tuning: what a trained model learns on top, and what it forgets.

Its own files:
    category_task.py      which kind of thing is it? names, their split, solved examples
    data.py               data sets: stage directions of the plays; names with kinds
    exercises.py          checks: LoRA's size, output, gradients; bytes, rank, forgetting
    finetune.py           tuning all, the last block or LoRA; early stopping; replay; bytes
    label_prompting.py    a model's answers of one word: asked, shown examples, tuned
    lora.py               LoRA: two thin matrices beside a frozen layer, merged, unmerged
    prepare.py            `aigc prepare`: converts the chat model's weights once
    record_answering.py   asking, showing, tuning on three draws of names, and two rivals; contests
    record_finetuning.py  every way of tuning over three seeds: learned and forgotten; contests
    results/              the records: answering, finetuning
    stage_directions.py   the experiment on stage directions: learned and forgotten

What it uses of the shared packages:
    core.contest            what the verdicts of both records rest on
    core.results            reads both records, and writes them in the recorders
    core.runtime            the memory that the page used
    core.show               sliders, times, memory, numbers with bounds
    core.stats              wilson: the interval of a share of right answers
    core.training           a loss that is no number stops the training with a TrainingError
    data.cache              fetch: the folder of the labelled names
    data.corpora            reads the plays, and says which are held out
    data.packages           takes both data sets out of package archives
    data.sources            what a data set is, and DataError where one cannot be had
    data.texts              load_text: the stage directions and the plays
    lm.batches              TokenBatches: random windows of a text, on the device
    lm.ngram                smoothed counts: the baseline on stage directions
    lm.training             the loop that tuning goes through, and nats a character
    lm.writer               the small writer that is tuned: network and tokenizer
    nets.gpt                the network that is copied, with another dropout
    pretrained.chat_model   SmolLM2, the chat model that is asked and tuned
    pretrained.loaders      load_writer: the pretrained writer of plays
    pretrained.sentence_embedder  features of the rival that needs no tuning
"""
