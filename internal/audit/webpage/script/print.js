// What is printed of the findings: those that the filter shows, most severe first, and not more than somebody would sign.

const printedRows = 200;

class Printed {
  constructor(data, findings, section) {
    Object.assign(this, { data, findings, section });
  }

  render() {
    const { table } = this.findings;
    const all = table.rows;
    const rows = all.subarray(0, printedRows);
    const filtered = all.length < table.order.length;
    let said = `${counted(all.length, "finding", "findings")}${filtered ? `, as filtered, of ${figures.format(table.order.length)}` : ""}, in the order of the table.`;
    if (all.length > rows.length) said += ` The first ${printedRows} are printed; all are in the file.`;
    const head = el("tr", {}, ...["No.", "Severity", "Finding", "Who or what", "What was found", "Decision"].map((title) => el("th", { scope: "col" }, title)));
    const lines = Array.from(rows, (f, i) => this.line(f, i));
    this.section.replaceChildren(el("h2", {}, "List to decide upon"), el("p", {}, said),
      el("table", {}, el("thead", {}, head), el("tbody", {}, ...lines)));
  }

  line(f, i) {
    const { findings, data } = this;
    const advice = findings.text(data.advice, f); // what is advised for the whole kind is printed once, above
    return el("tr", {}, el("td", {}, figures.format(i + 1)), el("td", {}, gradeNames[data.severity[f]]), el("td", {}, findings.title(f)),
      el("td", {}, ...[findings.whom(f)].flat()), el("td", {}, foreign(findings.text(data.detail, f)), advice ? el("p", { class: "under" }, foreign(advice)) : null),
      el("td", { class: "decide" }, el("span", {}, "☐ keep"), el("span", {}, "☐ change")));
  }
}
