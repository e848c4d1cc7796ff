/** Sound only, to save data: how it is switched and said. What it does is `viewing.js`'s and `sending.js`'s. */

/**
 * @param {import('./element.js').Context} context
 * @param {boolean} on
 */
export function setSoundOnly({ session, announcer, strings }, on) {
  session.setSoundOnly(on);
  announcer.say(strings.text(on ? 'say.sound_only' : 'say.pictures_again'));
}
