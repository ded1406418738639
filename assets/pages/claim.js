// First run: the claim link makes its holder the owner. Name → first team → keep the root key → done.
import { post } from "../api.js";
import { h } from "../dom.js";
import { field, form, submit } from "../elements/form.js";
import { t } from "../i18n.js";
import { go } from "../router.js";
import { thisDevice } from "../tokens.js";

/** @param {string} token */
export function claim(token) {
  const node = h("section", {}, askName());

  /** @param {Node} step */
  function next(step) {
    node.replaceChildren(step);
    node.querySelector("h1")?.focus();
  }

  function askName() {
    return step(1, t("claim.name.title"), t("claim.name.lead"), form(async ({ name, email }) => {
      await post("/auth/link", { token, name, email, device: thisDevice() });
      next(askTeam());
    }, [
      field(t("field.name"), h("input", { name: "name", required: true, autocomplete: "name", maxlength: 100 })),
      field(t("field.email"), h("input", { name: "email", type: "email", autocomplete: "email" }), t("claim.email.hint")),
    ], [submit(t("claim.name.go"))]));
  }

  function askTeam() {
    return step(2, t("claim.team.title"), t("claim.team.lead"), form(async ({ name }) => {
      await post("/teams", { name });
      next(askKey());
    }, [field(t("field.team"), h("input", { name: "name", required: true, maxlength: 100, autocomplete: "off" }))], [submit(t("claim.team.go"))]));
  }

  function askKey() {
    return step(3, t("claim.key.title"), t("claim.key.lead"), form(async () => go("/"), [
      h("p", {}, t("claim.key.where"), " ", h("code", {}, "MILTON_ROOT_KEY_FILE")),
      h("label", { class: "check" }, h("input", { type: "checkbox", name: "saved", required: true }), t("claim.key.saved")),
    ], [submit(t("claim.key.go"))]));
  }

  return { title: t("claim.title"), node };
}

/**
 * @param {number} number
 * @param {string} title
 * @param {string} lead
 * @param {Node} body
 */
function step(number, title, lead, body) {
  return h("div", {},
    h("p", { class: "step" }, t("claim.step", { number }), h("span", { class: "step-bar", "aria-hidden": "true" },
      ...[1, 2, 3].map((each) => h("span", { class: each <= number ? "past" : "" })))),
    h("h1", { tabindex: -1 }, title), h("p", { class: "lead" }, lead), body);
}
