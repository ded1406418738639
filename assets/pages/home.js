// Home: what waits for me first, then what others are at, then what is closed; one of them open in the side panel.
import { get } from "../api.js";
import { isClosed, states, waitsFor } from "../delegations.js";
import { h } from "../dom.js";
import { button, select } from "../elements/form.js";
import { icon } from "../elements/icon.js";
import { load } from "../elements/load.js";
import { problemBox } from "../elements/problem.js";
import { t } from "../i18n.js";
import { go, withQuery } from "../router.js";
import { openCreate } from "./create.js";
import { panel } from "./panel.js";
import { row } from "./row.js";
import { openNewTeam } from "./team.js";

/** @typedef {import("../api.js").Me} Me */
/** @typedef {import("../delegations.js").Delegation} Delegation */

/** The list's address: what the filters in the URL ask for. @param {string} [cursor] */
function listAddress(cursor) {
  const shown = new URLSearchParams(location.search);
  const query = new URLSearchParams({ limit: "50" });
  for (const name of ["role", "state"]) if (shown.get(name)) query.set(name, shown.get(name) ?? "");
  if (cursor) query.set("cursor", cursor);
  return `/me/delegations?${query}`;
}

/** @param {string | null} role */
function roleFilter(role) {
  /** @param {string | null} value @param {string} text */
  const choice = (value, text) => h("a", { href: withQuery({ role: value }), "aria-current": role === value && "true" }, text);
  return h("nav", { class: "segments", "aria-label": t("home.filter.role") },
    choice(null, t("home.filter.all")), choice("assignee", t("home.filter.mine")), choice("delegator", t("home.filter.handed")));
}

/** @param {string | null} state */
function stateFilter(state) {
  /** @type {[string, string][]} */
  const options = states.map((each) => [each, t(/** @type {any} */ (`state.${each}`))]);
  const chooser = select("state", [["", t("home.filter.any")], ...options], state ?? "");
  chooser.setAttribute("aria-label", t("home.filter.state"));
  chooser.addEventListener("change", () => go(withQuery({ state: chooser.value || null })));
  return chooser;
}

/**
 * @param {string} title
 * @param {Delegation[]} items
 * @param {Me} me
 * @param {() => void} changed
 */
function section(title, items, me, changed, kind = "") {
  return items.length > 0 && h("section", { class: `group ${kind}` },
    h("h2", {}, title, " ", h("span", { class: "count" }, items.length)),
    h("ul", { class: "rows" }, ...items.map((each) => row(each, me, changed))));
}

/**
 * @param {Me} me
 * @param {{items: Delegation[], next_cursor?: string}} found
 * @param {() => void} changed
 */
function list(me, found, changed) {
  const items = found.items;
  const node = h("div", {});
  const draw = () => {
    const mine = items.filter((each) => waitsFor(each, me.id));
    const others = items.filter((each) => !isClosed(each) && !mine.includes(each));
    node.replaceChildren(...[
      section(t("home.waiting"), mine, me, changed, "waiting"), section(t("home.others"), others, me, changed),
      section(t("home.closed"), items.filter(isClosed), me, changed),
      found.next_cursor ? button(t("more"), more) : null,
    ].filter((each) => each instanceof Node));
  };
  const more = async () => {
    try {
      const next = await get(listAddress(found.next_cursor));
      items.push(...next.items);
      found.next_cursor = next.next_cursor;
      draw();
    } catch (error) {
      node.append(problemBox(error));
    }
  };
  draw();
  return node;
}

/** @param {boolean} filtered */
function empty(filtered) {
  return h("div", { class: "empty" }, icon("arrow"),
    h("p", { class: "empty-title" }, filtered ? t("home.empty.filtered") : t("home.empty")),
    h("p", {}, filtered ? h("a", { href: "/" }, t("home.empty.all")) : t("home.empty.do")));
}

function noTeam() {
  return h("div", { class: "empty" }, icon("team"),
    h("p", { class: "empty-title" }, t("home.noteam")), h("p", {}, t("home.noteam.do")), button(t("team.new"), openNewTeam));
}

/** The list last shown: opening the panel beside it must not empty it. @type {{key: string, region: ReturnType<typeof load>} | undefined} */
let last;

/**
 * @param {Me} me
 * @param {boolean} filtered
 */
function listRegion(me, filtered) {
  const key = `${me.id} ${listAddress()}`;
  if (last?.key === key) {
    last.region.reload();
    return last.region;
  }
  /** @type {ReturnType<typeof load>} */
  const region = load(() => get(listAddress()), (found) => found.items.length === 0 ? empty(filtered) : list(me, found, () => region.reload()));
  last = { key, region };
  return region;
}

/** @param {Me} me */
export function home(me) {
  const query = new URLSearchParams(location.search);
  const [role, state, open, team] = ["role", "state", "open", "team"].map((name) => query.get(name));
  const delegations = listRegion(me, Boolean(role || state));
  const changed = () => { delegations.reload(); };
  const inTeam = me.teams.length > 0;
  const page = h("div", { class: "page" },
    h("div", { class: "page-head" },
      h("h1", { tabindex: -1 }, t("home.title")),
      inTeam && h("button", { type: "button", class: "button primary", "data-create": true, onclick: () => openCreate(me, changed) }, icon("plus"), t("create.open"), h("kbd", {}, "C"))),
    inTeam && h("div", { class: "filters" }, roleFilter(role), stateFilter(state)),
    inTeam ? delegations : noTeam());
  const side = open && team ? panel(me, team, open, changed) : null;
  return { title: t("home.title"), node: h("div", { class: side ? "columns open" : "columns" }, page, ...(side ? [side] : [])) };
}
