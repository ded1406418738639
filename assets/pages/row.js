// One delegation in a list: its mark, title, who handed it to whom, when it is due, and the step that waits for me.
import { movesFor, waitsFor } from "../delegations.js";
import { h } from "../dom.js";
import { stateMark } from "../elements/icon.js";
import { personTag } from "../elements/person.js";
import { time } from "../format.js";
import { maybe, t } from "../i18n.js";
import { withQuery } from "../router.js";
import { moveButton } from "./move.js";

/** @typedef {import("../delegations.js").Delegation} Delegation */

/** @param {string} state */
export const stateTag = (state) => h("span", { class: `state state-${state}` }, stateMark(state), maybe(`state.${state}`) ?? state);

/** Due time; past and still open is said in words. @param {Delegation} delegation */
export function dueTag(delegation) {
  if (!delegation.due_at) return null;
  const late = Date.parse(delegation.due_at) < Date.now() && !["done", "confirmed", "cancelled"].includes(delegation.state);
  return h("span", { class: late ? "due late" : "due" }, late ? `${t("due.late")} ` : `${t("due.on")} `, time(delegation.due_at, "day"));
}

/** Urgency, when it is out of the ordinary. @param {Delegation} delegation */
export function priorityTag({ priority }) {
  return priority === "normal" ? null : h("span", { class: `priority priority-${priority}` }, maybe(`priority.${priority}`) ?? priority);
}

/**
 * @param {Delegation} delegation
 * @param {import("../api.js").Me} me
 * @param {() => void} changed
 */
export function row(delegation, me, changed) {
  const open = new URLSearchParams(location.search).get("open") === delegation.id;
  const [next] = movesFor(delegation, me.id);
  return h("li", { class: "row" },
    stateMark(delegation.state),
    h("div", { class: "row-main" },
      h("a", { href: withQuery({ open: delegation.id, team: delegation.team_id }), "aria-current": open && "true" }, delegation.title),
      h("p", { class: "row-meta" },
        h("span", { class: "row-state" }, maybe(`state.${delegation.state}`) ?? delegation.state),
        h("span", { class: "hand" }, personTag(delegation.delegator), h("span", { class: "hand-arrow", "aria-label": t("to") , role: "img" }, "→"), personTag(delegation.assignee)),
        dueTag(delegation), priorityTag(delegation))),
    next && waitsFor(delegation, me.id) && moveButton(delegation, next, changed, true));
}
