// The book's networks in the reader's browser: numbers in, numbers out. What a reader sees and
// presses is in live.mjs. The networks are the shipped ones, written as ONNX by
// tools/live_models.py, and run by ONNX Runtime's WebAssembly on one thread. All of it comes from
// this site, and none of it before `load` is called.

const vendor = new URL("vendor/onnxruntime-web/", import.meta.url);
const folder = new URL("live/", import.meta.url);

let told = null;

// What there is: for each network its kind, the shapes of its inputs, its size and more.
export function manifest() {
  told ??= fetch(new URL("manifest.json", folder)).then((answer) => {
    if (!answer.ok) throw new Error(`${answer.status} for ${answer.url}`);
    return answer.json();
  });
  return told;
}

// Where the still picture of a network lies.
export const still = (name) => new URL(`${name}.png`, folder).href;

// Loading ----------------------------------------------------------------------------------------

let runtime = null; // a promise of the runtime, once it was asked for
const networks = new Map(); // name: a promise of the network

// A file's bytes; `onBytes` hears how many came since it was last called.
async function download(address, onBytes) {
  const answer = await fetch(address);
  if (!answer.ok) throw new Error(`${answer.status} for ${answer.url}`);
  const parts = [];
  for (let reader = answer.body.getReader(); ; ) {
    const { done, value } = await reader.read();
    if (done) return new Uint8Array(await new Blob(parts).arrayBuffer());
    parts.push(value);
    onBytes(value.length);
  }
}

async function startRuntime(onBytes) {
  if (typeof WebAssembly !== "object") throw new Error("WebAssembly is switched off or missing");
  const wasmBinary = await download(new URL("ort-wasm-simd-threaded.wasm", vendor), onBytes);
  const ort = await import(new URL("ort.wasm.bundle.min.mjs", vendor));
  // One thread: more of them would need headers that plain servers do not send.
  Object.assign(ort.env.wasm, { numThreads: 1, wasmBinary: wasmBinary.buffer });
  return ort;
}

async function start(name, onBytes) {
  const about = (await manifest()).models[name];
  runtime ??= startRuntime(onBytes);
  const [ort, file] = await Promise.all([
    runtime,
    download(new URL(`${name}.onnx`, folder), onBytes),
  ]);
  const session = await ort.InferenceSession.create(file);
  // The answer to inputs by name: Float32Array, or BigInt64Array for tokens and classes.
  const run = async (inputs) => {
    const feeds = {};
    for (const [input, data] of Object.entries(inputs)) {
      const type = data instanceof BigInt64Array ? "int64" : "float32";
      feeds[input] = new ort.Tensor(type, data, about.inputs[input]);
    }
    return (await session.run(feeds)).out.data;
  };
  return { about, run };
}

// The network of that name; a page loads it, and the runtime, once.
export function load(name, onBytes = () => {}) {
  if (!networks.has(name)) {
    const coming = start(name, onBytes);
    networks.set(name, coming);
    coming.catch(() => {
      networks.delete(name); // so that the next press tries again
      runtime?.catch(() => { runtime = null; });
    });
  }
  return networks.get(name);
}

// How many bytes `load` has still to bring for these networks.
export async function missing(names) {
  const { script, wasm, models } = await manifest();
  const wanted = names.filter((name) => !networks.has(name)).map((name) => models[name].bytes);
  return wanted.reduce((sum, bytes) => sum + bytes, runtime ? 0 : script + wasm);
}

// Chance -----------------------------------------------------------------------------------------

// Numbers from [0, 1), the same ones for the same seed on every machine: Tommy Ettinger's
// mulberry32, a 32-bit counter that is multiplied and shifted. Good enough for pictures, not for
// secrets. (The pages' Python draws other numbers from a seed: PyTorch has a generator of its own.)
export function uniform(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

// n numbers from N(0, 1), two at a time by Box and Muller's rule: a random angle, and a radius
// whose square is exponentially distributed.
export function normals(seed, n) {
  const draw = uniform(seed);
  const found = new Float32Array(n);
  for (let i = 0; i < n; i += 2) {
    const radius = Math.sqrt(-2 * Math.log(1 - draw()));
    const angle = 2 * Math.PI * draw();
    found[i] = radius * Math.cos(angle);
    if (i + 1 < n) found[i + 1] = radius * Math.sin(angle);
  }
  return found;
}

// A place between two latent vectors. Square roots keep the variance: (1 - t) + t = 1.
export function between(a, b, t) {
  return a.map((value, i) => Math.sqrt(1 - t) * value + Math.sqrt(t) * b[i]);
}

// Pictures ---------------------------------------------------------------------------------------

const whole = (number) => BigInt64Array.of(BigInt(number));

// A GAN's picture, 784 numbers from -1 to 1; `label` is left out where none can be ordered.
export function paint(network, z, label) {
  return network.run(label === undefined ? { z } : { z, label: whole(label) });
}

// From noise to a picture by DDIM on the straight path: `diffusion.samplers.walk` with "euler".
// Yields x before each step with the picture that the network expects behind it, then the end.
export async function* walk(network, noise, label, steps, weight) {
  let x = noise;
  for (let k = 0; k < steps; k += 1) {
    const [t, s] = [k / steps, (k + 1) / steps];
    const clean = await network.run({
      x,
      t: Float32Array.of(t),
      label: whole(label),
      weight: Float32Array.of(weight),
    });
    yield { x, clean };
    // The picture and the noise of this moment, mixed anew for the next.
    x = x.map((value, i) => s * clean[i] + ((1 - s) * (value - t * clean[i])) / (1 - t));
  }
  yield { x, clean: x };
}

// From -1 ... 1 to 0 ... 255; this kind of array rounds, and cuts off what is beyond.
export const pixels = (picture) => Uint8ClampedArray.from(picture, (value) => (value + 1) * 127.5);

// What a classifier sees in a picture: its class, and how sure it is. It learned from pictures of
// whole grey values, so it is shown such.
export async function judged(judge, picture) {
  const logits = await judge.run({ x: Float32Array.from(pixels(picture), (p) => p / 127.5 - 1) });
  const shares = softmax(logits);
  const seen = shares.indexOf(Math.max(...shares));
  return { seen, share: shares[seen] };
}

function softmax(logits, temperature = 1) {
  const most = logits.reduce((a, b) => Math.max(a, b));
  const weights = Array.from(logits, (value) => Math.exp((value - most) / temperature));
  const sum = weights.reduce((a, b) => a + b);
  return weights.map((weight) => weight / sum);
}

// Text -------------------------------------------------------------------------------------------

// `lm.tokenizers.Characters.encode`: a number for each character; what the table lacks is spelt as
// its UTF-8 bytes, each two tokens.
export function encode(about, text) {
  const numbers = new Map(Array.from(about.characters, (c, i) => [c, about.hex + i]));
  return Array.from(text).flatMap((character) => {
    if (numbers.has(character)) return [numbers.get(character)];
    const bytes = Array.from(new TextEncoder().encode(character));
    return bytes.flatMap((byte) => [Math.floor(byte / about.hex), byte % about.hex]);
  });
}

// Continue a prompt, one character at a time; at temperature 0 always with the likeliest.
export async function* write(network, prompt, { length, temperature, seed }) {
  const { about } = network;
  const [characters, draw] = [Array.from(about.characters), uniform(seed)];
  const tokens = encode(about, prompt);
  for (let n = 0; n < length; n += 1) {
    const seen = tokens.slice(-about.context); // all that the network can look at
    const window = new BigInt64Array(about.context);
    seen.forEach((token, i) => { window[i] = BigInt(token); });
    const logits = await network.run({ tokens: window, place: whole(seen.length - 1) });
    const known = Array.from(logits).slice(about.hex); // no bytes: they may spell nothing
    const next = temperature > 0 ? drawn(softmax(known, temperature), draw()) : likeliest(known);
    tokens.push(about.hex + next);
    yield characters[next];
  }
}

const likeliest = (values) => values.indexOf(values.reduce((a, b) => Math.max(a, b)));

// Exercise 01.1: the side of a die with these probabilities that a number from [0, 1) throws.
function drawn(shares, number) {
  let total = 0;
  const side = shares.findIndex((share) => (total += share) > number);
  return side < 0 ? likeliest(shares) : side; // rounding may leave the sum a hair below 1
}
