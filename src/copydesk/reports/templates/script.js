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
    const show = () => {
      let shown = 0;
      const wanted = [...tools.querySelectorAll("select[data-key]")].filter((each) => each.selectedIndex > 0);
      const search = tools.querySelector("input");
      const words = search ? search.value.toLowerCase().trim() : "";
      for (const item of items) {
        const fits =
          wanted.every((each) => item.getAttribute("data-" + each.dataset.key) === each.value) &&
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
    show();
  }

  let closed = [];
  addEventListener("beforeprint", () => {
    closed = [...document.querySelectorAll("details:not([open])")];
    closed.forEach((each) => (each.open = true));
  });
  addEventListener("afterprint", () => closed.forEach((each) => (each.open = false)));
})();
