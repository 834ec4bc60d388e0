"""Requests without a future, scores of lists, and the plain recommenders."""

import math

import pytest
import torch

from aigc_lib.chapters.ch17_recommendation import (
    baselines,
    experiment,
    ranking_metrics,
    sequential,
    temporal_split,
)
from aigc_lib.chapters.ch17_recommendation.data import Ratings

TIME = [1, 2, 3, 10, 11, 12, 12, 12, 13, 20]


def ratings(user: list[int], film: list[int], stars: list[int], time: list[int]) -> Ratings:
    return Ratings(*map(torch.tensor, (user, film, stars, time)))


ONE = ratings([0] * 10, list(range(10)), [5, 2, 4, 5, 1, 4, 5, 3, 4, 5], TIME)


def test_a_request_knows_the_first_half_and_wants_the_likes_of_the_second():
    (request,) = temporal_split.requests(ONE, after=3, until=19)
    # In (3, 19] stand the ratings 3 to 8; the middle one is of time 12, as are two before it.
    assert request.cut == 12
    assert request.rated.tolist() == [0, 1, 2, 3, 4]
    assert request.liked.tolist() == [0, 2, 3]
    assert request.wanted.tolist() == [5, 6, 8]  # not 7, three stars; not 9, after the span


def test_people_with_too_little_are_not_asked_about():
    assert temporal_split.requests(ONE, after=12, until=13) == []
    bored = ONE._replace(stars=torch.ones(10, dtype=torch.long))
    assert temporal_split.requests(bored, after=3, until=19) == []


def test_likes_leave_out_the_future_and_those_who_liked_nothing():
    two = ratings([0, 0, 1, 2], [0, 1, 1, 2], [5, 5, 2, 4], [1, 9, 1, 2])
    assert temporal_split.likes(two, 5, 3).tolist() == [[1, 0, 0], [0, 0, 1]]


def test_a_later_rating_changes_nothing_that_answers_a_request():
    """The guard against leakage: rewrite the future, and compare all that a model may see."""
    rng = torch.Generator().manual_seed(0)
    n, people = 30, 25
    table = torch.rand(people, n, generator=rng).argsort(1)[:, :16]
    user = torch.arange(people).repeat_interleave(16)
    time = (torch.rand(people * 16, generator=rng) * 1000).long()
    order = time.argsort(stable=True)
    stars = torch.randint(1, 6, (people * 16,), generator=rng)
    world = Ratings(user[order], table.flatten()[order], stars[order], time[order])
    before = temporal_split.requests(world, 500, 1000)
    assert len(before) > 10
    for request in before:
        later = world.time >= request.cut
        other = world._replace(stars=torch.where(later, 6 - world.stars, world.stars))
        assert torch.equal(temporal_split.likes(world, 500, n), temporal_split.likes(other, 500, n))
        for a, b in zip((world, other), (other, world), strict=True):
            assert torch.equal(baselines.recent(a, 500, 1, n), baselines.recent(b, 500, 1, n))
        own = (world.user == request.user) & (world.time < request.cut)
        assert torch.equal(request.rated, world.film[own])
        assert torch.equal(request.liked, world.film[own & (world.stars >= 4)])


def test_history_can_be_cut_to_the_last_likes():
    asked = temporal_split.requests(ONE, 3, 19)
    assert temporal_split.history(asked, 10).nonzero()[:, 1].tolist() == [0, 2, 3]
    assert temporal_split.history(asked, 10, 1).nonzero()[:, 1].tolist() == [3]
    assert temporal_split.history(asked, 10, 0).sum() == 0


def test_lists_leave_out_what_was_rated_and_take_ties_in_order():
    scores = torch.tensor([[1.0, 5.0, 1.0, 4.0, 1.0]])
    assert ranking_metrics.top(scores, [torch.tensor([1])], 3).tolist() == [[3, 0, 2]]
    assert scores[0, 1] == 5, "the caller's scores stay as they are"
    with pytest.raises(ValueError, match="fewer than 5"):
        ranking_metrics.top(scores, [torch.tensor([1])], 5)
    with pytest.raises(ValueError, match="NaN"):
        ranking_metrics.top(scores * torch.nan, [torch.tensor([1])], 2)


def test_scores_by_hand():
    lists, wanted = torch.tensor([[4, 1, 0]]), [torch.tensor([1, 2])]
    gain, best = 1 / math.log2(3), 1 + 1 / math.log2(3)
    assert float(ranking_metrics.ndcg(lists, wanted)) == pytest.approx(gain / best)
    assert float(ranking_metrics.recall(lists, wanted)) == 0.5
    assert ranking_metrics.coverage(torch.tensor([[0, 1], [1, 2]]), 6) == 0.5
    liked = torch.tensor([[1.0, 0, 0], [1, 1, 0], [1, 0, 0]])
    found = ranking_metrics.novelty(torch.tensor([[0, 2]]), liked)
    assert float(found) == pytest.approx((0 + 2) / 2)  # shares (3 + 1) / 4 and (0 + 1) / 4
    genres = torch.tensor([[1, 0], [1, 1], [0, 1]])
    assert float(ranking_metrics.variety(torch.tensor([[0, 1, 2]]), genres)) == pytest.approx(
        (0.5 + 1 + 0.5) / 3
    )


FILMS = torch.eye(9)


@pytest.mark.parametrize(
    "score",
    [
        lambda lists: ranking_metrics.ndcg(lists, [torch.tensor([3])]),
        lambda lists: ranking_metrics.recall(lists, [torch.tensor([3])]),
        lambda lists: ranking_metrics.coverage(lists, 9),
        lambda lists: ranking_metrics.novelty(lists, FILMS),
        lambda lists: ranking_metrics.variety(lists, FILMS),
    ],
)
@pytest.mark.parametrize(
    ("lists", "told"),
    [([[3, 3, 3]], "twice"), ([[3, 1, 3]], "twice"), ([[-1, 3]], "none of"),
     (torch.empty(0, 3).long(), r"\(0, 3\)"), (torch.empty(1, 0).long(), r"\(1, 0\)"),
     ([3, 1], r"\(2,\)")],
)  # fmt: skip
def test_a_list_names_films_once(score, lists, told):
    with pytest.raises(ValueError, match=told):
        score(torch.as_tensor(lists))


@pytest.mark.parametrize("score", [ranking_metrics.ndcg, ranking_metrics.recall])
@pytest.mark.parametrize("wanted", [[[]], [[3, 3]], [], [[3], [1]]])
def test_everybody_wants_a_film_and_names_it_once(score, wanted):
    with pytest.raises(ValueError, match="one film at least"):
        score(torch.tensor([[3, 1]]), [torch.tensor(films).long() for films in wanted])


def test_scores_of_films_that_there_are_not_are_refused():
    for score in (ranking_metrics.novelty, ranking_metrics.variety):
        with pytest.raises(ValueError, match="none of the 9"):
            score(torch.tensor([[3, 9]]), FILMS)
    with pytest.raises(ValueError, match="none of the 9"):
        ranking_metrics.coverage(torch.tensor([[3, 9]]), 9)
    with pytest.raises(ValueError, match="no pair"):
        ranking_metrics.variety(torch.tensor([[3]]), FILMS)
    with pytest.raises(ValueError, match="at least one place"):
        ranking_metrics.top(torch.zeros(1, 3), [torch.tensor([0])], 0)
    for films, wanted, k in ((5, 0, 3), (5, 6, 3), (5, 1, 0), (5, 1, 6)):
        with pytest.raises(ValueError, match=f"of {films} films {wanted} cannot"):
            ranking_metrics.random_ndcg(films, wanted, k)


def test_popularity_of_late_counts_the_window_and_breaks_ties_by_all_time():
    some = ratings([0, 1, 2, 3], [0, 0, 1, 2], [5, 5, 4, 1], [0, 10, 86_400 * 3, 86_400 * 3])
    found = baselines.recent(some, 86_400 * 3, 1, 4)
    assert found.argsort(descending=True, stable=True).tolist() == [1, 0, 2, 3]
    assert baselines.recent(some, 100, 1, 4)[1] == 0


def test_neighbours_are_cosines_of_the_nearest():
    liked = torch.tensor([[1.0, 1, 0], [1, 1, 0], [0, 1, 1]])
    full = baselines.neighbours(liked, k=3, shrink=0)
    assert float(full[0, 1]) == pytest.approx(2 / math.sqrt(2 * 3))
    assert float(full.diagonal().abs().max()) == 0
    assert (baselines.neighbours(liked, k=1, shrink=0)[1] > 0).tolist() == [True, False, False]


def test_factors_project_on_the_best_directions():
    liked = (torch.rand(30, 8, generator=torch.Generator().manual_seed(2)) > 0.5).float()
    _, _, v = torch.linalg.svd(liked)
    wanted = v[:3].T @ v[:3]
    torch.testing.assert_close(baselines.factors(liked, 3), wanted, atol=1e-4, rtol=1e-4)


def test_texts_tell_about_films_that_nobody_has_rated():
    rng = torch.Generator().manual_seed(3)
    liked = (torch.rand(40, 6, generator=rng) > 0.5).float()
    liked[:, 5] = 0
    points = torch.randn(6, 4, generator=rng)
    points[5] = points[0]
    assert baselines.linear(liked, 5.0)[:, 5].abs().max() < 1e-6
    with_texts = baselines.linear(liked, 5.0, points, 2.0)
    assert int(with_texts[:5, 5].argmax()) == 0
    scores = baselines.profile(torch.eye(6)[:1], points)
    assert int(scores[0, 1:].argmax()) == 4


def test_blending_is_blind_to_scale():
    rng = torch.Generator().manual_seed(4)
    one, two = torch.randn(2, 3, 9, generator=rng)
    torch.testing.assert_close(
        experiment.blended(one, two, 0.5), experiment.blended(7 * one + 3, 0.1 * two - 2, 0.5)
    )
    assert torch.equal(experiment.blended(one, two, 0.0).argsort(1), one.argsort(1))


def test_transitions_are_shares_of_what_was_liked_soon_after():
    likes = [torch.tensor([0, 1, 2]), torch.tensor([0, 2])]
    bare = baselines.transitions(likes, 4, window=1, prior=0.01)
    torch.testing.assert_close(bare.sum(1), torch.ones(4))
    assert bare[0, 1:3].tolist() == pytest.approx([0.5, 0.5], abs=0.01)
    assert float(bare[1, 2]) == pytest.approx(1, abs=0.02)
    assert bare[2].tolist() == pytest.approx([0.4, 0.2, 0.4, 0], abs=1e-6)  # popularity alone
    wide = baselines.transitions(likes, 4, window=2, prior=0.01)
    assert wide[0, 1:3].tolist() == pytest.approx([1 / 3, 2 / 3], abs=0.01)


def test_sequences_are_the_likes_in_the_order_of_time_and_end_at_the_moment():
    two = ratings([0, 1, 0, 0, 0, 1], [4, 4, 3, 1, 2, 0], [5, 4, 1, 4, 4, 5], [1, 1, 2, 5, 6, 7])
    assert [likes.tolist() for likes in temporal_split.sequences(two, 6)] == [[4, 1, 2], [4]]


def test_likes_of_one_second_are_in_no_order_of_theirs():
    one = ratings([0] * 30, list(range(30)), [5] * 30, [1] * 30)
    (likes,) = temporal_split.sequences(one, 1)
    assert likes.sort().values.tolist() == list(range(30)) != likes.tolist()


def test_soon_keeps_the_first_wants_alone():
    when = experiment.Period(0, torch.zeros(1, 10), temporal_split.requests(ONE, 3, 19),
                             torch.zeros(1, 10))  # fmt: skip
    assert experiment.soon(when, 2).asked[0].wanted.tolist() == [5, 6]
    assert when.asked[0].wanted.tolist() == [5, 6, 8]


def cycles(people: int, films: int) -> list[torch.Tensor]:
    """Film i is always followed by film i + 1."""
    return [(torch.arange(8) + start) % films for start in range(people)]


def test_the_attention_learns_what_comes_next():
    asked = [torch.tensor([3, 4, 5]), torch.tensor([9]), torch.arange(11).repeat(9)]
    before = torch.get_rng_state()
    found = sequential.attention(cycles(12, 12), asked, 12, 0.0, 3e-2, steps=120, tick=60)
    assert torch.equal(torch.get_rng_state(), before)
    assert [each.shape for each in found] == [(3, 12)] * 2
    assert found[-1].argmax(1).tolist() == [6, 10, 11]


def test_the_text_tells_where_a_person_begins():
    assert sequential.text([torch.tensor([2, 0]), torch.tensor([1])], 3).tolist() == [3, 2, 0, 3, 1]
