"""Networks that are trained already: ours, which are shipped, and those of others.

chat_model.py         SmolLM2-135M-Instruct, a small chat model
derived.py            results that take long to compute, kept in the cache
loaders.py            the shipped classifiers, generators and writers, ready to use
sentence_embedder.py  all-MiniLM-L6-v2: texts as points
weights/              the shipped tensors and their cards; read and written with checksums
"""
