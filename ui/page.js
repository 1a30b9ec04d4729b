// What the page does by itself: opens the source that a [n] points to, copies, switches light and dark, saves files.
(() => {
  "use strict";
  let cameFrom = null;

  // The marks of the sentence that a number stands after; all of the card's where none holds its very words.
  function quoted(card, link) {
    let before = link.previousElementSibling;
    while (before && !(before.matches("span, mark"))) before = before.previousElementSibling;
    const said = before?.textContent.trim();
    const marks = [...card.querySelectorAll("mark")];
    const same = marks.filter((mark) => said && mark.textContent.includes(said));
    return same.length ? same : marks;
  }

  function open(card, link) {
    for (let up = card; up; up = up.parentElement) if (up.tagName === "DETAILS") up.open = true;
    document.querySelectorAll(".card.lit").forEach((lit) => lit.classList.remove("lit"));
    document.querySelectorAll("mark.now").forEach((mark) => mark.classList.remove("now"));
    card.classList.add("lit");
    const marks = quoted(card, link);
    marks.forEach((mark) => mark.classList.add("now"));
    // from its title on, unless the quote would then be out of sight
    const mark = marks[0];
    const panel = document.getElementById("sources");
    const room = panel.scrollHeight > panel.clientHeight ? panel.clientHeight : innerHeight;
    const far = mark && mark.getBoundingClientRect().bottom - card.getBoundingClientRect().top > room - 84;
    (far ? mark : card).scrollIntoView({ block: far ? "center" : "start" });
    card.querySelector("summary").focus({ preventScroll: true });
  }

  function copied(button) {
    const answer = button.closest(".answer");
    const said = answer.querySelector(".said").innerText.replaceAll("\u00a0", " ");
    const ids = [...answer.querySelectorAll("a.cite")].map((a) => a.getAttribute("href").slice(1));
    const titles = [...new Set(ids)].map((id) => {
      const card = document.getElementById(id);
      return card ? `[${id.split("-")[2]}] ${card.querySelector(".title").innerText}` : "";
    });
    const text = [said, "", ...titles.filter(Boolean)].join("\n");
    const done = () => { button.textContent = "Copied"; setTimeout(() => { button.textContent = "Copy"; }, 1500); };
    if (navigator.clipboard) return void navigator.clipboard.writeText(text).then(done);
    const box = Object.assign(document.createElement("textarea"), { value: text });
    document.body.append(box); box.select(); document.execCommand("copy"); box.remove(); done();
  }

  document.addEventListener("click", (event) => {
    const target = event.target instanceof Element ? event.target : event.target.parentElement;
    const link = target?.closest('a[href^="#src-"], a[href^="#near-"]');
    if (link) {
      event.preventDefault();
      const card = document.getElementById(link.getAttribute("href").slice(1));
      if (card) { cameFrom = link; open(card, link); }
    } else if (target?.closest("button.back")) {
      const again = cameFrom?.isConnected ? cameFrom : document.querySelector("#q textarea");
      again.scrollIntoView({ block: "center" });
      again.focus();
    } else if (target?.closest("button.copy")) {
      copied(target.closest("button.copy"));
    } else if (target?.closest(".banner button")) {
      target.closest(".banner").remove();
      measure();
    } else if (target?.closest("#theme")) {
      const dark = document.body.classList.toggle("dark");
      localStorage.setItem("paperchat-theme", dark ? "dark" : "light");
    }
  });

  window.paperchatSave = (name, type, text) => {
    const url = URL.createObjectURL(new Blob([text], { type }));
    const link = Object.assign(document.createElement("a"), { href: url, download: name });
    document.body.append(link); link.click(); link.remove();
    setTimeout(() => URL.revokeObjectURL(url), 1000);
  };

  // The chat is as high as what is left of the window under the tabs.
  function measure() {
    const split = document.getElementById("split");
    if (split?.offsetParent)
      document.documentElement.style.setProperty("--top", `${Math.round(split.getBoundingClientRect().top + scrollY)}px`);
  }

  // Gradio reads the source text of a message out as its label, and leaves two buttons without a name.
  function label() {
    document.querySelectorAll("#chat [data-testid=bot][aria-label], #chat [data-testid=user][aria-label]")
      .forEach((message) => message.removeAttribute("aria-label"));
    document.querySelector("#q [data-testid=submit-button]")?.setAttribute("aria-label", "Ask");
    document.querySelector("#q [data-testid=stop-button]")?.setAttribute("aria-label", "Stop");
  }

  function begin() {
    const wanted = localStorage.getItem("paperchat-theme");
    if (wanted) document.body.classList.toggle("dark", wanted === "dark");
    let due = 0;
    const tidy = () => { due = 0; label(); measure(); };
    tidy();
    new MutationObserver(() => { due ||= setTimeout(tidy, 120); }).observe(document.body, { childList: true, subtree: true });
    addEventListener("resize", measure);
  }
  if (document.body) begin(); else document.addEventListener("DOMContentLoaded", begin);
})();
