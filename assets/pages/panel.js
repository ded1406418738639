// The side panel: one delegation whole, with what can be done next, how far it is, and its chain of custody.
import { get, patch } from "../api.js";
import { isClosed, movesFor, road } from "../delegations.js";
import { h } from "../dom.js";
import { button, form, submit } from "../elements/form.js";
import { icon, stateMark } from "../elements/icon.js";
import { load } from "../elements/load.js";
import { personTag } from "../elements/person.js";
import { toast } from "../elements/toast.js";
import { time } from "../format.js";
import { maybe, t } from "../i18n.js";
import { withQuery } from "../router.js";
import { content, contentFields, dayOf } from "./create.js";
import { moveButton } from "./move.js";
import { dueTag, priorityTag, stateTag } from "./row.js";

/** @typedef {import("../api.js").Person} Person */
/** @typedef {import("../delegations.js").Delegation} Delegation */
/** @typedef {{at: string, actor?: Person, step: string, state: string, assignee?: Person}} Link */

/** How far along the road it is; nothing for one that left the road. @param {Delegation} delegation */
function progress({ state }) {
  const at = road.indexOf(state);
  if (at < 0) return null;
  return h("ol", { class: "road", "aria-label": t("panel.road") }, ...road.map((each, index) =>
    h("li", { class: index < at ? "past" : index === at ? "here" : "", "aria-current": index === at && "step" }, h("span", {}, t(/** @type {any} */ (`state.${each}`))))));
}

/** @param {{items: Link[]}} chain */
function custody({ items }) {
  return h("ol", { class: "custody" }, ...items.map((each) => h("li", {},
    stateMark(each.state),
    h("div", {}, h("p", {}, sentence(each)), h("p", { class: "when" }, time(each.at))))));
}

/** A link of the chain in words; the first was written down, or handed over at once. @param {Link} link */
function sentence(link) {
  const step = link.step === "create" && link.state === "offered" ? "offer" : link.step;
  const actor = link.actor?.name ?? t("erased");
  return maybe(`custody.${step}`, { actor, assignee: link.assignee?.name ?? "" }) ?? `${actor}: ${step}`;
}

/**
 * @param {Delegation} delegation
 * @param {string} address
 * @param {() => void} changed
 * @param {() => void} back
 */
function editor(delegation, address, changed, back) {
  return form(async (found) => {
    const undated = delegation.due_at && !found.due ? { due_at: null } : {};
    await patch(address, delegation.etag, { ...content(found), body: found.body ?? "", ...undated });
    toast(t("panel.saved"));
    changed();
  }, contentFields({ ...delegation, labels: undefined, delegator: undefined, assignee: undefined, due: dayOf(delegation.due_at) }), [submit(t("save")), button(t("back"), back)]);
}

/**
 * @param {import("../api.js").Me} me
 * @param {string} team
 * @param {string} id
 * @param {() => void} changed called after each change, so that the list beside follows
 */
export function panel(me, team, id, changed) {
  const address = `/teams/${encodeURIComponent(team)}/delegations/${encodeURIComponent(id)}`;
  const refresh = () => { body.reload(); changed(); };

  /** @param {[Delegation, {items: Link[]}]} found */
  const draw = ([delegation, chain]) => {
    const moves = movesFor(delegation, me.id);
    const editable = delegation.delegator.id === me.id && !isClosed(delegation);
    const shown = h("div", {});
    const read = () => shown.replaceChildren(
      h("h2", { tabindex: -1 }, delegation.title),
      h("p", { class: "panel-tags" }, stateTag(delegation.state), priorityTag(delegation), dueTag(delegation)),
      h("p", { class: "hand" }, personTag(delegation.delegator), h("span", { class: "hand-arrow", role: "img", "aria-label": t("to") }, "→"), personTag(delegation.assignee)),
      delegation.body ? h("p", { class: "panel-body" }, delegation.body) : "");
    const edit = () => shown.replaceChildren(editor(delegation, address, refresh, read));
    read();
    return h("div", {}, shown, progress(delegation) ?? "",
      h("div", { class: "buttons" }, ...moves.map((verb, index) => moveButton(delegation, verb, refresh, index === 0)), editable && button(t("edit"), edit)),
      h("h3", {}, t("panel.custody")), custody(chain));
  };

  const body = load(() => Promise.all([get(address), get(`${address}/custody`)]), draw);
  return h("aside", { class: "panel", "aria-label": t("panel.label") },
    h("a", { class: "icon-button", href: withQuery({ open: null, team: null }), "aria-label": t("close"), title: `${t("close")} (Esc)` }, icon("close")),
    body);
}
