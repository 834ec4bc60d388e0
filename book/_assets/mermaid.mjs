// The diagrams' extension imports this module. Mermaid's single-file build is a classic script
// that sets a global, so it is loaded by a script tag and handed on. RequireJS, which pages with
// sliders have, would catch parts of it: hidden meanwhile.
const { define } = globalThis;
globalThis.define = undefined;
await new Promise((loaded, failed) => {
  const script = document.createElement("script");
  script.src = new URL("vendor/mermaid/mermaid.min.js", import.meta.url).href;
  script.onload = loaded;
  script.onerror = () => failed(new Error(`cannot load ${script.src}`));
  document.head.append(script);
});
globalThis.define = define;

export default globalThis.mermaid;
