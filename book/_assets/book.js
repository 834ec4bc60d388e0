// Runs on every page, before the theme's, the search's and the widgets' scripts.
"use strict";

const here = document.currentScript;
const vendor = new URL("vendor/", here.src).href;

// Widgets: their scripts and fonts come from this site and no other, however deep the page lies.
window.requirejs = { baseUrl: vendor };
here.setAttribute("data-jupyter-widgets-cdn", vendor);

// Widgets typeset their labels through the interface of MathJax 2, which MathJax 3 lacks.
window.addEventListener("load", () => {
  if (!window.MathJax?.typesetPromise) return;
  window.MathJax.Hub ??= { Queue: ([, , element]) => window.MathJax.typesetPromise([element]) };
});

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

// A slider's handle has the role of an input field and, as the widgets draw it, no name:
// give it the words printed before it.
function nameSliders() {
  for (const handle of document.querySelectorAll(".noUi-handle:not([aria-label])")) {
    const label = handle.closest(".jupyter-widgets")?.querySelector(".widget-label");
    handle.setAttribute("aria-label", label?.textContent.trim() || "Slider");
  }
}

// A picture of frames, one below the other, with a numbered list of what they show, becomes a
// slider. Without scripts the picture and its list stay as they are.
function makeFrames() {
  for (const figure of document.querySelectorAll("figure.frames")) {
    const picture = figure.querySelector("img");
    const list = figure.querySelector(".legend ol");
    if (!picture || !list) continue;
    const labels = [...list.children].map((item) => item.textContent.trim());
    const last = labels.length - 1;
    const name = figure.querySelector("figcaption strong")?.textContent.trim() || "Frames";

    const view = document.createElement("div");
    view.className = "frame";
    picture.closest("a")?.replaceWith(picture);
    picture.before(view);
    view.append(picture);
    const fit = () => {
      view.style.aspectRatio = `${picture.naturalWidth} / ${picture.naturalHeight / labels.length}`;
    };
    if (picture.complete && picture.naturalWidth) fit();
    else picture.addEventListener("load", fit);

    const slider = document.createElement("input");
    Object.assign(slider, { type: "range", min: 0, max: last, value: last });
    slider.setAttribute("aria-label", name);
    const play = document.createElement("button");
    Object.assign(play, { type: "button", textContent: "Play" });
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
      play.textContent = "Play";
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
      play.textContent = "Pause";
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
    const words =
      "The network cannot be loaded here. Browsers load one from a server only, not from a file " +
      "that was double-clicked.";
    for (const place of places) place.append(words);
  });
}

document.addEventListener("DOMContentLoaded", () => {
  findPlaces();
  markChinese();
  markReferences();
  makeFrames();
  if (!document.querySelector('script[type="application/vnd.jupyter.widget-view+json"]')) return;
  new MutationObserver(nameSliders).observe(document.body, { childList: true, subtree: true });
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
