"""Notes to sound, sound to spectrogram and back, and a player that a page carries (chapter 19)."""

import base64
import io
import wave
from html import escape

import torch
from torch import Tensor

from aigc_lib.chapters.ch19_sound_and_motion.tunes import KEYS, Tune

RATE = 8000  # samples a second
HARMONICS = 5


def frequency(pitch: int, key: str = "C") -> float:
    """Vibrations a second of a pitch in semitones above the key's note; A has 440."""
    return float(440.0 * 2.0 ** ((pitch + KEYS[key] - 9) / 12))


def tone(hertz: float, seconds: float, rate: int = RATE) -> Tensor:
    """A plucked tone, (samples,) in [-1, 1]: harmonics below half the rate, which then die away."""
    t = torch.arange(round(seconds * rate)) / rate
    parts = [k for k in range(1, HARMONICS + 1) if k * hertz < rate / 2]
    sound = torch.stack([0.5**k * torch.sin(2 * torch.pi * k * hertz * t) for k in parts]).sum(0)
    ends = torch.minimum(t / 0.01, (seconds - t) / 0.03).clamp(0, 1)  # no click at either end
    return sound * ends * torch.exp(-2.5 * t)


def perform(tune: Tune, key: str = "C", beats: float = 110, most: float = 12.0) -> Tensor:
    """A tune's sound, (samples,) in [-1, 1]; ``beats`` quarters a minute; ``most`` in seconds."""
    found, total = [], 0.0
    for note in tune.notes:
        seconds = note.length / 8 * 60 / beats
        total += seconds
        if total > most:
            break
        silence = torch.zeros(round(seconds * RATE))
        found.append(silence if note.pitch is None else tone(frequency(note.pitch, key), seconds))
    return torch.cat(found)


def wav(sound: Tensor, rate: int = RATE) -> bytes:
    """A sound (samples,) as a WAV file: one channel, 8 bits a sample, as loud as that holds."""
    loud = sound / sound.abs().max().clamp(min=1e-9)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setparams((1, 1, rate, 0, "NONE", ""))
        out.writeframes((127.5 + 127 * loud).round().to(torch.uint8).numpy().tobytes())
    return buffer.getvalue()


def html(sound: Tensor, title: str, words: str = "") -> str:
    """A player that holds its sound and never starts by itself; ``words`` for who cannot hear."""
    data, title = base64.b64encode(wav(sound)).decode(), escape(title)
    told = f"<details><summary>The notes in words</summary><pre>{escape(words)}</pre></details>"
    return (
        f'<figure><figcaption>{title}</figcaption><audio controls preload="none" aria-label='
        f'"{title}" src="data:audio/wav;base64,{data}"></audio>{told if words else ""}</figure>'
    )


def play(sound: Tensor, title: str, words: str = "") -> None:
    """Show the player in a page; it works without a kernel."""
    import ipywidgets as widgets
    from IPython.display import display

    box = widgets.HTML(html(sound, title, words))
    view = {"model_id": box.model_id, "version_major": 2, "version_minor": 0}
    # A short text stands in for the widget's own, which would hold every sample.
    shown = {"application/vnd.jupyter.widget-view+json": view, "text/plain": f"a sound: {title}"}
    display(shown, raw=True)


def stft(sound: Tensor, window: Tensor, hop: int) -> Tensor:
    """The short-time Fourier transform, complex (frames, len(window)), of a sound (samples,).

    It is wrapped round at its end; ValueError if it is no multiple of the hop, or too short.
    """
    if len(sound) % hop or len(sound) < len(window):
        raise ValueError(f"{len(sound)} samples do not fit hop {hop} and window {len(window)}")
    found: Tensor = torch.fft.fft(sound[_places(len(sound), len(window), hop)] * window)
    return found


def inverse_stft(spectrum: Tensor, window: Tensor, hop: int) -> Tensor:
    """The sound whose transform is nearest in the mean square (Griffin and Lim, 1984, eq. 6)."""
    places = _places(len(spectrum) * hop, len(window), hop)
    frames = torch.fft.ifft(spectrum).real * window
    zeros = torch.zeros(len(spectrum) * hop, dtype=frames.dtype)
    total = zeros.index_add(0, places.flatten(), frames.flatten())
    weight = zeros.index_add(0, places.flatten(), window.square().repeat(len(spectrum)))
    return total / weight


def _places(samples: int, width: int, hop: int) -> Tensor:
    starts = torch.arange(0, samples, hop)[:, None]
    return (starts + torch.arange(width)) % samples


def griffin_lim(
    magnitude: Tensor, window: Tensor, hop: int, steps: int, seed: int = 0
) -> tuple[Tensor, list[float]]:
    """A sound for given magnitudes (frames, len(window)), and the error before and after each step.

    Griffin and Lim (1984, doi:10.1109/TASSP.1984.1164317), from noise. The error is the distance of
    the magnitudes from the given ones, as a share of the size of these.
    """
    rng = torch.Generator().manual_seed(seed)
    sound = torch.randn(len(magnitude) * hop, generator=rng, dtype=magnitude.dtype)
    errors = []
    for step in range(steps + 1):
        spectrum = stft(sound, window, hop)
        errors.append(float((spectrum.abs() - magnitude).norm() / magnitude.norm()))
        if step < steps:
            sound = inverse_stft(torch.polar(magnitude, spectrum.angle()), window, hop)
    return sound, errors
