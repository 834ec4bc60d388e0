"""Language models: text to numbers, training, the price of a text in nats, and writing.

batches.py       TokenBatches: endless random windows of a text, on the device
ngram.py         counted tokens, pairs and longer contexts, smoothed: the baselines
sampling.py      temperature, top-p, repetition penalty; generate
text_quality.py  the shares of real words and of different ones in what was written
tokenizers.py    characters, and byte pairs with their learning
training.py      the loop, its cosine schedule, nats a token
writer.py        a network with its tokenizer: text in, text out
"""
