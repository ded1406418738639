// One-time links: their token comes in the address's fragment and leaves the address bar before anything else happens.

/** Takes the token out of the address bar; null when there is none. */
export function takeToken() {
  const token = location.hash.slice(1);
  if (!token) return null;
  history.replaceState(null, "", location.pathname + location.search);
  return token;
}

/**
 * Where a pasted link or bare code leads; null when it is neither.
 * @param {string} pasted
 * @param {boolean} claimed whether the server has an owner
 */
export function addressOf(pasted, claimed) {
  const token = pasted.match(/mlt_([li])_[0-9A-Za-z]+/);
  if (!token) return null;
  const page = token[1] === "i" ? "/invite" : claimed ? "/link" : "/claim";
  return `${page}#${token[0]}`;
}

/** What this browser calls itself in the list of devices. */
export function thisDevice() {
  const agent = navigator.userAgent;
  const browser = ["Firefox", "Edg", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? "Browser";
  const platform = ["Windows", "Android", "iPhone", "iPad", "Mac", "Linux"].find((name) => agent.includes(name)) ?? "unknown";
  return { name: `${browser === "Edg" ? "Edge" : browser}, ${platform}`, platform };
}
