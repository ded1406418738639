// The parts of a place, as links beside each other.
import { h } from "../dom.js";

/**
 * @param {string} label
 * @param {[string, string][]} parts address and name
 */
export const tabs = (label, parts) => h("nav", { class: "segments", "aria-label": label }, ...parts.map(([href, name]) =>
  h("a", { href, "aria-current": location.pathname === href && "page" }, name)));
