/**
 * What the recording is, in words: of the pill, of the one calm line, and aloud. Pure: the server's state in, keys of
 * the catalogue out.
 */

/**
 * @typedef {import('../messages').Recording} Recording
 * @typedef {import('../messages').State} ServerState
 * @typedef {import('./announcements.js').Announcement} Announcement
 *
 * @typedef {object} RecordingLine
 * @property {string} key
 * @property {readonly string[]} [names]    to be written as a list in the value `names`
 * @property {string} [problem]             the value `problem`
 * @property {'info' | 'warn'} tone
 * @property {{key: string, action: 'resume' | 'stop'}} [offer]  what can be done about it
 */

/** @param {Pick<ServerState, 'recording'> | null} server */
export function recordingOf(server) {
  return server?.recording ?? null;
}

/**
 * Whether there is something to pause or to stop.
 * @param {Recording | null} recording
 */
export function isOpen(recording) {
  return recording !== null && ['asking', 'running', 'paused'].includes(recording.phase);
}

/**
 * Whether capture had begun, and the recording was not over.
 * @param {Recording | null} recording
 */
export function wasCaptured(recording) {
  return recording !== null && (recording.phase === 'running' || recording.phase === 'paused');
}

/**
 * @param {Recording} recording
 * @param {number} now  seconds since 1970 by the server's clock
 * @returns {number} seconds captured so far
 */
export function recordedSeconds({ phase, since, recorded_s: before }, now) {
  return phase === 'running' ? before + Math.max(0, now - since) : before;
}

/**
 * What there is to be said of the film of a recording that is over. A recording that is not says more.
 * @param {Pick<ServerState, 'recording' | 'film'> | null} server
 * @returns {{key: string, percent: number} | null}
 */
export function filmOf(server) {
  if (!server?.film || recordingOf(server) !== null) return null;
  return { key: `film.${server.film.state}`, percent: Math.round(server.film.progress * 100) };
}

/**
 * Whether the film has come to its end, in words.
 * @param {Pick<ServerState, 'recording' | 'film'>} now
 * @param {Pick<ServerState, 'recording' | 'film'>} before
 * @returns {Announcement[]}
 */
export function filmSaid(now, before) {
  const state = now.film?.state;
  return state !== before.film?.state && (state === 'done' || state === 'failed') ? [{ key: `film.${state}` }] : [];
}

/**
 * The calm line, for those whom it concerns.
 * @param {ServerState | null} server
 * @returns {RecordingLine | null}
 */
export function recordingLine(server) {
  const recording = recordingOf(server);
  if (server === null || recording === null) return null;
  const leads = server.may.includes('record');
  const names = server.people.filter(({ id }) => recording.waiting_on.includes(id)).map(({ name }) => name);
  const dismiss = leads ? { key: 'line.understood', action: /** @type {const} */ ('stop') } : undefined;
  const problem = recording.problem ?? '';
  switch (recording.phase) {
    case 'failed':
      return { key: 'line.recording_failed', problem, tone: 'warn', offer: dismiss };
    case 'declined':
      return { key: `line.recording_${recording.declined}`, tone: 'info', offer: dismiss };
    case 'asking': {
      const offer = { key: 'line.stop_asking', action: /** @type {const} */ ('stop') };
      if (names.length === 0 || recording.you === 'asked') return null; // they have the question before them
      return { key: 'line.recording_asks', names, tone: 'info', offer };
    }
    case 'running':
      return problem ? { key: 'line.recording_held', problem, tone: 'warn' } : null;
    case 'paused':
      if (recording.paused_by === 'fault') return { key: 'line.recording_stalled', problem, tone: 'warn' };
      if (recording.paused_by === 'alone') return { key: 'line.recording_alone', tone: 'info' };
      if (recording.refused.length > 0) {
        return {
          key: 'line.recording_not_all',
          tone: 'info',
          offer: { key: 'line.ask_again', action: 'resume' },
        };
      }
      return names.length > 0 ? { key: 'line.recording_waits', names, tone: 'info' } : null;
  }
  return null;
}

/**
 * What is worth saying aloud of a change.
 * @param {Recording | null} now
 * @param {Recording | null} before  null for whoever has just come in
 * @returns {Announcement[]}
 */
export function recordingSaid(now, before) {
  /** @type {Announcement[]} */
  const said = [];
  const [phase, was] = [now?.phase ?? null, before?.phase ?? null];
  if (phase !== was) {
    if (phase === 'running') said.push({ key: 'say.recording', urgent: true });
    else if (phase === 'paused') said.push({ key: 'say.recording_paused' });
    else if (phase === 'failed') said.push({ key: 'say.recording_failed', urgent: true });
    else if (phase === 'declined') said.push({ key: `line.recording_${now?.declined}` });
    else if (wasCaptured(before)) said.push({ key: 'say.recording_over' });
  }
  if (now?.you === 'asked' && before?.you !== 'asked') said.push({ key: 'say.recording_asked', urgent: true });
  return said;
}
