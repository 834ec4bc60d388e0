"""Ask, show and teach the chat model of chapter 11 on draws of labelled names; record the scores.

    aigc record 11 answering     # three draws: about five minutes

What the record holds already is not done again: delete it to begin anew. Of two learning rates,
5e-4 and 1e-3, the better was chosen on another draw.
"""

from typing import Any

import torch
import tyro
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

from aigc_lib.chapters.ch11_fine_tuning import category_task, label_prompting, lora
from aigc_lib.chapters.ch11_fine_tuning.category_task import ASK, Pair
from aigc_lib.chapters.ch11_fine_tuning.label_prompting import Reader
from aigc_lib.core import results
from aigc_lib.data.texts import load_text
from aigc_lib.pretrained import chat_model
from aigc_lib.pretrained.sentence_embedder import embed
from tools.notebook import ROOT

SHOTS = (1, 3)


def fitted(x: Any, labels: list[str], z: Any) -> list[str]:
    """The answers of a logistic regression; both parts are tables of features."""
    answers: list[str] = LogisticRegression(C=10, max_iter=1000).fit(x, labels).predict(z).tolist()
    return answers


def learners(reader: Reader, learn: list[Pair], test: list[Pair]) -> dict[str, list[str]]:
    """The answers of classifiers on ready features."""
    labels, names, asked = [k for k, _ in learn], [n for _, n in learn], [n for _, n in test]
    found = {}
    for name, analyser, span in (("words", "word", (1, 1)), ("pieces", "char_wb", (2, 4))):
        count = TfidfVectorizer(analyzer=analyser, ngram_range=span)
        x = count.fit_transform(names)
        found[f"counted {name}"] = fitted(x, labels, count.transform(asked))
    found["embeddings"] = fitted(embed(names).numpy(), labels, embed(asked).numpy())
    parts = [
        label_prompting.states(reader, [ASK["kind of"].format(n) for n in p])
        for p in (names, asked)
    ]
    x, z = (part / part.norm(dim=1, keepdim=True) for part in parts)
    found["head on frozen states"] = fitted(x.numpy(), labels, z.numpy())
    return found


def right(answers: list[str], pairs: list[Pair]) -> int:
    """How many answers are the kind."""
    return sum(answer == kind for answer, (kind, _) in zip(answers, pairs, strict=True))


def asked(reader: Reader, ask: str, pairs: list[Pair]) -> list[str]:
    """The most probable label of each name."""
    best = label_prompting.scores(reader, [ask.replace("{}", name) for _, name in pairs]).argmax(1)
    return [category_task.LABELS[i] for i in best]


def main(seeds: tuple[int, ...] = (0, 1, 2)) -> None:
    """Record the right answers of every way on held-out names.

    Args:
        seeds: of the draws.
    """
    pairs, play = category_task.load_kinds(), load_text("shakespeare", "valid")[:1200]
    path = ROOT / results.FOLDER / "answering.json"
    rows = results.read(path)["rows"] if path.exists() else []

    def add(seed: int, how: str, answers: list[str], test: list[Pair], **more: Any) -> None:
        rows.append({"seed": seed, "how": how, "right": right(answers, test), "of": len(test)})
        print(rows[-1], flush=True)
        rows[-1] |= more
        rows.sort(key=lambda row: int(row["seed"]))
        results.record("answering", rows, "aigc record 11 answering", ROOT)

    for seed in seeds:
        done = {row["how"] for row in rows if row["seed"] == seed}
        reader = label_prompting.from_chat(chat_model.load())
        reader.model.requires_grad_(False)
        learn, test = category_task.deal(pairs, seed)
        if not {"counted words", "head on frozen states"} <= done:
            for how, answers in learners(reader, learn, test).items():
                add(seed, how, answers, test)
        asks = {f"asked: {name}": ask for name, ask in ASK.items()}
        asks |= {f"shown {n} of each": category_task.shown(learn, n, ASK["arrow"]) for n in SHOTS}
        for how, ask in asks.items():
            if how not in done:
                add(seed, how, asked(reader, ask, test), test)
        before = label_prompting.price(reader, play)
        lora.add_lora(reader.model, 8, 16.0, reader.targets)
        for name, whole in (("kind of", False), ("arrow", False), ("kind of", True)):
            how = f"taught: {name}" + (", loss on all" if whole else "")
            if how not in done:
                label_prompting.restart(reader, seed)
                ask = ASK[name]
                losses = label_prompting.fit(reader, learn, ask.format, seed=seed, whole=whole)
                dearer = label_prompting.price(reader, play) - before
                add(seed, how, asked(reader, ask, test), test, losses=losses, dearer=dearer)


if __name__ == "__main__":
    torch.set_num_threads(1)
    tyro.cli(main)
