extension TuringPage {
  /// Gray of middle lightness around the pictures, so that the eye neither adapts to the dark nor to a hue.
  static let style = """
    section,noscript p{padding:0 20px}
    [hidden]{display:none!important}
    #start{max-width:44em}
    input:not([type=checkbox]){font:inherit;color:var(--text);background:#2a2e33;border:1px solid #6a727b;border-radius:6px;padding:6px 10px}
    button,.button{font:inherit;color:var(--text);background:#2a2e33;border:1px solid #6a727b;border-radius:6px;padding:8px 14px;cursor:pointer}
    .button{display:inline-block}
    #others{position:absolute;opacity:0;width:1px;height:1px;padding:0}
    #others:focus-visible~*,label:has(+#others:focus-visible){outline:2px solid #6cb6ff}
    #trial{text-align:center}
    #pair{display:flex;gap:min(24px,4vw);justify-content:center;padding:32px min(32px,3vw);background:#767676;border-radius:8px}
    #pair button{padding:0;border:0;border-radius:0;background:#6a6a6a;line-height:0;width:min(256px,40vw)}
    #pair img{visibility:hidden;width:100%;height:auto;aspect-ratio:1}
    #pair.shown img{visibility:visible}
    #pair.told .real{outline:5px solid var(--good)}
    #progress,#say{color:var(--quiet);min-height:1.5em}
    table{border-collapse:collapse;margin:16px 0}
    th,td{padding:4px 20px 4px 0;text-align:left;font-variant-numeric:tabular-nums;vertical-align:middle}
    th{font-weight:600;border-bottom:1px solid var(--line);color:var(--quiet);font-size:14px}
    tr.all td{border-top:1px solid var(--line);font-weight:600}
    td img{display:block;width:96px;height:96px}
    .about,footer{max-width:52em;color:var(--quiet);font-size:14px}
    """

  /// One session at a time; those that have ended are kept in the browser.
  static let script = """
    'use strict';
    const test = JSON.parse(document.getElementById('test').textContent);
    const element = (id) => document.getElementById(id);
    const key = 'autochrome-turing-' + test.id;
    const names = new Set(test.pictures.map((picture) => picture.name));
    const SECOND = 1000, TOLERANCE = 100, PAUSE = 400;
    let sessions = kept();
    let session = null, plan = [], place = 0, phase = 'idle';

    // A browser may keep nothing of a page that is a file; then there is the button that saves.
    function kept() {
      try { return (JSON.parse(localStorage.getItem(key)) ?? []).filter(isSession); } catch { return []; }
    }
    function keep() {
      try { localStorage.setItem(key, JSON.stringify(sessions)); } catch {
        element('said').textContent = 'This browser keeps no results: save them as JSON.';
      }
    }

    // Evenly over 0 … count - 1: numbers beyond the last whole multiple are drawn again.
    function random(count) {
      const limit = Math.floor(2 ** 32 / count) * count, numbers = new Uint32Array(1);
      do { crypto.getRandomValues(numbers); } while (numbers[0] >= limit);
      return numbers[0] % count;
    }
    function shuffled(list) {
      const result = [...list];
      for (let last = result.length - 1; last > 0; last--) {
        const other = random(last + 1);
        [result[last], result[other]] = [result[other], result[last]];
      }
      return result;
    }

    // MARK: Figures

    // Wilson 1927, as in `autochrome evaluate`.
    function proportion(count, total) {
      if (total === 0) return { count, total, share: 0, low: 0, high: 100 };
      const z = 1.959963984540054, p = count / total, square = z * z;
      const center = (p + square / (2 * total)) / (1 + square / total);
      const half = z * Math.sqrt(p * (1 - p) / total + square / (4 * total * total)) / (1 + square / total);
      return { count, total, share: 100 * p, low: 100 * Math.max(0, Math.min(p, center - half)), high: 100 * Math.min(1, Math.max(p, center + half)) };
    }
    const isTimely = (answer) => Math.abs(answer.shown - SECOND) <= TOLERANCE;
    const isFooled = (answer) => answer.chosen !== answer.real;
    function answers(of, kind) { return of.flatMap((one) => one.answers).filter((one) => one.kind === kind && isTimely(one)); }
    function fooled(list) { return proportion(list.filter(isFooled).length, list.length); }

    // MARK: A session

    function begin() {
      const order = shuffled(test.pictures.keys());
      const watches = element('watch').checked;
      const parts = [
        ...order.slice(test.practice, test.practice + test.counted).map((picture) => ({ picture, kind: 'counted' })),
        ...order.slice(test.practice + test.counted).slice(0, watches ? test.vigilance : 0)
          .map((picture) => ({ picture, kind: 'vigilance' })),
      ];
      plan = [...order.slice(0, test.practice).map((picture) => ({ picture, kind: 'practice' })), ...shuffled(parts)]
        .map((part) => ({ ...part, real: random(2) ? 'right' : 'left' }));
      const id = Array.from(crypto.getRandomValues(new Uint8Array(8)), (byte) => byte.toString(16).padStart(2, '0')).join('');
      session = { id, page: test.id, who: element('who').value.trim(), began: new Date().toISOString(), answers: [] };
      place = 0;
      element('start').hidden = element('result').hidden = true;
      element('trial').hidden = false;
      show();
    }

    async function show() {
      const trial = plan[place], picture = test.pictures[trial.picture], pair = element('pair');
      phase = 'waiting';
      pair.classList.remove('shown', 'told');
      element('next').hidden = true;
      element('progress').textContent = trial.kind === 'practice'
        ? `Practice, pair ${place + 1} of ${test.practice}`
        : `Pair ${place - test.practice + 1} of ${plan.length - test.practice}`;
      element('say').textContent = '';
      for (const side of ['left', 'right']) {
        const isReal = side === trial.real;
        element(side).classList.toggle('real', isReal);
        element(side + 'Picture').src = isReal ? picture.truth : trial.kind === 'vigilance' ? picture.mixed : picture.colorized;
      }
      // The second begins when both can be painted at once.
      await Promise.all([element('leftPicture').decode(), element('rightPicture').decode()]);
      await new Promise((go) => setTimeout(go, PAUSE));
      requestAnimationFrame((start) => {
        phase = 'shown';
        pair.classList.add('shown');
        requestAnimationFrame(function watch(now) {
          // The frame that lies nearest to the end of the second.
          if (now - start < SECOND - 8) { requestAnimationFrame(watch); return; }
          pair.classList.remove('shown');
          trial.shown = Math.round((now - start) * 10) / 10;
          trial.since = now;
          phase = 'asked';
          element('say').textContent = 'Which one was real? Click on its place, or press ← or →.';
        });
      });
    }

    function answer(side) {
      if (phase !== 'asked') return;
      const { picture, kind, real, shown, since } = plan[place];
      session.answers.push({
        picture: test.pictures[picture].name, kind, real, chosen: side, shown, after: Math.round(performance.now() - since),
      });
      if (kind !== 'practice') { advance(); return; }
      phase = 'told';
      element('pair').classList.add('shown', 'told');
      element('say').textContent = side === real
        ? 'Right: you chose the photograph.' : `The other one: the photograph is on the ${real}.`;
      element('next').hidden = false;
      element('next').focus();
    }

    function advance() {
      place += 1;
      if (place < plan.length) { show(); return; }
      phase = 'idle';
      sessions.push(session);
      keep();
      element('said').textContent = '';
      report();
    }

    // MARK: Results

    const percent = (number) => number.toFixed(1) + ' %';
    const interval = (share) => share.total === 0 ? '–' : `${share.low.toFixed(1)}–${share.high.toFixed(1)} %`;
    const amount = (share) => share.total === 0 ? '–' : `${share.count} of ${share.total}, ${percent(share.share)}`;

    function row(body, cells, name) {
      const line = body.insertRow();
      if (name) line.className = name;
      for (const cell of cells) {
        const place = line.insertCell();
        if (cell instanceof Node) place.append(cell); else place.textContent = cell;
      }
    }

    function sessionRow(body, title, some, name) {
      const share = fooled(answers(some, 'counted'));
      const watched = answers(some, 'vigilance');
      const found = proportion(watched.filter((one) => !isFooled(one)).length, watched.length);
      row(body, [title, amount(share), interval(share), amount(found)], name);
    }

    function report() {
      element('start').hidden = element('trial').hidden = true;
      element('result').hidden = false;
      const all = fooled(answers(sessions, 'counted'));
      element('sentence').textContent = all.total === 0 ? 'No answers count yet.'
        : `Of ${all.total} pairs, the colorized picture was taken for the real one in ${all.count}: ${percent(all.share)}, `
          + `95 % interval ${interval(all)}.`;
      const body = element('sessions');
      body.replaceChildren();
      for (const one of sessions) {
        sessionRow(body, `${one.who || 'no name'}, ${one.began.slice(0, 16).replace('T', ' ')} UTC`, [one]);
      }
      if (sessions.length > 1) sessionRow(body, `All ${sessions.length} sessions`, sessions, 'all');
      const pictures = element('pictures');
      pictures.replaceChildren();
      const counted = answers(sessions, 'counted');
      test.pictures
        .map((picture) => ({ picture, share: fooled(counted.filter((one) => one.picture === picture.name)) }))
        .filter(({ share }) => share.total > 0)
        .sort((one, other) => other.share.share - one.share.share || other.share.total - one.share.total)
        .forEach(({ picture, share }) => {
          const images = ['truth', 'colorized'].map((kind) => Object.assign(new Image(), { src: picture[kind], alt: kind }));
          row(pictures, [...images, picture.name, amount(share)]);
        });
    }

    function save() {
      const words = { program: 'autochrome evaluate --turing', page: test.id, input: test.input, network: test.network, sessions };
      const link = document.createElement('a');
      link.href = URL.createObjectURL(new Blob([JSON.stringify(words, null, 1)], { type: 'application/json' }));
      link.download = `turing-${test.id}-${new Date().toISOString().slice(0, 10)}.json`;
      link.click();
      setTimeout(() => URL.revokeObjectURL(link.href), 60000);
    }

    // What comes from others is text, and may be anything.
    function isSession(one) {
      return typeof one === 'object' && one !== null && one.page === test.id && typeof one.id === 'string'
        && typeof one.who === 'string' && typeof one.began === 'string' && Array.isArray(one.answers)
        && one.answers.every((answer) => typeof answer === 'object' && answer !== null && names.has(answer.picture)
          && ['practice', 'counted', 'vigilance'].includes(answer.kind) && ['left', 'right'].includes(answer.real)
          && ['left', 'right'].includes(answer.chosen) && typeof answer.shown === 'number');
    }

    async function add(files) {
      const said = [];
      for (const file of files) {
        let given = null;
        try { given = JSON.parse(await file.text()); } catch { /* Said below. */ }
        if (!Array.isArray(given?.sessions)) { said.push(`${file.name} holds no results of such a page.`); continue; }
        if (given.page !== test.id) { said.push(`${file.name} holds results of a page with other pictures.`); continue; }
        const known = new Set(sessions.map((one) => one.id));
        const fresh = given.sessions.filter((one) => isSession(one) && !known.has(one.id));
        sessions.push(...fresh);
        said.push(`${file.name}: ${fresh.length} of ${given.sessions.length} sessions added.`);
      }
      keep();
      report();
      element('said').textContent = said.join(' ');
    }

    element('begin').addEventListener('click', begin);
    element('left').addEventListener('click', () => answer('left'));
    element('right').addEventListener('click', () => answer('right'));
    element('next').addEventListener('click', () => { if (phase === 'told') advance(); });
    element('again').addEventListener('click', () => { element('result').hidden = true; element('start').hidden = false; });
    element('save').addEventListener('click', save);
    element('others').addEventListener('change', async ({ target }) => { await add([...target.files]); target.value = ''; });
    document.addEventListener('keydown', (event) => {
      if (event.repeat) return;
      const side = { ArrowLeft: 'left', ArrowRight: 'right' }[event.key];
      if (side && phase === 'asked') { event.preventDefault(); answer(side); }
    });
    if (sessions.length > 0) report();
    """
}
