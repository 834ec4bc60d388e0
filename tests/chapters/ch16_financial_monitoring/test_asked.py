"""A language model asked for topics: one pass scores every name as one by one would."""

import pytest
import torch

from aigc_lib.chapters.ch16_financial_monitoring import few_labels, record_asked
from aigc_lib.chapters.ch16_financial_monitoring import topic_prompting as prompting
from aigc_lib.core import results
from aigc_lib.pretrained.chat_model import Chat

SHOWN = [("Crude rises.", 1), ("Wheat falls.", 3)]


class Letters:
    """A tokeniser with a token for each letter."""

    def encode(self, text, add_special_tokens=False):
        return type("Read", (), {"ids": [ord(letter) % 128 for letter in text]})


@pytest.fixture(scope="module")
def chat():
    from transformers import LlamaConfig, LlamaForCausalLM

    torch.manual_seed(0)
    sizes = {"vocab_size": 128, "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 2}
    config = LlamaConfig(**sizes, num_attention_heads=4, num_key_value_heads=2)
    return Chat(LlamaForCausalLM(config).eval(), Letters())


@pytest.mark.parametrize("wording", prompting.WORDINGS.values(), ids=prompting.WORDINGS)
@pytest.mark.parametrize("shown", [[], SHOWN])
def test_all_names_in_one_pass_are_each_name_by_itself(chat, wording, shown):
    asker = prompting.Asker(chat, wording, shown)
    text = "Ships wait."
    asker("Another text before it leaves no trace.")
    found = asker(text)
    prompt = chat.encode(wording.prompt(shown).replace(prompting.HOLE, text))
    for name, score in zip(wording.names, found, strict=True):
        said = chat.encode(name if wording.chat else f" {name}")
        with torch.inference_mode():
            logs = chat.model(input_ids=torch.tensor([prompt + said])).logits[0].log_softmax(1)
        places = range(len(prompt) - 1, len(prompt) + len(said) - 1)
        assert float(score) == pytest.approx(float(logs[list(places), said].sum()), abs=1e-4)


@pytest.mark.parametrize("wording", prompting.WORDINGS.values(), ids=prompting.WORDINGS)
def test_examples_stand_in_the_prompt_with_their_topics(wording):
    prompt = wording.prompt(SHOWN)
    mark = "<|im_start|>assistant\n" if wording.chat else f"{wording.after} "
    for text, topic in SHOWN:
        said = prompt.split(text)[1].split(mark)[1]
        assert said.startswith(wording.names[topic])
    assert prompt.count(prompting.HOLE) == 1
    assert len(set(wording.names)) == 8


def test_a_centre_is_the_mean_of_a_name_and_its_stories():
    names, points = torch.eye(3)[:2], torch.tensor([[0.0, 0.0, 1.0], [0.0, 0.6, 0.8]])
    none = torch.empty(0, 3), torch.empty(0, dtype=torch.int64)
    torch.testing.assert_close(few_labels.centres(names, 3.0, *none), names)
    found = few_labels.centres(names, 2.0, points, torch.tensor([1, 1]))
    torch.testing.assert_close(found[0], names[0])
    wanted = torch.tensor([0.0, 2.6, 1.8])  # 2 x the name, and both stories
    torch.testing.assert_close(found[1], wanted / wanted.norm())


def test_the_record_of_asking_is_complete():
    rows = results.load("asked")["rows"]
    tests = {(r["how"], r["labels"], r["draw"]) for r in rows if r["part"] == "test"}
    wanted = {
        (how, n, d) for how in record_asked.TRAINED for n in few_labels.SIZES for d in range(5)
    }
    wanted |= {("centres", n, d) for n in few_labels.SIZES for d in range(5)}
    wanted |= {("centres", 0, 0), ("asked", 0, 0)} | {("asked", 10, d) for d in range(5)}
    assert tests == wanted
    for row in rows:
        assert len(row["hits"]) == record_asked.ASKED[row["part"]]
        assert row["right"] == pytest.approx(row["hits"].count("1") / len(row["hits"]))
    for how, n in record_asked.CHOSEN:  # in the test stands what was best where one chooses
        best = record_asked.chosen(rows, how, n)
        used = {
            (r["wording"], r["way"])
            for r in rows
            if (r["part"], r["how"], r["labels"]) == ("test", how, n)
        }
        assert used == {best}
