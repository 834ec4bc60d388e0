"""American spellings in prose: find them and name the British form this book uses.

Only prose counts. Code, mathematics, links, directive names and quoted titles (a ``References``
section) keep the spelling they have.
"""

import re

# stem -> British stem; matched at the start of a word, whatever ending follows.
STEMS = {
    "analyz": "analys",
    "artifact": "artefact",
    "behavior": "behaviour",
    "canceled": "cancelled",
    "centered": "centred",
    "centering": "centring",
    "center": "centre",
    "color": "colour",
    "defense": "defence",
    "favor": "favour",
    "fiber": "fibre",
    "gray": "grey",
    "labeled": "labelled",
    "labeling": "labelling",
    "modeled": "modelled",
    "modeling": "modelling",
    "neighbor": "neighbour",
    "traveling": "travelling",
    "unlabeled": "unlabelled",
}
STEM = re.compile(rf"\b({'|'.join(STEMS)})\w*", re.IGNORECASE)
# normalize, optimizer, tokenization, ...; not size, prize, seize and their kin.
IZE = re.compile(r"\b(\w{2,}i)z(e|es|ed|er|ers|ing|able|ation|ations)\b", re.IGNORECASE)
IZE_FINE = re.compile(
    r"\b\w*(?:size|sized|sizes|sizing|sizer|sizable|prize\w*|seize\w*|seizing|"
    r"capsiz\w*|maize|assize\w*)\b",
    re.IGNORECASE,
)

NOT_PROSE = (
    re.compile(r"^##+ References\b.*?(?=^#|\Z)", re.MULTILINE | re.DOTALL),
    re.compile(
        r"^([ \t]*)(`{3,}|~{3,})(?![`~])(?!\{(?!code|math|mermaid)).*?^[ \t]*\2`*[ \t]*$",
        re.MULTILINE | re.DOTALL,
    ),  # fenced code; a directive with prose inside stays,
    re.compile(r"^[ \t]*[`:~]{3,}", re.MULTILINE),  # only its fence goes
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"\$\$.*?\$\$", re.DOTALL),
    re.compile(r"(`+)(?!`).*?(?<!`)\1(?!`)", re.DOTALL),
    re.compile(r"\$[^$\n]+\$"),
    re.compile(r"^[ \t]*:[\w-]+:.*$", re.MULTILINE),  # directive options
    re.compile(r"\{[\w:-]+\}"),  # directive and role names
    re.compile(r"\]\([^)\n]*\)"),  # link targets
    re.compile(r"https?://\S+"),
    re.compile(r"</?\w[^>]*>"),
)


def prose(markdown: str) -> str:
    """The text of a Markdown cell without code, mathematics, links, and references."""
    for pattern in NOT_PROSE:
        markdown = pattern.sub(" ", markdown)
    return markdown


def american(markdown: str) -> list[tuple[str, str]]:
    """Pairs of (word found, British spelling) in the prose of ``markdown``, in order."""
    text = prose(markdown)
    found: list[tuple[int, str, str]] = []
    for match in STEM.finditer(text):
        word, stem = match.group(0), match.group(1)
        british = STEMS[stem.lower()] + word[len(stem) :].lower()
        found.append((match.start(), word, british.capitalize() if word[0].isupper() else british))
    for match in IZE.finditer(text):
        word = match.group(0)
        if not IZE_FINE.fullmatch(word):
            found.append((match.start(), word, f"{match.group(1)}s{match.group(2)}"))
    return [(word, british) for _, word, british in sorted(found)]
