// Which exercises a reader opened: kept in this browser and nowhere else, and only if the reader says
// so. Without permission to store, as in some private windows, nothing of this is shown.
"use strict";

(() => {
  const told = (words) => window.aigcWords?.[words] ?? words;
  const KEY = "aigc-opened"; // not there: switched off; a list of exercises: switched on

  const read = () => {
    try {
      const list = JSON.parse(localStorage.getItem(KEY));
      return Array.isArray(list) ? list : null;
    } catch {
      return null;
    }
  };
  const write = (list) => {
    try {
      if (list) localStorage.setItem(KEY, JSON.stringify(list));
      else localStorage.removeItem(KEY);
    } catch {
      // Storage is full or was switched off meanwhile: the page works on without it.
    }
  };
  const allowed = () => {
    try {
      localStorage.setItem(`${KEY}-try`, "1");
      localStorage.removeItem(`${KEY}-try`);
      return true;
    } catch {
      return false;
    }
  };

  // A sign after an element, or none.
  const sign = (element, text) => {
    element.querySelector(":scope > .opened")?.remove();
    if (!text) return;
    const mark = Object.assign(document.createElement("span"), { className: "opened" });
    mark.textContent = ` ${text}`;
    element.append(mark);
  };

  const control = document.createElement("div");
  control.className = "progress-control d-print-none";
  control.setAttribute("role", "group");
  control.setAttribute("aria-label", told("Your progress"));
  control.innerHTML =
    `<label><input type="checkbox"> ${told("Remember on this device which exercises I opened")}</label> ` +
    `<button type="button">${told("Forget all")}</button> <span role="status"></span>`;
  const [box, forget, status] = ["input", "button", "span"].map((t) => control.querySelector(t));

  const draw = () => {
    const opened = read();
    box.checked = opened !== null;
    forget.disabled = !opened?.length;
    status.textContent = opened === null ? "" : told("Remembered: {n}.").replace("{n}", opened.length);
    const has = (id) => opened?.includes(id);
    for (const section of document.querySelectorAll('section[id^="exercise-"]')) {
      sign(section.querySelector("h3"), has(section.id) && told("✓ opened"));
    }
    for (const list of document.querySelectorAll("article ul:has(> li > p > a[href*='#exercise-'])")) {
      const items = [...list.children];
      const done = items.filter((item) => has(item.querySelector("a").hash.slice(1)));
      items.forEach((item) => sign(item.firstElementChild, done.includes(item) && told("✓ opened")));
      const heading = list.closest("section").querySelector("h2");
      sign(heading, opened && told("{n} of {all} opened").replace("{n}", done.length).replace("{all}", items.length));
    }
  };

  const open = (id) => {
    const opened = read();
    if (!opened || opened.includes(id) || !document.getElementById(id)) return;
    write([...opened, id]);
    draw();
  };
  const follow = () => location.hash.startsWith("#exercise-") && open(location.hash.slice(1));

  document.addEventListener("DOMContentLoaded", () => {
    if (!allowed()) return;
    document.querySelector(".prev-next-footer")?.before(control);
    box.addEventListener("change", () => {
      write(box.checked ? [] : null);
      draw();
    });
    forget.addEventListener("click", () => {
      write([]);
      draw();
      box.focus();
    });
    document.addEventListener("click", (event) => {
      const section = event.target.closest?.('section[id^="exercise-"]');
      if (section) open(section.id);
    });
    draw();
    follow();
  });
  window.addEventListener("hashchange", follow);
  for (const event of ["pageshow", "storage"]) window.addEventListener(event, draw); // other tabs
})();
