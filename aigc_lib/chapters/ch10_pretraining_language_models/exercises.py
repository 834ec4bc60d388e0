"""Checks for chapter 10, "Pretraining language models"."""

import math

import torch

from aigc_lib.exercises.compare import close, equal, is_function, need, numbers, same_tensor
from aigc_lib.nets.gpt import GPT, GPTConfig, attention_weights


def check_1(answer: object) -> str:
    """Nats to bits and to a perplexity."""
    bits, perplexity = numbers(answer, 2, "give a pair: (bits, perplexity)")
    fewer = {"a bit is log 2 = 0.693 nats: there are *more* bits than nats": 1.4 * math.log(2)}
    wanted, hint = 1.4 / math.log(2), "divide by log 2"
    close(bits, wanted, tol=5e-3, hint=hint, what="the bits", mistakes=fewer)
    base = {"nats belong to e: 2 to the power of the *bits* would do as well": 2**1.4}
    wanted, hint = math.exp(1.4), "e to the nats"
    close(perplexity, wanted, tol=2e-2, hint=hint, what="the perplexity", mistakes=base)
    return "2.02 bits; as uncertain as a fair choice among four characters"


def check_2(answer: object) -> str:
    """Encoding with byte pairs that were learned."""
    encode = is_function(answer, 2)

    def joined(word: list[int], merges: list[tuple[int, int]], once: bool = False) -> list[int]:
        for i, pair in enumerate(merges):
            place = 0
            while place < len(word) - 1:
                if (word[place], word[place + 1]) == pair:
                    word = [*word[:place], 256 + i, *word[place + 2 :]]
                    if once:
                        break
                place += 1
        return word

    merges = [(97, 98), (256, 256), (98, 97), (257, 99)]
    for word in ([97, 98, 97, 98, 99], [98, 97, 98, 97], [97, 97, 97, 98], [99], []):
        found, wanted = list(encode(list(word), list(merges))), joined(word, merges)
        mistakes = {
            "take the merges in the order in which they were learned": joined(word, merges[::-1]),
            "join each pair wherever it occurs, not only once": joined(word, merges, once=True),
        }
        hint = "join the first pair everywhere, then go on with what came out"
        equal(found, wanted, hint=hint, what=f"the tokens of {word}", mistakes=mistakes)
    return "the same joins in the same order: learned once, used for every text"


def check_3(answer: object) -> str:
    """Causal attention for one head that sees a limited way back."""
    near = is_function(answer, 4)
    q, k, v = torch.randn(3, 5, 4, generator=torch.Generator().manual_seed(0))
    scores = q @ k.T / 2
    for window in (2, 1, 3, 9):
        found = near(q.clone(), k.clone(), v.clone(), window)
        ones = torch.ones(5, 5)
        seen = ones.tril().triu(1 - window).bool()
        large = (2 * scores).masked_fill(~seen, -math.inf).softmax(-1)
        two = scores.masked_fill(~ones.triu(1 - window).bool(), -math.inf).softmax(-1)
        more = scores.masked_fill(~ones.tril().triu(-window).bool(), -math.inf).softmax(-1)
        mistakes = {
            "this looks back as far as it likes: where is the window?": attention_weights(q, k) @ v,
            "the window counts the token itself: this looks one too far back": more @ v,
            "this sees its own future too: mask it": two @ v,
            "divide the products by the root of their number of terms": large @ v,
            "masked after the softmax the shares do not sum to 1: mask before": (
                scores.softmax(-1) * seen @ v
            ),
        }
        wanted = scores.masked_fill(~seen, -math.inf).softmax(-1) @ v
        hint = f"softmax(q k^T / sqrt(d)) v over the last {window} tokens"
        same_tensor(found, wanted, hint=hint, what="the result", mistakes=mistakes)
    return "an average of what came just before: the needed products grow with T, not its square"


def check_4(answer: object) -> str:
    """Keeping the smallest likely set."""
    keep = is_function(answer, 2)
    p = torch.tensor([0.15, 0.5, 0.05, 0.3])
    hint = "sort; a token stays if those before it do not reach the share yet"
    for share, kept in ((0.4, [1]), (0.6, [1, 3]), (0.9, [0, 1, 3]), (1.0, [0, 1, 2, 3])):
        wanted = torch.zeros(4)
        wanted[kept] = p[kept] / p[kept].sum()
        found, what = keep(p.clone(), share), f"the result for {share}"
        if torch.is_tensor(found) and found.shape == (4,):
            some = bool(found.isfinite().all()) and float(found.sum()) != 0
            need(some, "the most likely token always stays, however small the share")
            need(abs(float(found.sum()) - 1) <= 1e-5, "what is left must sum to 1 again")
        same_tensor(found, wanted, hint=hint, what=what)
    return "the set grows where the model hesitates, and shrinks to one where it is sure"


def check_5(answer: object) -> str:
    """Temperature, on probabilities."""
    heat = is_function(answer, 2)
    p = torch.tensor([0.6, 0.3, 0.1, 0.0])
    for t in (0.5, 1.0, 2.0):
        weights = p ** (1 / t)
        found = heat(p.clone(), t)
        finite = not torch.is_tensor(found) or found.isfinite().all()
        need(finite, "a probability of 0 stays 0: powers do it without logarithms")
        mistakes = {
            "hot must mean undecided: the power is 1 / T": p**t / (p**t).sum(),
            "these do not sum to 1": weights,
        }
        wanted, hint = weights / weights.sum(), "a power, then normalise"
        same_tensor(found, wanted, hint=hint, what="it", mistakes=mistakes)
    return "what was impossible stays impossible at every temperature"


def check_6(answer: object) -> str:
    """How many parameters a GPT has."""
    count = is_function(answer, 4)
    for vocabulary, context, layers, width in ((91, 64, 2, 16), (50, 8, 3, 4), (256, 32, 1, 8)):
        model = GPT(GPTConfig(vocabulary, context, layers, 1, width))
        wanted = sum(p.numel() for p in model.parameters())
        mistakes = {
            "the table that reads also scores: count it once": wanted + vocabulary * width,
            "that is the matrices of the blocks; what else is there?": 12 * layers * width**2,
        }
        hint = f"{wanted} in matrices, biases, tokens, places, two norms a block, one at the end"
        found = count(vocabulary, context, layers, width)
        what = f"for {vocabulary, context, layers, width} the number"
        equal(found, wanted, hint=hint, what=what, mistakes=mistakes)
    return "12 width^2 a layer in the matrices: doubling the width makes it four times as large"


def check_7(answer: object) -> str:
    """Comparing two tokenisers."""
    mistakes = {
        "3.6 nats buy a token of two characters and more: what does *one* cost?": "characters",
        "bring both to the same unit first": "equal",
    }
    ask = "answer 'characters', 'byte pairs' or 'equal'"
    equal(answer, "byte pairs", hint=ask, mistakes=mistakes)
    return "3.6 * 0.45 = 1.62 nats a character, less than 1.8"


def check_8(answer: object) -> str:
    """The repetition penalty."""
    penalise = is_function(answer, 3)
    logits = torch.tensor([2.0, -1.0, 0.5, -3.0, 0.0])
    hint = "positive logits of seen tokens are divided, negative ones multiplied"
    for seen, strength in (([0, 1], 2.0), ([3, 0, 3, 3], 1.5), ([], 2.0), ([4, 1], 1.0)):
        times = torch.tensor([seen.count(token) for token in range(5)])
        factor = torch.where(logits > 0, 1 / strength, strength)
        divided, again = logits / strength ** times.clamp(max=1), logits * factor**times
        mistakes = {
            "-1 divided by 2 is -0.5, which is *more* likely: multiply those": divided,
            "a token that was seen three times is punished once, not thrice": again,
        }
        found, what = penalise(logits.clone(), list(seen), strength), f"{seen} and {strength}"
        wanted = logits * factor ** times.clamp(max=1)
        same_tensor(found, wanted, hint=hint, what=f"the result for {what}", mistakes=mistakes)
    return "either way what was seen becomes less likely, and nothing else is touched"


def check_9(answer: object) -> str:
    """The best guess of what cannot be known, and its price."""
    guess, price = numbers(answer, 2, "give a pair: (guess, price)")
    white = {"white is the most frequent, but where it is wrong it pays 4: try between": 1.0}
    hint = "the mean of what fits"
    close(guess, 0.5, tol=5e-3, hint=hint, what="the guess", mistakes=white)
    white = {"that is the price of always saying white; what does *your* guess pay?": 1.0}
    hint = "3/4 of one square plus 1/4 of another"
    close(price, 0.75, tol=5e-3, hint=hint, what="the price", mistakes=white)
    return "a grey that is never right, and yet on average nearest: this is why the guesses blur"
