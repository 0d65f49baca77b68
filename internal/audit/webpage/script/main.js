// Brings the page to life. What it shows without is complete but for the tables.

async function start() {
  const element = document.getElementById("data");
  const data = await Data.read(element.textContent);performance.mark("b-read");
  element.remove(); // eight megabytes that nobody needs any more

  // One order of all names, of people and of what else there are findings about, serves every table and every column.
  const names = orderOfTexts(data.name.concat(data.subjects));
  const ranks = ranksOf(names);
  const ofPeople = names.filter((i) => i < data.people);
  const findingRank = Uint32Array.from(data.person, (person) => ranks[person < 0 ? data.people - 1 - person : person]);
  const peopleOrder = once((down) => (down ? ofPeople.toReversed() : ofPeople));
  const findingOrder = once((down) => sortByNumbers(Uint32Array.from(findingRank.keys()), findingRank, down));
  const search = once(() => new Searchable(data));

  const findings = new Findings(data, findingOrder, search);
  const people = new People(data, peopleOrder, search, findings);
  findings.onperson = (person) => people.only(person);
  document.querySelector("#findings-part .table-app").replaceWith(findings.table.element);
  document.querySelector("#people-part .table-app").replaceWith(people.table.element);

  for (const link of document.querySelectorAll("[data-kind]")) link.addEventListener("click", () => findings.only(link.dataset.kind));
  const printed = new Printed(data, findings, document.getElementById("printed"));
  window.addEventListener("beforeprint", () => printed.render());
  (window.requestIdleCallback ?? setTimeout)(() => search(undefined));
}

document.body.append(live);
document.getElementById("print").addEventListener("click", () => window.print());
for (const button of document.querySelectorAll("[data-copy]")) {
  button.addEventListener("click", () => copy(button.previousElementSibling.textContent, button));
}
try {
  await start();
  performance.mark("ready");
  document.documentElement.dataset.state = "ready";
} catch (error) {
  document.documentElement.dataset.state = "failed";
  const said = error instanceof Incomplete ? "This file is not complete: it was cut off while it was written or copied. Get it again."
    : "The tables can't be shown: this browser is too old, or the file was altered. A current Chrome, Edge, Firefox or Safari shows them.";
  for (const part of document.querySelectorAll(".table-app")) part.replaceChildren(el("p", { class: "empty", role: "alert" }, said));
}
