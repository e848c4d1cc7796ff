/**
 * One's own account: password, second factors, recovery codes, and where one is signed in.
 *
 * Not here: how a second factor is set up (`factors.js`).
 */

import { open } from '../elements/dialog.js';
import { field } from '../elements/field.js';
import { RefusedError } from '../http.js';
import { button, h, icon, replace, set } from '../view.js';
import { passkeySetup, totpSetup } from './factors.js';
import { given, openForm, question } from './form-dialog.js';
import { Panel, register } from './panel.js';
import { canPasskeys } from './passkeys.js';
import { newPassword, passwordInput } from './password-fields.js';
import { recoveryCodes } from './recovery-codes.js';

/**
 * @typedef {import('./element.js').StaffContext} StaffContext
 * @typedef {{id: string, name: string, made_at: number, used_at: number | null}} Passkey
 *
 * @typedef {object} Session
 * @property {string} id
 * @property {boolean} current
 * @property {string} browser
 * @property {number} signed_in_at
 * @property {number} seen_at
 * @property {number} expires_at
 *
 * @typedef {object} Security
 * @property {boolean} has_password
 * @property {number | null} password_changed_at
 * @property {number | null} totp_since
 * @property {Passkey[]} passkeys
 * @property {number} recovery_codes_left
 * @property {Session[]} sessions
 */

const ROOT = '/api/staff/security';

/** From here on it is said that there are few. */
const FEW_CODES = 3;

export class SecurityPanel extends Panel {
  /** @param {StaffContext} context */
  constructor(context) {
    super(context);
    this.parts = h('div', { class: 'staff-stack' });
    this.append(this.head('staff.security.title'), this.trouble, this.told, this.parts);
  }

  open() {
    void this.look();
  }

  async look() {
    await this.load(
      () => this.context.api.get(ROOT),
      (security) => this.show(security),
    );
  }

  /** @param {Security} security */
  show(security) {
    replace(
      this.parts,
      security.has_password && this.password(security),
      this.totp(security),
      this.passkeys(security),
      (security.totp_since !== null || security.passkeys.length > 0) && this.codes(security),
      this.sessions(security),
    );
  }

  /**
   * @param {string} word
   * @param {...(Node | null | false)} content
   */
  section(word, ...content) {
    const id = `staff-security-${word}`;
    return h(
      'section',
      { class: 'staff-part', 'aria-labelledby': id },
      h('h2', { id, tabindex: '-1' }, this.t(`staff.security.${word}`)),
      content,
    );
  }

  /**
   * @param {string} text
   * @param {...(Node | null | false)} buttons
   */
  line(text, ...buttons) {
    return h('div', { class: 'staff-line' }, h('p', {}, text), h('div', { class: 'staff-actions' }, buttons));
  }

  /** @param {Security} security */
  password({ password_changed_at: at }) {
    const { formats } = this.context;
    const text = at === null ? '' : this.t('staff.security.password_since', { when: formats.date(at) });
    return this.section(
      'password',
      this.line(
        text,
        button('button compact', () => void this.changePassword(), this.t('staff.security.password_change')),
      ),
    );
  }

  /** @param {Security} security */
  totp({ totp_since: at }) {
    const { formats } = this.context;
    const setUp = () => this.setUp('staff.totp.title', (done) => totpSetup(this.context, done));
    return this.section(
      'totp',
      at === null
        ? this.line(
            this.t('staff.security.totp_none'),
            button('button compact', setUp, this.t('staff.security.totp_set_up')),
          )
        : this.line(
            this.t('staff.security.totp_since', { when: formats.date(at) }),
            button('button compact', setUp, this.t('staff.security.totp_replace')),
            button('button compact', () => void this.removeTotp(), this.t('staff.security.totp_remove.open')),
          ),
    );
  }

  /** @param {Security} security */
  passkeys({ passkeys }) {
    const { formats } = this.context;
    const named = (/** @type {HTMLButtonElement} */ element, /** @type {string} */ word, /** @type {string} */ name) =>
      set(element, { 'aria-label': this.t(word, { name }) });
    const add = () => this.setUp('staff.passkey.title', (done) => passkeySetup(this.context, done));
    return this.section(
      'passkeys',
      passkeys.length > 0 &&
        h(
          'ul',
          { class: 'staff-rows' },
          passkeys.map((passkey) =>
            h(
              'li',
              {},
              h(
                'div',
                { class: 'staff-row-main' },
                h('strong', {}, passkey.name),
                h(
                  'span',
                  { class: 'small-text soft' },
                  this.t('staff.keys.made', { when: formats.date(passkey.made_at) }),
                  ' · ',
                  passkey.used_at === null
                    ? this.t('staff.keys.unused')
                    : this.t('staff.keys.used', { when: formats.moment(passkey.used_at) }),
                ),
              ),
              h(
                'div',
                { class: 'staff-actions' },
                named(
                  button('button compact', () => void this.rename(passkey), this.t('staff.security.rename')),
                  'staff.security.rename_name',
                  passkey.name,
                ),
                named(
                  button(
                    'button compact',
                    () => void this.removePasskey(passkey),
                    this.t('staff.security.passkey_remove.open'),
                  ),
                  'staff.security.passkey_remove.open_name',
                  passkey.name,
                ),
              ),
            ),
          ),
        ),
      this.line(
        this.t(canPasskeys() ? 'staff.security.passkeys_text' : 'staff.security.passkeys_unable'),
        canPasskeys() && button('button compact', add, icon('add'), this.t('staff.security.passkey_add')),
      ),
    );
  }

  /** @param {Security} security */
  codes({ recovery_codes_left: count }) {
    return this.section(
      'codes',
      this.line(
        this.t(count <= FEW_CODES ? 'staff.security.codes_few' : 'staff.security.codes_left', { count }),
        button('button compact', () => void this.newCodes(), this.t('staff.security.codes_new.open')),
      ),
    );
  }

  /** @param {Security} security */
  sessions({ sessions }) {
    const { formats } = this.context;
    return this.section(
      'sessions',
      h(
        'ul',
        { class: 'staff-rows' },
        sessions.map((session) =>
          h(
            'li',
            {},
            h(
              'div',
              { class: 'staff-row-main' },
              h('strong', {}, session.browser || this.t('staff.security.some_browser')),
              h(
                'span',
                { class: 'small-text soft' },
                this.t('staff.security.session_since', { when: formats.moment(session.signed_in_at) }),
                ' · ',
                this.t('staff.security.session_seen', { when: formats.moment(session.seen_at) }),
              ),
            ),
            session.current
              ? h('span', { class: 'pill', 'data-tone': 'good' }, this.t('staff.security.session_this'))
              : button('button compact', () => void this.end(session), this.t('staff.security.session_end')),
          ),
        ),
      ),
      sessions.length > 1 &&
        this.line('', button('button compact', () => void this.endOthers(), this.t('staff.security.end_others.open'))),
    );
  }

  /**
   * @param {string} title
   * @param {(done: import('./factors.js').Done) => HTMLElement} make
   */
  setUp(title, make) {
    /** @type {readonly string[]} */
    let codes = [];
    let done = false;
    const finished = (/** @type {readonly string[]} */ brought) => {
      [codes, done] = [brought, true];
      dialog.close();
    };
    const dialog = open(this.t(title), { close: this.t('dialog.close'), broad: true }, () => [make(finished)]);
    const closed = () => void (done && this.finish('staff.security.factor_added', codes));
    dialog.addEventListener('close', closed, { once: true });
  }

  /**
   * @param {string} said
   * @param {readonly string[]} codes  to be shown now or never
   */
  async finish(said, codes) {
    if (codes.length > 0) await this.showCodes(codes);
    await this.look();
    this.say(this.t(said));
  }

  /**
   * They are not closed by accident: only once they were said to be kept.
   * @param {readonly string[]} codes
   * @returns {Promise<void>}
   */
  showCodes(codes) {
    return new Promise((resolve) => {
      const dialog = open(this.t('staff.codes.title'), { broad: true, alert: true }, (close) => [
        h('p', { class: 'soft' }, this.t('staff.codes.lead')),
        recoveryCodes(this.context, codes, close),
      ]);
      dialog.addEventListener('cancel', (event) => event.preventDefault());
      dialog.querySelector('h2')?.focus();
      dialog.addEventListener('close', () => resolve(), { once: true });
    });
  }

  async changePassword() {
    const { strings, settings, office, api } = this.context;
    const { me, gate } = office.state;
    const login = h('input', { type: 'text', autocomplete: 'username', value: me?.login, hidden: true });
    const current = passwordInput(strings, 'staff-current-password', 'current-password');
    const password = newPassword(strings, {
      id: 'staff-new-password',
      shortest: gate?.shortest_password ?? 12,
      known: () => [me?.name ?? '', me?.login ?? '', settings.brand.name],
    });
    const done = await openForm(strings, {
      title: 'staff.security.password_change',
      content: [
        login,
        field(current.input, this.t('staff.security.password_current'), undefined, current.line),
        ...password.nodes,
      ],
      submit: 'staff.save',
      check: () => given(current.input, this.t('staff.sign_in.password_missing')) && password.check(),
      fields: { password_wrong: current.input, weak_password: password.input },
      send: async () => {
        try {
          await api.post(`${ROOT}/password`, { current: current.input.value, new: password.value });
        } catch (error) {
          // Here it can only be the old password that was wrong.
          if (error instanceof RefusedError && error.code === 'code_wrong') error.code = 'password_wrong';
          throw error;
        }
      },
    });
    if (done) await this.finish('staff.security.password_changed', []);
  }

  /**
   * @param {string} word  of the question, and before `_done` of what is said afterwards
   * @param {string} path
   * @param {Record<string, string>} [values]
   */
  async asked(word, path, values) {
    const { strings, api } = this.context;
    if (!(await question(strings, `staff.security.${word}`, values))) return;
    if (await this.act(() => api.post(ROOT + path))) await this.finish(`staff.security.${word}_done`, []);
  }

  async removeTotp() {
    await this.asked('totp_remove', '/totp/remove');
  }

  /** @param {Passkey} passkey */
  async removePasskey({ id, name }) {
    await this.asked('passkey_remove', `/passkeys/${encodeURIComponent(id)}/remove`, { name });
  }

  async endOthers() {
    await this.asked('end_others', '/sessions/end-others');
  }

  /** @param {Session} session */
  async end({ id }) {
    const { api } = this.context;
    const path = `${ROOT}/sessions/${encodeURIComponent(id)}/end`;
    if (await this.act(() => api.post(path))) await this.finish('staff.security.session_ended', []);
  }

  async newCodes() {
    const { strings, api } = this.context;
    if (!(await question(strings, 'staff.security.codes_new', {}, false))) return;
    await this.act(async () => {
      const { recovery_codes: codes } = await api.post(`${ROOT}/recovery-codes`);
      await this.finish('staff.security.codes_new_done', codes);
    });
  }

  /** @param {Passkey} passkey */
  async rename({ id, name }) {
    const { strings, api } = this.context;
    const input = h('input', { id: 'staff-passkey-name', autocomplete: 'off', maxlength: 60, value: name });
    const done = await openForm(strings, {
      title: 'staff.security.rename',
      content: [field(input, this.t('staff.passkey.name'), this.t('staff.passkey.name_hint'))],
      submit: 'staff.save',
      check: () => given(input, this.t('staff.passkey.name_missing')),
      send: () => api.post(`${ROOT}/passkeys/${encodeURIComponent(id)}/rename`, { name: input.value.trim() }),
    });
    if (done) await this.finish('staff.saved', []);
  }
}

customElements.define('tb-staff-security', SecurityPanel);

register({
  name: 'security',
  title: 'staff.security.title',
  icon: 'lock',
  order: 90,
  needs: [],
  make: (context) => new SecurityPanel(context),
});
