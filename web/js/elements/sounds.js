/**
 * What this page plays: the others' voices, and a few soft chimes.
 *
 * Browsers may refuse to play before the person has pressed something on the page; the desk is then told, and a
 * button offers to turn the sound on.
 */

import { h } from '../view.js';

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
      if (state.speakerId !== previous.speakerId) for (const voice of this.voices.values()) this.route(voice);
    });
  }

  /** To be called while the person presses something: from then on browsers let us play. */
  unlock() {
    if (this.audio === null && 'AudioContext' in window) this.audio = new AudioContext();
    if (this.audio?.state === 'suspended') void this.audio.resume();
    this.desk.set({ soundBlocked: false });
    for (const voice of this.voices.values()) this.play(voice);
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
    voice.play().catch((error) => {
      if (error.name === 'NotAllowedError') this.desk.set({ soundBlocked: true });
      // AbortError: a newer stream took its place, and its own play() tells.
    });
  }

  /**
   * To the chosen speaker, where the browser can.
   * @param {HTMLAudioElement} voice
   */
  route(voice) {
    if (!('setSinkId' in voice)) return;
    const id = this.devices.state.speakerId ?? '';
    voice.setSinkId(id).catch(() => {
      // The chosen speaker was unplugged: the browser goes on with the system's own.
    });
  }

  /**
   * A soft sound, once. Silent when it was switched off (where it can be), or when the browser does not let us play.
   * @param {keyof typeof CHIMES} kind
   */
  chime(kind) {
    if (this.audio === null || (!ALWAYS.has(kind) && !this.desk.state.chimes)) return;
    const start = this.audio.currentTime + 0.02;
    for (const [pitch, delay, length] of CHIMES[kind]) this.note(pitch, start + delay, length);
  }

  /**
   * @param {number} pitch   hertz
   * @param {number} at      of the audio clock, in seconds
   * @param {number} length  seconds
   */
  note(pitch, at, length) {
    if (this.audio === null) return;
    const tone = new OscillatorNode(this.audio, { type: 'sine', frequency: pitch });
    const gain = new GainNode(this.audio, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + length);
    tone.connect(gain).connect(this.audio.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}
