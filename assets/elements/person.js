// A person as a small disc with initials beside the name.
import { h } from "../dom.js";
import { t } from "../i18n.js";

/** @param {string} name */
function initials(name) {
  const words = name.trim().split(/\s+/);
  return (words[0].charAt(0) + (words.length > 1 ? words[words.length - 1].charAt(0) : "")).toUpperCase();
}

/** @param {import("../api.js").Person | undefined} person nobody, when a draft has not been handed to anyone */
export function personTag(person) {
  if (!person) return h("span", { class: "person nobody" }, t("nobody"));
  return h("span", { class: "person" }, h("span", { class: "disc", "aria-hidden": "true" }, initials(person.name)), h("span", { class: "person-name" }, person.name));
}
