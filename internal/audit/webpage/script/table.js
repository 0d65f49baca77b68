// A table of very many rows that shows one page of them: every row that is there is a real one, for the keyboard, for a screen reader
// and for the browser's own search.

class PagedTable {
  /**
   * columns: {title, class, sort: (descending) => order, first: true to sort downwards first, cell: (row) => node or text, head: true for the
   * cell that names the row}. filter gives a test of rows, detail what opens below one.
   */
  constructor({ caption, one, many, columns, sorted, controls, filter, detail, nameOf }) {
    Object.assign(this, { caption, one, many, columns, filter, detail, nameOf });
    this.sorted = sorted; // {column, descending}
    this.page = 0;
    this.size = 50;
    this.open = new Set();
    this.head = el("tr");
    this.body = el("tbody");
    this.status = el("p", { class: "status", role: "status" });
    this.table = el("table", {}, el("caption", { class: "hidden" }, caption), el("thead", {}, this.head), this.body);
    this.element = el("div", { class: "table-app" }, controls, el("div", { class: "bar" }, this.status, this.pager()),
      el("div", { class: "scroll", role: "region", "aria-label": `Table of ${many}`, tabindex: "0" }, this.table), this.foot());
    columns.forEach((column, i) => this.head.append(this.headCell(column, i)));
    this.sort();
  }

  headCell(column, i) {
    if (!column.sort) return el("th", { scope: "col", class: column.class }, column.title);
    const button = el("button", { type: "button", class: "sort", onclick: () => this.sortBy(i) }, column.title, el("span", { class: "arrow", "aria-hidden": "true" }));
    return el("th", { scope: "col", class: column.class }, button);
  }

  sortBy(i) {
    const descending = this.sorted.column === i ? !this.sorted.descending : Boolean(this.columns[i].first);
    this.sorted = { column: i, descending };
    this.page = 0;
    this.sort();
  }

  /** Puts all rows in order, then shows those that pass the filter. */
  sort() {
    const { column, descending } = this.sorted;
    this.order = this.columns[column].sort(descending);
    this.columns.forEach((c, i) => {
      if (!c.sort) return;
      const cell = this.head.children[i];
      if (i === column) cell.setAttribute("aria-sort", descending ? "descending" : "ascending");
      else cell.removeAttribute("aria-sort");
    });
    this.refresh();
  }

  refresh() {
    const passes = this.filter();
    this.rows = passes ? this.order.filter(passes) : this.order;
    this.show();
  }

  /** Starts at the first page, as after a change of the filter. */
  restart() {
    this.page = 0;
    this.refresh();
  }

  get pages() {
    return Math.max(1, Math.ceil(this.rows.length / this.size));
  }

  show() {
    this.page = Math.min(Math.max(this.page, 0), this.pages - 1);
    const from = this.page * this.size;
    const rows = this.rows.subarray(from, from + this.size);
    this.open.clear();
    const lines = [];
    for (const row of rows) lines.push(this.line(row));
    if (rows.length === 0) lines.push(el("tr", {}, el("td", { colspan: this.columns.length, class: "none" }, `No ${this.one} matches. Take a filter away to see more.`)));
    this.body.replaceChildren(...lines);
    const to = from + rows.length;
    const all = this.rows.length === this.order.length ? "" : ` of ${figures.format(this.order.length)}`;
    this.status.textContent = counted(this.rows.length, this.one, this.many) + all + (rows.length > 0 ? `, showing ${figures.format(from + 1)} to ${figures.format(to)}` : "");
    for (const button of this.element.querySelectorAll("[data-step]")) {
      const step = Number(button.dataset.step);
      button.disabled = step < 0 ? this.page === 0 : this.page >= this.pages - 1;
    }
    this.number.value = String(this.page + 1);
    this.number.max = String(this.pages);
    this.of.textContent = `of ${figures.format(this.pages)}`;
  }

  line(row) {
    const cells = this.columns.map((column) => el(column.head ? "th" : "td", { scope: column.head ? "row" : null, class: column.class }, ...[column.cell(row)].flat()));
    const line = el("tr", { class: "row" }, ...cells);
    const toggle = line.querySelector("button.more");
    toggle?.addEventListener("click", () => this.toggle(row, line, toggle));
    return line;
  }

  /** Opens what is known of a row in a row of its own, or closes it. */
  toggle(row, line, button) {
    const opened = button.getAttribute("aria-expanded") !== "true";
    button.setAttribute("aria-expanded", String(opened));
    if (opened) line.after(el("tr", { class: "detail" }, el("td", { colspan: this.columns.length }, this.detail(row))));
    else line.nextElementSibling.remove();
  }

  /** The button that opens a row. */
  static more(name) {
    return el("button", { type: "button", class: "more quiet", "aria-expanded": "false" }, "Details", el("span", { class: "hidden" }, " of ", name));
  }

  pager() {
    const step = (label, by) => el("button", { type: "button", class: "quiet", "data-step": by, onclick: () => this.turn(this.page + by) }, label);
    this.number = el("input", { type: "number", min: "1", value: "1", onchange: () => this.turn(Number(this.number.value) - 1) });
    this.of = el("span", {});
    return el("nav", { class: "pager", "aria-label": `Pages: ${this.caption}` }, step("Previous", -1), el("label", {}, "Page ", this.number, " ", this.of), step("Next", 1));
  }

  turn(page) {
    this.page = Number.isFinite(page) ? Math.trunc(page) : 0;
    this.show();
    this.table.parentElement.scrollTop = 0;
  }

  foot() {
    const sizes = [25, 50, 100, 250].map((n) => [String(n), String(n)]);
    const { element, select } = choice("Rows on a page", sizes, () => {
      this.size = Number(select.value);
      this.restart();
    });
    select.value = String(this.size);
    return el("div", { class: "foot" }, element);
  }
}
