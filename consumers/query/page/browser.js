// What the page at `/` can do beyond standing there: zoom and drag the drawing, trace a node's edges, copy the command.

const drawing = document.querySelector('.drawing');
const svg = drawing?.querySelector('svg');

if (drawing && svg) {
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
  // A wide drawing begins as small as it can still be read, and not smaller.
  zoomTo(Math.max(0.6, fit()));
  drawing.scrollTop = 0;
  const zoom = document.querySelector('.zoom');
  zoom.hidden = false;
  zoom.addEventListener('click', ({ target }) => {
    const step = target.dataset.zoom;
    if (step) zoomTo(step === 'fit' ? fit() : scale * (step === 'in' ? 1.25 : 0.8));
  });

  let held = null;
  drawing.addEventListener('pointerdown', (event) => {
    if (event.pointerType !== 'mouse' || event.button !== 0) return;
    held = { x: event.clientX + drawing.scrollLeft, y: event.clientY + drawing.scrollTop };
  });
  drawing.addEventListener('pointermove', (event) => {
    if (!held) return;
    drawing.classList.add('grabbing');
    drawing.scrollTo(held.x - event.clientX, held.y - event.clientY);
  });
  addEventListener('pointerup', () => {
    held = null;
    drawing.classList.remove('grabbing');
  });

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
  svg.addEventListener('pointerover', ({ target }) => {
    const node = target.closest('g.node');
    trace(node ? titleOf(node) : null);
  });
  svg.addEventListener('pointerleave', () => trace(null));
}

function titleOf(element) {
  return element.querySelector('title')?.textContent ?? '';
}

/** The other end of an edge that `name` is an end of; null when it is none. */
function otherEnd(title, name) {
  if (title.startsWith(`${name}->`)) return title.slice(name.length + 2);
  return title.endsWith(`->${name}`) ? title.slice(0, -name.length - 2) : null;
}

const copy = document.querySelector('[data-copy]');
if (copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener('click', async () => {
    await navigator.clipboard.writeText(copy.parentElement.querySelector('code').textContent);
    copy.textContent = 'Copied';
  });
}
