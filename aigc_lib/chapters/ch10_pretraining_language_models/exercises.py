"""Checks for chapter 10, "Pretraining language models"."""

import math
from collections import Counter
from itertools import pairwise

import torch

from aigc_lib.exercises.compare import WrongAnswer, close, is_function, same_tensor
from aigc_lib.nets.gpt import GPT, GPTConfig, attention_weights


def check_1(answer: object) -> str:
    """Nats to bits and to a perplexity."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise WrongAnswer("give a pair: (bits, perplexity)")
    bits, perplexity = (float(x) for x in answer)
    if abs(bits - 1.4 * math.log(2)) < 5e-3:
        raise WrongAnswer("a bit is log 2 = 0.693 nats: there are *more* bits than nats")
    close(bits, 1.4 / math.log(2), tol=5e-3, hint="divide by log 2", what="the bits")
    if abs(perplexity - 2**1.4) < 5e-3:
        raise WrongAnswer("nats belong to e: 2 to the power of the *bits* would do as well")
    close(perplexity, math.exp(1.4), tol=2e-2, hint="e to the nats", what="the perplexity")
    return "2.02 bits; as uncertain as a fair choice among four characters"


def check_2(answer: object) -> str:
    """The pair that byte pair encoding joins next."""
    best = is_function(answer, 1)
    for words in ([[1, 2, 3, 1, 2], [2, 3]], [[5, 5, 5], [4, 5]], [[9, 8], [8, 9], [7], []]):
        counts = Counter(pair for word in words for pair in pairwise(word))
        wanted = min(counts, key=lambda pair: (-counts[pair], pair))
        found = best([list(word) for word in words])
        flat = Counter(pairwise([token for word in words for token in word]))
        if found != wanted and found == min(flat, key=lambda pair: (-flat[pair], pair)):
            raise WrongAnswer("no pair reaches over the end of a word: count within each")
        if found != wanted and counts.get(found) == counts[wanted]:
            raise WrongAnswer("of equally frequent pairs take the one with the smaller tokens")
        if found != wanted:
            raise WrongAnswer(f"{found} is not the most frequent pair of neighbours in {words}")
    return "the most frequent neighbours; again and again, that is all of byte pair encoding"


def check_3(answer: object) -> str:
    """Causal attention for one head."""
    attend = is_function(answer, 3)
    rng = torch.Generator().manual_seed(0)
    q, k, v = (torch.randn(5, 4, generator=rng) for _ in range(3))
    found = attend(q.clone(), k.clone(), v.clone())
    scores = q @ k.T
    mask = torch.ones(5, 5).tril().bool()
    if torch.is_tensor(found) and found.shape == (5, 4):
        if torch.allclose(found, (scores / 2).softmax(-1) @ v, atol=1e-5):
            raise WrongAnswer("every token sees the whole text, its own future too: mask it")
        if torch.allclose(found, scores.masked_fill(~mask, -math.inf).softmax(-1) @ v, atol=1e-5):
            raise WrongAnswer("divide the products by the root of their number of terms")
        late = (scores / 2).softmax(-1).masked_fill(~mask, 0) @ v
        if torch.allclose(found, late, atol=1e-5):
            raise WrongAnswer("masked after the softmax the shares do not sum to 1: mask before")
    same_tensor(
        found, attention_weights(q, k) @ v, hint="softmax(q k^T / sqrt(d)) v", what="the result"
    )
    return "each row is an average of what came before it, weighted by how well query and key fit"


def check_4(answer: object) -> str:
    """Keeping the smallest likely set."""
    keep = is_function(answer, 2)
    p = torch.tensor([0.15, 0.5, 0.05, 0.3])
    for share, wanted in (
        (0.4, [0.0, 1.0, 0.0, 0.0]),
        (0.6, [0.0, 0.625, 0.0, 0.375]),
        (0.9, [0.15 / 0.95, 0.5 / 0.95, 0.0, 0.3 / 0.95]),
        (1.0, [0.15, 0.5, 0.05, 0.3]),
    ):
        found = keep(p.clone(), share)
        if torch.is_tensor(found) and found.shape == p.shape:
            if not bool(found.isfinite().all()) or float(found.sum()) == 0:
                raise WrongAnswer("the most likely token always stays, however small the share")
            if abs(float(found.sum()) - 1) > 1e-5:
                raise WrongAnswer("what is left must sum to 1 again")
        hint = "sort; a token stays if those before it do not reach the share yet"
        same_tensor(found, torch.tensor(wanted), hint=hint, what=f"the result for {share}")
    return "the set grows where the model hesitates, and shrinks to one where it is sure"


def check_5(answer: object) -> str:
    """Temperature, on probabilities."""
    heat = is_function(answer, 2)
    p = torch.tensor([0.6, 0.3, 0.1, 0.0])
    for t in (0.5, 1.0, 2.0):
        weights = p ** (1 / t)
        found = heat(p.clone(), t)
        if torch.is_tensor(found) and found.shape == p.shape:
            if not bool(found.isfinite().all()):
                raise WrongAnswer("a probability of 0 stays 0: powers do it without logarithms")
            if t != 1 and torch.allclose(found, p**t / (p**t).sum()):
                raise WrongAnswer("hot must mean undecided: the power is 1 / T")
            if torch.allclose(found, weights) and t != 1:
                raise WrongAnswer("these do not sum to 1")
        same_tensor(found, weights / weights.sum(), hint="a power, then normalise", what="it")
    return "what was impossible stays impossible at every temperature"


def check_6(answer: object) -> str:
    """How many parameters a GPT has."""
    count = is_function(answer, 4)
    for vocabulary, context, layers, width in ((91, 64, 2, 16), (50, 8, 3, 4), (256, 32, 1, 8)):
        model = GPT(GPTConfig(vocabulary, context, layers, 1, width))
        wanted = sum(p.numel() for p in model.parameters())
        found = count(vocabulary, context, layers, width)
        if found == wanted + vocabulary * width:
            raise WrongAnswer("the table that reads also scores: count it once")
        if found == 12 * layers * width**2:
            raise WrongAnswer("that is the matrices of the blocks; what else is there?")
        if found != wanted:
            raise WrongAnswer(
                f"for {vocabulary, context, layers, width} it has {wanted}, not {found}: matrices, "
                "biases, two norms a block and one at the end, tokens and places"
            )
    return "12 width^2 a layer in the matrices: doubling the width makes it four times as large"


def check_7(answer: object) -> str:
    """Comparing two tokenisers."""
    if answer not in ("characters", "byte pairs", "equal"):
        raise WrongAnswer("answer 'characters', 'byte pairs' or 'equal'")
    if answer == "characters":
        raise WrongAnswer("3.6 nats buy a token of two characters and more: what does *one* cost?")
    if answer == "equal":
        raise WrongAnswer("bring both to the same unit first")
    return "3.6 * 0.45 = 1.62 nats a character, less than 1.8"


def check_8(answer: object) -> str:
    """The repetition penalty."""
    penalise = is_function(answer, 3)
    logits = torch.tensor([2.0, -1.0, 0.5, -3.0, 0.0])
    for seen, strength in (([0, 1], 2.0), ([3, 0, 3, 3], 1.5), ([], 2.0), ([4, 1], 1.0)):
        found = penalise(logits.clone(), list(seen), strength)
        divided, again = logits.clone(), logits.clone()
        for token in seen:
            again[token] *= 1 / strength if logits[token] > 0 else strength
        for token in set(seen):
            divided[token] /= strength
        wanted = logits.clone()
        for token in set(seen):
            wanted[token] *= 1 / strength if logits[token] > 0 else strength
        if (
            torch.is_tensor(found)
            and found.shape == logits.shape
            and not torch.equal(found, wanted)
        ):
            if torch.allclose(found, divided):
                raise WrongAnswer("-1 divided by 2 is -0.5, which is *more* likely: multiply those")
            if torch.allclose(found, again):
                raise WrongAnswer("a token that was seen three times is punished once, not thrice")
        hint = "positive logits of seen tokens are divided, negative ones multiplied"
        same_tensor(found, wanted, hint=hint, what=f"the result for {seen} and {strength}")
    return "either way what was seen becomes less likely, and nothing else is touched"


def check_9(answer: object) -> str:
    """The best guess of what cannot be known, and its price."""
    if not isinstance(answer, (tuple, list)) or len(answer) != 2:
        raise WrongAnswer("give a pair: (guess, price)")
    guess, price = (float(x) for x in answer)
    if abs(guess - 1) < 1e-6:
        raise WrongAnswer(
            "white is the most frequent, but where it is wrong it pays 4: try between"
        )
    close(guess, 0.5, tol=5e-3, hint="the mean of what fits", what="the guess")
    if abs(price - 1) < 5e-3:
        raise WrongAnswer("that is the price of always saying white; what does *your* guess pay?")
    close(price, 0.75, tol=5e-3, hint="3/4 of one square plus 1/4 of another", what="the price")
    return "a grey that is never right, and yet on average nearest: this is why the guesses blur"
