// Places on a page where the reader lets the book's own networks draw and write:
//   <div class="aigc-live" data-model="digits"> words for readers without scripts </div>
// book.js imports this module on pages that have one. Until the reader presses "Load", a page has
// fetched these controls only; networks and runtime are brought by live-networks.mjs.

import * as networks from "./live-networks.mjs";

const SIDE = 28;

// A phrase in the page's language, with what belongs into its fields.
const told = (words, fields = {}) =>
  (window.aigcWords?.[words] ?? words).replace(/\{(\w+)\}/g, (_, name) => fields[name]);

// Small helpers ----------------------------------------------------------------------------------

function make(tag, properties = {}, ...children) {
  const element = Object.assign(document.createElement(tag), properties);
  element.append(...children);
  return element;
}

let fields = 0;

// An input with its words. `readout` shows the value of a slider, in words that are also spoken.
function field(words, input, readout) {
  fields += 1;
  input.id = `aigc-live-${fields}`;
  const label = make("label", { htmlFor: input.id, textContent: words });
  const made = make("div", { className: "field" }, label, input);
  if (readout) {
    const shown = make("span", { className: "readout" }); // an <output> would speak a second time
    const show = () => {
      shown.textContent = readout(Number(input.value));
      input.setAttribute("aria-valuetext", shown.textContent);
    };
    input.addEventListener("input", show);
    input.refresh = show;
    show();
    made.append(shown);
  }
  return made;
}

const button = (words, onPress) => {
  const made = make("button", { type: "button", textContent: words });
  made.addEventListener("click", onPress);
  return made;
};

const slider = (max, value, step = 1) => make("input", { type: "range", min: 0, max, step, value });

function chooser(names, chosen) {
  const options = names.map((name, i) => make("option", { value: i, textContent: name }));
  const select = make("select", {}, ...options);
  select.value = chosen;
  return select;
}

// A seed that the reader sees and may set: the same seed gives the same picture or text.
function seedField(value) {
  const input = make("input", { type: "number", min: 0, max: 2 ** 32 - 1, step: 1, value });
  const read = () => {
    const number = Math.floor(Math.abs(Number(input.value))) % 2 ** 32 || 0;
    input.value = number; // what is used is what is shown
    return number;
  };
  return { input, read };
}

function canvas() {
  const made = make("canvas", { width: SIDE, height: SIDE });
  made.setAttribute("role", "img");
  return made;
}

function put(view, picture, words) {
  const context = view.getContext("2d");
  const image = context.createImageData(SIDE, SIDE);
  networks.pixels(picture).forEach((grey, i) => image.data.set([grey, grey, grey, 255], 4 * i));
  context.putImageData(image, 0, 0);
  view.setAttribute("aria-label", words);
}

// Room for the browser to draw, and for the reader to press.
const breathe = () => new Promise((resume) => { setTimeout(resume); });

const percent = (share) => `${Math.round(100 * share)}\u00a0%`;

const pause = (seconds) =>
  seconds < 1 ? `${Math.max(1, Math.round(1000 * seconds))} ms` : `${seconds.toFixed(1)} s`;

// Runs the newest wish when the one before has ended; wishes in between, which a moving slider
// makes by the dozen, are dropped. `busy` is told when work begins and when all of it has ended.
function oneAtATime(work, { fail, busy }) {
  let working = false;
  let again = false;
  const turn = (on) => busy((working = on));
  return async () => {
    again = true;
    if (working) return;
    turn(true);
    try {
      while (again) {
        again = false;
        await work(() => again);
      }
    } catch (error) {
      fail(error);
    } finally {
      turn(false);
    }
  };
}

const which = (about) => told("Which {what}?", { what: told(about.noun) });

// What a judge says, as a sentence; it also goes into the name of the picture.
function verdict(about, ordered, { seen, share }) {
  const name = (number) => told(about.classes[number]);
  const order = ordered === undefined ? "" : told("Ordered: {what}. ", { what: name(ordered) });
  const fields = { what: name(seen), share: percent(share) };
  return order + told("The judge sees: {what} ({share}).", fields);
}

const JUDGE = told(
  "The judge is a classifier that learned from real pictures and never met this network.",
);

// The panels, one kind of network each -----------------------------------------------------------

// A GAN: an order, a seed, and the way from one latent vector to the next.
function ganPanel({ about, network, judge, say, ...place }) {
  const order = about.ordered ? chooser(about.classes.map((name) => told(name)), Math.min(7, about.classes.length - 1)) : null;
  const seed = seedField(12);
  const way = slider(100, 0);
  const view = canvas();

  const draw = oneAtATime(async () => {
    const [number, label] = [seed.read(), order ? Number(order.value) : undefined];
    const size = about.inputs.z[1];
    const begin = performance.now();
    const ends = [number, (number + 1) % 2 ** 32].map((each) => networks.normals(each, size));
    const z = networks.between(...ends, way.value / 100);
    const picture = await networks.paint(network, z, label);
    const seconds = (performance.now() - begin) / 1000;
    const found = await networks.judged(judge, picture);
    const what = told(label === undefined ? about.noun : about.classes[label]);
    const share = percent(way.value / 100);
    const place = Number(way.value) ? told(", {share} of the way to the next seed", { share }) : "";
    put(view, picture, told("A drawn {what}, seed {number}{place}", { what, number, place }));
    const how = { time: pause(seconds), number, place };
    say(verdict(about, label, found) + told(" Drawn in {time} from seed {number}{place}.", how));
  }, place);

  const another = () => {
    seed.input.value = (seed.read() + 1) % 2 ** 32;
    way.value = 0;
    way.refresh();
    draw();
  };
  const controls = [
    ...(order ? [field(which(about), order)] : []),
    field(told("Seed"), seed.input),
    field(told("On the way to the next seed"), way, (value) => percent(value / 100)),
  ];
  for (const input of [order, way]) input?.addEventListener("input", draw);
  seed.input.addEventListener("change", draw);
  draw();
  const buttons = [button(told("Draw"), draw), button(told("Another one"), another)];
  return { controls, buttons, views: [view] };
}

// A diffusion model: order, seed, steps and guidance; then the way from noise, to look at again.
function diffusionPanel({ about, network, judge, say, ...place }) {
  const order = chooser(about.classes.map((name) => told(name)), Math.min(7, about.classes.length - 1));
  const seed = seedField(12);
  const counts = [2, 4, 8, 16];
  const steps = chooser(counts.map(String), counts.indexOf(about.steps));
  const weight = slider(5, about.guidance, 0.25);
  const moment = slider(about.steps, about.steps);
  const [now, expected] = [canvas(), canvas()];
  let frames = [];

  const show = (k) => {
    const time = { k, n: frames.length - 1 || steps.value };
    put(now, frames[k].x, told("The picture at moment {k} of {n}", time));
    put(expected, frames[k].clean, told("What the network expects at moment {k} of {n}", time));
  };
  const draw = oneAtATime(async (newer) => {
    const [number, label, n] = [seed.read(), Number(order.value), counts[steps.value]];
    const noise = networks.normals(number, SIDE * SIDE);
    let seconds = 0; // of the network: the pauses for drawing are not counted
    let begin = performance.now();
    const made = [];
    for await (const frame of networks.walk(network, noise, label, n, Number(weight.value))) {
      seconds += (performance.now() - begin) / 1000;
      made.push(frame);
      frames = made;
      show(made.length - 1);
      await breathe();
      if (newer()) return;
      begin = performance.now();
    }
    Object.assign(moment, { max: n, value: n });
    moment.refresh();
    const found = await networks.judged(judge, made[n].x);
    const fields = { what: told(about.classes[label]), number, n, time: pause(seconds) };
    put(now, made[n].x, told("A drawn {what}, seed {number}, after {n} steps", fields));
    say(verdict(about, label, found) + told(" {n} steps in {time} from seed {number}.", fields));
  }, place);

  const another = () => {
    seed.input.value = (seed.read() + 1) % 2 ** 32;
    draw();
  };
  moment.addEventListener("input", () => show(Math.min(Number(moment.value), frames.length - 1)));
  for (const input of [order, steps, weight]) input.addEventListener("input", draw);
  seed.input.addEventListener("change", draw);
  const controls = [
    field(which(about), order),
    field(told("Seed"), seed.input),
    field(told("Steps"), steps),
    field(told("Guidance"), weight, (value) => value.toFixed(2)),
    field(told("Look back at moment"), moment, (k) => told("{k} of {n} moments", { k, n: moment.max })),
  ];
  const captioned = (view, words) =>
    make("figure", {}, view, make("figcaption", { textContent: words }));
  draw();
  return {
    controls,
    buttons: [button(told("Draw"), draw), button(told("Another one"), another)],
    views: [captioned(now, told("on its way")), captioned(expected, told("what the network expects"))],
  };
}

// A language model: a beginning, a temperature and a seed.
function writerPanel({ about, network, say, ...place }) {
  const prompt = make("textarea", { rows: 2, value: about.prompt, lang: about.language });
  const heat = slider(1.5, about.temperature, 0.1);
  const seed = seedField(12);
  const text = make("div", { className: "text", lang: about.language });
  let stopped = false;

  const draw = oneAtATime(async (newer) => {
    stopped = false;
    say(told("Writing ..."));
    const begin = performance.now();
    const start = prompt.value || about.prompt;
    text.replaceChildren(make("strong", { textContent: start }));
    const how = { length: about.length, temperature: Number(heat.value), seed: seed.read() };
    let n = 0;
    for await (const character of networks.write(network, start, how)) {
      text.append(character);
      n += 1;
      await breathe();
      if (newer()) return;
      if (stopped) break;
    }
    const seconds = (performance.now() - begin) / 1000;
    const fields = { n, time: pause(seconds), ...how };
    say(told("{n} characters in {time}, temperature {temperature}, seed {seed}.", fields));
  }, place);

  const another = () => {
    seed.input.value = (seed.read() + 1) % 2 ** 32;
    draw();
  };
  const controls = [
    field(told("The beginning"), prompt),
    field(told("Temperature"), heat, (value) => value.toFixed(1)),
    field(told("Seed"), seed.input),
  ];
  const stop = button(told("Stop"), () => { stopped = true; });
  const buttons = [button(told("Write"), draw), button(told("Another one"), another), stop];
  return { controls, buttons, views: [text] };
}

const PANELS = { gan: ganPanel, diffusion: diffusionPanel, writer: writerPanel };

// A place on the page ----------------------------------------------------------------------------

const mebibytes = (bytes) => `${(bytes / 2 ** 20).toFixed(1)} MiB`;

class Place {
  constructor(element, name, about) {
    Object.assign(this, { element, name, about });
    this.names = about.judge ? [name, about.judge] : [name];
    this.status = make("p", { className: "status" });
    this.status.setAttribute("role", "status");
    this.opener = button("", () => this.open());
    element.setAttribute("role", "group");
    element.setAttribute("aria-label", told(about.title));
    const title = make("p", { className: "title", textContent: told(about.title) });
    const note = told(
      "It then runs in this page, on your own processor. Nothing that you do is sent anywhere.",
    );
    this.note = make("p", { className: "note", textContent: note });
    element.replaceChildren(title, this.opener, this.status, this.note);
  }

  say(words) {
    this.status.textContent = words;
  }

  async weigh() {
    const size = mebibytes(await networks.missing(this.names));
    this.opener.textContent = told("Load the model ({size})", { size });
  }

  async open() {
    const focused = document.activeElement === this.opener;
    this.opener.disabled = true; // which takes the focus away
    const all = await networks.missing(this.names);
    const bar = make("progress", { max: all, value: 0 });
    bar.setAttribute("aria-label", told("Loading the model"));
    this.opener.after(bar);
    this.say(told("Loading ..."));
    try {
      const onBytes = (n) => { bar.value += n; };
      const [network, judge] = await Promise.all(
        this.names.map((name) => networks.load(name, onBytes)),
      );
      const first = this.show(network, judge);
      if (focused && document.activeElement === document.body) first.focus();
    } catch (error) {
      this.fail(error);
    } finally {
      bar.remove();
      this.opener.disabled = false;
      for (const place of places) place.weigh();
    }
  }

  show(network, judge) {
    const [about, say] = [this.about, (words) => this.say(words)];
    const fail = (error) => this.fail(error);
    const busy = (is) => this.element.classList.toggle("busy", is);
    const panel = PANELS[about.kind]({ about, network, judge, say, fail, busy });
    const controls = make("div", { className: "controls" }, ...panel.controls);
    const buttons = make("div", { className: "buttons" }, ...panel.buttons);
    const views = make("div", { className: "views" }, ...panel.views);
    const side = make("div", { className: "side" }, controls, buttons);
    this.still?.remove();
    this.note.textContent = judge ? JUDGE : "";
    this.opener.replaceWith(make("div", { className: "panel" }, views, side));
    if (!judge) this.say(told("Ready."));
    return panel.buttons[0]; // where the keyboard goes on: the pressed button is gone
  }

  fail(error) {
    console.warn(error); // for whoever looks into it; the page itself goes on
    const reason = error?.message ?? String(error);
    const words = told(
      "The network cannot run in this browser ({reason}). It needs WebAssembly, and a page that comes from a server. Everything else on this page works without it.",
      { reason },
    );
    this.say(words);
    if (!this.about.alt || this.still) return;
    this.still = make("img", { src: networks.still(this.name), alt: told(this.about.alt) });
    this.status.after(this.still);
  }
}

const { models } = await networks.manifest();
const places = [...document.querySelectorAll(".aigc-live")].map(
  (element) => new Place(element, element.dataset.model, models[element.dataset.model]),
);
for (const place of places) place.weigh();
