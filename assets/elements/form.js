// Form fields and a form that sends: labels, hints, errors beside their fields, and nothing typed is ever lost.
import { Problem } from "../api.js";
import { h, values } from "../dom.js";
import { t } from "../i18n.js";
import { problemBox } from "./problem.js";

let counter = 0;

/**
 * A labelled control.
 * @param {string} label
 * @param {HTMLInputElement | HTMLTextAreaElement | HTMLSelectElement} control
 * @param {string} [hint]
 */
export function field(label, control, hint) {
  const id = `field-${++counter}`;
  control.id = id;
  if (hint) control.setAttribute("aria-describedby", `${id}-hint`);
  return h("div", { class: "field" },
    h("label", { for: id }, label, !control.required && control.tagName !== "SELECT" && h("span", { class: "optional" }, ` ${t("optional")}`)),
    control,
    hint && h("p", { class: "hint", id: `${id}-hint` }, hint));
}

/**
 * @param {string} name
 * @param {[string, string][]} options value and text
 * @param {string} [chosen]
 */
export function select(name, options, chosen) {
  return h("select", { name }, ...options.map(([value, text]) => h("option", { value, selected: value === chosen }, text)));
}

/**
 * A form that hands its values to `send`, locks while that runs and shows what went wrong above its buttons.
 * @param {(found: Record<string, string>, submitter: string) => Promise<unknown>} send
 * @param {import("../dom.js").Child[]} fields
 * @param {HTMLElement[]} buttons
 */
export function form(send, fields, buttons) {
  const trouble = h("div", { class: "form-trouble" });
  const element = h("form", { class: "form", onsubmit: submit }, ...fields, trouble, h("div", { class: "buttons" }, ...buttons));
  /** @param {SubmitEvent} event */
  async function submit(event) {
    event.preventDefault();
    if (element.ariaBusy === "true") return;
    element.ariaBusy = "true";
    trouble.replaceChildren();
    try {
      await send(values(element), /** @type {HTMLButtonElement | null} */ (event.submitter)?.value ?? "");
    } catch (error) {
      trouble.replaceChildren(problemBox(error));
      if (error instanceof Problem) markFields(element, error);
    }
    element.ariaBusy = "false";
  }
  return element;
}

/**
 * @param {HTMLFormElement} element
 * @param {Problem} problem
 */
function markFields(element, problem) {
  const wrong = new Set(problem.errors.map((entry) => entry.pointer.split("/").pop()));
  for (const control of element.querySelectorAll("input, textarea, select")) {
    const isWrong = wrong.has(control.getAttribute("name") ?? "");
    if (isWrong) control.setAttribute("aria-invalid", "true");
    else control.removeAttribute("aria-invalid");
  }
}

/**
 * @param {string} text
 * @param {string} [value] tells two submit buttons of one form apart
 */
export const submit = (text, value = "") => h("button", { class: "button primary", value }, text);

/**
 * @param {string} text
 * @param {() => void} onclick
 */
export const button = (text, onclick) => h("button", { type: "button", class: "button", onclick }, text);
