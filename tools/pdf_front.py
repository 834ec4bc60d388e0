"""Cover and contents of the PDF."""

import html
from collections.abc import Mapping, Sequence
from typing import Any

from aigc_lib.core.words import say
from tools.pdf_join import Printed

FRONT = """<!doctype html><html lang="{language}"><meta charset="utf-8"><title>
{title}</title><style>
@page {{ size: A4; margin: 18mm 18mm 20mm; }}
body {{ font: 9.6pt/1.4 system-ui, "Noto Sans CJK SC", sans-serif; margin: 0;
  font-variant-ligatures: none; }}
.cover {{ break-after: page; padding-top: 60mm; text-align: center; }}
.cover h1 {{ font-size: 30pt; line-height: 1.2; margin: 0 0 12mm; }}
.cover p {{ color: #444; margin: 2mm auto; max-width: 120mm; }}
h2 {{ break-after: avoid; font-size: 12pt; margin: 5mm 0 1mm; }}
p {{ break-inside: avoid; margin: 0; }}
.level1 {{ break-after: avoid; font-weight: 600; margin-top: 1.6mm; }}
.level2 {{ font-size: 8.6pt; padding-left: 6mm; }}
a {{ color: inherit; display: flex; gap: 2mm; text-decoration: none; }}
i {{ border-bottom: 1px dotted #999; flex: 1; margin-bottom: 0.35em; min-width: 8mm; }}
b {{ font-weight: inherit; }}
</style><section class="cover"><h1>{title}</h1>{cover}</section>
<h1>{head}</h1>{contents}"""


def contents(book: Sequence[Printed]) -> str:
    """The list of contents: parts, chapters and their sections, with page numbers."""
    lines = []
    for each in book:
        if each.part:
            lines.append(f"<h2>{html.escape(each.part)}</h2>")
        for anchor, heading, level in each.sections:
            leads = anchor if level > 1 else ""
            href, number = each.address + (leads and f"#{leads}"), each.place(leads)[0] + 1
            link = f"<span>{html.escape(heading)}</span><i></i><b>{number}</b>"
            lines.append(f'<p class="level{level}"><a href="{href}">{link}</a></p>')
    return "\n".join(lines)


COVER = (
    "Printed from the site. Worked solutions stand at the end of each chapter; of code that is "
    "folded away on the site a line tells its length; of each slider the last picture is here. "
    "Links between chapters work in this file too."
)


def front_page(
    book: Sequence[Printed], config: Mapping[str, Any], site: str, language: str = "en"
) -> str:
    """The page of cover and contents, for a book with these settings, published at ``site``."""
    cover = [
        say(f"By {config['author']}", language),
        say(COVER, language),
        f'<a href="{site}" style="display: inline">{site}</a>',
        config["html"]["extra_footer"],
    ]
    return FRONT.format(
        title=html.escape(config["title"]),
        language=language,
        head=say("Contents", language),
        cover="".join(f"<p>{line}</p>" for line in cover),
        contents=contents(book),
    )
