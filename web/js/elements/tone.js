/** Three soft notes on the chosen speaker, to find out whether it can be heard. */

/** [hertz, start, seconds] */
const NOTES = [[440, 0, 0.8], [554.37, 0.2, 0.8], [659.25, 0.4, 1.2]];
const LOUDNESS = 0.12;

export class Tone {
  /** @type {AudioContext | null} */
  #context = null;

  /**
   * To be called while the person presses something: browsers let nothing else begin to sound.
   * @param {string} speaker  a device's id; '' is the system's own
   * @returns {Promise<boolean>} false: this browser cannot play
   */
  async play(speaker) {
    if (!('AudioContext' in globalThis)) return false;
    this.#context ??= new AudioContext();
    const context = this.#context;
    try {
      if (context.state === 'suspended') await context.resume();
      // @ts-ignore not in Firefox and Safari yet: they play on the system's own speaker
      if ('setSinkId' in context) await context.setSinkId(speaker);
    } catch (error) {
      console.warn('the chosen speaker is not used', error);
    }
    const start = context.currentTime + 0.05;
    for (const [pitch, delay, length] of NOTES) sound(context, pitch, start + delay, length);
    return true;
  }
}

/**
 * @param {AudioContext} context
 * @param {number} pitch
 * @param {number} at
 * @param {number} length
 */
function sound(context, pitch, at, length) {
  const tone = new OscillatorNode(context, { type: 'sine', frequency: pitch });
  const gain = new GainNode(context, { gain: 0 });
  gain.gain.setValueAtTime(0, at);
  gain.gain.linearRampToValueAtTime(LOUDNESS, at + 0.03);
  gain.gain.exponentialRampToValueAtTime(0.0001, at + length);
  tone.connect(gain).connect(context.destination);
  tone.start(at);
  tone.stop(at + length);
}
