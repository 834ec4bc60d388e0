"""Ask, show and teach the chat model of chapter 11 on draws of labelled names; record the scores.

    aigc record 11 answering     # three draws: about five minutes

Of two learning rates, 5e-4 and 1e-3, the better was chosen on another draw.
"""

from typing import Any

import torch

from aigc_lib.chapters.ch11_fine_tuning import category_task, label_prompting, lora
from aigc_lib.chapters.ch11_fine_tuning.category_task import ASK, Pair
from aigc_lib.chapters.ch11_fine_tuning.label_prompting import Reader
from aigc_lib.core.results import Recording
from aigc_lib.data.texts import load_text
from aigc_lib.pretrained import chat_model
from aigc_lib.pretrained.sentence_embedder import embed

COUNTED = {"counted words": ("word", (1, 1)), "counted pieces": ("char_wb", (2, 4))}
FEATURES = (*COUNTED, "embeddings", "head on frozen states")
SHOTS = (1, 3)
TAUGHT = {  # how to ask, and whether the loss is on the whole text
    "taught: kind of": ("kind of", False),
    "taught: arrow": ("arrow", False),
    "taught: kind of, loss on all": ("kind of", True),
}


def classified(reader: Reader, how: str, learn: list[Pair], test: list[Pair]) -> list[str]:
    """The answers of a logistic regression on ready features."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression

    labels, names, asked = [k for k, _ in learn], [n for _, n in learn], [n for _, n in test]
    if how in COUNTED:
        analyser, span = COUNTED[how]
        count = TfidfVectorizer(analyzer=analyser, ngram_range=span)
        x, z = count.fit_transform(names), count.transform(asked)
    elif how == "embeddings":
        x, z = embed(names).numpy(), embed(asked).numpy()
    else:
        ask = ASK["kind of"].format
        parts = [label_prompting.states(reader, [ask(n) for n in p]) for p in (names, asked)]
        x, z = ((part / part.norm(dim=1, keepdim=True)).numpy() for part in parts)
    answers: list[str] = LogisticRegression(C=10, max_iter=1000).fit(x, labels).predict(z).tolist()
    return answers


def answered(reader: Reader, ask: str, pairs: list[Pair]) -> list[str]:
    """The most probable label of each name."""
    best = label_prompting.scores(reader, [ask.replace("{}", name) for _, name in pairs]).argmax(1)
    return [category_task.LABELS[i] for i in best]


def main(seeds: int = 3) -> None:
    """Record the right answers of every way on held-out names.

    Args:
        seeds: of the draws, from 0 on.
    """
    torch.set_num_threads(1)
    pairs, play = category_task.load_kinds(), load_text("shakespeare", "valid")[:1200]
    reader = label_prompting.from_chat(chat_model.load())
    lora.add_lora(reader.model, 8, 16.0, reader.targets)
    asks = {f"asked: {name}": ask for name, ask in ASK.items()}
    lessons = {how: ASK[name] for how, (name, _) in TAUGHT.items()}
    shots = {f"shown {n} of each": n for n in SHOTS}
    command = f"aigc record 11 answering --seeds {seeds}"
    recording = Recording("answering", __file__, command, key=("how", "seed"))
    hows = [*FEATURES, *asks, *shots, *TAUGHT]
    for how, seed in recording.missing([(how, seed) for seed in range(seeds) for how in hows]):
        learn, test = category_task.deal(pairs, seed)
        label_prompting.restart(reader, seed)  # whatever was taught before is forgotten
        more: dict[str, Any] = {}
        if how in TAUGHT:  # the loss of each step, and by how much a play becomes dearer
            ask, before = lessons[how].format, label_prompting.price(reader, play)
            losses = label_prompting.fit(reader, learn, ask, seed=seed, whole=TAUGHT[how][1])
            more = {"losses": losses, "dearer": label_prompting.price(reader, play) - before}
        if how in FEATURES:
            answers = classified(reader, how, learn, test)
        elif how in shots:
            answers = answered(reader, category_task.shown(learn, shots[how], ASK["arrow"]), test)
        else:
            answers = answered(reader, (asks | lessons)[how], test)
        right = sum(answer == kind for answer, (kind, _) in zip(answers, test, strict=True))
        recording.add({"seed": seed, "how": how, "right": right, "of": len(test), **more})
