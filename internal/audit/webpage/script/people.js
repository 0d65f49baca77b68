// The table of people.

const activities = [["", "Any time"], ["30", "Not for 30 days"], ["90", "Not for 90 days"], ["180", "Not for 180 days"], ["365", "Not for a year"], ["never", "Never"], ["unknown", "Not known"]];

class People {
  constructor(data, order, search, findings) {
    Object.assign(this, { data, order, search, findings });
    this.never = (i) => (data.flags[i] & 4) !== 0;
    const alphabet = ranksOf(orderOfTexts(data.words));
    const weights = {
      type: (i) => alphabet[data.type[i]],
      status: (i) => alphabet[data.status[i]],
      last: (i) => (data.last[i] >= 0 ? data.last[i] : this.never(i) ? 0 : 0xffffffff), // never comes before long ago, not known last
      products: (i) => data.products.count(i),
      groups: (i) => data.groups.count(i),
      findings: (i) => this.weight(i),
    };
    const rank = once((column) => Uint32Array.from({ length: data.people }, (_, i) => weights[column](i)));
    const by = (column) => (down) => sortByNumbers(order(false), rank(column), down);
    this.table = new PagedTable({
      caption: "People", one: "person", many: "people",
      sorted: { column: 6, descending: true },
      columns: [
        { title: "Name", class: "who", head: true, sort: (down) => order(down), cell: (i) => this.whom(i) },
        { title: "Type", sort: by("type"), cell: (i) => this.typeName(data.type[i]) },
        { title: "Status", sort: by("status"), cell: (i) => sentenceCase(data.words[data.status[i]]) },
        { title: "Last active", class: "date", sort: by("last"), cell: (i) => this.lastActive(i) },
        { title: "Seats", class: "number", first: true, sort: by("products"), cell: (i) => figures.format(data.products.count(i)) },
        { title: "Groups", class: "number", first: true, sort: by("groups"), cell: (i) => figures.format(data.groups.count(i)) },
        { title: "Findings", class: "found", first: true, sort: by("findings"), cell: (i) => this.marks(i) },
        { title: "More", class: "last", cell: (i) => PagedTable.more(data.name[i] || "without a name") },
      ],
      controls: this.controls(),
      filter: () => this.filter(),
      detail: (i) => this.detail(i),
    });
  }

  /** What makes one with a severe finding come before one with many slight ones: four numbers of four bits, not above 15 each. */
  weight(i) {
    const { found, severity } = this.data;
    let weight = 0;
    for (let f = found[i]; f < found[i + 1]; f++) {
      const shift = 4 * (3 - severity[f]);
      if (((weight >> shift) & 15) < 15) weight += 1 << shift;
    }
    return weight;
  }

  tally(i) {
    const tally = [0, 0, 0, 0];
    for (let f = this.data.found[i]; f < this.data.found[i + 1]; f++) tally[this.data.severity[f]]++;
    return tally;
  }

  marks(i) {
    const tally = this.tally(i);
    const marks = tally.flatMap((n, severity) => (n === 0 ? [] : [el("span", { class: `badge ${grades[severity]}` }, `${n} ${gradeNames[severity].toLowerCase()}`)]));
    return marks.length > 0 ? marks : [el("span", { class: "under" }, "none")];
  }

  whom(i) {
    const { data } = this;
    return [foreign(data.name[i] || "without a name", { class: "name" }), address(data.email[i] || data.id[i], { class: "under" })];
  }

  typeName(word) {
    const name = this.data.words[word];
    return typeNames[name] ?? sentenceCase(name);
  }

  lastActive(i) {
    const day = this.data.last[i];
    if (this.never(i)) return "Never";
    if (day < 0) return el("span", { class: "under" }, "not known");
    return [dateOf(day), el("span", { class: "under" }, ago(this.data.meta.today - day))];
  }

  controls() {
    const { data } = this;
    const change = () => this.table.restart();
    const values = (column, name) => [...new Set(column)].map((word) => [String(word), name(word)]).sort((a, b) => (a[1] < b[1] ? -1 : 1));
    this.query = searchField("Search", "Name, e-mail, account id or group", change);
    this.typeChoice = choice("Type", [["", "All"], ...values(data.type, (word) => this.typeName(word))], change);
    this.statusChoice = choice("Status", [["", "All"], ...values(data.status, (word) => sentenceCase(data.words[word]))], change);
    this.lastChoice = choice("Last active", activities, change);
    this.productChoice = choice("Holds a seat of", [["", "Any or none"], ...values(data.products.items, (word) => data.words[word])], change);
    this.found = el("input", { type: "checkbox", onchange: change });
    const clear = el("button", { type: "button", class: "quiet", onclick: () => this.reset() }, "Clear filters");
    return el("form", { class: "controls", role: "search", "aria-label": "Filter the people", onsubmit: (e) => e.preventDefault() },
      this.query.element, this.typeChoice.element, this.statusChoice.element, this.lastChoice.element, this.productChoice.element,
      el("label", { class: "check" }, this.found, " Only with findings"), clear);
  }

  reset() {
    this.query.input.value = "";
    for (const { select } of [this.typeChoice, this.statusChoice, this.lastChoice, this.productChoice]) select.value = "";
    this.found.checked = false;
    this.table.restart();
  }

  /** Shows one person, opened. */
  only(i) {
    this.reset();
    this.query.input.value = this.data.id[i] || this.data.name[i];
    this.table.restart();
    this.table.body.querySelector("button.more")?.click();
  }

  filter() {
    const { data } = this;
    const type = this.typeChoice.select.value;
    const status = this.statusChoice.select.value;
    const product = this.productChoice.select.value;
    const tests = wordsOf(this.query.input.value).map((word) => this.contains(word));
    if (type !== "") tests.push((i) => data.type[i] === Number(type));
    if (status !== "") tests.push((i) => data.status[i] === Number(status));
    if (product !== "") tests.push((i) => data.products.of(i).includes(Number(product)));
    if (this.found.checked) tests.push((i) => data.found[i + 1] > data.found[i]);
    const last = this.lastTest(this.lastChoice.select.value);
    if (last) tests.push(last);
    return tests.length === 0 ? null : (i) => tests.every((test) => test(i));
  }

  lastTest(choice) {
    const { data } = this;
    if (choice === "") return null;
    if (choice === "never") return this.never;
    if (choice === "unknown") return (i) => data.last[i] < 0 && !this.never(i);
    const before = data.meta.today - Number(choice);
    return (i) => data.last[i] >= 0 && data.last[i] <= before;
  }

  /** A test of whether a person contains a word: in the name, e-mail and id, or in the name of a group, a product, a role. */
  contains(word) {
    const { data } = this;
    const search = this.search();
    const people = matches(search.people, word);
    const words = matches(search.words, word);
    const groups = matches(search.groups, word);
    const among = (list, found, i) => {
      for (let k = list.starts[i]; k < list.starts[i + 1]; k++) if (found[list.items[k]]) return true;
      return false;
    };
    return (i) => people[i] === 1 || among(data.groups, groups, i) || among(data.products, words, i) || among(data.roles, words, i);
  }

  detail(i) {
    const { data } = this;
    const parts = [];
    const section = (title, ...content) => parts.push(el("section", {}, el("h3", {}, title), ...content));
    const listed = (names) => el("ul", { class: "names" }, ...names.map((name) => el("li", {}, foreign(name))));
    const words = (list) => list.of(i).map((word) => data.words[word]);
    const findings = [];
    for (let f = data.found[i]; f < data.found[i + 1]; f++) {
      findings.push(el("li", {}, badge(data.severity[f]), " ", el("strong", {}, this.findings.title(f)), " ", foreign(data.text(data.detail, f, i))));
    }
    if (findings.length > 0) section("Findings", el("ul", { class: "found" }, ...findings));
    if (data.products.count(i) > 0) section("Seats", listed(words(data.products)));
    if (data.roles.count(i) > 0) section("Roles", listed(words(data.roles)));
    section("Groups", data.groups.count(i) > 0 ? listed(data.groups.of(i).map((group) => data.groupNames[group])) : el("p", {}, "In no group."));
    section("Account", el("dl", { class: "facts" }, ...this.account(i).map(([term, text]) => el("div", {}, el("dt", {}, term), el("dd", {}, foreign(text))))));
    return el("div", { class: "opened" }, ...parts);
  }

  account(i) {
    const { data } = this;
    const source = data.words[data.source[i]];
    const known = data.sources.of(i).map((word) => sourceNames[data.words[word]] ?? data.words[word]);
    const rows = [["Account id", data.id[i] || "none"], ["E-mail", data.email[i] || "hidden"]];
    if (data.email[i] && sourceNames[source]) rows.push(["E-mail known from", sourceNames[source]]);
    rows.push(["Managed by the organization", data.flags[i] & 2 ? "yes" : "no, or not known"]);
    if (known.length > 0) rows.push(["Known to", known.join(", ")]);
    return rows;
  }
}
