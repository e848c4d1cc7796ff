/**
 * How what is said, shown and written is protected, in words: of the pill, of the one calm line, of the participants,
 * and aloud. Pure: states in, keys of the catalogue out.
 *
 * Everything in transit is always encrypted. End to end it is while nothing leaves in the clear (`encrypted.state`) and
 * there are keys with everybody who is present. What is not as it should be is a worry: it is told until the person has
 * looked at it, and stays visible for as long as it lasts.
 */

/**
 * @typedef {import('../session.js').SessionState} SessionState
 * @typedef {Pick<SessionState, 'phase' | 'server' | 'encrypted'>} Seen
 * @typedef {import('./announcements.js').Announcement} Announcement
 *
 * @typedef {SessionState['encrypted']['people'][string]} Known
 * @typedef {'wait' | 'compare' | 'compared' | 'differ' | 'forged'} Step
 *
 * @typedef {'on' | 'waiting' | 'amiss' | 'clear'} Protection
 *   waiting: with somebody there are no keys yet, and nothing goes to them · amiss: see the worries · clear: encrypted
 *   in transit only
 *
 * @typedef {object} Worry
 * @property {'forged' | 'unopened' | 'changed' | 'differ' | 'clear'} kind
 *   forged: what came in a person's name cannot be honest · unopened: what they send cannot be opened ·
 *   changed: another key than the one that was compared · differ: this person said that the words are different
 * @property {string} person  an id; empty where it concerns everybody
 * @property {boolean} looked
 *
 * @typedef {object} ProtectionLine
 * @property {string} key
 * @property {readonly string[]} names  to be written as a list in the value `names`
 * @property {'info' | 'warn'} tone
 * @property {string} offer  what the button says that leads to more
 */

/** What is told first where there is more than one. */
const GRAVEST = /** @type {const} */ (['forged', 'unopened', 'changed', 'differ', 'clear']);

/**
 * @param {Seen} state
 * @param {readonly Worry[]} worries
 * @returns {Protection}
 */
export function protectionOf(state, worries) {
  if (state.encrypted.state !== 'on') return 'clear';
  if (worries.some(({ kind }) => kind !== 'clear')) return 'amiss';
  return keyless(state).length > 0 ? 'waiting' : 'on';
}

/**
 * Who is here and has no keys yet.
 * @param {Seen} state
 */
export function keyless({ server, encrypted }) {
  return (server?.people ?? []).filter(({ id }) => !encrypted.people[id]?.words.length);
}

/**
 * Why nothing is encrypted end to end. Without names it is somebody of whom the server does not say who it is.
 * @param {Seen} state
 * @returns {{who: 'you' | 'them' | 'somebody', names: string[]}}
 */
export function whyClear({ server, encrypted }) {
  if (encrypted.state === 'impossible') return { who: 'you', names: [] };
  const names = (server?.people ?? []).filter(({ encrypts }) => !encrypts).map(({ name }) => name);
  return { who: names.length > 0 ? 'them' : 'somebody', names };
}

/**
 * The worries there are now. Whatever is over is dropped. But who was told that the words differ is not believed before
 * they are the same, and that something was forged once is worth knowing until the words were compared.
 * @param {readonly Worry[]} before
 * @param {Seen} state
 * @returns {readonly Worry[]} the very same where nothing has changed
 */
export function worriesOf(before, state) {
  const { server, encrypted, phase } = state;
  if (phase !== 'present' || server === null) return before.length === 0 ? before : [];
  /** @type {Pick<Worry, 'kind' | 'person'>[]} */
  const found = server.people.flatMap(({ id }) => flags(encrypted.people[id]).map((kind) => ({ kind, person: id })));
  if (encrypted.state !== 'on') found.push({ kind: 'clear', person: '' });
  const same = (/** @type {Pick<Worry, 'kind' | 'person'>} */ one) => (/** @type {typeof one} */ other) =>
    one.kind === other.kind && one.person === other.person;
  const lasts = (/** @type {Worry} */ worry) => {
    if (found.some(same(worry))) return true;
    if (!server.people.some(({ id }) => id === worry.person)) return false;
    const checked = worry.looked && encrypted.people[worry.person]?.compared;
    return worry.kind === 'differ' || (worry.kind === 'forged' && !checked);
  };
  const fresh = found.filter((each) => !before.some(same(each))).map((each) => ({ ...each, looked: false }));
  return fresh.length === 0 && before.every(lasts) ? before : [...before.filter(lasts), ...fresh];
}

/**
 * After the person has seen them all.
 * @param {readonly Worry[]} worries
 * @returns {readonly Worry[]} the very same where all had been seen
 */
export function looked(worries) {
  return worries.every((worry) => worry.looked) ? worries : worries.map((worry) => ({ ...worry, looked: true }));
}

/**
 * After the person has compared the words with somebody's.
 * @param {readonly Worry[]} worries
 * @param {string} person
 * @param {boolean} differ
 * @returns {readonly Worry[]}
 */
export function compared(worries, person, differ) {
  const others = worries.filter((worry) => worry.kind !== 'differ' || worry.person !== person);
  return differ ? [...others, { kind: 'differ', person, looked: true }] : others;
}

/**
 * What the participants' panel and the dialog say of somebody that is not as it should be.
 * @param {readonly Worry[]} worries
 * @param {string} person
 * @returns {Worry['kind'] | null}
 */
export function worryAbout(worries, person) {
  return GRAVEST.find((kind) => worries.some((each) => each.kind === kind && each.person === person)) ?? null;
}

/**
 * What there is to do about somebody's words.
 * @param {Known | undefined} known
 * @param {Worry['kind'] | null} worry  what is not as it should be with them
 * @returns {Step}
 */
export function stepOf(known, worry) {
  if (worry === 'forged' && (known?.forged || !known?.words.length)) return 'forged';
  if (!known?.words.length) return 'wait';
  if (worry === 'differ') return 'differ';
  return known.compared ? 'compared' : 'compare';
}

/**
 * What is said above them.
 * @param {Step} step
 * @param {Known | undefined} known
 * @param {Worry['kind'] | null} worry
 * @returns {'forged' | 'unopened' | 'tried' | 'changed' | null}
 */
export function noteOf(step, known, worry) {
  if (step === 'forged') return 'forged';
  if (worry === 'unopened') return 'unopened';
  if (step !== 'compare') return null;
  if (worry === 'forged') return 'tried';
  return known?.changed ? 'changed' : null;
}

/**
 * What the calm line says until it has been looked at.
 * @param {Seen} state
 * @param {readonly Worry[]} worries
 * @returns {ProtectionLine | null}
 */
export function protectionLine(state, worries) {
  const untold = worries.filter((worry) => !worry.looked);
  const kind = GRAVEST.find((each) => untold.some((worry) => worry.kind === each));
  if (kind === undefined) return null;
  if (kind === 'clear') {
    const { who, names } = whyClear(state);
    return { key: `line.clear.${who}`, names, tone: 'info', offer: 'line.clear_means' };
  }
  const ids = untold.filter((worry) => worry.kind === kind).map(({ person }) => person);
  const names = (state.server?.people ?? []).filter(({ id }) => ids.includes(id)).map(({ name }) => name);
  return { key: `line.${kind}`, names, tone: 'warn', offer: kind === 'changed' ? 'line.compare' : 'line.what_to_do' };
}

/**
 * What is worth saying aloud of a change.
 * @param {Seen} state
 * @param {Seen} previous
 * @returns {Announcement[]}
 */
export function protectionSaid(state, previous) {
  if (state.phase !== 'present' || state.server === null) return [];
  /** @type {Announcement[]} */
  const said = [];
  const entered = previous.phase !== 'present';
  const [clear, wasClear] = [state.encrypted.state !== 'on', !entered && previous.encrypted.state !== 'on'];
  if (clear && !wasClear) {
    const { who, names } = whyClear(state);
    said.push({ key: `line.clear.${who}`, names });
  } else if (!clear && wasClear) {
    said.push({ key: 'say.clear_over' });
  }
  for (const { id, name } of state.server.people) {
    const before = entered ? [] : flags(previous.encrypted.people[id]);
    for (const kind of flags(state.encrypted.people[id])) {
      if (!before.includes(kind)) said.push({ key: `line.${kind}`, names: [name], urgent: kind === 'forged' });
    }
  }
  return said;
}

/**
 * What the recorder can hear and see, as far as this page knows.
 * @param {Seen} state
 * @returns {'has_keys' | 'no_keys' | 'paused' | 'clear' | 'clear_idle' | null} null: there is none
 */
export function recorderFact({ server, encrypted }) {
  const recording = server?.recording;
  if ((recording?.recorder ?? null) === null) return null;
  if (encrypted.state !== 'on') return recording?.phase === 'running' ? 'clear' : 'clear_idle';
  if (encrypted.recorder) return 'has_keys';
  return recording?.phase === 'paused' ? 'paused' : 'no_keys';
}

/**
 * What end to end means now, in a key of the catalogue: a recorder that has keys is one more end.
 * @param {Seen} state
 * @param {Protection} protection
 */
export function endKey(state, protection) {
  if (protection === 'clear') return `privacy.end.clear.${whyClear(state).who}`;
  const recorded = protection === 'on' && recorderFact(state) === 'has_keys';
  return `privacy.end.${recorded ? 'recorded' : protection}`;
}

/**
 * A forgery is one for as long as nobody has made sure whose keys are used, be it in another page of this call.
 * @param {Known | undefined} known
 * @returns {('forged' | 'unopened' | 'changed')[]}
 */
function flags(known) {
  /** @type {('forged' | 'unopened' | 'changed')[]} */
  const found = [];
  if (known?.forged || known?.tried) found.push('forged');
  if (known?.unopened) found.push('unopened');
  if (known?.changed) found.push('changed');
  return found;
}
