// How the search orders what it found (Sphinx puts this into searchtools.js). A glossary entry of just
// these words has 100 points already. Next come a name of the library and a heading that is the
// query; then pages with the words in a heading, then pages with them in the text. Pages that only
// list what others hold come after those.
var Scorer = {
  score: ([page, title, , description, score]) => {
    const query = (new URLSearchParams(location.search).get("q") ?? "").trim().toLowerCase();
    const name = title.split(" > ").at(-1).toLowerCase();
    const same = name === query || name.endsWith(`.${query}`);
    if (description) return same ? 90 : score - 20; // a name: alike is not enough
    const lists = ["book/exercises", "book/statements", "book/names"].includes(page);
    return score + (same ? 50 : 0) - (lists ? 4 : 0);
  },
  objNameMatch: 11,
  objPartialMatch: 6,
  objPrio: {},
  objPrioDefault: 0,
  title: 15,
  partialTitle: 4,
  term: 5,
  partialTerm: 2,
};
