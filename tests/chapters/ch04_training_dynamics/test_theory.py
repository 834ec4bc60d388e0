"""Proofs, in numbers, of chapter 04's statements about games: fields, multipliers, step sizes."""

import cmath
import math
from collections.abc import Callable

import numpy as np
import pytest
import torch

from aigc_lib.chapters.ch04_training_dynamics import dirac
from aigc_lib.gan import losses

SIGNS = {"saturating": 1.0, "non-saturating": -1.0}
GAMES = {"saturating": losses.SATURATING, "non-saturating": losses.NON_SATURATING}
STARTS = ((0.5, -1.2), (2.0, 1.5), (-0.3, 0.1), (-1.0, -2.0))


def log1pexp(t: float) -> float:
    return float(np.logaddexp(0, t))


def d_loss(theta: float, omega: float, gamma: float) -> float:
    """The discriminator's loss of the Dirac-GAN: target 1 at the datum 0, target 0 at theta."""
    return log1pexp(0) + log1pexp(omega * theta) + gamma / 2 * omega**2


def g_loss(theta: float, omega: float, game: str) -> float:
    return -log1pexp(omega * theta) if game == "saturating" else log1pexp(-omega * theta)


def slope(f: Callable[[float], float], at: float, eps: float = 1e-6) -> float:
    return (f(at + eps) - f(at - eps)) / (2 * eps)


def update(state: np.ndarray, h: float, gamma: float, game: str, alternating: bool) -> np.ndarray:
    """One update in NumPy, with every derivative by differences."""
    theta, omega = state
    new = omega - h * slope(lambda w: d_loss(theta, w, gamma), omega)
    seen = new if alternating else omega
    return np.array([theta - h * slope(lambda t: g_loss(t, seen, game), theta), new])


def matrix_of(h: float, gamma: float, game: str, alternating: bool) -> np.ndarray:
    """The derivative of one update at the equilibrium, column by column."""
    eps = 1e-3  # both games are odd in (theta, omega): the differences' error is of order eps^2
    columns = [
        update(e, h, gamma, game, alternating) - update(-e, h, gamma, game, alternating)
        for e in eps * np.eye(2)
    ]
    return np.array(columns).T / (2 * eps)


def by_angle(values: np.ndarray) -> np.ndarray:
    return np.array(sorted(np.asarray(values, complex), key=lambda z: (z.imag, z.real)))


@pytest.mark.label("eq-bilinear-spiral")
@pytest.mark.parametrize("h", [0.01, 0.3, 2.0])
def test_simultaneous_steps_in_a_bilinear_game(h: float) -> None:
    rng = np.random.default_rng(0)
    for x, y in rng.normal(size=(20, 2)):
        new_x = x - h * slope(lambda t, y=y: t * y, x)
        new_y = y + h * slope(lambda t, x=x: x * t, y)
        factor = complex(new_x, new_y) / complex(x, y)
        assert abs(factor) == pytest.approx(math.sqrt(1 + h * h), rel=1e-6)
        assert cmath.phase(factor) == pytest.approx(math.atan(h), rel=1e-6)


@pytest.mark.label("eq-dirac-field")
@pytest.mark.parametrize("gamma", [0.0, 0.7])
@pytest.mark.parametrize("start", STARTS)
def test_the_field_is_the_slope_of_the_losses(start: tuple[float, float], gamma: float) -> None:
    theta, omega = start
    for game, sign in SIGNS.items():
        wanted = (
            -slope(lambda t, game=game: g_loss(t, omega, game), theta),
            -slope(lambda w: d_loss(theta, w, gamma), omega),
        )
        s = theta * omega
        sigma, sigma_g = 1 / (1 + math.exp(-s)), 1 / (1 + math.exp(-sign * s))
        stated = sigma_g * omega, -sigma * theta - gamma * omega
        assert stated == pytest.approx(wanted, abs=1e-8)
        played = losses.with_r1(gamma, loss=GAMES[game])
        states = dirac.simulate(played, start, 1.0, 1)
        assert (states[1] - states[0]).tolist() == pytest.approx(wanted, abs=1e-8)
    wasserstein = losses.with_r1(gamma, loss=losses.WGAN_GP)
    states = dirac.simulate(wasserstein, start, 1.0, 1)
    assert (states[1] - states[0]).tolist() == pytest.approx((omega, -theta - gamma * omega))


@pytest.mark.label("eq-dirac-jacobian")
@pytest.mark.parametrize("game", SIGNS)
@pytest.mark.parametrize("gamma", [0.0, 0.4, 1.0, 2.5])
def test_the_jacobian_and_its_eigenvalues(gamma: float, game: str) -> None:
    found = matrix_of(1.0, gamma, game, alternating=False) - np.eye(2)
    np.testing.assert_allclose(dirac.jacobian(0.5, gamma).numpy(), found, atol=1e-6)
    root = cmath.sqrt(gamma**2 - 4 * 0.25)
    stated = np.array([(-gamma + root) / 2, (-gamma - root) / 2])
    # A double eigenvalue, at gamma = 1, feels the differences' error by its square root.
    np.testing.assert_allclose(by_angle(stated), by_angle(np.linalg.eigvals(found)), atol=2e-3)
    assert (stated.real < 0).all() == (gamma > 0)


@pytest.mark.label("eq-simultaneous")
@pytest.mark.parametrize("h", [0.05, 0.4, 3.0])
def test_simultaneous_updates_grow_by_their_multipliers(h: float) -> None:
    for game in SIGNS:
        found = np.linalg.eigvals(matrix_of(h, 0.0, game, alternating=False))
        np.testing.assert_allclose(by_angle(found), [1 - 0.5j * h, 1 + 0.5j * h], atol=1e-6)
        np.testing.assert_allclose(
            by_angle(dirac.multipliers(h).numpy()), by_angle(found), atol=1e-6
        )
    path = dirac.simulate(losses.SATURATING, (1e-5, 0.0), h, 10)
    growth = float(path[-1].norm() / path[0].norm()) ** (1 / 10)
    assert growth == pytest.approx(math.sqrt(1 + h * h / 4), rel=1e-5)
    z = torch.complex(*path.T)
    assert float((z[1:] / z[:-1]).angle().abs().mean()) == pytest.approx(math.atan(h / 2), rel=1e-4)


@pytest.mark.label("eq-alternating")
@pytest.mark.parametrize("h", [0.05, 0.4, 3.0, 3.9])
def test_alternating_updates_stay_on_a_closed_curve(h: float) -> None:
    a = h / 2
    for game in SIGNS:
        matrix = matrix_of(h, 0.0, game, alternating=True)
        np.testing.assert_allclose(matrix, [[1 - a * a, a], [-a, 1]], atol=1e-5)
        found = np.linalg.eigvals(matrix)
        np.testing.assert_allclose(np.abs(found), 1, atol=1e-4)
        angle = 2 * math.asin(a / 2)
        np.testing.assert_allclose(np.abs(np.angle(found)), angle, rtol=1e-3)
        np.testing.assert_allclose(
            by_angle(dirac.multipliers(h, alternating=True).numpy()), by_angle(found), atol=1e-4
        )
    # With the Wasserstein losses the game is linear everywhere, with slope 1.
    free = losses.WGAN_GP._replace(penalty=None)
    theta, omega = dirac.simulate(free, (0.8, -0.3), h / 2, 200, alternating=True).T
    energy = theta**2 + omega**2 - h / 2 * theta * omega
    torch.testing.assert_close(energy, energy[:1].expand(201), rtol=1e-9, atol=0)


@pytest.mark.label("eq-alternating")
def test_alternating_updates_diverge_beyond_their_bound() -> None:
    found = np.linalg.eigvals(matrix_of(4.2, 0.0, "saturating", alternating=True))
    assert sorted(found.real)[0] < -1.1
    assert dirac.largest_step(0.0, alternating=True) == pytest.approx(4.0)
    assert dirac.largest_step(0.0, slope=1.0, alternating=True) == pytest.approx(2.0)


@pytest.mark.label("eq-r1-steps")
@pytest.mark.parametrize("alternating", [False, True])
@pytest.mark.parametrize("gamma", [0.1, 0.5, 1.0, 1.7, 4.0])
def test_the_step_size_bound_is_sharp(gamma: float, alternating: bool) -> None:
    """By search: the largest h at which the eigenvalues of one update reach size 1."""

    def radius(h: float) -> float:
        return max(abs(np.linalg.eigvals(matrix_of(h, gamma, "saturating", alternating))))

    bound = dirac.largest_step(gamma, alternating=alternating)
    for share in np.linspace(0.03, 0.99, 25):
        assert radius(share * bound) < 1
    for share in (1.01, 1.1, 1.5):
        assert radius(share * bound) > 1
    stated = {
        True: 4 * (math.sqrt(gamma**2 + 1) - gamma),
        False: 4 * gamma if gamma <= 1 else 4 / (gamma + math.sqrt(abs(gamma**2 - 1))),
    }[alternating]
    assert bound == pytest.approx(stated, rel=1e-12)
    for h in (0.3, bound):
        matrix = matrix_of(h, gamma, "saturating", alternating)
        stated_matrix = dirac.update_matrix(h, 0.5, gamma, alternating).numpy()
        np.testing.assert_allclose(stated_matrix, matrix, atol=1e-5)
        found = np.linalg.eigvals(matrix)
        mine = dirac.multipliers(h, gamma=gamma, alternating=alternating).numpy()
        np.testing.assert_allclose(by_angle(mine), by_angle(found), atol=3e-3)


@pytest.mark.label("eq-limit-cycle")
@pytest.mark.parametrize("start", [0.15, 0.9])
@pytest.mark.parametrize("h", [0.08, 0.16])
def test_the_non_saturating_game_ends_on_a_circle(h: float, start: float) -> None:
    state, radii = np.array([start, 0.0]), []
    for _ in range(4000):
        theta, omega = state
        s = theta * omega
        move = omega / (1 + math.exp(s)), -theta / (1 + math.exp(-s))  # the field, by hand
        state = state + h * np.array(move)
        radii.append(float(np.hypot(*state)))
    assert np.mean(radii[-300:]) == pytest.approx(math.sqrt(2 * h), rel=0.03)
    assert np.std(radii[-300:]) < 0.05 * math.sqrt(2 * h)
    assert dirac.limit_cycle_radius(h) == pytest.approx(math.sqrt(2 * h))
    assert np.sign(radii[-1] - radii[0]) == np.sign(math.sqrt(2 * h) - start)


def test_bad_weights_are_refused() -> None:
    for gamma, a in ((-0.1, 0.5), (1.0, 0.0), (math.nan, 0.5)):
        with pytest.raises(ValueError, match="gamma >= 0"):
            dirac.largest_step(gamma, a)


def test_a_prediction_is_a_matrix_power() -> None:
    matrix = dirac.update_matrix(0.3, 0.5, 0.2, alternating=True)
    path = dirac.predicted((0.4, -1.0), matrix, 7)
    wanted = np.linalg.matrix_power(matrix.numpy(), 7) @ np.array([0.4, -1.0])
    np.testing.assert_allclose(path[-1].numpy(), wanted, rtol=1e-12)
    assert path.shape == (8, 2)
