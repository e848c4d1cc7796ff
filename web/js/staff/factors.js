/**
 * Setting up a second factor: an authenticator app, or a passkey. Used on the way in and in one's own security panel.
 */

import { field } from '../elements/field.js';
import { platform } from '../elements/platform.js';
import { refusal } from '../http.js';
import { h, icon, setText } from '../view.js';
import { complain, given } from './form-dialog.js';
import { codeInput, digitsOf, pageForm } from './page-form.js';
import { makePasskey } from './passkeys.js';
import { copyButton } from './secret.js';
import { sentenceOf } from './words.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {(codes: readonly string[]) => void} Done  with the recovery codes that came with it, if any did
 */

/**
 * @param {StaffContext} context
 * @param {Done} done
 */
export function totpSetup({ api, strings }, done) {
  const picture = h('img', { class: 'staff-qr', alt: strings.text('staff.totp.picture'), width: 220, height: 220 });
  const secret = h('code', { class: 'staff-secret' });
  const failed = h('p', { class: 'field-error', role: 'alert', hidden: true });
  const input = codeInput('staff-totp-code', { digits: true });
  const form = pageForm(strings, {
    content: [field(input, strings.text('staff.totp.code'), strings.text('staff.totp.code_hint'))],
    submit: 'staff.totp.do',
    check: () => {
      if (digitsOf(input.value) !== null) return true;
      complain(input, strings.text('staff.factor.six_digits'));
      return false;
    },
    fields: { code_wrong: input },
    send: async () => {
      const { recovery_codes: codes } = await api.post('/api/staff/security/totp/confirm', {
        code: digitsOf(input.value),
      });
      done(codes);
    },
  });
  const begin = async () => {
    try {
      const begun = await api.post('/api/staff/security/totp');
      picture.src = begun.qr;
      // In groups of four, as it is read out and typed.
      setText(secret, begun.secret.replace(/(.{4})(?=.)/g, '$1 '));
    } catch (error) {
      setText(failed, sentenceOf(strings, refusal(error)));
      failed.hidden = false;
    }
  };
  void begin();
  return h(
    'div',
    { class: 'staff-form' },
    h(
      'ol',
      { class: 'staff-steps' },
      h('li', {}, strings.text('staff.totp.install')),
      h(
        'li',
        {},
        h('p', {}, strings.text('staff.totp.scan')),
        failed,
        picture,
        h(
          'details',
          {},
          h('summary', {}, strings.text('staff.totp.by_hand')),
          h('p', { class: 'small-text soft' }, strings.text('staff.totp.by_hand_text')),
          h(
            'div',
            { class: 'staff-shown' },
            secret,
            copyButton(strings, () => (secret.textContent ?? '').replace(/ /g, '')),
          ),
        ),
      ),
      h('li', {}, strings.text('staff.totp.enter')),
    ),
    form.node,
  );
}

/**
 * @param {StaffContext} context
 * @param {Done} done
 */
export function passkeySetup({ api, strings }, done) {
  const name = h('input', { id: 'staff-passkey-name', autocomplete: 'off', maxlength: 60, value: ownName() });
  return pageForm(strings, {
    content: [
      h('p', { class: 'staff-passkey' }, icon('passkey'), strings.text('staff.passkey.text')),
      field(name, strings.text('staff.passkey.name'), strings.text('staff.passkey.name_hint')),
    ],
    submit: 'staff.passkey.do',
    check: () => given(name, strings.text('staff.passkey.name_missing')),
    send: async () => {
      const { challenge, options } = await api.post('/api/staff/security/passkeys/options');
      const credential = await makePasskey(options);
      const { recovery_codes: codes } = await api.post('/api/staff/security/passkeys', {
        challenge,
        credential,
        name: name.value.trim(),
      });
      done(codes);
    },
  }).node;
}

/** What this device is called, as far as it can be known. */
function ownName() {
  const { system } = platform(navigator);
  return NAMES[system] ?? '';
}

/** @type {Record<string, string>} */
const NAMES = { mac: 'Mac', ios: 'iPhone', android: 'Android', windows: 'Windows', linux: 'Linux' };
