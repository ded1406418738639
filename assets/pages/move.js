// The buttons that move a delegation from state to state; those that hand it to somebody ask to whom.
import { get, post } from "../api.js";
import { isRefusal, needsAssignee } from "../delegations.js";
import { h } from "../dom.js";
import { openDialog } from "../elements/dialog.js";
import { button, field, form, select, submit } from "../elements/form.js";
import { load } from "../elements/load.js";
import { problemBox } from "../elements/problem.js";
import { toast } from "../elements/toast.js";
import { t } from "../i18n.js";

/** @typedef {import("../delegations.js").Delegation} Delegation */
/** @typedef {import("../delegations.js").Verb} Verb */
/** @typedef {{user_id: string, name: string, role: string, joined_at: string}} Member */

/** @param {string} team @returns {Promise<Member[]>} */
export const members = async (team) => (await get(`/teams/${team}/members`)).items;

/**
 * @param {Delegation} delegation
 * @param {Verb} verb
 * @param {unknown} [body]
 */
async function move(delegation, verb, body) {
  await post(`/teams/${delegation.team_id}/delegations/${delegation.id}/${verb}`, body);
  toast(t(`moved.${verb}`));
}

/**
 * Asks whom the work goes to, or whether it is meant.
 * @param {Delegation} delegation
 * @param {Verb} verb
 * @param {() => void} changed
 */
function ask(delegation, verb, changed) {
  openDialog(t(`move.${verb}`), (close) => load(async () => needsAssignee(verb) ? members(delegation.team_id) : [], (people) => {
    /** @type {[string, string][]} */
    const options = people.filter((each) => verb !== "reassign" || each.user_id !== delegation.assignee?.id).map((each) => [each.user_id, each.name]);
    if (needsAssignee(verb) && options.length === 0) return h("p", {}, t("move.alone"));
    return form(async ({ assignee_id }) => {
      // A draft offered to somebody other than whom it was written for changes hands at once.
      const toAnother = assignee_id !== delegation.assignee?.id;
      await move(delegation, verb === "offer" && toAnother ? "reassign" : verb, toAnother ? { assignee_id } : {});
      close();
      changed();
    }, [
      h("p", { class: "dialog-subject" }, delegation.title),
      needsAssignee(verb) ? field(t("field.assignee"), select("assignee_id", options, delegation.assignee?.id)) : h("p", {}, t("move.final")),
    ], [submit(t(`move.${verb}`)), button(t("back"), close)]);
  }));
}

/**
 * @param {Delegation} delegation
 * @param {Verb} verb
 * @param {() => void} changed
 * @param {boolean} [first] the step that moves things on
 */
export function moveButton(delegation, verb, changed, first = false) {
  const go = async () => {
    if (needsAssignee(verb) || verb === "cancel") return ask(delegation, verb, changed);
    control.disabled = true;
    try {
      await move(delegation, verb);
      changed();
    } catch (error) {
      control.disabled = false;
      openDialog(t(`move.${verb}`), () => problemBox(error));
    }
  };
  const control = h("button", { type: "button", class: first ? "button primary" : isRefusal(verb) ? "button quiet" : "button", onclick: go }, t(`move.${verb}`));
  return control;
}
