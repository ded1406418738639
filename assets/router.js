// Where the reader is: the address bar is the state, and changing it is the only way to go somewhere.

const NAVIGATED = "milton:navigated";

/** @param {string} address */
export function go(address) {
  if (address !== location.pathname + location.search) history.pushState(null, "", address);
  dispatchEvent(new CustomEvent(NAVIGATED));
}

/**
 * Changes one parameter of the query and keeps the others; null takes it out.
 * @param {Record<string, string | null>} changes
 */
export function withQuery(changes) {
  const query = new URLSearchParams(location.search);
  for (const [name, value] of Object.entries(changes)) value === null ? query.delete(name) : query.set(name, value);
  const text = query.toString();
  return location.pathname + (text && `?${text}`);
}

/** What stands in the query under this name, which then leaves the address bar. @param {string} name */
export function takeQuery(name) {
  const value = new URLSearchParams(location.search).get(name);
  if (value !== null) history.replaceState(null, "", withQuery({ [name]: null }));
  return value;
}

/**
 * Calls `draw` now and whenever the address changes; links within the console do not load a new document.
 * @param {() => void} draw
 */
export function route(draw) {
  addEventListener("popstate", draw);
  addEventListener(NAVIGATED, draw);
  document.addEventListener("click", (event) => {
    const link = /** @type {Element} */ (event.target).closest?.("a[href^='/']");
    const href = link?.getAttribute("href");
    if (!href || link?.hasAttribute("data-document") || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey) return;
    event.preventDefault();
    go(href);
  });
  draw();
}
