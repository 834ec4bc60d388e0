"""Small tensors that this project trained and ships, and how they are read and written safely.

Each is a safetensors file. A card, such as ``mnist-classifier.json``, stands beside them: it says
by which command, seed and versions they were made and how they score, and it holds the SHA-256 of
every file, without which none is used.
"""

import hashlib
import json
from datetime import date
from pathlib import Path
from typing import Any

from safetensors.torch import load as tensors_from_bytes
from safetensors.torch import save as tensors_to_bytes
from torch import Tensor, nn

from aigc_lib.core.files import write_atomically
from aigc_lib.core.runtime import machine
from aigc_lib.data.registry import find

FOLDER = Path(__file__).parent
RECIPES = {
    "classifier": "python -m aigc_lib.recipes.classifier --data {name} --out {folder}",
    "generator": "python -m aigc_lib.recipes.generator --run RUN --out {folder}",
    "first-gan": "python -m aigc_lib.recipes.generator --run RUN --out {folder}",
    "writer": "python -m aigc_lib.recipes.writer --data {name} --out {folder}",
    "scenes": "aigc record 14 scenes",
    "diffusion": "aigc record 13 quality",
    "words": "aigc record 18 words",
    "describer": "aigc record 18 describer",
}


def begun_card(name: str, model: str, network: nn.Module) -> dict[str, Any]:
    """How the ``model`` of the data set ``name`` was made: what every card says."""
    return {
        "command": RECIPES[model].format(name=name, folder="DIR"),
        "date": date.today().isoformat(),
        "machine": machine(),
        "parameters": sum(p.numel() for p in network.parameters()),
        "data_sha256": {file: pin.sha256 for file, pin in find(name).files.items()},
    }


def read_card(name: str, folder: Path | None = None, model: str = "classifier") -> dict[str, Any]:
    """The card of the ``model`` trained on ``name``, from ``folder`` (default: the shipped ones).

    Raises:
        FileNotFoundError: no such card.
        ValueError: the card is damaged.
    """
    folder = folder or FOLDER
    path = folder / f"{name}-{model}.json"
    if not path.is_file():
        known = [p.name.removesuffix(f"-{model}.json") for p in folder.glob(f"*-{model}.json")]
        raise FileNotFoundError(
            f"no {model} named {name!r} in {folder}; there are: {sorted(known)}"
        )
    try:
        card: dict[str, Any] = json.loads(path.read_text(encoding="utf8"))
        card["sha256"].keys()
    except (ValueError, LookupError, TypeError, AttributeError) as error:
        raise ValueError(
            f"{path} is damaged ({error!r}). {_remedy(name, folder, model)}"
        ) from error
    return card


def read(
    name: str, kind: str, folder: Path | None = None, model: str = "classifier"
) -> dict[str, Tensor]:
    """The tensors of ``NAME-KIND.safetensors``, after their SHA-256 was compared with the card's.

    Args:
        name: data set, such as ``mnist``.
        kind: ``classifier``, ``generator`` or ``writer`` (weights), or ``statistics`` (of the
            features of the training set).
        folder: where they lie; default: the shipped ones.
        model: whose card names them.

    Raises:
        FileNotFoundError: no such file.
        ValueError: the file is not the one that the card describes.
    """
    folder = folder or FOLDER
    wanted = read_card(name, folder, model)["sha256"].get(f"{name}-{kind}.safetensors")
    path = folder / f"{name}-{kind}.safetensors"
    if not path.is_file():
        raise FileNotFoundError(f"{path} is missing. {_remedy(name, folder, model)}")
    content = path.read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != wanted:
        raise ValueError(
            f"{path} is damaged or was exchanged: its SHA-256 is {found}, the card says {wanted}. "
            + _remedy(name, folder, model)
        )
    tensors: dict[str, Tensor] = tensors_from_bytes(content)
    return tensors


def write(
    name: str,
    kinds: dict[str, dict[str, Tensor]],
    card: dict[str, Any],
    folder: Path,
    model: str = "classifier",
) -> None:
    """Write the tensors of each kind, then the card with their SHA-256, each file atomically."""
    folder.mkdir(parents=True, exist_ok=True)
    card = card | {"sha256": {}}
    for kind, tensors in kinds.items():
        content = tensors_to_bytes(
            {key: t.detach().cpu().contiguous() for key, t in tensors.items()}
        )
        write_atomically(folder / f"{name}-{kind}.safetensors", content)
        card["sha256"][f"{name}-{kind}.safetensors"] = hashlib.sha256(content).hexdigest()
    text = json.dumps(card, indent=2) + "\n"
    write_atomically(folder / f"{name}-{model}.json", text.encode())


def _remedy(name: str, folder: Path, model: str) -> str:
    if folder == FOLDER:
        return "Install aigc_lib again."
    return "Make it again: " + RECIPES[model].format(name=name, folder=folder)
