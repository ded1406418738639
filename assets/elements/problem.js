// Draws an error so that it can be acted on: what happened, the request id, what to do next.
import { Problem } from "../api.js";
import { h } from "../dom.js";
import { maybe, t } from "../i18n.js";
import { icon } from "./icon.js";

/** @param {Problem} problem */
function advice(problem) {
  if (problem.status === 429) return t("problem.429.do", { seconds: Math.max(problem.retryAfter, 1) });
  return maybe(`problem.${problem.slug}.do`) ?? maybe(`problem.${problem.status}.do`) ?? t("problem.other.do");
}

/** What happened, in the reader's language when the catalogue knows the problem. @param {Problem} problem */
export function headline(problem) {
  return maybe(`problem.${problem.slug}`) ?? maybe(`problem.${problem.status}`) ?? (problem.message || t("problem.other"));
}

/**
 * An error box. `retry` adds a button.
 * @param {unknown} error
 * @param {() => void} [retry]
 */
export function problemBox(error, retry) {
  if (!(error instanceof Problem)) throw error;
  return h("div", { class: "problem", role: "alert" },
    icon("alert"),
    h("div", {},
      h("p", { class: "problem-title" }, headline(error)),
      error.detail && h("p", {}, error.detail),
      error.errors.length > 0 && h("ul", {}, ...error.errors.map((field) => h("li", {}, `${field.pointer.replace(/^[#/]+/, "")}: ${field.detail}`))),
      error.permission && h("p", {}, `${t("problem.permission")} `, h("code", {}, error.permission)),
      h("p", {}, advice(error)),
      error.requestId && h("p", { class: "problem-id" }, `${t("problem.request")} `, h("code", {}, error.requestId)),
      retry && h("button", { type: "button", class: "button", onclick: retry }, t("problem.retry"))));
}
