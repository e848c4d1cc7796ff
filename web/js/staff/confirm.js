/**
 * Asks who sits there before something is changed that somebody else at this desk must not change: by password, by the
 * authenticator app, or by passkey.
 */

import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { refusal } from '../http.js';
import { button, h, icon, set, setText } from '../view.js';
import { complain, given } from './form-dialog.js';
import { canPasskeys, usePasskey } from './passkeys.js';
import { passwordInput } from './password-fields.js';
import { sentenceOf } from './words.js';

/**
 * @param {import('./element.js').StaffContext} context
 * @returns {Promise<boolean>} whether they have shown it
 */
export function askToConfirm({ office, api, strings }) {
  return new Promise((resolve) => {
    let shown = false;
    let busy = false;
    const login = h('input', { type: 'text', autocomplete: 'username', value: office.state.me?.login, hidden: true });
    const { input, line } = passwordInput(strings, 'staff-confirm-password', 'current-password');
    const sentence = h('p', {});
    const failed = h('div', { class: 'note bad', role: 'alert', hidden: true }, icon('warning'), sentence);

    const attempt = async (/** @type {() => Promise<unknown>} */ task) => {
      if (busy) return;
      busy = true;
      failed.hidden = true;
      try {
        await task();
        shown = true;
        dialog.close();
      } catch (error) {
        const problem = refusal(error);
        const wrong = problem.code === 'code_wrong';
        if (wrong) complain(input, strings.text('staff.errors.confirm_wrong'));
        else setText(sentence, sentenceOf(strings, problem));
        failed.hidden = wrong;
      } finally {
        busy = false;
      }
    };
    const byPassword = (/** @type {SubmitEvent} */ event) => {
      event.preventDefault();
      if (!given(input, strings.text('staff.sign_in.password_missing'))) return;
      const said = input.value;
      void attempt(() => api.post('/api/staff/confirm', /^\d{6}$/.test(said) ? { code: said } : { password: said }));
    };
    const byPasskey = async () => {
      const { challenge, options } = await api.post('/api/staff/confirm/passkey/options');
      await api.post('/api/staff/confirm/passkey', { challenge, credential: await usePasskey(options) });
    };
    const dialog = open(strings.text('staff.confirm.title'), { close: strings.text('dialog.close') }, () => [
      h('p', { class: 'soft' }, strings.text('staff.confirm.text')),
      h(
        'form',
        { class: 'dialog-form', novalidate: true, onsubmit: byPassword },
        login,
        field(input, strings.text('staff.confirm.password'), strings.text('staff.confirm.hint'), line),
        failed,
        h(
          'div',
          { class: 'dialog-buttons' },
          canPasskeys() &&
            button(
              'button',
              () => void attempt(byPasskey),
              icon('passkey'),
              strings.text('staff.confirm.passkey'),
            ),
          h('button', { class: 'button main', type: 'submit' }, strings.text('staff.confirm.do')),
        ),
      ),
    ]);
    set(input, { autofocus: true });
    input.focus();
    dialog.addEventListener('close', () => resolve(shown), { once: true });
  });
}

