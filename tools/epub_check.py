"""What is wrong with an EPUB: its form, its list of files, its pages, their links.

The essentials of what epubcheck asks, which needs Java; it is what the tests run beside this check
where they find it.
"""

import re
import zipfile
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote, urldefrag
from xml.etree import ElementTree

XHTML = "{http://www.w3.org/1999/xhtml}"
OPF = "{http://www.idpf.org/2007/opf}"
FORBIDDEN = ("script", "button", "input", "iframe", "style", "svg")


def faults(path: Path) -> list[str]:
    """All that is wrong with the EPUB at ``path``; empty when nothing is."""
    with zipfile.ZipFile(path) as archive:
        files = {info.filename: archive.read(info) for info in archive.infolist()}
        first = archive.infolist()[0]
    if (first.filename, first.compress_type) != ("mimetype", zipfile.ZIP_STORED):
        return ["the archive does not begin with a stored file mimetype"]
    if files.pop("mimetype") != b"application/epub+zip":
        return ["the file mimetype does not say application/epub+zip"]
    try:
        place = ElementTree.fromstring(files.pop("META-INF/container.xml")).find(".//{*}rootfile")
        inside = {name.removeprefix("EPUB/"): content for name, content in files.items()}
        package = ElementTree.fromstring(inside.pop(place.get("full-path").removeprefix("EPUB/")))
    except (KeyError, AttributeError, ElementTree.ParseError) as error:
        return [f"the package cannot be read: {error!r}"]
    items = {item.get("href"): item for item in package.iter(f"{OPF}item")}
    found = [f"{name} is not in the package's list" for name in inside.keys() - items.keys()]
    found += [f"{name} is in the list and not there" for name in items.keys() - inside.keys()]
    if [item.get("properties") for item in items.values()].count("nav") != 1:
        found.append("there is not one page of navigation")
    ids = {item.get("id") for item in items.values()}
    spine = [each.get("idref") for each in package.iter(f"{OPF}itemref")]
    found += [f"{each} is in the spine and not in the list" for each in spine if each not in ids]
    if not spine:
        found.append("the spine is empty")
    return found + list(pages(inside))


def pages(files: dict[str, bytes]) -> Iterator[str]:
    """What is wrong with the pages among the files."""
    trees = {}
    for name in (name for name in files if name.endswith(".xhtml")):
        try:
            trees[name] = ElementTree.fromstring(files[name])
        except ElementTree.ParseError as error:
            yield f"{name} is not well formed: {error}"
    anchors = {
        name: [e.get("id") for e in tree.iter() if e.get("id")] for name, tree in trees.items()
    }
    for name, tree in trees.items():
        for double in {each for each in anchors[name] if anchors[name].count(each) > 1}:
            yield f"{name} has the id {double} twice"
        for tag in FORBIDDEN:
            if tree.find(f".//{XHTML}{tag}") is not None or tree.find(f".//{tag}") is not None:
                yield f"{name} holds a {tag}"
        for element in tree.iter():
            address = element.get("href") or element.get("src")
            if element.tag == f"{XHTML}img" and element.get("alt") is None:
                yield f"{name}: a picture has no alt"
            if address is None or re.match(r"(https|mailto):", address):
                continue
            file, anchor = urldefrag(address)
            target = unquote(file) or name
            if target not in files:
                yield f"{name}: {address} is not there"
            elif anchor and unquote(anchor) not in anchors.get(target, []):
                yield f"{name}: {address} has no such place"
