"""A description of which every word was verified: the captioner proposes, the judge strikes out."""

from dataclasses import dataclass

import torch
from torch import Tensor

from aigc_lib.chapters.ch18_words_with_pictures import captioner, judge, products
from aigc_lib.chapters.ch18_words_with_pictures.captioner import Captioner
from aigc_lib.chapters.ch18_words_with_pictures.judge import GarmentJudge
from aigc_lib.chapters.ch18_words_with_pictures.products import COLOURS, GARMENTS

RATE = 0.01  # of the garments that are stated, how many may be wrong


@dataclass(frozen=True, eq=False)
class Checked:
    """What the captioner claimed of pictures, and which claims the judge verified: (N, 2, 2)."""

    claims: Tensor  # int64: garment and colour, left and right; -1 where it said nothing
    verified: Tensor  # bool

    def stated(self, labels: Tensor) -> dict[str, float]:
        """The share right as proposed; how many garments and colours are stated, and wrong."""
        right = self.claims == labels
        kept, wrong = self.verified.sum((0, 1)), (self.verified & ~right).sum((0, 1))
        counts: dict[str, float] = {"proposed right": float(right.double().mean())}
        for place, fact in enumerate(("garments", "colours")):
            counts[f"{fact} stated"], counts[f"{fact} wrong"] = int(kept[place]), int(wrong[place])
        return counts


def check(
    model: Captioner | None, judging: GarmentJudge, pictures: Tensor, language: str,
    threshold: float,
) -> Checked:  # fmt: skip
    """Propose and verify, for pictures uint8 (N, 3, 32, 32). Without a model the judge proposes."""
    proposed = (judge.claims(judging, pictures) if model is None else
                captioner.claims(captioner.write(model, pictures, language)))  # fmt: skip
    garments = judge.sure_of(judging, pictures, proposed[..., 0]) > threshold
    colours = (judge.colours(pictures) == proposed[..., 1]) & (proposed[..., 1] >= 0)
    return Checked(proposed, torch.stack([garments, colours], dim=-1))


def choose_threshold(model: Captioner | None, judging: GarmentJudge) -> float:
    """The judge's probability from which a garment may be stated.

    Chosen on pictures of all pairs; of photographs that neither was trained on, each stands there
    once. On pictures like these at most ``RATE`` of the garments stated is wrong, with 95 %
    confidence.
    """
    scenes = products.each_once("choosing", 60_000)
    proposed = check(model, judging, scenes.images, "en", 0.0).claims[..., 0]
    sure = judge.sure_of(judging, scenes.images, proposed)
    right = proposed == scenes.labels[..., 0]
    return judge.threshold_for(sure.flatten(), right.flatten(), RATE)


def sentence(claim: Tensor, verified: Tensor, language: str) -> str:
    """The description of one picture: claims and verdicts (2, 2); what is not verified is not said.

    >>> sentence(torch.tensor([[5, 0], [2, 3]]), torch.tensor([[True, True], [False, True]]), "en")
    'left: red bag; right: something blue'
    """
    said = []
    zh = language == "zh"
    for (garment, colour), (shape, tint) in zip(claim.tolist(), verified.tolist(), strict=True):
        thing = GARMENTS[garment][1 + zh] if shape else "东西" if zh else "something"
        tone = COLOURS[colour][zh] if tint else ""
        if zh:
            said.append(f"{tone}的{thing}" if tint else thing if shape else "看不清的东西")
        elif shape or tint:
            said.append(f"{tone} {thing}".strip() if shape else f"{thing} {tone}")
        else:
            said.append("something that I cannot make out")
    return f"左边：{said[0]}；右边：{said[1]}" if zh else f"left: {said[0]}; right: {said[1]}"
