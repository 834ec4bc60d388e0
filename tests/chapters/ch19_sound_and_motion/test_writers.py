"""The GPT with its clock, the counting model, and the scores of what they write."""

import math

import pytest
import torch

from aigc_lib.chapters.ch19_sound_and_motion import tune_counts, tune_gpt, tune_scores
from aigc_lib.chapters.ch19_sound_and_motion.data import contour
from aigc_lib.chapters.ch19_sound_and_motion.tunes import TOKENS, Note, Tune, parse

SONGS = [
    parse(f"{origin} 2/4 up{up} {' '.join(['0:8'] * (up // 8))} {body} {last} end".split())
    for origin, body in (("China", "0:8 2:8 4:8 7:8"), ("Germany", "7:8 5:8 4:8 2:8"))
    for up, last in ((0, "0:16"), (8, "0:8"))
]


def price(model, songs):
    return tune_gpt.a_token(tune_gpt.prices(model, songs), songs)


def test_the_clock_reads_the_bar():
    tune = parse(
        "Germany 3/4 up8 0:8 2:8 4:8 5:8 / 7:16 0:8 end".replace(" 0:8 end", " end").split()
    )
    read = tune_gpt.clock(tune_gpt.encode([tune]))[0]
    first = tune_gpt.WIDEST * 1  # the second metre
    places = (read[2:, 0] - first).tolist()
    assert places == [16, 0, 8, 16, 0, 0, 16, 16]
    assert read[2:, 1].tolist() == [0, 1, 1, 1, 2, 2, 2, 2]
    assert (read[2:, 2] - first).tolist() == [0, 8, 16, 0, 8, 8, 0, 0]


def test_what_is_read_before_the_upbeat_does_not_tell_it():
    tokens = tune_gpt.encode(SONGS[:2])
    assert torch.equal(*tune_gpt.clock(tokens)[:, :2].unbind(0))
    assert not torch.equal(*tune_gpt.clock(tokens)[:, 2].unbind(0))


def test_the_network_looks_back_only():
    torch.manual_seed(0)
    model = tune_gpt.TuneGPT(16, 1)
    read = tune_gpt.reading(tune_gpt.encode(SONGS[:1]))
    changed = read.clone()
    changed[:, 6:] = read[:, 3:4]
    same = torch.isclose(model(read), model(changed), atol=1e-6).all(-1)[0]
    assert same[:6].all()
    assert not same[6:].all()


def test_training_writes_what_it_was_shown():
    model = tune_gpt.fit(SONGS, 150, batch=8, width=32, layers=1)
    assert price(model, SONGS) < 0.5 < math.log(len(TOKENS))
    written = tune_gpt.write(model, [("China", "2/4")] * 4, seed=1, temperature=0.1)
    assert all(parse(tokens) in SONGS for tokens in written)
    again = tune_gpt.write(model, [("China", "2/4")] * 4, seed=1, temperature=0.1)
    assert written == again


def test_the_price_leaves_out_what_was_ordered():
    torch.manual_seed(0)
    model = tune_gpt.TuneGPT(16, 1)
    tokens = tune_gpt.encode(SONGS[:1])
    with torch.no_grad():
        logits = model(tune_gpt.reading(tokens))[0]
    by_hand = -sum(float(logits[i - 1].log_softmax(-1)[tokens[0, i]]) for i in range(2, 9))
    assert tokens.shape[1] == 9
    assert price(model, SONGS[:1]) == pytest.approx(by_hand / 7, rel=1e-5)


def test_counting_is_a_distribution_and_copies_what_it_has_seen_once():
    counts = tune_counts.TuneCounts(SONGS[:1])
    written = counts.write([("China", "2/4")] * 3)
    assert all(parse(tokens) == SONGS[0] for tokens in written)
    assert float(counts.prices(SONGS[:1])) < float(counts.prices(SONGS[2:3]))
    row = tune_gpt.encode(SONGS[:1])[0].tolist()[:4]
    contexts = counts.contexts(row, [8, 1, 8])
    assert any(found in counts.counts for found in contexts)
    total = 0.0
    for token in range(len(TOKENS)):
        p = 1 / len(TOKENS)
        for context in contexts:
            if found := counts.counts.get(context):
                p = (found[token] + len(found) * p) / (found.total() + len(found))
        total += p
    assert total == pytest.approx(1)


def melody(*pitches, origin="China"):
    return Tune(origin, "2/4", tuple(Note(p, 8) for p in pitches), (len(pitches),))


def test_the_longest_run_is_found_in_any_key():
    runs = tune_scores.Runs([melody(0, 2, 4, 5, 7, 9, 11, 12), melody(0, 7, 0, 7, 0, 7)])
    assert runs.longest(melody(3, 8, 10, 12, 13, 15, 17, 3)) == (5, 0)
    assert runs.longest(melody(5, 12, 5, 12, 5)) == (4, 1)
    assert runs.longest(melody(0, 1, 2, 3, 4, 5)) == (0, -1)


def test_a_copy_in_longer_notes_or_another_rhythm_is_found():
    pitches, known = (0, 2, 4, 5, 7, 9), [melody(0, 2, 4, 5, 7, 9)]
    by_melody, by_pitch = tune_scores.Runs(known), tune_scores.Runs(known, contour)
    slow = Tune("China", "2/4", tuple(Note(p, 16) for p in pitches), (6,))
    assert by_melody.longest(slow) == (5, 0)
    dotted = zip(pitches, (12, 4) * 3, strict=True)
    other = Tune("China", "2/4", tuple(Note(p, n) for p, n in dotted), (6,))
    assert by_melody.longest(other) == (0, -1)
    assert by_pitch.longest(other) == (5, 0)


def test_a_table_told_the_whole_clock_ends_in_time():
    many = [parse(f"China 2/4 up0 {' '.join(['0:8 2:8'] * 8)} end".split())] * 100
    in_time = {}
    for told in ("all", "place", "nothing"):
        written = tune_counts.TuneCounts(many, 1, told).write([("China", "2/4")] * 20)
        in_time[told] = sum(tokens.count("0:8") == 8 == len(tokens) / 2 - 2 for tokens in written)
    assert in_time["all"] > 15
    assert max(in_time["place"], in_time["nothing"]) < 8


def test_every_tune_is_shown_about_as_often():
    songs = [melody(*range(n % 12 + 4), n // 12 - 12) for n in range(300)]
    batches = tune_gpt.TuneBatches(songs, 16, 0, torch.device("cpu"))
    ordered = tune_gpt.encode(sorted(songs, key=lambda t: len(t.tokens()))).tolist()
    place = {str([n for n in row if n >= 0]): k for k, row in enumerate(ordered)}
    shown = torch.zeros(len(songs))
    for _ in range(1500):
        read, targets = next(batches)
        for row, wanted in zip(read, targets, strict=True):
            said = [*row[:1, 0].tolist(), *row[1:2, 0].tolist(), *wanted[1:].tolist()]
            shown[place[str([n for n in said if n >= 0])]] += 1
    assert shown.sum() == 24_000
    assert shown.min() > 40
    assert shown.max() < 140  # 80 on average


def test_statistics_of_a_tune_and_of_its_twin():
    tune = melody(0, 2, 4, 0)
    values = {name: f(tune) for name, f in tune_scores.STATISTICS.items()}
    assert values["pitch classes"][:5].tolist() == [0.5, 0, 0.25, 0, 0.25]
    assert values["intervals"][[14, 8]].tolist() == pytest.approx([2 / 3, 1 / 3])
    assert values["compass"].item() == pytest.approx(4 / 12)
    assert values["bars"].item() == pytest.approx(2 / 16)
    far = tune_scores.distances([melody(0, 12, 0, 12)] * 5, [tune] * 5)
    assert [far[k] for k in ("pitch classes", "intervals", "compass")] == pytest.approx([1] * 3)
    assert far["note lengths"] == far["bars"] == pytest.approx(0)


def test_the_judge_learns_origins_and_twins_keep_the_orders():
    pytest.importorskip("sklearn")
    many = [melody(0, 2, 4, 7, k % 5) for k in range(20)]
    many += [melody(0, 4, 5, 11, k % 5, origin="Germany") for k in range(20)]
    judge = tune_scores.origin_judge(many)
    assert tune_scores.recognised(judge, many) == {"China": 1.0, "Germany": 1.0}
    found = tune_scores.twins(many[:3] + many[-2:], many, 0)
    assert [t.origin for t in found] == ["China"] * 3 + ["Germany"] * 2
