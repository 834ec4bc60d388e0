"""The room of chapter 12, reinforcement learning: a balanced pole, and a writer on a leash.

Its own files:
    actor_critic.py      the pole's network: logits of actions, and the value of the state
    alignment.py         a writer on a leash: reward minus KL by REINFORCE; DPO from pairs
    cartpole.py          the experiment on the balanced pole: settings and score
    exercises.py         checks: returns, baseline, surprise, clipping, the leash, DPO
    losses.py            advantages (GAE), losses of PPO (clipped) and DPO, entropy, KL
    ppo.py               proximal policy optimisation: act, improve, again
    record_cartpole.py   trains the pole's policy over ten seeds
    record_steering.py   every way to a cheerful writer over three seeds
    results/             the records: cartpole, steering
    rollout.py           playing many environments at once; truncated is not terminated
    sentiment_reward.py  the reward for glad words, what it does not see, best of n, the ideal
    text_losses.py       log-probabilities of texts, baseline of the others, the leash's loss

What it uses of the shared packages:
    core.contest        what the verdicts on the steered writer rest on, declared in the record
    core.results        reads both records, and writes them in the recorders
    core.runtime        the device on which the writer is steered
    core.show           sliders, times, the library's source, numbers with bounds
    core.training       a row of a training's history; TrainingError
    lm.sampling         generate: the policy writes
    lm.text_quality     what the reward does not see: real words, and different ones
    lm.tokenizers       the writer's characters, and which of them are spelt by bytes
    lm.writer           the writer that is steered: network and tokenizer
    nets.gpt            the network of policy and reference
    nets.mlp            check_sizes: refuses a network with a width of nothing, by name
    pretrained.loaders  load_writer: Shakespeare's writer before it is steered
"""
