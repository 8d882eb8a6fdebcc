// What the page at `/` can do beyond standing there: zoom and drag a drawing, trace a node's edges, complete a filter,
// copy the command. Without it everything is still there to be read and asked.

for (const picture of document.querySelectorAll('.picture')) {
  const drawing = picture.querySelector('.drawing');
  const svg = drawing?.querySelector('svg');
  if (svg) enliven(drawing, svg, picture.querySelector('.zoom'));
}

function enliven(drawing, svg, zoom) {
  const [width, height] = [svg.width.baseVal.value, svg.height.baseVal.value]; // CSS pixels
  const room = () => drawing.clientWidth - 2;
  let scale = 1;
  const zoomTo = (wanted) => {
    const middle = (drawing.scrollTop + drawing.clientHeight / 2) / (height * scale);
    scale = Math.min(4, Math.max(0.1, wanted));
    svg.setAttribute('width', String(width * scale));
    svg.setAttribute('height', String(height * scale));
    drawing.scrollTop = middle * height * scale - drawing.clientHeight / 2;
    drawing.classList.toggle('grab', width * scale > room() || height * scale > drawing.clientHeight);
  };
  const fit = () => Math.min(1, room() / width);
  zoom.hidden = false;
  zoom.addEventListener('click', ({ target }) => {
    const step = target.dataset.zoom;
    if (step) zoomTo(step === 'fit' ? fit() : scale * (step === 'in' ? 1.25 : 0.8));
  });

  let held = null;
  let dragged = false;
  drawing.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse' || event.button !== 0) return;
    dragged = false;
    held = { x: event.clientX + drawing.scrollLeft, y: event.clientY + drawing.scrollTop };
  });
  drawing.addEventListener('pointermove', (event) => {
    if (!held) return;
    const [left, top] = [held.x - event.clientX, held.y - event.clientY];
    if (Math.abs(left - drawing.scrollLeft) + Math.abs(top - drawing.scrollTop) > 4) dragged = true;
    drawing.classList.add('grabbing');
    drawing.scrollTo(left, top);
  });
  addEventListener('pointerup', () => {
    held = null;
    drawing.classList.remove('grabbing');
  });
  // Whoever drags the drawing by a node does not ask for that node.
  drawing.addEventListener('click', (event) => dragged && event.preventDefault());
  drawing.addEventListener('dragstart', (event) => event.preventDefault());

  // Graphviz writes the name of a node, and `tail->head` of an edge, into its title; the same names stay apart here
  // because nodes are matched whole.
  const edges = [...svg.querySelectorAll('g.edge')].map((element) => ({ element, title: titleOf(element) }));
  const nodes = [...svg.querySelectorAll('g.node')].map((element) => ({ element, title: titleOf(element) }));
  const trace = (name) => {
    const lit = new Set([name]);
    for (const { element, title } of edges) {
      const far = name === null ? '' : otherEnd(title, name);
      element.classList.toggle('dim', far === null);
      if (far !== null) lit.add(far);
    }
    for (const { element, title } of nodes) element.classList.toggle('dim', name !== null && !lit.has(title));
  };
  const traceAt = ({ target }) => {
    const node = target.closest?.('g.node');
    trace(node ? titleOf(node) : null);
  };
  svg.addEventListener('pointerover', traceAt);
  svg.addEventListener('focusin', traceAt);
  svg.addEventListener('focusout', () => trace(null));
  svg.addEventListener('pointerleave', () => trace(null));

  // A wide drawing begins as small as it can still be read, and not smaller, around the node with most edges.
  zoomTo(Math.max(0.6, fit()));
  drawing.scrollTo(0, 0);
  const degree = ({ title }) => edges.filter((edge) => otherEnd(edge.title, title) !== null).length;
  const [busiest] = nodes.map((node) => ({ ...node, degree: degree(node) })).sort((a, b) => b.degree - a.degree);
  if (busiest) {
    const [frame, box] = [drawing, busiest.element].map((element) => element.getBoundingClientRect());
    const left = box.left + box.width / 2 - frame.left - frame.width / 2;
    const top = box.top + box.height / 2 - frame.top - frame.height / 2;
    drawing.scrollTo(left, top); // no further than there is something
  }
}

function titleOf(element) {
  return element.querySelector('title')?.textContent ?? '';
}

/** The other end of an edge that `name` is an end of; null when it is none. */
function otherEnd(title, name) {
  if (title.startsWith(`${name}->`)) return title.slice(name.length + 2);
  return title.endsWith(`->${name}`) ? title.slice(0, -name.length - 2) : null;
}

// The whole filter with each proposal in its place, because that is what a list of an input holds.
const filter = document.querySelector('input[name="filter"]');
const proposals = document.querySelector('#filters');
let asked = null;
async function complete() {
  asked?.abort();
  asked = new AbortController();
  const { value, selectionStart } = filter;
  const query = new URLSearchParams({ text: value, at: String(selectionStart ?? value.length) });
  try {
    const answer = await fetch(`/v1/filter/complete?${query}`, { signal: asked.signal });
    if (!answer.ok) return;
    const { from, to, items } = await answer.json();
    const options = items.slice(0, 20).map(({ text }) => {
      const option = document.createElement('option');
      option.value = `${value.slice(0, from)}${text} ${value.slice(to).trimStart()}`;
      option.label = text;
      return option;
    });
    proposals.replaceChildren(...options);
  } catch (error) {
    if (error.name !== 'AbortError') throw error;
  }
}
if (filter && proposals) {
  filter.addEventListener('input', complete);
  filter.addEventListener('focus', complete);
}

for (const copy of navigator.clipboard ? document.querySelectorAll('[data-copy]') : []) {
  copy.hidden = false;
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(copy.parentElement.querySelector('code').textContent);
    copy.textContent = 'Copied';
  });
}
