/** Soft notes, as this page makes its few sounds of. */

/** A note: its pitch in hertz, and in seconds when it starts and how long it sounds. @typedef {number[]} Note */

/**
 * Plays them once, from now on.
 * @param {AudioContext} audio
 * @param {readonly Note[]} notes
 * @param {number} loudness  of the loudest moment of each, 1 is all there is
 */
export function playNotes(audio, notes, loudness) {
  const start = audio.currentTime + 0.02;
  for (const [pitch, delay, length] of notes) {
    const at = start + delay;
    const tone = new OscillatorNode(audio, { type: 'sine', frequency: pitch });
    const gain = new GainNode(audio, { gain: 0 });
    gain.gain.setValueAtTime(0, at);
    gain.gain.linearRampToValueAtTime(loudness, at + 0.03);
    gain.gain.exponentialRampToValueAtTime(0.0001, at + length);
    tone.connect(gain).connect(audio.destination);
    tone.start(at);
    tone.stop(at + length);
  }
}
