"""What the experiments of chapter 21 are made of, and the small recorders' contests."""

import copy
import math

import pytest
import torch

from aigc_lib.chapters.ch21_outlook import (
    city,
    data,
    education,
    medicine,
    news,
    record_city,
    record_medicine,
    record_news,
    record_scene,
    scene,
    tabular,
)
from aigc_lib.core import results
from aigc_lib.exercises import check
from tests.chapters.ch21_outlook.answers import ROUNDED


@pytest.fixture
def bikes() -> data.Bikes:
    """A made-up year: busy in the morning, half as busy at weekends, growing."""
    weekday = (torch.arange(365) + 6) % 7
    working = (weekday > 0) & (weekday < 6)
    hours = torch.full((24,), 10.0)
    hours[8] = 100
    growth = 1 + torch.arange(365) / 365
    counts = growth[:, None] * torch.where(working[:, None], hours, hours / 2)
    return data.Bikes(counts, weekday, working)


def test_the_table_is_read_by_day_and_hour(tmp_path):
    head = "day,hr,weekday,workingday,bikers"
    (tmp_path / "x.csv").write_text(f"{head}\n1,0,6,0,7\n3,23,1,1,40\n")
    read = data.read(tmp_path / "x.csv")
    assert (read.counts[0, 0], read.counts[2, 23], read.counts.sum()) == (7, 40, 47)
    assert (int(read.weekday[2]), bool(read.working[2]), bool(read.working[0])) == (1, True, False)


def test_a_forecast_of_a_day_does_not_see_it_nor_later_ones(bikes):
    days = torch.tensor([200, 201])
    changed = data.Bikes(bikes.counts.clone(), bikes.weekday, bikes.working)
    changed.counts[200:] = 1e6
    for scaled in (False, True):
        one, other = (city.seasonal(b, days[:1], 10, scaled) for b in (bikes, changed))
        assert torch.equal(one, other)
    assert torch.equal(city.level(bikes.counts)[:201][28:], city.level(changed.counts)[:201][28:])
    known = city.conditions(bikes)[200] - city.conditions(changed)[200]
    assert known.abs().max() == 0
    assert (city.conditions(bikes)[201] != city.conditions(changed)[201]).any()


def test_scaled_days_follow_the_level(bikes):
    day = torch.tensor([300])
    plain, scaled = (city.seasonal(bikes, day, 10, s) for s in (False, True))
    assert (scaled.mean(1) - bikes.counts[day]).abs().max() < 0.03 * bikes.counts[day].max()
    assert city.day_losses(scaled, bikes.counts[day]) < city.day_losses(plain, bikes.counts[day])


@pytest.mark.parametrize("drawn", [10, 40, 200])
def test_a_band_of_honest_scenarios_holds_what_it_says_however_many_they_are(drawn):
    rng = torch.Generator().manual_seed(drawn)
    y, own = torch.randn(800, 24, generator=rng), torch.randn(800, drawn, 24, generator=rng)
    held = float(city.covered(own, y).double().mean())
    assert held == pytest.approx(0.8, abs=0.012)  # days share their scenarios, hours do not
    plain = own.quantile(torch.tensor([0.1, 0.9]), dim=1)
    short = float(((plain[0] <= y) & (y <= plain[1])).double().mean())
    low, high = city.band(own, 0.5)
    assert float(((low <= y) & (y <= high)).double().mean()) == pytest.approx(0.5, abs=0.015)
    due = 1 - 2 * (0.1 * (drawn - 1) + 1) / (drawn + 1)  # too few, most of all for few scenarios
    assert short == pytest.approx(due, abs=0.012)


def test_scaling_goes_there_and_back(bikes):
    days, now = torch.arange(40, 90), city.level(bikes.counts)
    scale = city.Scale.of(bikes, days)
    x = scale.there(bikes.counts[days], now[days])
    assert scale.back(x[:, None], now[days])[:, 0] == pytest.approx(bikes.counts[days], rel=1e-4)


def test_both_generators_follow_their_condition():
    rng = torch.Generator().manual_seed(0)
    c = torch.eye(2)[torch.arange(200) % 2]
    x = torch.where(c[:, :1] > 0, 2.0, -2.0) + 0.1 * torch.randn(200, 3, generator=rng)
    for fit, steps in ((tabular.fit_flow, 200), (tabular.fit_gan, 400)):
        seen: list[int] = []
        draw = fit(x, c, 0, steps, on_step=lambda k, _, seen=seen: seen.append(k))
        made = draw(c, 1)
        assert made[0::2].mean() > 1 > -1 > made[1::2].mean()
        assert torch.equal(made, draw(c, 1))
        assert seen == list(range(steps + 1))


def test_parts_of_patients_never_meet_and_few_are_among_many():
    patients = medicine.load()
    assert (len(patients.y), int(patients.y.sum())) == (569, 212)
    known = patients.x
    few, choosing, exam = medicine.split(patients, 20, 3)
    many = medicine.split(patients, 100, 3)[0]
    assert (len(few.y), len(many.y), len(choosing.y), len(exam.y)) == (20, 100, 69, 200)
    assert few.x.mean(0).abs().max() < 1e-5
    back = (many.x - many.x.mean(0)) / many.x.std(0)
    assert back == pytest.approx(many.x, abs=1e-4)  # standardised by these patients alone
    assert len(known.unique(dim=0)) == 569


def test_missed_tumours_and_strangers_of_the_same_mix():
    p, y = torch.tensor([0.4, 0.9, 0.5, 0.1]), torch.tensor([1, 1, 1, 0])
    assert medicine.missed(p, y) == pytest.approx(2 / 3)  # a false alarm does not count
    assert medicine.missed(torch.tensor([0.9, 0.9]), torch.tensor([1, 0])) == 0
    real, choosing, exam = medicine.split(medicine.load(), 20, 0)
    both = medicine.Patients(torch.cat([choosing.x, exam.x]), torch.cat([choosing.y, exam.y]))
    found = medicine.others(real, both)
    assert len(found) == 20
    assert torch.cdist(found, real.x).min() > 0
    index = torch.cdist(found, both.x).argmin(1)
    assert both.y[index].sum() == real.y.sum()


def test_smote_stays_between_two_of_a_kind_and_the_gaussian_keeps_the_mean():
    real = medicine.Patients(
        torch.tensor([[0.0], [1.0], [10.0], [11.0]]), torch.tensor([0, 0, 1, 1])
    )
    labels = torch.tensor([0, 1] * 100)
    made = medicine.smote(real, labels, 0)[:, 0]
    assert ((made[0::2] >= 0) & (made[0::2] <= 1)).all()
    assert ((made[1::2] >= 10) & (made[1::2] <= 11)).all()
    patients, _, _ = medicine.split(medicine.load(), 100, 0)
    wanted = torch.ones(4000, dtype=torch.int64)
    drawn = medicine.gaussian(patients, wanted, 0).mean(0)
    assert drawn == pytest.approx(patients.x[patients.y == 1].mean(0), abs=0.12)
    copied = medicine.copies(patients, patients.x, medicine.split(medicine.load(), 100, 0)[2].x)
    assert (copied.share, copied.heldout_share) == (1.0, 0.02)


def test_a_program_marks_sums():
    found = [education.carries(a, b) for a, b in ((24, 13), (67, 12), (67, 58), (45, 54), (95, 5))]
    assert found == [0, 0, 2, 0, 2]
    learnt = frozenset({"67+58=125"})
    assert education.mark("2:67+58=125", 2) == (True, True, True, True)
    assert education.mark("2:67+58=125", 2, learnt) == (True, True, True, False)
    assert education.mark("2:67+58=126", 1) == (True, False, False, True)
    assert education.mark("2:67+58=", 2) == (False, False, False, False)
    assert education.turn(education.turn("2:67+58=125")) == "2:67+58=125"
    lines = education.collection(300, 0)
    assert len(set(lines)) == 300
    assert all(all(education.mark(line, int(line[0]))) for line in lines)
    assert education.decode(education.encode("\n2:67+58=521\n1")) == "2:67+58=125"
    assert education.blind("2:67+58=125") == education.blind("1:67+58=125") == "0:67+58=125"


def test_the_template_tells_the_truth_and_swapped_figures_pass_the_check_of_numbers(bikes):
    figures = news.table(bikes, 20) | {"Tuesday": 999, "Sunday": 111}
    text = news.template(figures)
    told = news.check(text, figures)
    assert (told.found, told.in_place) == (told.numbers, told.of_days) == (6, 2)
    lie = news.check(news.swapped(text, figures), figures)
    assert (lie.found, lie.of_days, lie.in_place) == (6, 2, 0)
    assert news.struck(f"{text} On Friday 77 fell.", figures) == text
    assert news.numbers("1,250 and 2.5, 7 and 1000.") == [1250, 2.5, 7, 1000]
    assert news.prompt(figures, figures, figures).count(news.written(figures)) == 3
    assert news.prompt(figures, figures, figures).count(text) == 2
    assert news.whole(f"{text} Sunday: 98") == text
    assert news.whole("On Sunday 1.5") == ""
    assert [news.compared(t) for t in (text, "5 more, not fewer.", "moreover")] == [
        "more" if figures["this week"] >= figures["last week"] else "fewer", "more", ""
    ]  # fmt: skip
    assert not set(news.EXAMPLES.values()) & set(record_news.CHOSEN)


def test_a_picture_of_the_scene_and_of_an_empty_field():
    places = scene.cameras(3, 0)
    assert places.norm(dim=1) == pytest.approx(torch.full((3,), scene.DISTANCE), abs=1e-5)
    _, directions = scene.rays(places)
    assert directions.norm(dim=-1) == pytest.approx(torch.ones(3, 32, 32), abs=1e-5)
    # A ray to the middle of the red ball, from in front of it, meets it at its surface.
    eye = scene.CENTRES[0] + torch.tensor([0.0, 0.0, 3.0])
    seen = scene.truth(eye[None], torch.tensor([[0.0, 0.0, -1.0]]))
    lit = 0.35 + 0.65 * float(scene.LIGHT[2])
    assert seen[0] == pytest.approx(scene.COLOURS[0] * lit, abs=1e-5)
    empty = scene.Field(4)
    empty.density.data.fill_(-50.0)
    assert scene.picture(empty, places).min() > 0.999
    photographs = scene.photographs(places)
    assert torch.equal(scene.nearest(places, places), photographs)
    assert scene.psnr(photographs * 0 + 0.5, photographs * 0 + 0.4).mean() == pytest.approx(20)
    assert math.isinf(float(scene.psnr(photographs, photographs)[0]))


def test_a_field_learns_its_photographs():
    places = scene.cameras(4, 1)
    told: list[float] = []

    def ask(step: int, field: scene.Field) -> None:
        if step in (0, 60):
            seen = scene.picture(field, places)
            told.append(float(scene.psnr(seen, scene.photographs(places)).mean()))

    scene.fit(places, 0, 60, on_step=ask)
    assert told[1] > told[0] + 6


@pytest.mark.parametrize(("name", "answer"), ROUNDED)
def test_what_is_rounded_by_hand_is_right(name, answer):
    assert check(name, answer) is None


@pytest.mark.parametrize(
    ("name", "count"), [("medicine", 3), ("scene", 3), ("city", 1), ("education", 0), ("news", 0)]
)
def test_the_records_are_whole_and_say_what_they_decide(name, count):
    told = results.load(name)
    assert len(told["contests"]) == count
    assert bool(told.get("why_none")) == (count == 0)


def test_contests_follow_from_the_rows():
    rows = results.load("medicine")["rows"]
    assert len(rows) == 5 * 3 * record_medicine.SEEDS
    assert record_medicine.contest(rows, 100).name == "100 labels"
    mine = [row for row in rows if row["method"] == "flow" and row["n"] == 20]
    told = record_medicine.best(mine)
    for row, each in zip(mine, told, strict=True):  # each split by itself, and not by its exam
        assert each["choose"] == min(other["choose"] for other in row["tried"])
    assert len({tuple(each["setting"]) for each in told}) > 1
    tried = {m: {e["setting"][0] for r in rows if r["method"] == m for e in r["tried"]}
             for m in record_medicine.METHODS}  # fmt: skip
    assert set(map(frozenset, tried.values())) == {frozenset(record_medicine.STRENGTHS)}
    assert len(record_medicine.at_standard(mine)) == record_medicine.SEEDS
    worse = copy.deepcopy(rows)
    for row in worse:
        if row["method"] == "SMOTE":
            for each in row["tried"]:
                each["loss"] += 1
    assert record_medicine.contest(worse, 100).verdict["best"] != "SMOTE"
    bikes = record_city.contest(results.load("city")["rows"])
    assert bikes.verdict["against"] == "flow" or bikes.verdict["best"] == "flow"
    scenes = [row for row in results.load("scene")["rows"] if "choose" in row]
    assert record_scene.contest(scenes, 12).verdict["best"] == "field"
