// A one-time sign-in link of somebody who is known here: one press, so that opening a link alone spends nothing.
import { post } from "../api.js";
import { h } from "../dom.js";
import { form, submit } from "../elements/form.js";
import { t } from "../i18n.js";
import { go } from "../router.js";
import { thisDevice } from "../tokens.js";

/** @param {string} token */
export function link(token) {
  const node = h("section", {},
    h("h1", { tabindex: -1 }, t("link.title")),
    h("p", { class: "lead" }, t("link.lead")),
    form(async () => {
      await post("/auth/link", { token, device: thisDevice() });
      go("/");
    }, [], [submit(t("link.go"))]));
  return { title: t("link.title"), node };
}
