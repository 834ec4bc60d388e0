"""The steering of a language model against enumeration of all its texts."""

import copy
import itertools
import math

import pytest
import torch

from aigc_lib.chapters.ch12_reinforcement_learning import alignment, sentiment_reward, text_losses
from aigc_lib.chapters.ch12_reinforcement_learning.alignment import Config
from aigc_lib.chapters.ch12_reinforcement_learning.text_losses import Prompt
from aigc_lib.core.training import TrainingError
from aigc_lib.nets.gpt import GPT, GPTConfig
from aigc_lib.pretrained.loaders import load_writer

LENGTH, KINDS = 3, 4  # of which token 0 is never drawn: 27 texts
PROMPT = Prompt(torch.tensor([1, 2]), LENGTH, torch.tensor([0]))
TEXTS = torch.tensor(list(itertools.product(range(1, KINDS), repeat=LENGTH)))
REWARDS = TEXTS.double().pow(2).sum(1) / 5 + (TEXTS[:, 0] == TEXTS[:, 2])


def models():
    """A policy and a reference, unlike each other, in double precision."""
    made = []
    for seed in range(2):
        torch.manual_seed(seed)
        model = GPT(GPTConfig(KINDS, context=5, layers=1, heads=2, width=8)).double()
        with torch.no_grad():
            for p in model.parameters():
                p.add_(0.3 * torch.randn_like(p))
        made.append(model)
    return made


def slow_log_probs(model):
    """Place by place, text by text, with the forbidden token taken out of the softmax."""
    totals = []
    for text in TEXTS:
        read, total = PROMPT.tokens.clone(), 0.0
        for token in text:
            allowed = model(read[None])[0, -1, 1:]
            total = total + allowed.log_softmax(0)[token - 1]
            read = torch.cat([read, token[None]])
        totals.append(total)
    return torch.stack(totals)


def gradient(value, model):
    return torch.cat([g.flatten() for g in torch.autograd.grad(value, list(model.parameters()))])


def test_log_probs_are_those_of_the_text_written_place_by_place():
    policy, _ = models()
    fast = text_losses.log_probs(policy, PROMPT, TEXTS)
    torch.testing.assert_close(fast, slow_log_probs(policy))
    assert float(fast.detach().exp().sum()) == pytest.approx(1, abs=1e-12)  # all texts there are


def test_written_texts_come_as_often_as_their_probabilities_say():
    policy, _ = models()
    texts = alignment.write(policy, PROMPT, 20_000, seed=3)
    assert texts.shape == (20_000, LENGTH)
    assert not bool((texts == 0).any())
    p = slow_log_probs(policy).exp().detach()
    share = torch.stack([(texts == text).all(1).double().mean() for text in TEXTS])
    assert float((share - p).abs().max()) < 5 * math.sqrt(0.25 / 20_000)
    assert torch.equal(texts, alignment.write(policy, PROMPT, 20_000, seed=3))
    assert not torch.equal(texts, alignment.write(policy, PROMPT, 20_000, seed=4))


def test_divergences_of_the_places_sum_to_that_of_the_texts():
    policy, reference = models()
    log_p, log_q = (text_losses.next_log_probs(m, PROMPT, TEXTS) for m in (policy, reference))
    p = slow_log_probs(policy).exp()
    whole = (p * (slow_log_probs(policy) - slow_log_probs(reference))).sum()
    places = (p * text_losses.place_divergences(log_p, log_q).sum(1)).sum()
    torch.testing.assert_close(places, whole)
    assert float(whole) > 0.05


@pytest.mark.parametrize("beta", [0.0, 0.7])
def test_the_expected_gradient_of_the_loss_is_that_of_the_objective(beta):
    policy, reference = models()
    log_p = slow_log_probs(policy)
    aim = (log_p.exp() * (REWARDS - beta * (log_p - slow_log_probs(reference)))).sum()
    wanted = -gradient(aim, policy)
    # The expectation over all batches of two texts, 27 x 27, each with its probability.
    found = torch.zeros_like(wanted)
    p = log_p.exp().detach()
    for i, j in itertools.product(range(len(TEXTS)), repeat=2):
        both = [i, j]
        ours, theirs = (
            text_losses.next_log_probs(m, PROMPT, TEXTS[both]) for m in (policy, reference)
        )
        loss = text_losses.anchored_loss(ours, theirs, TEXTS[both], REWARDS[both], beta)
        found += p[i] * p[j] * gradient(loss, policy)
    torch.testing.assert_close(found, wanted, rtol=1e-9, atol=1e-12)
    assert float(wanted.norm()) > 0.1


def test_the_price_of_a_nat_changes_nothing_where_both_agree():
    policy, _ = models()
    free, dear = (
        gradient(
            text_losses.anchored_loss(log_p, log_p.detach(), TEXTS[:4], REWARDS[:4], b), policy
        )
        for b in (0.0, 5.0)
        for log_p in [text_losses.next_log_probs(policy, PROMPT, TEXTS[:4])]
    )
    torch.testing.assert_close(free, dear)


def test_leave_one_out_subtracts_the_others():
    returns = torch.tensor([[1.0, 5.0], [2.0, 0.0], [6.0, 1.0]])
    wanted = torch.tensor([[-3.0, 4.5], [-1.5, -3.0], [4.5, -1.5]])
    torch.testing.assert_close(text_losses.leave_one_out(returns), wanted)
    with pytest.raises(ValueError, match="at least two"):
        text_losses.leave_one_out(returns[:1])


def test_steering_nears_the_best_policy_that_enumeration_finds():
    reference = models()[1]
    policy, beta = copy.deepcopy(reference), 0.5
    log_q = slow_log_probs(reference).detach()
    best = (log_q + REWARDS / beta).softmax(0)
    ceiling = beta * float((log_q + REWARDS / beta).logsumexp(0))
    reference.requires_grad_(False)

    def objective(model):
        log_p = slow_log_probs(model).detach()
        return float((log_p.exp() * (REWARDS - beta * (log_p - log_q))).sum())

    def reward(texts):
        places = ((texts - 1) * torch.tensor([9, 3, 1])).sum(1)
        return REWARDS[places]

    settings = Config(beta=beta, steps=150, batch=64, lr=1e-2)
    before = objective(policy)
    history = alignment.steer(policy, reference, PROMPT, reward, settings, progress=False)
    after = objective(policy)
    assert history[0]["kl"] == pytest.approx(0, abs=1e-9)
    assert before < after <= ceiling + 1e-9
    assert ceiling - after < 0.1 * (ceiling - before)
    kept = float(best @ slow_log_probs(policy).detach().exp() / best.norm() ** 2)
    assert 0.5 < kept < 1.5
    assert [row["step"] for row in history] == list(range(150))


def test_preferring_goes_where_dpo_says():
    reference = models()[1]
    policy = copy.deepcopy(reference)
    reference.requires_grad_(False)
    texts = alignment.write(reference, PROMPT, 400, seed=5)
    rewards = REWARDS[((texts - 1) * torch.tensor([9, 3, 1])).sum(1)]
    pairs = alignment.pair_up(texts, rewards)
    settings = Config(beta=0.5, steps=60, batch=32, lr=5e-3)
    history = alignment.prefer(policy, reference, PROMPT, pairs, settings, progress=False)
    assert history[0]["loss"] == pytest.approx(math.log(2), abs=1e-9)
    assert sum(row["right"] for row in history[-10:]) / 10 > 0.8
    p, q = (slow_log_probs(m).detach().exp() for m in (policy, reference))
    assert float(p @ REWARDS) > float(q @ REWARDS) + 0.3


def test_pairs_are_the_best_and_the_worst_of_a_group_and_no_ties():
    texts = torch.arange(18).view(9, 2)
    rewards = torch.tensor([1.0, 3, 0, 2, 5, 5, 5, 5, 9])
    pairs = alignment.pair_up(texts, rewards, group=4)
    assert pairs.chosen.tolist() == [[2, 3]]
    assert pairs.rejected.tolist() == [[4, 5]]
    with pytest.raises(ValueError, match="a tie"):
        alignment.pair_up(texts, torch.ones(9))
    with pytest.raises(ValueError, match="at least 2"):
        alignment.pair_up(texts, rewards, group=1)


def test_drawn_preferences_follow_the_sigmoid_of_the_difference():
    texts = torch.arange(20_000).view(-1, 1)
    rewards = torch.tensor([0.0, 1.5]).repeat(10_000)  # each group of two: 0 and 1.5
    pairs = alignment.pair_up(texts, rewards, group=2, seed=3)
    assert torch.equal(pairs.chosen // 2, pairs.rejected // 2)  # still the two of one group
    assert bool((pairs.chosen != pairs.rejected).all())
    better = float((pairs.chosen % 2 == 1).double().mean())
    wanted = 1 / (1 + math.exp(-1.5))
    assert abs(better - wanted) < 4 * math.sqrt(wanted * (1 - wanted) / 10_000)
    again = alignment.pair_up(texts, rewards, group=2, seed=3)
    assert torch.equal(pairs.chosen, again.chosen)
    sure = alignment.pair_up(texts, rewards, group=2)
    assert bool((sure.chosen % 2 == 1).all())


def test_what_is_called_after_a_step_may_add_to_its_row():
    reference = models()[1]
    policy, seen = copy.deepcopy(reference), []
    history = alignment.steer(
        policy, reference, PROMPT, lambda t: t.double().sum(1), Config(steps=3, batch=4),
        progress=False, on_step=lambda row: (seen.append(row["step"]), row.update(seen=len(seen))),
    )  # fmt: skip
    assert seen == [0, 1, 2]
    assert [row["seen"] for row in history] == [1, 2, 3]


def test_a_gradient_that_is_no_number_stops_with_a_reason():
    reference = models()[1]
    policy = copy.deepcopy(reference)
    before = copy.deepcopy(policy.state_dict())
    with pytest.raises(TrainingError, match="learning rate"):
        alignment.steer(
            policy, reference, PROMPT, lambda t: torch.full((len(t),), math.nan).double(),
            Config(steps=1, batch=4), progress=False,
        )  # fmt: skip
    assert all(torch.equal(v, before[k]) for k, v in policy.state_dict().items())


@pytest.mark.parametrize("wrong", [{"beta": -1}, {"steps": 0}, {"batch": 1}, {"lr": 0}])
def test_settings_refuse_what_cannot_be(wrong):
    with pytest.raises(ValueError, match="need beta"):
        Config(**wrong)


def test_cheer_counts_whole_words_and_forgets_the_last():
    assert sentiment_reward.cheer("O love, my sweet LOVE! I die of lovers; good") == 2
    assert sentiment_reward.cheer("Kill, kill, kill! x") == -3
    assert sentiment_reward.cheer("") == sentiment_reward.cheer("good") == 0
    assert not sentiment_reward.GLAD & sentiment_reward.SAD


def test_the_best_of_n_is_the_best_of_its_n():
    writer = load_writer("shakespeare")
    drawn = alignment.write(writer.model, sentiment_reward.prompt(writer), 12, seed=1)
    earned = [sentiment_reward.cheer(text) for text in sentiment_reward.read(writer, drawn)]
    best = sentiment_reward.best_of(torch.tensor(earned), 3, 4)
    assert [i // 3 for i in best.tolist()] == [0, 1, 2, 3]
    assert [earned[i] for i in best] == [max(earned[i : i + 3]) for i in range(0, 12, 3)]
    assert sentiment_reward.distance(writer, writer.model, drawn) == 0
    assert sentiment_reward.described(writer, drawn)["reward"] == pytest.approx(sum(earned) / 12)


@pytest.mark.parametrize("n", [1, 2, 3])
def test_reward_and_distance_of_the_best_of_n_by_enumeration(n):
    """All draws of n out of five texts with ties, the kept one at random among the best."""
    rewards = [0.0, 0.0, 0.0, 1.0, 3.0]
    p = torch.zeros(5, dtype=torch.float64)
    for draw in itertools.product(range(5), repeat=n):
        top = [i for i in draw if rewards[i] == max(rewards[j] for j in draw)]
        for i in top:
            p[i] += 1 / 5**n / len(top)
    reward, kl = sentiment_reward.best_of_n(torch.tensor(rewards), n)
    assert reward == pytest.approx(float(p @ torch.tensor(rewards).double()))
    assert kl == pytest.approx(float((p * (5 * p).log()).sum()), abs=1e-12)
    if n > 1:  # five texts are not many: below the formula for texts without ties
        assert kl < math.log(n) - (n - 1) / n


def test_the_distance_is_that_of_the_texts():
    """The sum over places agrees with the log-ratio of whole texts, and scatters less."""
    writer = load_writer("shakespeare")
    policy, start = sentiment_reward.trainable(writer), sentiment_reward.prompt(writer)
    with torch.no_grad():
        for p in policy.blocks.parameters():
            p.mul_(1.02)
        texts = alignment.write(policy, start, 256, seed=2)
        ours, theirs = (text_losses.log_probs(m, start, texts) for m in (policy, writer.model))
    ratio = ours - theirs
    found = sentiment_reward.distance(writer, policy, texts)
    assert abs(found - float(ratio.mean())) < 4 * float(ratio.std()) / 16
    assert found > 0


def test_the_ideal_policy_is_the_tilted_one():
    share = torch.tensor([0.5, 0.3, 0.2], dtype=torch.float64)
    rewards = torch.tensor([0.0] * 500 + [1.0] * 300 + [2.0] * 200)
    tilted = share * torch.exp(torch.tensor([0.0, 1.0, 2.0]).double() / 0.8)
    tilted = tilted / tilted.sum()
    reward, kl = sentiment_reward.ideal(rewards, 0.8)
    assert reward == pytest.approx(float(tilted[1] + 2 * tilted[2]))
    assert kl == pytest.approx(float((tilted * (tilted / share).log()).sum()))
    with pytest.raises(ValueError, match="larger"):
        sentiment_reward.ideal(torch.cat([rewards, torch.tensor([9.0])]), 0.05)
