// A server without an owner: says so, and how to become it. Never a sign-in form.
import { h } from "../dom.js";
import { copyBox } from "../elements/copy.js";
import { t } from "../i18n.js";
import { pasteForm } from "./paste.js";

export function unclaimed() {
  const node = h("section", {},
    h("h1", { tabindex: -1 }, t("unclaimed.title")),
    h("p", { class: "lead" }, t("unclaimed.lead")),
    h("ol", { class: "steps" },
      h("li", {}, h("p", {}, t("unclaimed.run")), copyBox(t("unclaimed.command"), "milton owner claim")),
      h("li", {}, h("p", {}, t("unclaimed.paste")), pasteForm(false, t("unclaimed.go")))));
  return { title: t("unclaimed.title"), node };
}
