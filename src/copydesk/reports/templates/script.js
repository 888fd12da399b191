"use strict";
(() => {
  document.documentElement.classList.add("js");

  const value = (cell) => {
    const given = cell.dataset.v;
    return given === undefined ? cell.textContent.trim() : given === "" ? null : Number(given);
  };
  const compare = (a, b) =>
    typeof a === "number" && typeof b === "number" ? a - b : String(a).localeCompare(String(b), undefined, { numeric: true });

  for (const table of document.querySelectorAll("table.sortable")) {
    const heads = [...table.tHead.rows[0].cells];
    heads.forEach((head, column) => {
      const button = head.querySelector("button");
      if (!button) return;
      button.addEventListener("click", () => {
        const first = head.classList.contains("n") ? "descending" : "ascending";
        const now = head.getAttribute("aria-sort");
        const order = now === "none" ? first : now === "ascending" ? "descending" : "ascending";
        heads.forEach((other) => other.querySelector("button") && other.setAttribute("aria-sort", other === head ? order : "none"));
        const sign = order === "ascending" ? 1 : -1;
        const body = table.tBodies[0];
        const keyed = [...body.rows].map((row) => [value(row.cells[column]), row]);
        keyed.sort(([a], [b]) => (a === null || b === null ? (a === null) - (b === null) : sign * compare(a, b)));
        body.append(...keyed.map(([, row]) => row));
      });
    });
  }

  for (const list of document.querySelectorAll("[data-list]")) {
    const tools = document.getElementById(list.dataset.list);
    const items = [...list.children];
    const told = tools.querySelector("output");
    const search = tools.querySelector("input");
    const show = () => {
      let shown = 0;
      const wanted = [...tools.querySelectorAll("select[data-key]")].filter((each) => each.selectedIndex > 0);
      const words = search ? search.value.toLowerCase().trim() : "";
      for (const item of items) {
        const fits =
          wanted.every((each) => item.getAttribute("data-" + each.dataset.key).split("\n").includes(each.value)) &&
          (!words || item.textContent.toLowerCase().includes(words));
        item.hidden = !fits;
        shown += fits;
      }
      told.textContent = shown + " of " + items.length + " shown";
    };
    const sort = tools.querySelector("select[data-sort]");
    if (sort) {
      sort.addEventListener("change", () => {
        const name = "data-" + sort.value;
        const sign = sort.selectedOptions[0].dataset.order === "down" ? -1 : 1;
        const key = (item) => {
          const text = item.getAttribute(name);
          return text !== null && text.trim() !== "" && Number.isFinite(Number(text)) ? Number(text) : text;
        };
        items.sort((a, b) => sign * compare(key(a), key(b)));
        list.append(...items);
      });
    }
    tools.addEventListener("input", show);
    tools.querySelector("[data-all]")?.addEventListener("click", () => {
      for (const select of tools.querySelectorAll("select[data-key]")) select.selectedIndex = 0;
      if (search) search.value = "";
      show();
    });
    show();
  }

  const pick = (key, label) => {
    const select = document.querySelector(`#mistake-tools select[data-key=${key}]`);
    select.selectedIndex = [...select.options].findIndex((option, at) => at > 0 && option.value === label);
    select.dispatchEvent(new Event("input", { bubbles: true }));
  };
  for (const link of document.querySelectorAll(".confusion a")) {
    link.addEventListener("click", () => {
      pick("true", link.dataset.true);
      pick("said", link.dataset.said);
    });
  }

  // A text that a spreadsheet would run as a formula gets an apostrophe in front.
  const quoted = (text) => '"' + text.replace(/^[=+\-@\t\r]/, "'$&").replaceAll('"', '""') + '"';
  const csv = (table) => {
    const heads = [...table.tHead.rows[0].cells];
    const columns = heads.map((_, at) => at).filter((at) => at === 0 || !heads[at].classList.contains("bars"));
    const lines = [...table.rows].map((row) =>
      columns.map((at) => {
        const cell = row.cells[at];
        if (cell.tagName === "TD" && cell.dataset.v !== undefined) return cell.dataset.v;
        const small = cell.querySelector("small");
        return quoted((small ? cell.firstChild.textContent : cell.textContent).trim());
      }).join(","),
    );
    return "\ufeff" + lines.join("\r\n") + "\r\n";
  };
  for (const region of document.querySelectorAll(".wide")) {
    const table = region.querySelector("table");
    if (!table.tHead) continue;
    const name = region.getAttribute("aria-label");
    const button = document.createElement("button");
    button.type = "button";
    button.className = "csv";
    button.textContent = "CSV";
    button.setAttribute("aria-label", "Download as CSV: " + name);
    button.addEventListener("click", () => {
      const link = document.createElement("a");
      link.href = URL.createObjectURL(new Blob([csv(table)], { type: "text/csv" }));
      link.download = name.toLowerCase().replace(/[^a-z0-9]+/g, "-") + ".csv";
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 1000);
    });
    const bar = document.createElement("p");
    bar.className = "under";
    const cue = document.createElement("span");
    bar.append(button, cue);
    const box = document.createElement("div");
    box.className = "box";
    region.replaceWith(box);
    box.append(region, bar);
    new ResizeObserver(() => {
      cue.textContent = region.scrollWidth > region.clientWidth ? "scroll sideways for more columns \u2192" : "";
    }).observe(region);
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((each) => (each.open = true));
  });
  addEventListener("afterprint", () => closed.forEach((each) => (each.open = false)));
})();
