"""The switch between English and Chinese; ``book.js`` keeps the place and the choice."""

import os
from pathlib import Path

# Links of Chinese pages to pages of the book, in whichever language; made relative at the end.
BOOK = "https://book.invalid/"
HOME = "book/index"
BUTTONS = '<div class="article-header-buttons">'


def switch(page: str, name: str, language: str, same: bool) -> str:
    """A page's HTML with the switch, which leads home where the other language lacks the page."""
    here = f"zh/{name}" if language == "zh" else name
    other = f"{'' if language == 'zh' else 'zh/'}{name if same or language == 'zh' else HOME}.html"
    address = os.path.relpath(other, Path(here).parent).replace(os.sep, "/")
    words, code = ("English", "en") if language == "zh" else ("中文", "zh-CN")
    told = "This page in English" if language == "zh" else "这一页的中文版"
    if not same and language != "zh":
        told = "这一页还没有中文版：去中文首页"
    link = (
        f'<a class="btn btn-sm language-switch" href="{address}" lang="{code}" hreflang="{code}" '
        f'title="{told}"{" data-same" * same}>{words}</a>'
    )
    head = f'<link rel="alternate" hreflang="{code}" href="{address}" />' if same else ""
    page = page.replace("</head>", f"{head}</head>", 1)
    return page.replace(BUTTONS, BUTTONS + link, 1)
