/** The sign-in page: login and password, a passkey, or the clinic's own sign-on. */

import { field } from '../elements/field.js';
import { button, h, icon } from '../view.js';
import { doorPage, or } from './door.js';
import { given } from './form-dialog.js';
import { pageForm } from './page-form.js';
import { canPasskeys, usePasskey } from './passkeys.js';
import { passwordInput } from './password-fields.js';
import { sentenceOf } from './words.js';

/**
 * @param {import('./element.js').StaffContext} context
 * @param {Readonly<import('./element.js').OfficeState>} state
 */
export function signInPage({ office, strings, settings }, { gate, why, problem }) {
  const login = h('input', {
    id: 'staff-login',
    autocomplete: 'username',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 200,
    required: true,
    'data-first': true,
  });
  const { input, line } = passwordInput(strings, 'staff-password', 'current-password');
  const form = pageForm(strings, {
    content: [
      field(login, strings.text('staff.sign_in.login')),
      field(input, strings.text('staff.sign_in.password'), undefined, line),
    ],
    submit: 'staff.sign_in.do',
    check: () =>
      given(login, strings.text('staff.sign_in.login_missing')) &&
      given(input, strings.text('staff.sign_in.password_missing')),
    send: async () => {
      try {
        await office.signIn(login.value.trim(), input.value);
      } catch (error) {
        input.value = '';
        input.focus();
        throw error;
      }
    },
  });
  const byPasskey = () => void form.attempt(() => office.signInWithPasskey(usePasskey));
  const bySignOn = () => void form.attempt(async () => location.assign(await office.signOn()));
  const signOn = gate?.sign_on ?? null;
  const password = gate?.password ?? true;
  const passkey =
    password &&
    canPasskeys() &&
    button('button wide', byPasskey, icon('passkey'), strings.text('staff.sign_in.passkey'));
  const words = signOn && strings.text('staff.sign_in.sign_on', { name: signOn.name });
  const away = words !== null && button(`button wide ${password ? '' : 'main'}`, bySignOn, words);
  return doorPage({
    title: strings.text('staff.sign_in.title'),
    lead: strings.text('staff.sign_in.lead', { name: settings.brand.name }),
    note: noteOf(strings, why, problem),
    content: [
      password ? form.node : null,
      password && (passkey || away) ? or(strings.text('staff.sign_in.or')) : null,
      passkey || null,
      away || null,
      password && h('p', { class: 'small-text soft' }, strings.text('staff.sign_in.lost')),
    ],
  });
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {Readonly<import('./element.js').OfficeState>['why']} why
 * @param {import('../http.js').Refusal | null} problem
 * @returns {Parameters<typeof doorPage>[0]['note']}
 */
function noteOf(strings, why, problem) {
  if (problem !== null) return { icon: 'warning', tone: 'bad', text: sentenceOf(strings, problem) };
  return why === null ? null : { icon: 'clock', tone: 'quiet', text: strings.text(`staff.why.${why}`) };
}
