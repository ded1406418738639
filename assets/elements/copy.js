// A value to be handed on: shown whole, selected on focus, copied with one press.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { icon } from "./icon.js";
import { toast } from "./toast.js";

/**
 * @param {string} label
 * @param {string} value
 */
export function copyBox(label, value) {
  const shown = h("input", { readonly: true, value, "aria-label": label, onfocus: () => shown.select() });
  const copy = async () => {
    await navigator.clipboard.writeText(value);
    toast(t("copied"));
  };
  return h("div", { class: "copy-box" }, shown, h("button", { type: "button", class: "button", onclick: copy }, icon("copy"), t("copy")));
}
