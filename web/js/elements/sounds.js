/**
 * What this page plays: the others' voices, and a few soft chimes.
 *
 * Browsers may refuse to play before the person has pressed something on the page; the desk is then told, and a
 * button offers to turn the sound on.
 */

import { h } from '../view.js';
import { playNotes } from './notes.js';

/** [hertz, start, seconds]. Two notes a fourth apart, up when somebody waits, down again when one is let in. */
const CHIMES = {
  waiting: [[523.25, 0, 0.9], [698.46, 0.16, 1.1]],
  admitted: [[698.46, 0, 0.7], [880, 0.14, 1.0]],
  recording: [[587.33, 0, 0.5], [587.33, 0.24, 0.5], [880, 0.48, 1.1]],
  test: [[440, 0, 0.8], [554.37, 0.2, 0.8], [659.25, 0.4, 1.2]],
};
const LOUDNESS = 0.09;
/** Sounds that cannot be switched off: that a recording begins is for everybody to hear. */
const ALWAYS = new Set(['recording', 'test']);

export class Sounds {
  /**
   * @param {{session: import('../session.js').Session, devices: import('../devices.js').Devices,
   *   desk: import('./desk.js').Desk}} parts
   */
  constructor({ session, devices, desk }) {
    this.session = session;
    this.devices = devices;
    this.desk = desk;
    /** Stands in the page, without any look. */
    this.element = h('div', { hidden: true });
    /** @type {Map<string, HTMLAudioElement>} */
    this.voices = new Map();
    /** @type {AudioContext | null} */
    this.audio = null;
    session.subscribe(() => this.follow());
    devices.subscribe((state, previous) => {
      if (state.speakerId !== previous.speakerId || state.speakers !== previous.speakers) this.routeAll();
      // A page that has the microphone open may play: after a reload the others may have come before it was.
      else if (state.tracks !== previous.tracks && desk.state.soundBlocked) this.goOn();
    });
    // A phone call, or a headset that goes, may leave everything paused; coming back is a good moment to go on.
    document.addEventListener('visibilitychange', () => this.goOn());
  }

  /** To be called while the person presses something: from then on browsers let us play. */
  unlock() {
    if (this.audio === null && 'AudioContext' in window) {
      this.audio = new AudioContext();
      this.routeChimes();
    }
    if (this.audio && this.audio.state !== 'running') void this.audio.resume();
    this.desk.set({ soundBlocked: false });
    for (const voice of this.voices.values()) this.play(voice);
  }

  /** Plays what the system has paused. */
  goOn() {
    if (document.visibilityState !== 'visible') return;
    if (this.audio && this.audio.state !== 'running') this.audio.resume().catch(() => {}); // it takes a tap: `unlock`
    for (const voice of this.voices.values()) if (voice.paused) this.play(voice);
  }

  /** One audio element for each person who is heard. */
  follow() {
    const { phase, server } = this.session.state;
    const people = phase === 'present' && server ? server.people : [];
    const heard = new Set();
    for (const person of people) {
      const stream = this.session.streamOf(person.id, 'microphone');
      if (stream === null) continue;
      heard.add(person.id);
      let voice = this.voices.get(person.id);
      if (voice === undefined) {
        voice = h('audio', { autoplay: true, 'data-person': person.id });
        this.voices.set(person.id, voice);
        this.element.append(voice);
        this.route(voice);
      }
      if (voice.srcObject !== stream) {
        voice.srcObject = stream;
        this.play(voice);
      }
    }
    for (const [id, voice] of this.voices) {
      if (heard.has(id)) continue;
      voice.srcObject = null;
      voice.remove();
      this.voices.delete(id);
    }
  }

  /** @param {HTMLAudioElement} voice */
  play(voice) {
    const played = () => {
      if ([...this.voices.values()].every(({ paused }) => !paused)) this.desk.set({ soundBlocked: false });
    };
    voice.play().then(played, (error) => {
      if (error.name === 'NotAllowedError') this.desk.set({ soundBlocked: true });
      // AbortError: a newer stream took its place, and its own play() tells.
    });
  }

  /** The chosen speaker was chosen, taken away, or is back. */
  routeAll() {
    for (const voice of this.voices.values()) this.route(voice);
    this.routeChimes();
    this.goOn();
  }

  /** The id of the chosen speaker while it is there; empty: the system's own. */
  get speaker() {
    const { speakerId, speakers } = this.devices.state;
    const gone = speakers.length > 0 && !speakers.some(({ id }) => id === speakerId);
    return gone ? '' : (speakerId ?? '');
  }

  /**
   * To the chosen speaker, where the browser can.
   * @param {HTMLAudioElement} voice
   */
  route(voice) {
    if (!('setSinkId' in voice) || voice.sinkId === this.speaker) return;
    voice.setSinkId(this.speaker).catch(() => {
      // It went away in this moment: the browser goes on with the system's own.
    });
  }

  routeChimes() {
    const audio = /** @type {{sinkId?: string, setSinkId?: (id: string) => Promise<void>} | null} */ (this.audio);
    if (!audio?.setSinkId || audio.sinkId === this.speaker) return;
    audio.setSinkId(this.speaker).catch(() => {}); // as above
  }

  /**
   * A soft sound, once. Silent when it was switched off (where it can be), or when the browser does not let us play.
   * @param {keyof typeof CHIMES} kind
   */
  chime(kind) {
    if (this.audio === null || (!ALWAYS.has(kind) && !this.desk.state.chimes)) return;
    playNotes(this.audio, CHIMES[kind], LOUDNESS);
  }
}
