// @ts-check
/**
 * Questions about a whole recording: what is played of it, what may be had of it, what stands where its film will be.
 *
 * Not here: nodes, any words.
 */

/**
 * @typedef {import('./archive.js').Archive} Archive
 * @typedef {import('./api.js').File} File
 * @typedef {import('./api.js').Job} Job
 * @typedef {import('./api.js').Output} Output
 * @typedef {import('./api.js').Whole} Whole
 * @typedef {'sealed' | 'clear'} Form  of a download
 *
 * @typedef {object} Note
 * @property {string} key
 * @property {'plain' | 'warn' | 'bad'} tone
 * @property {string} icon
 * @property {string | null} [why]
 * @property {'do' | 'retry'} [offer]   what the button says
 * @property {string} [command]         for whoever has the clinic's key
 */

/** @param {Job} job */
export function isUnderWay({ state }) {
  return state === 'waiting' || state === 'running';
}

/**
 * @param {Output} output
 * @returns {File}
 */
export function fileOf({ id }) {
  return { kind: 'output', id };
}

/**
 * What is played when nothing was chosen: the newest film, else the newest mix.
 * @param {Whole} whole
 * @returns {Output | null}
 */
export function mainOutput({ outputs }) {
  const there = outputs.filter((output) => output.available);
  return there.findLast(({ kind }) => kind === 'mp4') ?? there.findLast(({ kind }) => kind === 'audio') ?? null;
}

/**
 * @param {Archive} archive
 * @param {Whole} whole
 * @param {File} file
 */
export function canPlay(archive, { outputs, tracks }, { kind, id }) {
  const found = (kind === 'output' ? outputs : tracks).find((each) => each.id === id);
  return archive.may('play') && !archive.state.me?.sealed && found !== undefined && found.available;
}

/**
 * The forms in which this role may download; the careful one first.
 * @param {Archive} archive
 * @returns {Form[]}
 */
export function formsOf(archive) {
  /** @type {(Form | false)[]} */
  const forms = [
    archive.may('download_sealed') && 'sealed',
    archive.may('download_clear') && !archive.state.me?.sealed && 'clear',
  ];
  return forms.filter((form) => form !== false);
}

/**
 * What is to be said where the film will be; null once there is one and all is well.
 * @param {Whole} whole
 * @param {boolean} sealed  the server cannot open what it has recorded
 * @returns {Note | null}
 */
export function noteOf(whole, sealed) {
  const { recording, jobs } = whole;
  const { id, state, failure } = recording;
  if (state === 'capturing') return { key: 'recordings.making.capturing', tone: 'plain', icon: 'record' };
  if (state === 'shredded') return { key: 'recordings.making.shredded', tone: 'plain', icon: 'delete' };
  if (jobs.some(isUnderWay)) return null;
  const newest = jobs.at(-1);
  const offer = sealed ? undefined : /** @type {const} */ ('retry');
  if (newest?.state === 'failed') {
    const key = newest.kind === 'audio' ? 'recordings.making.audio_failed' : 'recordings.making.failed';
    return { key, tone: 'bad', icon: 'warning', why: newest.error ?? failure, offer };
  }
  if (state === 'failed') {
    const key = 'recordings.making.capture_failed';
    return { key, tone: 'bad', icon: 'warning', why: failure, offer: sealed ? undefined : 'do' };
  }
  const film = mainOutput(whole);
  if (sealed && film) return { key: 'recordings.making.sealed_film', tone: 'plain', icon: 'lock' };
  if (sealed) {
    const command = `therabook recordings compose ${id} --identity KEY_FILE`;
    return { key: 'recordings.making.needs_key', tone: 'plain', icon: 'lock', command };
  }
  return film ? null : { key: 'recordings.making.none', tone: 'plain', icon: 'film', offer: 'do' };
}
