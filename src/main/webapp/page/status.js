// The status page. All data comes from the admin API, and becomes text nodes only: names and errors come from outside.

const $ = id => document.getElementById(id);
const SVG = 'http://www.w3.org/2000/svg';
const TOKEN = 'ociregistry-admin-token';
const MAX_LINES = 200;
const OVERSCAN = 5;

/** An error of the server with its message. */
class ApiError extends Error {
  constructor(status, message) {
    super(message);
    this.status = status;
  }
}

// --- helpers -------------------------------------------------------------------------------------------------------

/** Makes an element with a class and children; strings become text. */
function element(name, className, ...children) {
  const made = document.createElement(name);
  if (className) made.className = className;
  made.append(...children);
  return made;
}

function bytes(number) {
  const units = ['B', 'KiB', 'MiB', 'GiB', 'TiB'];
  let unit = 0;
  let value = number;
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024;
    unit++;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : value.toFixed(1)} ${units[unit]}`;
}

const DATE = new Intl.DateTimeFormat(undefined, {dateStyle: 'short', timeStyle: 'short'});

function time(text) {
  const parsed = new Date(text);
  return !text ? 'never' : isNaN(parsed) ? text : DATE.format(parsed);
}

const count = (number, noun) => `${number.toLocaleString()} ${noun}${number === 1 ? '' : 's'}`;

let wake = () => {};

/** Waits this long; an action of the user ends the wait. */
function pauseOf(millis) {
  return new Promise(resolve => {
    wake = resolve;
    setTimeout(resolve, millis);
  });
}

/** Waits until the page can be seen. */
function visible() {
  return document.visibilityState === 'visible'
    ? Promise.resolve()
    : new Promise(resolve => document.addEventListener('visibilitychange', resolve, {once: true})).then(visible);
}

function meter(id, used, total) {
  $(id).value = total > 0 ? used / total : 0;
}

// --- the admin API -------------------------------------------------------------------------------------------------

/** The token, in the storage of this tab; in memory if the browser has no such storage. */
const token = {
  memory: '',
  get() {
    try {
      return sessionStorage.getItem(TOKEN) ?? '';
    } catch {
      return this.memory;
    }
  },
  set(value) {
    this.memory = value;
    try {
      if (value) sessionStorage.setItem(TOKEN, value);
      else sessionStorage.removeItem(TOKEN);
    } catch {
      // The memory has it.
    }
  },
};

async function request(path, options = {}) {
  const headers = {Accept: 'application/json', ...options.headers};
  if (token.get()) headers.Authorization = `Bearer ${token.get()}`;
  const response = await fetch(path, {cache: 'no-store', redirect: 'error', ...options, headers});
  if (response.ok) return response;
  const text = await response.text();
  let message = `${response.status} ${text.slice(0, 500)}`;
  try {
    message = JSON.parse(text).errors[0].message;
  } catch {
    // Not an answer of this server: a proxy sent it.
  }
  throw new ApiError(response.status, message);
}

const get = async path => (await request(path)).json();
const post = async path => (await request(path, {method: 'POST'})).json();

/** Posts a list of images and passes each event of the load, such as {event: 'loaded', image}. */
async function load(path, list, onEvent) {
  const response = await request(path, {method: 'POST', body: list, headers: {'Content-Type': 'text/plain'}});
  const reader = response.body.getReader();
  const decoder = new TextDecoder();
  let rest = '';
  for (;;) {
    const {done, value} = await reader.read();
    const lines = (rest + (done ? '' : decoder.decode(value, {stream: true}))).split('\n');
    rest = lines.pop();
    for (const line of lines) if (line) onEvent(JSON.parse(line));
    if (done) return;
  }
}

/** The actions that are running. */
let running = 0;

/** Runs an action of a button, which is disabled meanwhile; failures become text in a status element. */
async function act(button, status, action) {
  running++;
  wake();
  button.disabled = true;
  try {
    await action();
  } catch (failure) {
    if (failure.status === 401 || failure.status === 403) login(failure.message);
    $(status).textContent = failure.message;
  } finally {
    button.disabled = false;
    running--;
    wake();
  }
}

// --- access --------------------------------------------------------------------------------------------------------

let session = 0;

/** Hides the data and says why; asks for the token if it would help. */
function login(reason, isTokenAsked = true) {
  session++;
  const sent = token.get() !== '';
  token.set('');
  $('content').hidden = true;
  $('lock').hidden = true;
  $('connection').textContent = '';
  $('login-reason').textContent = reason;
  $('login').hidden = false;
  $('login-fields').hidden = !isTokenAsked;
  $('token').value = '';
  if (sent || document.activeElement === document.body) $('token').focus();
}

$('login').addEventListener('submit', event => {
  event.preventDefault();
  token.set($('token').value.trim());
  $('token').value = '';
  start();
});
$('lock').addEventListener('click', () => login('The token is forgotten.'));

/** Shows the data as long as the server admits this browser. */
async function start() {
  const mine = ++session;
  const isCurrent = () => mine === session;
  let isShown = false;
  while (isCurrent()) {
    const begun = performance.now();
    let pause = 5000;
    try {
      const status = await get('cmd/status');
      if (!isCurrent()) return;
      if (!isShown) {
        isShown = true;
        show();
      }
      showStatus(status);
      pause = running > 0 || status.downloads.length > 0 ? 1000 : 5000;
    } catch (failure) {
      if (!isCurrent()) return;
      if (failure.status >= 400 && failure.status < 500) {
        // 404: this server, or this port of it, has no admin API.
        login(failure.message, failure.status !== 404);
        return;
      }
      $('connection').textContent = `No answer: ${failure.message}`;
    }
    // A large cache on a slow disk is asked less often.
    await pauseOf(Math.max(pause, 10 * (performance.now() - begun)));
    await visible();
  }
}

function show() {
  $('login').hidden = true;
  $('content').hidden = false;
  $('lock').hidden = token.get() === '';
  readImages();
  readTraffic();
  readHosts();
}

// --- overview ------------------------------------------------------------------------------------------------------

function showStatus(status) {
  const {disk, cache} = status;
  const hours = Math.floor(status.uptimeSeconds / 3600);
  $('server').textContent = `${status.version}, up ${hours} h ${Math.floor(status.uptimeSeconds / 60) % 60} min`
    + (status.airGapped ? ', air-gapped' : '');
  setStatus('connection', disk.readOnly ? 'The cache is read-only.' : '');
  $('warning').hidden = !disk.warning;
  setStatus('warning', disk.warning ?? '');
  $('used').textContent = bytes(disk.used);
  $('free').textContent = bytes(disk.free);
  $('names').textContent = cache.names.toLocaleString() + (cache.complete ? '' : ' so far');
  $('manifests').textContent = cache.manifests.toLocaleString();
  $('blobs').textContent = cache.blobs.toLocaleString();
  $('disk-label').textContent = `Disk of ${disk.path}: ${bytes(disk.total - disk.free)} of ${bytes(disk.total)} used`;
  meter('disk-meter', disk.total - disk.free, disk.total);
  $('quota-box').hidden = disk.quota === null;
  if (disk.quota !== null) {
    $('quota-label').textContent = `Quota: ${bytes(disk.used)} of ${bytes(disk.quota)} used`;
    meter('quota-meter', disk.used, disk.quota);
  }
  const preload = status.preload;
  $('preload-figure').hidden = !preload;
  if (preload) {
    $('preload').textContent = `${preload.done} of ${preload.total}, ${preload.failed} failed (${preload.state})`;
  }
  showDownloads(status.downloads);
  showUpstreams(status.upstreams);
  const isRead = cache.complete && !images.isComplete;
  if (isRead || (images.names !== cache.names && images.took < 1000)) readImages();
  images.names = cache.names;
}

/** Changes a text only if it differs, so that screen readers do not repeat it. */
function setStatus(id, text) {
  if ($(id).textContent !== text) $(id).textContent = text;
}

async function readTraffic() {
  const mine = session;
  while (mine === session) {
    try {
      showTraffic((await get('cmd/traffic')).minutes);
    } catch (failure) {
      $('requests-chart').textContent = failure.message;
    }
    await new Promise(resolve => setTimeout(resolve, 30000));
    await visible();
  }
}

function showTraffic(minutes) {
  const sum = key => minutes.reduce((total, minute) => total + minute[key], 0);
  const requests = sum('requests');
  const cached = sum('cached');
  const sent = sum('sent');
  const received = sum('received');
  $('hit-ratio').textContent = requests === 0 ? 'no request' : `${Math.round((100 * cached) / requests)} %`;
  $('sent').textContent = bytes(sent);
  $('received').textContent = bytes(received);
  $('saved').textContent = bytes(Math.max(0, sent - received));
  chart('requests-chart', `${count(cached, 'request')} answered from the cache, ${requests - cached} others`,
    minutes.map(minute => [minute.cached, minute.requests - minute.cached]), true);
  chart('bytes-chart', `${bytes(sent)} sent to clients, ${bytes(received)} received from upstreams`,
    minutes.map(minute => [minute.sent, minute.received]), false);
}

/** Draws two bars for each minute, one above or beside the other. The newest minute is at the right end. */
function chart(id, label, pairs, stacked) {
  const top = Math.max(1, ...pairs.map(([first, second]) => (stacked ? first + second : Math.max(first, second))));
  const svg = document.createElementNS(SVG, 'svg');
  svg.setAttribute('viewBox', '0 0 60 100');
  svg.setAttribute('preserveAspectRatio', 'none');
  svg.setAttribute('role', 'img');
  svg.setAttribute('aria-label', `The last hour: ${label}`);
  const bar = (className, x, width, value, below) => {
    if (value <= 0) return;
    const rect = document.createElementNS(SVG, 'rect');
    const height = (100 * value) / top;
    rect.setAttribute('class', className);
    rect.setAttribute('x', x);
    rect.setAttribute('y', 100 - height - (100 * below) / top);
    rect.setAttribute('width', width);
    rect.setAttribute('height', height);
    svg.append(rect);
  };
  pairs.forEach(([first, second], index) => {
    const x = 60 - pairs.length + index;
    bar('first', x, stacked ? 0.85 : 0.42, first, 0);
    bar('second', stacked ? x : x + 0.43, stacked ? 0.85 : 0.42, second, stacked ? first : 0);
  });
  $(id).replaceChildren(svg);
}

// --- downloads and upstreams ---------------------------------------------------------------------------------------

function progress(label, value, max) {
  const bar = element('progress');
  bar.setAttribute('aria-label', label);
  if (max) {
    bar.max = max;
    bar.value = value;
  }
  return bar;
}

function showDownloads(downloads) {
  $('no-downloads').hidden = downloads.length > 0;
  $('download-list').replaceChildren(...downloads.slice(0, MAX_LINES).map(blob => {
    const what = blob.images.length > 0 ? blob.images.join(', ') : blob.digest;
    return element('li', '',
      element('p', '', what),
      progress(`Download of ${what}`, blob.bytes, blob.size),
      element('p', 'soft', `${bytes(blob.bytes)} of ${blob.size === null ? '?' : bytes(blob.size)} from ${blob.source}`));
  }));
}

const STATE_CLASS = {up: 'good', limited: 'warn', failing: 'bad', down: 'bad'};
let shownUpstreams = '';

function showUpstreams(upstreams) {
  const text = JSON.stringify(upstreams);
  if (text === shownUpstreams) return;
  shownUpstreams = text;
  $('no-upstreams').hidden = upstreams.length > 0;
  $('upstream-list').replaceChildren(...upstreams.map(upstream => {
    const item = element('li', '',
      element('p', '', element('strong', '', upstream.registry), ' ', state(upstream),
        upstream.configured ? '' : ' (not configured)'));
    for (const source of upstream.sources) {
      const error = source.lastError ? `; last error ${time(source.lastError.time)}: ${source.lastError.text}` : '';
      item.append(element('p', 'soft',
        `${source.mirror ? 'Mirror' : 'Registry'} ${source.url}: `,
        upstream.sources.length > 1 ? state(source) : '',
        upstream.sources.length > 1 ? ', ' : '',
        `last success ${time(source.lastSuccess)}${error}`));
      if (source.reason) item.append(element('p', 'bad', source.reason));
    }
    return item;
  }));
}

function state(source) {
  const retry = source.retrySeconds ? ` (next try in ${source.retrySeconds} s)` : '';
  return element('span', STATE_CLASS[source.state] ?? '', source.state + retry);
}

$('probe').addEventListener('click', () => act($('probe'), 'probe-result', async () => {
  const probed = await post('cmd/upstreams/probe');
  $('probe-result').textContent = probed.length === 0
    ? 'No upstream is down.' : `Probing ${probed.map(source => source.url).join(', ')}.`;
}));

// --- images --------------------------------------------------------------------------------------------------------

const images = {
  all: [], shown: [], names: -1, took: 0, isReading: false, isComplete: true,
  sort: 'name', ascending: true, active: -1, selected: '',
};

async function readImages() {
  if (images.isReading) return;
  images.isReading = true;
  const begun = performance.now();
  setStatus('image-count', 'Reading the list.');
  await act($('reread'), 'image-count', async () => {
    const response = await request('cmd/manifest/list?count=-1');
    const list = await response.json();
    images.took = performance.now() - begun;
    images.all = list.map(image => ({
      ...image,
      blobs: image.blobs.length,
      platforms: image.platforms.join(', '),
      pulled: image.pulled ?? '',
      text: `${image.name} ${image.digest}`.toLowerCase(),
    }));
    images.isComplete = !response.headers.has('Warning');
    filterImages();
  });
  images.isReading = false;
}

function filterImages() {
  const wanted = $('search').value.trim().toLowerCase();
  const show = $('show').value;
  images.shown = images.all.filter(image => image.text.includes(wanted)
    && (show === 'all' || image.complete === (show === 'complete')));
  const {sort, ascending} = images;
  const sign = ascending ? 1 : -1;
  images.shown.sort((one, other) => {
    if (one[sort] !== other[sort]) return one[sort] < other[sort] ? -sign : sign;
    return one.name < other.name ? -1 : 1;
  });
  images.active = images.shown.findIndex(image => image.name === images.selected);
  const total = images.shown.reduce((sum, image) => sum + image.size, 0);
  setStatus('image-count', `${count(images.shown.length, 'name')} of ${images.all.length.toLocaleString()}`
    + `, ${bytes(total)} with shared layers counted each time`
    + (images.isComplete ? '' : '; the index is still being read, so more may exist'));
  $('grid').setAttribute('aria-rowcount', images.shown.length + 1);
  drawRows();
}

const rowHeight = () => parseFloat(getComputedStyle(document.documentElement).getPropertyValue('--row'))
  * parseFloat(getComputedStyle(document.documentElement).fontSize);

/** Makes elements for the rows that can be seen, and for a few around them. */
function drawRows() {
  const height = rowHeight();
  const grid = $('grid');
  const first = Math.max(0, Math.floor(grid.scrollTop / height) - OVERSCAN);
  const last = Math.min(images.shown.length, Math.ceil((grid.scrollTop + grid.clientHeight) / height) + OVERSCAN);
  const rows = [];
  for (let index = first; index < last; index++) rows.push(row(index, height));
  $('rows').style.height = `${images.shown.length * height}px`;
  $('rows').replaceChildren(...rows);
  if (images.active >= first && images.active < last) grid.setAttribute('aria-activedescendant', `row-${images.active}`);
  else grid.removeAttribute('aria-activedescendant');
}

function row(index, height) {
  const image = images.shown[index];
  const made = element('div', 'row');
  made.id = `row-${index}`;
  made.dataset.index = index;
  made.setAttribute('role', 'row');
  made.setAttribute('aria-rowindex', index + 2);
  made.setAttribute('aria-selected', index === images.active);
  made.style.top = `${index * height}px`;
  const cell = (className, text) => {
    const span = element('span', className, text);
    span.setAttribute('role', 'gridcell');
    return span;
  };
  made.append(
    cell('name', image.name),
    cell('size', bytes(image.size)),
    cell('platforms', image.platforms),
    cell(`offline ${image.complete ? 'good' : 'bad'}`, image.complete ? 'complete' : 'partial'),
    cell('pulled', time(image.pulled)));
  return made;
}

function select(index) {
  if (images.shown.length === 0) return;
  images.active = Math.max(0, Math.min(images.shown.length - 1, index));
  const image = images.shown[images.active];
  images.selected = image.name;
  const height = rowHeight();
  const grid = $('grid');
  const head = grid.firstElementChild.offsetHeight;
  const top = images.active * height;
  grid.scrollTop = Math.max(Math.min(grid.scrollTop, top), top + height + head - grid.clientHeight);
  drawRows();
  showDetails(image);
}

function showDetails(image) {
  $('details').hidden = false;
  $('details-name').textContent = image.name;
  const stored = image.stored === image.size ? '' : `, of which ${bytes(image.stored)} are cached`;
  const facts = {
    Digest: image.digest,
    Type: image.mediaType,
    Platforms: image.platforms || 'unknown',
    Size: bytes(image.size) + stored,
    'Offline': image.complete ? 'complete: it can be pulled without its registry' : 'not complete',
    'First pull': time(image.created),
    'Last pull': time(image.pulled),
  };
  $('details-list').replaceChildren(
    ...Object.entries(facts).flatMap(([name, value]) => [element('dt', '', name), element('dd', '', value)]));
  $('refresh').hidden = image.reference.includes(':');
  $('refresh-result').textContent = '';
}

let isDrawing = false;
$('grid').addEventListener('scroll', () => {
  if (isDrawing) return;
  isDrawing = true;
  requestAnimationFrame(() => {
    isDrawing = false;
    drawRows();
  });
});
$('rows').addEventListener('click', event => {
  const clicked = event.target.closest('.row');
  if (clicked) select(Number(clicked.dataset.index));
});
$('grid').addEventListener('keydown', event => {
  if (event.target !== $('grid') || event.ctrlKey || event.altKey || event.metaKey) return;
  const page = Math.max(1, Math.floor($('grid').clientHeight / rowHeight()) - 2);
  const next = {
    ArrowDown: images.active + 1,
    ArrowUp: images.active - 1,
    PageDown: images.active + page,
    PageUp: images.active - page,
    Home: 0,
    End: images.shown.length - 1,
  }[event.key];
  if (next !== undefined) {
    event.preventDefault();
    select(next);
  } else if (event.key === 'Enter' && !$('details').hidden) {
    event.preventDefault();
    $('details-name').focus();
  }
});
for (const header of document.querySelectorAll('[data-sort]')) {
  header.firstElementChild.addEventListener('click', () => {
    const key = header.dataset.sort;
    images.ascending = images.sort === key ? !images.ascending : key === 'name' || key === 'platforms';
    images.sort = key;
    for (const other of document.querySelectorAll('[data-sort]')) {
      other.setAttribute('aria-sort', other !== header ? 'none' : images.ascending ? 'ascending' : 'descending');
    }
    $('grid').scrollTop = 0;
    filterImages();
  });
}
for (const id of ['search', 'show']) {
  $(id).addEventListener('input', () => {
    $('grid').scrollTop = 0;
    filterImages();
  });
}
$('reread').addEventListener('click', readImages);
addEventListener('resize', drawRows);

$('refresh').addEventListener('click', () => act($('refresh'), 'refresh-result', async () => {
  const {name} = images.shown[images.active] ?? {name: images.selected};
  const result = $('refresh-result');
  result.textContent = 'Asking the upstream.';
  await load('cmd/load?refresh=true', `${name}\n`, event => {
    if (event.event === 'progress') result.textContent = `Loading: ${bytes(event.bytes)} of ${bytes(event.total)}.`;
    if (event.event === 'present') result.textContent = 'The tag means the cached image.';
    if (event.event === 'loaded') result.textContent = `The tag has moved; the new image is loaded: ${bytes(event.bytes)}.`;
    if (event.event === 'failed' || event.event === 'interrupted') result.textContent = `Not refreshed: ${event.reason}`;
  });
  readImages();
}));

// --- load ----------------------------------------------------------------------------------------------------------

$('load-form').addEventListener('submit', event => {
  event.preventDefault();
  act($('load-button'), 'load-result', loadList);
});

async function loadList() {
  const active = new Map();
  let ended = 0;
  let failed = 0;
  const end = image => {
    ended++;
    active.get(image)?.remove();
    active.delete(image);
  };
  $('load-progress').replaceChildren();
  $('load-failures').replaceChildren();
  $('load-result').textContent = 'Loading.';
  await load('cmd/load', $('load-list').value, event => {
    switch (event.event) {
      case 'started':
      case 'progress': {
        let item = active.get(event.image);
        if (!item) {
          item = element('li', '', element('p', '', event.image), progress(`Load of ${event.image}`), element('p', 'soft'));
          active.set(event.image, item);
          $('load-progress').append(item);
        }
        if (event.total > 0) {
          item.children[1].max = event.total;
          item.children[1].value = event.bytes;
          item.children[2].textContent = `${bytes(event.bytes)} of ${bytes(event.total)}`;
        }
        break;
      }
      case 'loaded':
      case 'present':
        end(event.image);
        break;
      case 'failed':
        end(event.image);
        if (failed++ < MAX_LINES) {
          $('load-failures').append(element('li', '',
            element('p', '', event.image), element('p', 'bad', event.reason)));
        }
        break;
      case 'summary':
        $('load-result').textContent = `${count(event.loaded, 'image')} loaded (${bytes(event.bytes)}), `
          + `${event.present} already cached, ${event.failed} failed.`;
        return;
      case 'interrupted':
        $('load-result').textContent = `Interrupted: ${event.reason}`;
        return;
    }
    $('load-result').textContent = `Loading: ${count(ended, 'image')} ended, ${active.size} in progress.`;
  });
  readImages();
}

// --- prune ---------------------------------------------------------------------------------------------------------

let plan = null;

$('prune-form').addEventListener('input', forgetPlan);
function forgetPlan() {
  plan = null;
  $('prune-plan').hidden = true;
  $('prune-result').textContent = '';
}

$('prune-form').addEventListener('submit', event => {
  event.preventDefault();
  act($('prune-dry'), 'prune-result', async () => {
    const parameters = new URLSearchParams({count: $('prune-count').value});
    const days = $('prune-days').value;
    // A time and not an age, so that the prune selects by the same rule as its dry run.
    if (days !== '') parameters.set('pulledBefore', new Date(Date.now() - days * 86400000).toISOString());
    if ($('prune-expr').value.trim()) parameters.set('expr', $('prune-expr').value.trim());
    forgetPlan();
    const report = await post(`cmd/prune?${parameters}&dryRun=true`);
    plan = parameters;
    showPlan(report);
  });
});

function showPlan(report) {
  const names = report.names.slice(0, MAX_LINES)
    .map(name => element('li', '', `${name.name}, ${bytes(name.bytes)}, ${name.why}`));
  if (report.names.length > MAX_LINES) names.push(element('li', '', `and ${report.names.length - MAX_LINES} more`));
  $('prune-names').replaceChildren(...names);
  $('prune-result').textContent = `Dry run, nothing was removed: ${count(report.names.length, 'name')} and `
    + `${count(report.blobs.length, 'blob')} would be removed, ${bytes(report.bytes)}`
    + `${report.kept.length > 0 ? `; ${report.kept.length} selected images stay: ${report.kept.slice(0, 5).join('; ')}` : ''}.`;
  $('prune-real').textContent = `Remove ${count(report.names.length, 'name')} now`;
  $('prune-plan').hidden = report.names.length === 0;
}

$('prune-real').addEventListener('click', () => act($('prune-real'), 'prune-result', async () => {
  const report = await post(`cmd/prune?${plan}&dryRun=false`);
  forgetPlan();
  $('prune-result').textContent = `Removed ${count(report.names.length, 'name')} and `
    + `${count(report.blobs.length, 'blob')}, ${bytes(report.bytes)}.`;
  $('prune-dry').focus();
  readImages();
}));

// --- client setup --------------------------------------------------------------------------------------------------

let hostsAsked = 0;

async function readHosts() {
  const mine = ++hostsAsked;
  const registry = $('hosts-registry').value.trim();
  // The address of this page, because the server does not know the address of a proxy.
  const parameters = new URLSearchParams({server: new URL('.', location.href).href.replace(/\/$/, '')});
  if (registry) parameters.set('registry', registry);
  $('hosts-path').textContent = `/etc/containerd/certs.d/${registry || '_default'}/hosts.toml`;
  let text;
  try {
    text = await (await request(`hosts.toml?${parameters}`)).text();
  } catch (failure) {
    text = failure.message;
  }
  // An earlier request may be answered later.
  if (mine === hostsAsked) $('hosts').textContent = text;
}

$('hosts-registry').addEventListener('input', readHosts);
$('copy').addEventListener('click', async () => {
  try {
    await navigator.clipboard.writeText($('hosts').textContent);
    $('copy-result').textContent = 'Copied.';
  } catch {
    // Only https pages may write to the clipboard.
    getSelection().selectAllChildren($('hosts'));
    $('copy-result').textContent = 'Selected; copy it with the keyboard.';
  }
});

start();
