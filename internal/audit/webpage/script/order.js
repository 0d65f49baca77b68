// Sorting and searching a hundred thousand rows while a finger is still on the key.

/** A text as it is compared: without case and accents. */
function folded(text) {
  const lower = text.toLowerCase();
  return /^[\x00-\x7f]*$/.test(lower) ? lower : lower.normalize("NFKD").replace(/\p{M}/gu, "");
}

/** The order of texts, as indexes. Equal ones stay as they were. */
function orderOfTexts(texts) {
  const keys = texts.map(folded);
  // Six characters fit into a number, and numbers are compared faster than texts. Only where the six are equal the texts decide.
  const heads = Float64Array.from(keys, head);
  return Uint32Array.from(keys.keys()).sort((a, b) => heads[a] - heads[b] || (keys[a] < keys[b] ? -1 : keys[a] > keys[b] ? 1 : a - b));
}

/** The first six characters of a text as a number. From the first beyond Latin-1 on all count as equal, so that the texts decide. */
function head(text) {
  let sum = 0;
  let wide = false;
  for (let i = 0; i < 6; i++) {
    const code = i < text.length ? text.charCodeAt(i) : 0;
    wide ||= code > 254;
    sum = sum * 256 + (wide ? 255 : code);
  }
  return sum;
}

/** The place of each in an order. */
function ranksOf(order) {
  const ranks = new Uint32Array(order.length);
  order.forEach((item, place) => (ranks[item] = place));
  return ranks;
}

/** Sorts an order by whole numbers of 32 bits, stably, in two rounds of counting. */
function sortByNumbers(order, numbers, descending) {
  let from = order;
  for (const shift of [0, 16]) {
    const starts = new Uint32Array(65537);
    const digit = descending ? (item) => 65535 - ((numbers[item] >>> shift) & 65535) : (item) => (numbers[item] >>> shift) & 65535;
    for (const item of from) starts[digit(item) + 1]++;
    if (starts.indexOf(from.length) > 0) continue; // all have the same digit
    for (let i = 0; i < 65536; i++) starts[i + 1] += starts[i];
    const to = new Uint32Array(from.length);
    for (const item of from) to[starts[digit(item)]++] = item;
    from = to;
  }
  return from;
}

/** Words that a search is made of; all have to be found. */
function wordsOf(query) {
  return folded(query).split(/\s+/).filter(Boolean);
}

/** Which of the texts contain the word, as bytes of 1 and 0. */
function matches(texts, word) {
  const found = new Uint8Array(texts.length);
  for (let i = 0; i < texts.length; i++) if (texts[i].includes(word)) found[i] = 1;
  return found;
}

/** What is searched, folded once: in the idle time after the page is ready, or when the first key is pressed. */
class Searchable {
  constructor(data) {
    const people = new Array(data.people);
    for (let i = 0; i < data.people; i++) people[i] = folded(`${data.name[i]}\n${data.email[i]}\n${data.id[i]}`);
    this.people = people;
    this.subjects = data.subjects.map(folded);
    this.words = data.words.map(folded);
    this.groups = data.groupNames.map(folded);
    this.texts = data.texts.map(folded);
    this.details = data.detail.rest.map(folded);
  }
}
