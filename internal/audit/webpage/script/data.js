// The data of the page: lines of JSON, deflated, in base64. What they hold is told in columns.go.

class Incomplete extends Error {}

/** Bytes of a base64 text. */
function bytesOf(text) {
  if (Uint8Array.fromBase64) return Uint8Array.fromBase64(text);
  const binary = atob(text);
  const bytes = new Uint8Array(binary.length);
  for (let i = 0; i < binary.length; i++) bytes[i] = binary.charCodeAt(i);
  return bytes;
}

/** Lines of the deflated bytes. */
async function linesOf(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate-raw"));
  const lines = (await new Response(stream).text()).split("\n");
  if (lines.pop() !== "") throw new Incomplete();
  return lines;
}

/** A column of lists: where each begins in items. */
class Ragged {
  starts = [0];
  items = [];
  add(n, items) {
    let at = this.items.length;
    for (const count of n) this.starts.push((at += count));
    for (const item of items) this.items.push(item);
  }
  of(i) {
    return this.items.slice(this.starts[i], this.starts[i + 1]);
  }
  count(i) {
    return this.starts[i + 1] - this.starts[i];
  }
}

/** A column of texts: the index of a text that repeats, or below zero that of one that doesn't. */
class Texts {
  index = [];
  rest = [];
  add({ index, rest }) {
    const own = rest === "" && !index.includes(-1) ? [] : rest.split("\n");
    let next = this.rest.length;
    for (const text of own) this.rest.push(text);
    for (const i of index) this.index.push(i < 0 ? -1 - next++ : i);
  }
}

/** All that the tables show. A property of person i is at place i of its column, and so with findings. */
class Data {
  meta = null;
  words = [];
  groupNames = [];
  texts = [];

  people = 0;
  id = [];
  name = [];
  email = [];
  source = [];
  type = [];
  status = [];
  flags = [];
  last = [];
  products = new Ragged();
  roles = new Ragged();
  groups = new Ragged();
  sources = new Ragged();
  found = [0]; // the findings of person i are those from found[i] to found[i + 1]

  findings = 0;
  person = []; // whom a finding is about; -1 - n: subject n
  code = [];
  severity = [];
  detail = new Texts();
  advice = new Texts();
  call = new Texts();
  facts = [0]; // of finding i: from facts[i] to facts[i + 1]
  factFrom = [];
  fact = new Texts();
  subjects = [];

  static async read(base64) {
    const data = new Data();
    let end = null;
    for (const line of await linesOf(bytesOf(base64))) {
      const record = JSON.parse(line);
      if (!data.meta) data.meta = record;
      else if (record.id !== undefined) data.add(record);
      else end = record;
    }
    if (!end || end.people !== data.people || end.findings !== data.findings) throw new Incomplete();
    return data;
  }

  add(block) {
    push(this.words, block.new.word);
    push(this.groupNames, block.new.group);
    push(this.texts, block.new.text);
    if (block.n > 0) {
      push(this.id, block.id.split("\n"));
      push(this.name, block.name.split("\n"));
      push(this.email, block.email.split("\n"));
    }
    for (const column of ["source", "type", "status", "flags", "last"]) push(this[column], block[column]);
    for (const column of ["products", "roles", "groups", "sources"]) this[column].add(block[column].n ?? [], block[column].items ?? []);
    let at = this.findings;
    (block.found ?? []).forEach((count, i) => {
      for (let k = 0; k < count; k++) this.person.push(this.people + i);
      this.found.push((at += count));
    });
    const count = (block.code ?? []).length;
    if (block.n === 0 && count > 0) {
      for (const subject of block.subject.split("\n")) this.person.push(-1 - (this.subjects.push(subject) - 1));
    }
    push(this.code, block.code);
    push(this.severity, block.severity);
    for (const column of ["detail", "advice", "call", "fact"]) this[column].add({ index: block[column].index ?? [], rest: block[column].rest });
    let fact = this.factFrom.length;
    for (const n of block.facts ?? []) this.facts.push((fact += n));
    push(this.factFrom, block.factFrom);
    this.people += block.n;
    this.findings += count;
  }

  /** The text of a column at place i, about a person: the marks in it are that person's id, name and e-mail. */
  text(column, i, person) {
    const at = column.index[i];
    const text = at < 0 ? column.rest[-1 - at] : this.texts[at];
    return text.replace(/[\x01\x02\x03]/g, (mark) => this.own(person, mark));
  }

  own(person, mark) {
    if (person < 0) return this.subjects[-1 - person];
    return { "\x01": this.id, "\x02": this.name, "\x03": this.email }[mark][person];
  }

  nameOf(person) {
    return person < 0 ? this.subjects[-1 - person] : this.name[person];
  }
}

/** Appends in a loop: a call with a hundred thousand arguments would be too many. */
function push(list, more) {
  if (more) for (const item of more) list.push(item);
}
