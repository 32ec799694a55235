/* What the components of a page know of each other; each is a module of its own, so it is kept on the window. */

export const registry = (window.__cnnExplorer ??= { groups: {}, inputs: {} });

/** The diagrams that share a selection. `selected` holds ids, `hidden` those of elements and edges that
 * are not shown yet, `edited` those in which something is altered, `views` the mounted diagrams ({ root, highlight() }),
 * and `send(id)` and `silence(id)`, while a link is mounted, tell the server what was clicked, and what was silenced. */
export function groupOf(name) {
  return (registry.groups[name] ??= { selected: new Set(), hidden: new Set(), edited: new Set(), views: new Set() });
}

/** The URLs of the model inputs by group; an enlarged map is laid over the one of its group. */
export const inputs = registry.inputs;

/** An event on the window: a model input came or changed. */
export const INPUT_CHANGED = "cnn-explorer:input";
