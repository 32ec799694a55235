/* The audience's page: shows the room's state, sends a vote. ES2017 and no library: phones of 2018 run it. */
"use strict";

const RETRY_MS = 1000;
const RETRY_MOST_MS = 30000;
const STEADY_MS = 10000; // a stream that lasted so long was a good one
const SILENT_MS = 40000; // the server says something every 15 s
const VOTE_MS = 8000; // that a vote may be on its way
const PHASES = {
  open: "Vote now",
  closed: "The vote is closed",
  counted: "This is how you voted",
  revealed: "The answer",
};

const code = document.body.dataset.code;
const root = location.pathname.replace(/hall\/[^/]*$/, ""); // of the app: a proxy may put it anywhere
const by = (id) => document.getElementById(id);

let shown = 0; // number of the ballot whose options are on the page
let mine = null; // [number, option] of what this browser chose last
let pending = -1; // the option that is being sent
let over = false;
let latest = null;

function el(tag, className, text) {
  const element = document.createElement(tag);
  element.className = className;
  if (text !== undefined) element.textContent = text;
  return element;
}

/* A text that a screen reader says when it changes, and only then. */
function say(id, text) {
  if (by(id).textContent !== text) by(id).textContent = text;
}

function picture(digest, alt) {
  const image = el("img", "");
  image.src = `picture/${encodeURIComponent(digest)}`;
  image.alt = alt;
  return image;
}

// ---- the question

function build(question) {
  const options = by("options");
  options.textContent = "";
  say("refused", "");
  question.options.forEach((option, index) => {
    const button = el("button", "option");
    button.type = "button";
    if (option.picture) button.append(picture(option.picture, option.alt));
    button.append(el("span", "label", option.text), " ", el("span", "mark"), el("span", "bars"));
    button.addEventListener("click", () => vote(index));
    options.append(button);
  });
}

function bar(name, count, total, className) {
  const percent = total ? Math.round((100 * count) / total) : 0;
  const row = el("span", `bar ${className}`);
  const fill = el("span", "fill");
  fill.style.width = `${percent}%`;
  const track = el("span", "track");
  track.append(fill);
  row.append(el("span", "name", name), track, el("span", "count", `${count.toLocaleString("en")} (${percent} %)`));
  return row;
}

const sum = (counts) => counts.reduce((total, count) => total + count, 0);

function renderQuestion(question, number) {
  by("question").hidden = !question;
  if (!question) {
    shown = 0;
    say("phase", "");
    return;
  }
  const ballot = question.id; // a second round has the same options: the focus stays where it is
  if (shown !== ballot) build(question);
  shown = ballot;
  if (!mine || mine[0] !== number) mine = null;
  const second = question.round === 2 && question.phase === "open" ? ": the second time" : "";
  const phase = question.phase === "revealed" && question.right === null ? "counted" : question.phase;
  say("phase", PHASES[phase] + second);
  say("text", question.text);
  const open = question.phase === "open";
  Array.from(by("options").children).forEach((button, index) => {
    const chosen = Boolean(mine) && mine[1] === index;
    const right = question.right === index;
    button.setAttribute("aria-pressed", String(chosen));
    button.setAttribute("aria-disabled", String(!open));
    button.classList.toggle("chosen", chosen);
    button.classList.toggle("pending", open && pending === index);
    button.classList.toggle("right", right);
    const marks = [right ? "✓ right" : "", chosen ? "your choice" : ""].filter(Boolean);
    button.querySelector(".mark").textContent = marks.join(", ");
    const bars = button.querySelector(".bars");
    bars.textContent = "";
    if (question.before) bars.append(bar("1st", question.before[index], sum(question.before), "before"));
    if (question.counts) bars.append(bar(question.round === 2 ? "2nd" : "", question.counts[index], sum(question.counts), "now"));
  });
  say("votes", `${question.votes.toLocaleString("en")} ${question.votes === 1 ? "has" : "have"} voted${open && mine ? "; you can change your choice" : ""}`);
  say("why", question.why);
}

function vote(option) {
  const question = latest && latest.question;
  if (!question || question.phase !== "open" || pending >= 0) return;
  pending = option;
  say("refused", "");
  render();
  const waited = setTimeout(() => sent("Your vote has not arrived yet. Press again."), VOTE_MS);
  const body = JSON.stringify({ option, id: question.id, round: question.round });
  const headers = { "Content-Type": "application/json" };
  fetch(`${code}/vote`, { method: "POST", credentials: "same-origin", headers, body })
    .then((answer) => answer.json())
    .then((answer) => {
      if (!answer.error) mine = [answer.number, answer.option];
      return answer.error || "";
    })
    .catch(() => "Your vote did not arrive. Press again.")
    .then((sentence) => {
      clearTimeout(waited);
      sent(sentence);
    });
}

function sent(sentence) {
  pending = -1;
  say("refused", sentence);
  render();
}

// ---- following

/* The tab's history remembers it, through a reload, too; it keeps what a browser without storage would not. */
const following = () => !(history.state && history.state.left);

function follow(yes) {
  history.replaceState({ left: !yes }, "");
  render();
}

function renderView(view, question) {
  const on = following();
  by("view").hidden = Boolean(question) && question.phase !== "revealed";
  say("following", on ? "You follow the presenter." : "You do not follow the presenter.");
  say("follow", on ? "Stop following" : "Follow");
  by("shown").hidden = !on || !view;
  if (!on || !view) return;
  say("title", view.title);
  say("line", view.line);
  by("explore").href = root + view.link.slice(1);
  const pictures = by("pictures");
  while (pictures.children.length > view.pictures.length) pictures.lastChild.remove();
  view.pictures.forEach(([digest, alt, role], index) => {
    const frame = pictures.children[index] || pictures.appendChild(el("div", "picture"));
    frame.dataset.role = role;
    frame.tabIndex = 0; // it scrolls by keyboard, too
    if (frame.dataset.digest === digest) return;
    frame.dataset.digest = digest;
    if (frame.firstChild) {
      frame.firstChild.src = `picture/${encodeURIComponent(digest)}`;
      frame.firstChild.alt = alt;
    } else frame.append(picture(digest, alt));
  });
}

// ---- the state

function render() {
  if (!latest || over) return;
  renderQuestion(latest.question, latest.number);
  renderView(latest.view, latest.question);
}

function end(sentence) {
  over = true;
  for (const id of ["question", "view"]) by(id).hidden = true;
  by("over").hidden = false;
  say("status", sentence);
}

let source = null;
let timer = 0;
let tries = 0;
let heard = 0;
let opened = 0;

function connect() {
  clearTimeout(timer);
  timer = 0;
  if (source) source.close();
  heard = Date.now();
  opened = 0;
  source = new EventSource(`${code}/events`);
  source.addEventListener("open", () => {
    heard = opened = Date.now();
    say("status", "");
  });
  source.addEventListener("message", (event) => {
    heard = Date.now();
    latest = JSON.parse(event.data);
    if (latest.ended) {
      source.close();
      end("The room has ended. Thank you.");
    } else render();
  });
  source.addEventListener("mine", (event) => {
    mine = JSON.parse(event.data);
  });
  source.addEventListener("alive", () => {
    heard = Date.now();
  });
  source.addEventListener("error", lost);
}

/* All phones of a hall lose it at once: each comes back at a time of its own. */
function lost() {
  source.close();
  if (over || timer) return;
  say("status", "The connection is lost. It is tried again by itself.");
  if (opened && Date.now() - opened > STEADY_MS) tries = 0;
  const wait = Math.min(RETRY_MOST_MS, RETRY_MS * 2 ** tries) * (0.5 + Math.random());
  tries += 1;
  timer = setTimeout(connect, wait);
  if (!opened) ask();
}

/* Why there is no stream: an EventSource does not say. */
function ask() {
  fetch(`${code}/events?why`, { credentials: "same-origin" })
    .then((answer) => (answer.status === 204 ? null : answer.json().then(({ error }) => [answer.status, error])))
    .then((refused) => {
      if (!refused || !refused[1]) return;
      if (refused[0] === 404 || refused[0] === 410) {
        clearTimeout(timer);
        end(refused[1]);
      } else say("status", refused[1]);
    })
    .catch(() => {}); // no connection: that is what the page says
}

function again() {
  if (over || document.hidden) return;
  if (timer || Date.now() - heard > SILENT_MS) connect();
}

by("follow").addEventListener("click", () => follow(!following()));
addEventListener("online", again);
document.addEventListener("visibilitychange", again);
setInterval(() => {
  if (!over && !timer && Date.now() - heard > SILENT_MS) lost();
}, 5000);
say("status", "Connecting …");
connect();
