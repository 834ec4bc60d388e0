// Makes a page of the site, once it has settled, into one for paper: what folds, moves or scrolls
// there stands open, stands at the end, or is replaced by its picture and a link.
({ site, anchors, words = {} }) => {
  // A phrase in the language of the page, with what belongs into its fields.
  const told = (text, fields = {}) =>
    (words[text] ?? text).replace(/\{(\w+)\}/g, (_, name) => fields[name]);
  const stop = document.documentElement.lang.startsWith("zh") ? "。" : ".";
  const article = document.querySelector("article.bd-article");
  const all = (selector, inside = article) => [...inside.querySelectorAll(selector)];
  const section = (element) => element.closest("section[id]")?.id ?? "";
  const make = (tag, text = "", className = "") =>
    Object.assign(document.createElement(tag), { textContent: text, className });
  const link = (text, href) => Object.assign(make("a", text), { href });
  const note = (before, text, href, after) => {
    const line = make("p", before, "paper-note");
    line.append(link(text, href), after);
    return line;
  };

  all(".copybtn, .paper-note").forEach((element) => element.remove());

  // Worked solutions go to the end; of other folded code a line stays. Outputs stay where they are.
  const solutions = make("section", "", "paper-solutions");
  solutions.append(make("h2", told("Worked solutions")));
  solutions.id = "worked-solutions";
  for (const folded of all("details.above-input")) {
    const code = folded.querySelector(".cell_input");
    const lines = code.querySelector("pre").textContent.trimEnd().split("\n").length;
    const here = section(folded);
    if (code.textContent.includes("### BEGIN SOLUTION")) {
      const id = `solution-${here}`;
      if (!solutions.querySelector(`[id="${id}"]`)) {
        const name = folded.closest("section").querySelector("h3, h2").firstChild.textContent;
        solutions.append(Object.assign(make("h3", name), { id }));
      }
      solutions.append(code);
      const end = told(" stands at the end of the chapter.");
      folded.replaceWith(note("", told("A worked solution"), `#${id}`, end));
    } else {
      const before =
        lines === 1
          ? told("1 line of code is folded here: see ")
          : told("{lines} lines of code are folded here: see ", { lines });
      folded.replaceWith(note(before, told("the site"), `${site}#${here}`, stop));
    }
  }
  for (const folded of all("details")) {
    folded.open = true;
    folded.querySelector("summary")?.remove();
  }
  if (solutions.children.length > 1) {
    const references = article.querySelector("section#references");
    if (references) references.before(solutions);
    else (article.querySelector("section") ?? article).append(solutions);
  }

  // A slider shows one of its pictures; a progress bar has nothing to show.
  for (const area of all(".widget-subarea")) {
    const widget = area.querySelector(":scope > .jupyter-widgets");
    if (!widget) continue;
    if (!widget.querySelector("img")) {
      widget.remove();
      continue;
    }
    const step = widget.querySelector(".widget-readout")?.textContent.trim();
    const name = widget.querySelector(".widget-slider .widget-label")?.textContent.trim();
    all(".widget-slider", widget).forEach((slider) => slider.remove());
    const where = name && step ? ` (${name} ${step})` : "";
    const before = told("The last picture of a slider{where}: move it on ", { where });
    area.append(note(before, told("the site"), `${site}#${section(area)}`, stop));
  }
  for (const figure of all("figure.frames")) {
    const controls = figure.querySelector(".frame-controls");
    if (!controls) continue;
    const shown = controls.querySelector("output").textContent;
    const before = told("The last of its pictures ({shown}). The others are on ", { shown });
    controls.replaceWith(note(before, told("the site"), site, stop));
  }

  // Where other pages lead to; Chromium keeps a place for each link of this one.
  const places = make("div");
  places.hidden = true;
  const ids = [...anchors, ...all("section[id]").map((e) => e.id)];
  places.append(...ids.map((id) => link("", `#${id}`)));
  article.append(places);

  // What is still too wide is made smaller, or folded.
  for (const box of all("div.math, span.math")) {
    const formula = box.querySelector("mjx-container");
    const line = box.closest("p, li, dd, td, th, figcaption, div.math");
    if (!formula || !line) continue;
    const wide = formula.querySelector("mjx-math")?.getBoundingClientRect().width ?? 0;
    if (wide > line.clientWidth) formula.style.fontSize = `${(98 * line.clientWidth) / wide}%`;
  }

  // Id, heading and level of the sections that the contents and the bookmarks name.
  return all("section[id]").flatMap((e) => {
    const heading = e.querySelector(":scope > :is(h1, h2)")?.cloneNode(true);
    if (!heading) return [];
    heading.querySelector(".headerlink")?.remove();
    return [[e.id, heading.textContent.trim(), heading.tagName === "H1" ? 1 : 2]];
  });
}
