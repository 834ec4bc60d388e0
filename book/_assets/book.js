// Runs on every page, before the theme's and the search's scripts.
"use strict";

const here = document.currentScript; // where this file lies, so that others beside it are found

// The site's words in the page's language: tools/zh_site.py writes those of the Chinese pages.
const told = (words) => window.aigcWords?.[words] ?? words;

// The theme's script comes late and finds out only then whether the page is light or dark. Until then no
// colour is known, so that lines have no width and everything moves when they come.
const root = document.documentElement.dataset;
if (root.theme === "auto") {
  root.theme = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
}

// A formula in a line of text that is wider than the page, as happens on a phone, scrolls in itself.
function fitFormulas() {
  for (const formula of document.querySelectorAll("span.math > mjx-container")) {
    const box = formula.parentElement;
    box.classList.remove("wide");
    const line = box.closest("p, li, dd, td, th, blockquote, figcaption");
    const wide = line && formula.getBoundingClientRect().width > line.clientWidth;
    box.classList.toggle("wide", wide);
    if (wide) box.tabIndex = 0;
  }
}

window.addEventListener("load", () => {
  window.MathJax?.startup?.promise?.then(fitFormulas);
  window.addEventListener("resize", fitFormulas);
});

// The sliders of the chapters: a range input and a block for each step, made when the site was built.
function linkSliders() {
  for (const slider of document.querySelectorAll(".aigc-slider")) {
    const [input, steps] = [slider.querySelector("input"), slider.querySelectorAll(".step")];
    if (!input) continue;
    const show = () => {
      steps.forEach((step, n) => step.classList.toggle("shown", n === Number(input.value)));
      input.setAttribute("aria-valuetext", steps[input.value].lastElementChild.textContent);
    };
    const fetchAll = () => slider.querySelectorAll("img").forEach((i) => (i.loading = "eager"));
    for (const event of ["pointerenter", "focusin"]) slider.addEventListener(event, fetchAll);
    input.addEventListener("input", show);
    show();
  }
}

// A picture of frames, one below the other, with a numbered list of what they show, becomes a
// slider. Without scripts the picture and its list stay as they are.
function makeFrames() {
  for (const figure of document.querySelectorAll("figure.frames")) {
    const picture = figure.querySelector("img");
    const list = figure.querySelector(".legend ol");
    const read = figure.nextSibling || document.readyState !== "loading"; // to its end
    if (!picture || !list || !read) continue;
    const labels = [...list.children].map((item) => item.textContent.trim());
    const last = labels.length - 1;
    const name = figure.querySelector("figcaption strong")?.textContent.trim() || told("Frames");

    const view = document.createElement("div");
    view.className = "frame";
    picture.closest("a")?.replaceWith(picture);
    picture.before(view);
    view.append(picture);
    const [width, height] = [picture.getAttribute("width"), picture.getAttribute("height")];
    view.style.aspectRatio = `${width} / ${height / labels.length}`;

    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: last, value: last });
    slider.setAttribute("aria-label", name);
    const play = document.createElement("button");
    Object.assign(play, { type: "button", textContent: told("Play") });
    const shown = document.createElement("output");
    const controls = document.createElement("div");
    controls.className = "frame-controls";
    controls.append(play, slider, shown);
    view.after(controls);
    list.remove();

    const show = () => {
      const frame = Number(slider.value);
      picture.style.transform = `translateY(${(-100 * frame) / labels.length}%)`;
      shown.textContent = labels[frame];
      slider.setAttribute("aria-valuetext", labels[frame]);
    };
    let timer = null;
    const stop = () => {
      clearInterval(timer);
      timer = null;
      play.textContent = told("Play");
    };
    const step = () => {
      slider.value = Number(slider.value) + 1;
      show();
      if (Number(slider.value) === last) stop();
    };
    play.addEventListener("click", () => {
      if (timer) return stop();
      if (Number(slider.value) === last) slider.value = 0;
      show();
      play.textContent = told("Pause");
      timer = setInterval(step, 400);
    });
    slider.addEventListener("input", () => {
      stop();
      show();
    });
    show();
  }
}

// Chinese words in an English page: screen readers and fonts need to know the language.
function markChinese() {
  for (const term of document.querySelectorAll("dl.glossary dt")) {
    if (/\p{Script=Han}/u.test(term.textContent)) term.lang = "zh-Hans";
  }
}

// The list of references uses a role that lists may no longer hold.
function markReferences() {
  for (const entry of document.querySelectorAll('[role="doc-biblioentry"]')) {
    entry.setAttribute("role", "listitem");
  }
}

// Places where the book's networks draw in the page.
function findPlaces() {
  const places = [...document.querySelectorAll(".aigc-live")];
  if (!places.length) return;
  import(new URL("live.mjs", here.src)).catch((error) => {
    console.warn(error);
    const words = told(
      "The network cannot be loaded here. Browsers load one from a server only, not from a file that was double-clicked."
    );
    for (const place of places) place.append(words);
  });
}

// The switch to the other language leads to the same heading, and the browser remembers the choice: who
// comes from elsewhere, and chose before, is led to that language where it has the page.
function linkLanguages() {
  const link = document.querySelector("a.language-switch");
  if (!link) return;
  const remembered = (chosen) => {
    try {
      if (chosen) localStorage.setItem("aigc-language", chosen);
      return localStorage.getItem("aigc-language");
    } catch {
      return null; // nothing may be stored here
    }
  };
  const address = link.getAttribute("href");
  const elsewhere = !document.referrer.startsWith(`${location.origin}/`);
  if ("same" in link.dataset && elsewhere && remembered() === link.hreflang) {
    location.replace(address + location.search + location.hash);
    return;
  }
  link.addEventListener("click", () => {
    remembered(link.hreflang);
    if (!("same" in link.dataset)) return;
    const read = [...document.querySelectorAll("article section[id]")].filter(
      (section) => section.getBoundingClientRect().top < window.innerHeight / 3
    );
    const place = window.scrollY > 0 && read.length ? `#${read.at(-1).id}` : location.hash;
    link.href = address + location.search + place;
  });
}

// Frames become sliders while the page is being read, before they are painted at full height.
const reading = new MutationObserver(makeFrames);
reading.observe(document.documentElement, { childList: true, subtree: true });

document.addEventListener("DOMContentLoaded", () => {
  reading.disconnect();
  linkLanguages();
  findPlaces();
  markChinese();
  markReferences();
  makeFrames();
  linkSliders();
});

// Search: Chinese is written without spaces, so a query is cut into the longest words that the
// search index holds. Everything else is cut where the search itself would cut it.
function cutChinese(run) {
  const index = typeof Search === "undefined" ? null : Search._index;
  if (!index) return [run];
  const known = (word) => Object.hasOwn(index.terms, word) || Object.hasOwn(index.titleterms, word);
  const words = [];
  for (let start = 0; start < run.length; ) {
    let end = run.length;
    while (end > start + 1 && !known(run.slice(start, end))) end -= 1;
    if (end > start + 1) words.push(run.slice(start, end));
    start = end;
  }
  return words.length ? words : [run];
}

window.splitQuery = (query) =>
  query
    .split(/[^\p{Letter}\p{Number}_\p{Emoji_Presentation}]+/gu)
    .flatMap((part) => part.match(/\p{Script=Han}+|[^\p{Script=Han}]+/gu) ?? [])
    .flatMap((part) => (/^\p{Script=Han}/u.test(part) ? cutChinese(part) : [part]));
