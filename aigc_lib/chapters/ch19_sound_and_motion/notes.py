"""Single notes of three made-up instruments, a small generator of such notes, and ears (ch. 19).

All are synthetic: a plucked string (Karplus and Strong, 1983, doi:10.2307/3680062), a bell with the
overtones of a free bar, an organ. An order (N, 2) is the instrument and semitones above middle C.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn
from torch.nn.functional import silu

from aigc_lib.chapters.ch19_sound_and_motion.audio import RATE, frequency, griffin_lim, stft
from aigc_lib.core.pixels import to_uint8
from aigc_lib.data.batches import Batches
from aigc_lib.diffusion import samplers
from aigc_lib.diffusion.guidance import denoiser
from aigc_lib.diffusion.training import Diffusion, fit

INSTRUMENTS, PITCHES = ("string", "bell", "organ"), 13
SAMPLES, SILENT = 4096, 256  # of a note, and of silence at its start: notes in a row do not mix
WINDOW, HOP, BINS, DEPTH = torch.hann_window(256), 64, 128, 60.0  # decibels below the loudest
SIZE, WIDE = 48, 2.5  # numbers of a code, and the standard deviations of one that a byte holds


def orders(each: int) -> Tensor:
    """Every instrument on every pitch, ``each`` times: int64 (39 * each, 2)."""
    both = torch.arange(len(INSTRUMENTS)), torch.arange(PITCHES)
    return torch.cartesian_prod(*both).repeat_interleave(each, 0)


def notes(ordered: Tensor, seed: int) -> Tensor:
    """A note (N, 4096) in [-1, 1] for each order (N, 2); each draws its brightness and decay."""
    rng, n = torch.Generator().manual_seed(seed), len(ordered)
    hertz = torch.tensor([frequency(p) for p in ordered[:, 1].tolist()])[:, None]
    bright, short = torch.rand(2, n, 1, generator=rng)
    phase, t = torch.rand(6, n, 1, generator=rng), torch.arange(SAMPLES) / RATE

    def waves(ratios: Iterable[float], share: Tensor, faster: float) -> Tensor:
        """Each overtone ``share`` as strong as the one before, and dying away that much sooner."""
        each = (share**i * torch.exp(-faster * i * (1 + 9 * short) * t)
                * torch.sin(2 * torch.pi * (ratio * hertz * t + phase[i]))
                for i, ratio in enumerate(ratios))  # fmt: skip
        return sum(each, torch.zeros(n, SAMPLES))

    string = _plucked(hertz, bright, short, torch.rand(n, SAMPLES, generator=rng) - 0.5)
    bell = waves((1, 2.756, 5.404), 0.2 + 0.5 * bright, 2.0) * torch.exp(-(1 + 9 * short) * t)
    organ = waves(range(1, 7), 0.3 + 0.5 * bright, 0.0) * (t / (0.02 + 0.08 * short)).clamp(max=1)
    sound = torch.stack([string, bell, organ])[ordered[:, 0], torch.arange(n)]
    sound = sound * ((SAMPLES - SILENT) / RATE - t).div(0.03).clamp(0, 1)
    return (sound / sound.abs().amax(1, keepdim=True)).roll(SILENT, 1)


def _plucked(hertz: Tensor, bright: Tensor, short: Tensor, noise: Tensor) -> Tensor:
    """A sine with noise in a loop of a period, which each time loses some, more of high tones."""
    period, dull = RATE / hertz, 0.05 + 0.25 * (1 - bright)
    whole = period.floor().long()
    # Taps of the loop: neighbours smooth it, and two weights place it between two samples.
    smooth = torch.cat([dull, 1 - 2 * dull, dull, 0 * dull], 1)
    kept = torch.exp(-(1 + 9 * short) / hertz)  # of a period's strength in the next
    taps = kept * torch.lerp(smooth, smooth.roll(1, 1), period.frac())
    lags = whole + torch.arange(-1, 3)
    start, rows = int(lags.max()), torch.arange(len(hertz))[:, None]
    sound = torch.zeros(len(hertz), start + SAMPLES)
    n = torch.arange(SAMPLES)
    burst = torch.where(n < whole, noise + 0.3 * torch.sin(2 * torch.pi * n / period), 0)
    sound[:, start:] = torch.where(n < whole, burst - burst.sum(1, keepdim=True) / whole, 0)
    for now in range(start, start + SAMPLES):
        sound[:, now] += (taps * sound[rows, now - lags]).sum(1)
    return sound[:, start:]


def spectrograms(sounds: Tensor) -> Tensor:
    """Decibels of notes (N, 4096), from 0 for 60 below the loudest to 1: (N, 64, 128)."""
    size = torch.stack([stft(sound, WINDOW, HOP).abs()[:, :BINS] for sound in sounds])
    loud: Tensor = size / size.amax((1, 2), keepdim=True)
    return 1 + (20 / DEPTH * loud.clamp(min=1e-9).log10()).clamp(min=-1)


def sounds_of(pictures: Tensor, steps: int = 50) -> Tensor:
    """Griffin and Lim's sounds (N, 4096) for spectrograms (N, 64, 128) in [0, 1]."""
    size = torch.where(pictures > 0, 10 ** (DEPTH / 20 * (pictures - 1)), 0).flatten(0, 1)
    full = torch.cat([size, torch.zeros(len(size), 1), size[:, 1:].flip(1)], 1)
    return griffin_lim(full, WINDOW, HOP, steps)[0].view(len(pictures), -1)


class NoteFlow(nn.Module):
    """Fully connected layers that look at a noisy code, as ``diffusion`` calls a network."""

    def __init__(self, width: int = 256) -> None:
        super().__init__()
        self.order = nn.Embedding(len(INSTRUMENTS) * PITCHES, width)
        self.enter = nn.Linear(SIZE + 16, width)
        self.layers = nn.ModuleList(nn.Linear(width, width) for _ in range(3))
        self.leave = nn.Linear(width, SIZE)

    def forward(self, noisy: Tensor, t: Tensor, ordered: Tensor) -> Tensor:
        """(N, 48, 1, 1), (N,) and orders (N, 2) -> the code without noise, (N, 48, 1, 1)."""
        angles = t[:, None] * torch.pi / 2 * 2.0 ** torch.arange(8, device=t.device)
        known = torch.cat([noisy[:, :, 0, 0], angles.sin(), angles.cos()], 1)
        h = self.enter(known) + self.order(PITCHES * ordered[:, 0] + ordered[:, 1])
        for layer in self.layers:
            h = h + layer(silu(h))
        return torch.as_tensor(self.leave(silu(h)))[..., None, None]


def learn(codes: Tensor, ordered: Tensor, seen: int, seed: int = 0, lr: float = 4e-3) -> Diffusion:
    """A flow that saw so many codes, drawn from (N, 48), each with its order (N, 2)."""
    torch.manual_seed(seed)
    model = Diffusion(NoteFlow(), lr=lr, ema_half_life=10_000, target="picture", seed=seed)
    stored = to_uint8(codes / WIDE)[..., None, None]
    fit(model, Batches(stored, 128, seed=seed, labels=ordered), seen, warmup=6_000, tick=seen)
    return model


@torch.no_grad()
def draw(model: Diffusion, ordered: Tensor, seed: int, steps: int = 20) -> Tensor:
    """A new code (N, 48) for each order (N, 2)."""
    start = torch.randn(len(ordered), SIZE, 1, 1, generator=torch.Generator().manual_seed(seed))
    denoise = denoiser(model.average, ordered, target="picture")
    found = samplers.sample(denoise, start, samplers.even_times(steps), method="multistep")
    return WIDE * found[:, :, 0, 0]


def pitch_heard(sounds: Tensor) -> Tensor:
    """Semitones above middle C of the lowest wave in notes (N, 4096) that is at least a quarter as
    strong as the strongest, in the mean over pieces of 128 milliseconds: (N,)."""
    pieces = sounds.unfold(1, 1024, 512) * torch.hann_window(1024)
    strength = torch.fft.rfft(pieces, 4 * SAMPLES).abs().square().mean(1).sqrt()
    at, before, after = strength[:, 1:-1], strength[:, :-2], strength[:, 2:]
    strong = (at >= before) & (at > after) & (at > 0.25 * at.amax(1, keepdim=True))
    return 12 * torch.log2((strong.int().argmax(1) + 1) * RATE / (4 * SAMPLES) / frequency(0))


def timbre(sounds: Tensor) -> Tensor:
    """What an ear for instruments reads of notes (N, 4096): the logarithms (N, 35) of the shares
    of energy in 15 moments and in 20 bands of frequency."""
    heard = sounds[:, SILENT:]
    moments = heard.unflatten(1, (15, -1)).square().mean(2)
    bands = torch.fft.rfft(heard).abs()[:, 1:].unflatten(1, (20, -1)).square().mean(2)
    return torch.cat([x / x.sum(1, keepdim=True) for x in (moments, bands)], 1).add(1e-6).log()
