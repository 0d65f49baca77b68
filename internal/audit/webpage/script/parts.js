// Small pieces that both tables are made of. Text reaches the page through textContent alone.

/** Remembers what f gives, or gave for the same argument. */
function once(f) {
  const known = new Map();
  return (argument) => {
    if (!known.has(argument)) known.set(argument, f(argument));
    return known.get(argument);
  };
}

/** An element: its attributes, then what is in it. */
function el(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === false || value === null || value === undefined) continue;
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined));
  return element;
}

/** Somebody's text, which may run from right to left, apart from what stands around it. */
function foreign(text, attributes) {
  return el("bdi", attributes, text);
}

/** An address, which may break before its @ rather than within a word. */
function address(text, attributes) {
  const at = text.lastIndexOf("@");
  return at < 0 ? foreign(text, attributes) : el("bdi", attributes, text.slice(0, at), el("wbr"), text.slice(at));
}

const grades = ["high", "medium", "low", "info"];
const gradeNames = ["High", "Medium", "Low", "To know"];
const typeNames = { atlassian: "Person", app: "App or bot", customer: "Portal customer", unknown: "Not known" };
const sourceNames = {
  jira: "Jira", scim: "User provisioning (SCIM)", organization: "Atlassian organization", export: "Admin console’s export", roster: "Roster",
};

function badge(severity) {
  return el("span", { class: `badge ${grades[severity]}` }, gradeNames[severity]);
}

const figures = new Intl.NumberFormat("en");

/** "1 finding", "1,200 findings". */
function counted(n, one, many) {
  return `${figures.format(n)} ${n === 1 ? one : many}`;
}

function sentenceCase(word) {
  return word === "" ? "" : word[0].toUpperCase() + word.slice(1).replaceAll("_", " ");
}

const dateFormat = new Intl.DateTimeFormat("en-GB", { day: "numeric", month: "short", year: "numeric", timeZone: "UTC" });

/** A day since 1970 as a date. */
function dateOf(day) {
  return dateFormat.format(day * 86400000);
}

function ago(days) {
  if (days <= 0) return "on the day of the report";
  if (days < 60) return counted(days, "day", "days") + " before";
  return `${Math.round(days / 30.4)} months before`;
}

const live = el("p", { class: "hidden", role: "status" });

/** Tells who can't see it. */
function announce(text) {
  live.textContent = text;
}

/** Copies, also where the browser keeps the clipboard from a file. */
async function copy(text, button) {
  let copied = true;
  try {
    await navigator.clipboard.writeText(text);
  } catch {
    const area = el("textarea", { class: "hidden", "aria-hidden": "true", readonly: true });
    area.value = text;
    document.body.append(area);
    area.select();
    copied = document.execCommand("copy");
    area.remove();
    button.focus();
  }
  announce(copied ? "Copied" : "Not copied: the browser does not allow it");
  button.classList.toggle("copied", copied);
}

/** A tool call to copy. */
function callOf(text) {
  const pre = el("pre", { tabindex: "0" }, pretty(text));
  return el("div", { class: "call" }, pre, el("button", { type: "button", class: "quiet", onclick: (e) => copy(pre.textContent, e.currentTarget) }, "Copy the tool call"));
}

/** JSON with its lines, where it is JSON. */
function pretty(text) {
  try {
    return JSON.stringify(JSON.parse(text), null, 2);
  } catch {
    return text;
  }
}

function choice(label, options, onchange) {
  const select = el("select", { onchange }, ...options.map(([value, text]) => el("option", { value }, text)));
  return { element: el("label", { class: "field" }, el("span", {}, label), select), select };
}

function searchField(label, hint, oninput) {
  const input = el("input", { type: "search", placeholder: hint, autocomplete: "off", spellcheck: "false" });
  let timer = 0;
  input.addEventListener("input", () => {
    clearTimeout(timer);
    timer = setTimeout(oninput, 80); // after the last of several keys
  });
  return { element: el("label", { class: "field search" }, el("span", {}, label), input), input };
}
