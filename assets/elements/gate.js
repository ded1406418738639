// The frame around every page that stands before the workspace: the mark on one side, one question on the other.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { logo } from "./icon.js";

/** @param {Node} page */
export function gate(page) {
  return h("div", { class: "gate" },
    h("header", { class: "gate-brand" }, logo(),
      h("p", { class: "brand" }, logo(), "Milton"),
      h("p", { class: "gate-motto" }, t("gate.motto")),
      h("p", { class: "gate-small" }, t("gate.small"))),
    h("main", { class: "gate-page" }, page));
}
