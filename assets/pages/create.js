// The dialog that writes a new delegation. What was typed outlives a refusal, a closed dialog and a full quota.
import { create } from "../api.js";
import { priorities } from "../delegations.js";
import { h, values } from "../dom.js";
import { openDialog } from "../elements/dialog.js";
import { button, field, form, select, submit } from "../elements/form.js";
import { load } from "../elements/load.js";
import { toast } from "../elements/toast.js";
import { t } from "../i18n.js";
import { members } from "./move.js";

/** @typedef {import("../api.js").Me} Me */

/** What has been typed and not sent yet. @type {Record<string, string>} */
let draft = {};

/**
 * The end of the chosen local day, as the API wants it.
 * @param {string | undefined} day
 */
const endOfDay = (day) => day && new Date(`${day}T23:59:59`).toISOString();

/** A new offset-free day for a date field. @param {string | undefined} iso */
export const dayOf = (iso) => iso && new Date(Date.parse(iso) - new Date().getTimezoneOffset() * 60_000).toISOString().slice(0, 10);

/**
 * The fields that creating and editing share.
 * @param {Record<string, string | undefined>} known
 */
export function contentFields(known) {
  return [
    field(t("field.title"), h("input", { name: "title", required: true, autofocus: true, maxlength: 200, autocomplete: "off", value: known.title })),
    field(t("field.body"), h("textarea", { name: "body", rows: 5 }, known.body), t("field.sealed")),
    h("div", { class: "pair" },
      field(t("field.due"), h("input", { name: "due", type: "date", value: known.due })),
      field(t("field.priority"), select("priority", priorities.map((each) => [each, t(/** @type {any} */ (`priority.${each}`))]), known.priority ?? "normal"))),
  ];
}

/** From the fields to the request. @param {Record<string, string>} found */
export function content({ title, body, due, priority }) {
  return { title, body, priority, due_at: endOfDay(due) };
}

/**
 * @param {Me} me
 * @param {() => void} changed
 */
export function openCreate(me, changed) {
  openDialog(t("create.title"), (close) => {
    const holder = h("div", {});
    const team = select("team", me.teams.map((each) => [each.id, each.name]), draft.team);
    const show = () => holder.replaceChildren(load(() => members(team.value), (people) => createForm(team, people, close, changed)));
    team.addEventListener("change", () => { draft.team = team.value; show(); });
    show();
    return holder;
  });
}

/**
 * @param {HTMLSelectElement} team
 * @param {import("./move.js").Member[]} people
 * @param {() => void} close
 * @param {() => void} changed
 */
function createForm(team, people, close, changed) {
  /** @type {[string, string][]} */
  const choices = people.map((each) => [each.user_id, each.name]);
  let key = crypto.randomUUID();
  const element = form(async (found, submitter) => {
    const handOver = submitter === "offer";
    const body = { ...content(found), assignee_id: found.assignee_id, offer: handOver || undefined };
    if (handOver && !found.assignee_id) return assignee.focus();
    await create(`/teams/${team.value}/delegations`, body, key);
    draft = {};
    close();
    toast(handOver ? t("create.offered") : t("create.drafted"));
    changed();
  }, [
    team.options.length > 1 && field(t("field.team"), team),
    ...contentFields(draft),
    field(t("field.assignee"), select("assignee_id", [["", t("nobody")], ...choices], draft.assignee_id), t("create.assignee.hint")),
  ], [submit(t("create.offer"), "offer"), h("button", { class: "button", value: "draft" }, t("create.draft")), button(t("back"), close)]);
  const assignee = /** @type {HTMLSelectElement} */ (element.elements.namedItem("assignee_id"));
  element.addEventListener("input", () => {
    draft = { ...values(element), team: team.value };
    key = crypto.randomUUID();
    assignee.setCustomValidity("");
  });
  return element;
}
