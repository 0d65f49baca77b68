// The table of findings.

class Findings {
  constructor(data, names, search) {
    Object.assign(this, { data, search });
    this.names = names; // orders by name: of the findings
    const kinds = data.meta.kinds;
    const place = new Map(kinds.map((kind, i) => [kind.code, i]));
    this.kindOf = data.words.map((word) => place.get(word) ?? -1); // by the number of the code
    this.kindRank = Uint32Array.from(data.code, (code) => (this.kindOf[code] < 0 ? kinds.length : this.kindOf[code]));
    this.severity = Uint32Array.from(data.severity);
    this.table = new PagedTable({
      caption: "Findings", one: "finding", many: "findings",
      sorted: { column: 0, descending: false },
      columns: [
        { title: "Severity", class: "severity", sort: (down) => this.bySeverity(down), cell: (f) => badge(data.severity[f]) },
        { title: "Finding", class: "what", sort: (down) => sortByNumbers(names(false), this.kindRank, down), cell: (f) => this.title(f) },
        { title: "Who or what", class: "who", head: true, sort: (down) => names(down), cell: (f) => this.whom(f) },
        { title: "What was found", class: "text", cell: (f) => foreign(this.text(data.detail, f)) },
        { title: "More", class: "last", cell: (f) => PagedTable.more(`${this.title(f)}: ${this.nameOf(f)}`) },
      ],
      controls: this.controls(),
      filter: () => this.filter(),
      detail: (f) => this.detail(f),
    });
  }

  bySeverity(down) {
    return sortByNumbers(sortByNumbers(this.names(false), this.kindRank, false), this.severity, down);
  }

  kind(f) {
    return this.data.meta.kinds[this.kindOf[this.data.code[f]]];
  }

  title(f) {
    return this.kind(f)?.title ?? sentenceCase(this.data.words[this.data.code[f]]);
  }

  nameOf(f) {
    return this.data.nameOf(this.data.person[f]) || "without a name";
  }

  whom(f) {
    const person = this.data.person[f];
    const name = foreign(this.nameOf(f), { class: "name" });
    if (person < 0) return name;
    return [name, address(this.data.email[person] || this.data.id[person], { class: "under" })];
  }

  text(column, f) {
    return this.data.text(column, f, this.data.person[f]);
  }

  controls() {
    const change = () => this.table.restart();
    const kinds = this.data.meta.kinds;
    this.query = searchField("Search", "Name, e-mail, account id or words of a finding", change);
    this.kindChoice = choice("Kind of finding", [["", "All"], ...kinds.map((kind, i) => [String(i), kind.title])], change);
    const owners = [...new Set(kinds.map((kind) => kind.owner).filter(Boolean))].sort();
    this.ownerChoice = choice("Who must act", [["", "Everybody"], ...owners.map((owner) => [owner, owner])], change);
    this.grades = grades.map((grade, i) => el("input", { type: "checkbox", value: String(i), checked: true, onchange: change }));
    const severities = el("fieldset", { class: "checks" }, el("legend", {}, "Severity"),
      ...this.grades.map((box, i) => el("label", {}, box, " ", gradeNames[i])));
    const clear = el("button", { type: "button", class: "quiet", onclick: () => this.reset() }, "Clear filters");
    return el("form", { class: "controls", role: "search", "aria-label": "Filter the findings", onsubmit: (e) => e.preventDefault() },
      this.query.element, this.kindChoice.element, this.ownerChoice.element, severities, clear);
  }

  reset() {
    this.query.input.value = "";
    this.kindChoice.select.value = "";
    this.ownerChoice.select.value = "";
    for (const box of this.grades) box.checked = true;
    this.table.restart();
  }

  /** Shows the findings of one kind, as the list of what to do asks for. */
  only(code) {
    this.reset();
    this.kindChoice.select.value = String(this.data.meta.kinds.findIndex((kind) => kind.code === code));
    this.table.restart();
  }

  filter() {
    const { data } = this;
    const words = wordsOf(this.query.input.value);
    const kind = this.kindChoice.select.value;
    const owner = this.ownerChoice.select.value;
    const grade = this.grades.map((box) => box.checked);
    if (words.length === 0 && kind === "" && owner === "" && grade.every(Boolean)) return null;
    const rightKind = this.kindRank.length === 0 ? [] : [...data.meta.kinds, {}].map((k, i) => (kind === "" || i === Number(kind)) && (owner === "" || k.owner === owner));
    const tests = words.map((word) => this.contains(word));
    return (f) => grade[data.severity[f]] && rightKind[this.kindRank[f]] && tests.every((test) => test(f));
  }

  /** A test of whether a finding contains a word: in the name, the title or the text. */
  contains(word) {
    const { data } = this;
    const search = this.search();
    const people = matches(search.people, word);
    const subjects = matches(search.subjects, word);
    const texts = matches(search.texts, word);
    const details = matches(search.details, word);
    const titles = [...data.meta.kinds.map((kind) => folded(kind.title).includes(word)), false];
    return (f) => {
      const person = data.person[f];
      const text = data.detail.index[f];
      return (person < 0 ? subjects[-1 - person] : people[person]) === 1 || titles[this.kindRank[f]] || (text < 0 ? details[-1 - text] : texts[text]) === 1;
    };
  }

  detail(f) {
    const { data } = this;
    const kind = this.kind(f);
    const person = data.person[f];
    const parts = [];
    const section = (title, ...content) => parts.push(el("section", {}, el("h3", {}, title), ...content));
    const facts = [];
    for (let i = data.facts[f]; i < data.facts[f + 1]; i++) {
      const source = data.words[data.factFrom[i]];
      facts.push(el("div", {}, el("dt", {}, sourceNames[source] ?? sentenceCase(source)), el("dd", {}, foreign(data.text(data.fact, i, person)))));
    }
    if (facts.length > 0) section("Evidence", el("dl", { class: "facts" }, ...facts));
    const advice = this.text(data.advice, f) || kind?.advice || "";
    if (advice !== "") section("What to do", el("p", {}, foreign(advice)), kind?.owner ? el("p", { class: "under" }, `Who must act: ${kind.owner}`) : null);
    const call = this.text(data.call, f);
    if (call !== "") section("Tool call", callOf(call));
    if (person >= 0) {
      const go = el("a", { href: "#people", onclick: () => this.onperson?.(person) }, "Show the person", el("span", { class: "hidden" }, ` ${this.nameOf(f)}`));
      section("Account", el("p", {}, el("span", { class: "mono" }, data.id[person])), el("p", {}, go));
    }
    return el("div", { class: "opened" }, ...parts);
  }
}
