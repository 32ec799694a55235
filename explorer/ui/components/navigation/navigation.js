/* Leaves for another page of the app, as a click on a link does: one step of the browser's history. */
export default function ({ data }) {
  const url = new URL(data.url, window.location.href);
  if (url.href === window.location.href) return;
  window.history.pushState({}, "", url);
  window.dispatchEvent(new PopStateEvent("popstate"));
}
