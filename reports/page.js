/* What the report's page does beyond being read: tables sort, strategies and settings are chosen,
 * values show under the pointer, figures are saved. Without it the page is complete, and still. */
'use strict';
(() => {
  const all = (selector, root = document) => Array.from(root.querySelectorAll(selector));
  document.documentElement.classList.add('js');

  /* The number that a cell begins with; NaN when there is none. */
  const numberIn = text => {
    const found = text.replace(/\u2212/g, '-').match(/^\s*(<\s*)?(-?\d+(\.\d+)?(e[-+]?\d+)?)/i);
    return found ? Number(found[2]) - (found[1] ? 1e-9 : 0) : NaN;
  };

  /* ---- sorting ---------------------------------------------------------------------------- */

  const compare = (column, numeric, sign) => (a, b) => {
    const x = a.cells[column].textContent, y = b.cells[column].textContent;
    if (!numeric)
      return sign * x.localeCompare(y, undefined, { numeric: true });
    const p = numberIn(x), q = numberIn(y);
    if (isNaN(p) || isNaN(q))
      return isNaN(p) - isNaN(q); /* what is no number stays last */
    return sign * (p - q);
  };

  const sortBy = heading => {
    const table = heading.closest('table'), body = table.tBodies[0];
    const down = heading.getAttribute('aria-sort') === 'ascending';
    all('th[aria-sort]', table.tHead).forEach(other => other.removeAttribute('aria-sort'));
    heading.setAttribute('aria-sort', down ? 'descending' : 'ascending');
    const numeric = heading.classList.contains('num');
    body.append(...Array.from(body.rows).sort(
      compare(heading.cellIndex, numeric, down ? -1 : 1)));
  };

  const makeSortable = heading => {
    const button = document.createElement('button');
    button.type = 'button';
    button.append(...heading.childNodes);
    heading.append(button);
    button.addEventListener('click', () => sortBy(heading));
  };

  /* ---- choosing --------------------------------------------------------------------------- */

  /* One choice of strategies holds for all legends; the style sheet hides what is not checked. */
  const choose = (strategy, shown) =>
    all(`.legend input[data-strategy="${strategy}"]`).forEach(box => { box.checked = shown; });

  const connectLegend = legend => {
    legend.addEventListener('change', event =>
      choose(event.target.dataset.strategy, event.target.checked));
    all('button', legend).forEach(button => button.addEventListener('click', () =>
      all('input', legend).forEach(box =>
        choose(box.dataset.strategy, button.classList.contains('every')))));
  };

  const isChosen = strategy => {
    const box = document.querySelector(`.legend input[data-strategy="${strategy}"]`);
    return !box || box.checked;
  };

  const chooseSetting = setting => {
    all('.choose select').forEach(select => { select.value = setting; });
    all('[data-setting]').forEach(part => {
      part.hidden = setting !== '' && part.dataset.setting !== setting;
    });
  };

  /* ---- values under the pointer ----------------------------------------------------------- */

  /* A line plot and the rows of its table, which hold the values. */
  class Plot {
    constructor(figure) {
      const table = figure.querySelector('details table');
      this.svg = figure.querySelector('.crop svg');
      if (!this.svg || !table)
        return;
      this.read(table);
      this.build(this.svg.parentNode);
      this.listen();
    }

    read(table) {
      const [head] = table.tHead.rows;
      this.names = Array.from(head.cells, cell => cell.textContent);
      this.rows = Array.from(table.tBodies[0].rows, row => ({
        x: numberIn(row.cells[0].textContent),
        texts: Array.from(row.cells, cell => cell.textContent),
      })).filter(row => !isNaN(row.x));
      this.at = this.rows.length - 1;
      const { left, right, low, high, scale } = this.svg.dataset;
      const scaled = x => scale === 'log2' ? Math.log2(x) : x;
      this.place = x =>
        Number(left) + (scaled(x) - low) / (high - low) * (Number(right) - Number(left));
    }

    build(parent) {
      this.guide = document.createElementNS('http://www.w3.org/2000/svg', 'path');
      this.guide.setAttribute('class', 'guide');
      this.svg.append(this.guide);
      this.tip = document.createElement('div');
      this.tip.className = 'tip';
      this.tip.setAttribute('role', 'status');
      this.tip.hidden = true;
      parent.append(this.tip);
      this.svg.setAttribute('tabindex', '0');
    }

    listen() {
      const svg = this.svg;
      ['pointermove', 'pointerdown'].forEach(kind => svg.addEventListener(kind, event => {
        const box = svg.getBoundingClientRect();
        const x = (event.clientX - box.left) / box.width * svg.viewBox.baseVal.width;
        this.show(this.nearest(x));
      }));
      svg.addEventListener('pointerleave', () => this.hide());
      svg.addEventListener('focus', () => this.show(this.at));
      svg.addEventListener('blur', () => this.hide());
      svg.addEventListener('keydown', event => this.step(event));
    }

    nearest(x) {
      const distance = i => Math.abs(this.place(this.rows[i].x) - x);
      return this.rows.reduce((best, row, i) => distance(i) < distance(best) ? i : best, 0);
    }

    step(event) {
      const last = this.rows.length - 1;
      const to = { ArrowLeft: this.at - 1, ArrowRight: this.at + 1, Home: 0, End: last }[event.key];
      if (event.key === 'Escape')
        this.hide();
      if (to === undefined)
        return;
      event.preventDefault();
      this.show(Math.min(Math.max(to, 0), last));
    }

    /* The chosen strategies that have a value in a row, largest first. */
    values(row) {
      return row.texts.slice(1)
        .map((text, strategy) => ({ text, strategy, value: numberIn(text) }))
        .filter(entry => !isNaN(entry.value) && isChosen(entry.strategy))
        .sort((a, b) => b.value - a.value);
    }

    show(index) {
      const row = this.rows[index], height = this.svg.viewBox.baseVal.height;
      const x = this.place(row.x), width = this.svg.viewBox.baseVal.width;
      this.at = index;
      this.guide.setAttribute('d', `M${x} 28V${height - 48}`);
      this.guide.style.display = '';
      const title = document.createElement('b');
      title.textContent = `${this.names[0]}: ${row.texts[0]}`;
      this.tip.replaceChildren(title, ...this.values(row).map(entry => this.line(entry)));
      this.tip.hidden = false;
      const pixels = x / width * this.svg.getBoundingClientRect().width;
      const room = this.svg.parentNode.clientWidth, own = this.tip.offsetWidth;
      const beside = pixels + 14 + own < room ? pixels + 14 : pixels - 14 - own;
      this.tip.style.left = `${Math.max(0, Math.min(beside, room - own))}px`;
    }

    /* "79.54 [79.37, 79.73] (10)": the value, and what narrow screens leave out. */
    line({ text, strategy }) {
      const make = (kind, content) => Object.assign(document.createElement(kind), { textContent: content });
      const line = make('div', ''), dot = make('i', ''), space = (text + ' ').indexOf(' ');
      const key = this.svg.querySelector(`g.s${strategy}`);
      dot.style.background = key ? getComputedStyle(key).stroke : 'currentColor';
      line.append(dot, make('span', this.names[strategy + 1]), make('strong', text.slice(0, space)),
        make('small', text.slice(space)));
      return line;
    }

    hide() {
      this.tip.hidden = true;
      this.guide.style.display = 'none';
    }
  }

  /* ---- saving ----------------------------------------------------------------------------- */

  /* The drawing as it is shown: without the strategies that are not chosen, and the guide. */
  const drawingOf = (svg, chosenOnly) => {
    const copy = svg.cloneNode(true);
    all('.guide', copy).forEach(node => node.remove());
    all('g[class^="s"]', copy).forEach(node => {
      const strategy = /^s(\d+)/.exec(node.getAttribute('class'));
      if (chosenOnly && strategy && !isChosen(strategy[1]))
        node.remove();
    });
    copy.removeAttribute('tabindex');
    return new XMLSerializer().serializeToString(copy);
  };

  const save = button => {
    const figure = button.closest('figure'), svg = figure.querySelector('.crop svg');
    const drawing = drawingOf(svg, figure.classList.contains('lines'));
    const text = `<?xml version="1.0" encoding="UTF-8"?>\n${drawing}\n`;
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob([text], { type: 'image/svg+xml' }));
    link.download = button.dataset.file;
    link.click();
    setTimeout(() => URL.revokeObjectURL(link.href), 1000);
  };

  /* ---- all of it -------------------------------------------------------------------------- */

  all('figure.lines').forEach(figure => new Plot(figure));
  all('thead th').forEach(makeSortable);
  all('.legend').forEach(connectLegend);
  all('.choose select').forEach(select =>
    select.addEventListener('change', () => chooseSetting(select.value)));
  all('.save .svg').forEach(button => button.addEventListener('click', () => save(button)));
})();
