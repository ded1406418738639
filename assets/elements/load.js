// A region that fetches: shows that it is loading, then the content, or the error with a way to try again.
import { h } from "../dom.js";
import { t } from "../i18n.js";
import { problemBox } from "./problem.js";

/**
 * @template T
 * @param {() => Promise<T>} fetcher
 * @param {(found: T) => Node} draw
 * @returns {HTMLElement & {reload: () => Promise<void>}} reloading keeps the old content in sight until the new is there
 */
export function load(fetcher, draw) {
  const region = h("div", { class: "load", "aria-busy": "true" },
    h("p", { class: "visually-hidden" }, t("loading")), ...[0, 1, 2].map(() => h("div", { class: "skeleton" })));
  const reload = async () => {
    region.setAttribute("aria-busy", "true");
    try {
      region.replaceChildren(draw(await fetcher()));
      /** @type {HTMLElement | null} */ (region.querySelector("[autofocus]"))?.focus();
    } catch (error) {
      region.replaceChildren(problemBox(error, reload));
    }
    region.setAttribute("aria-busy", "false");
  };
  reload();
  return Object.assign(region, { reload });
}
