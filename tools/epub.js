// A page that paper.js has prepared, as the XHTML of an EPUB: text, code, pictures and MathML, nothing
// that runs or that only a browser's style sheet can place.
({ files, base, site, shots }) => {
  const XHTML = "http://www.w3.org/1999/xhtml";
  const KEPT = ["alt", "class", "colspan", "id", "lang", "rowspan", "start"];
  const DROPPED =
    "script, style, template, noscript, button, input, svg, iframe, link, summary, [hidden], " +
    ".headerlink, .visually-hidden, .prev-next-footer";
  const UNWRAPPED = "details, label, tt, font, center, picture";
  const article = document.querySelector("article.bd-article");
  const page = document.implementation.createDocument(XHTML, "html");
  const pictures = {};
  const ids = new Set();
  const clean = (text) => text.replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "");

  // Readers draw no variants of letters any more: the letters of Unicode that look like them do.
  const VARIANTS = { "double-struck": 0x1d538, script: 0x1d49c, bold: 0x1d400 };
  const SINGLE = {
    "double-struck": { C: "ℂ", H: "ℍ", N: "ℕ", P: "ℙ", Q: "ℚ", R: "ℝ", Z: "ℤ" },
    script: { B: "ℬ", E: "ℰ", F: "ℱ", H: "ℋ", I: "ℐ", L: "ℒ", M: "ℳ", R: "ℛ", e: "ℯ", g: "ℊ", o: "ℴ" },
    bold: {},
  };
  const varied = (text, variant) =>
    text.replace(/[A-Za-z]/g, (letter) => {
      const place = letter.charCodeAt(0) - (letter < "a" ? 65 : 71); // a follows Z there
      return SINGLE[variant][letter] ?? String.fromCodePoint(VARIANTS[variant] + place);
    });

  const math = (node) => {
    const copy = page.createElementNS(node.namespaceURI, node.localName);
    const variant = node.getAttribute("mathvariant");
    if (variant in VARIANTS) {
      copy.append(varied(clean(node.textContent), variant));
      return copy;
    }
    for (const { name, value } of node.attributes) {
      if (!name.startsWith("data-") && !/^(xmlns|class|style|id|href)/.test(name)) {
        copy.setAttribute(name, value);
      }
    }
    for (const child of node.childNodes) {
      if (child.nodeType === Node.TEXT_NODE) copy.append(clean(child.data));
      else if (child.nodeType === Node.ELEMENT_NODE) copy.append(math(child));
    }
    return copy;
  };

  const picture = (source, alt) => {
    const copy = page.createElementNS(XHTML, "img");
    const name = `image-${Object.keys(pictures).length}`;
    const known = Object.entries(pictures).find(([, each]) => each === source)?.[0] ?? name;
    pictures[known] = source;
    copy.setAttribute("src", known);
    copy.setAttribute("alt", alt ?? "");
    return copy;
  };

  const href = (node) => {
    const url = new URL(node.href);
    if (!url.href.startsWith(base)) return /^(https|mailto):/.test(url.href) ? url.href : null;
    const path = url.pathname.slice(1);
    if (!(path in files)) return site + path;
    if (path === location.pathname.slice(1) && url.hash) {
      return document.getElementById(decodeURIComponent(url.hash.slice(1))) ? url.hash : null;
    }
    return files[path] + url.hash;
  };

  const copies = (node) => {
    if (node.nodeType === Node.TEXT_NODE) return [clean(node.data)];
    if (node.nodeType !== Node.ELEMENT_NODE) return [];
    if (node.dataset?.shot) return [picture(`shot:${node.dataset.shot}`, node.dataset.alt)];
    if (node.localName === "mjx-container") {
      const source = node.querySelector("mjx-assistive-mml > math");
      return source ? [math(source)] : [];
    }
    if (node.matches(DROPPED)) return [];
    const inner = [...node.childNodes].flatMap(copies);
    if (node.matches(UNWRAPPED) || node.localName.includes("-")) return inner;
    if (node.localName === "img") return [picture(node.currentSrc || node.src, node.alt)];
    const copy = page.createElementNS(XHTML, node.localName);
    for (const name of KEPT) {
      const value = node.getAttribute(name);
      if (value === null || (name === "id" && (ids.has(value) || /\s|^$/.test(value)))) continue;
      if (name === "id") ids.add(value);
      copy.setAttribute(name, value);
    }
    if (node.localName === "a" && node.hasAttribute("href")) {
      const target = href(node);
      if (target === null) return inner;
      copy.setAttribute("href", target);
    }
    copy.append(...inner);
    return [copy];
  };

  const head = page.createElementNS(XHTML, "head");
  const title = page.createElementNS(XHTML, "title");
  title.append(article.querySelector("h1").firstChild.textContent);
  const style = page.createElementNS(XHTML, "link");
  for (const [name, value] of [["rel", "stylesheet"], ["type", "text/css"], ["href", "book.css"]]) {
    style.setAttribute(name, value);
  }
  head.append(title, style);
  const body = page.createElementNS(XHTML, "body");
  body.append(...[...article.childNodes].flatMap(copies));
  page.documentElement.setAttribute("lang", document.documentElement.lang);
  page.documentElement.append(head, body);
  return { xhtml: new XMLSerializer().serializeToString(page), pictures };
}
