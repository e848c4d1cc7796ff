// @ts-check
/**
 * Who is signed in, and how they come in: set-up, password, second factor, invitation, and out again. Elements show
 * `state` and call what stands here; they never ask the server themselves about it.
 *
 * Not here: the DOM, any words, what is done with records. The server is given.
 */

import { RefusedError, refusal } from '../http.js';
import { Store } from '../store.js';

/**
 * @typedef {import('../http.js').Refusal} Refusal
 * @typedef {string} Action  of `signaling/staff_roles.py`
 * @typedef {'totp' | 'passkey' | 'recovery'} Way
 * @typedef {'second_factor' | 'enrol' | 'done'} Stage
 *
 * @typedef {object} Gate  what the sign-in page knows before anybody has signed in
 * @property {boolean} needs_setup
 * @property {boolean} password
 * @property {{name: string} | null} sign_on
 * @property {'required' | 'optional'} second_factor
 * @property {number} shortest_password
 *
 * @typedef {object} Emergency
 * @property {string} id
 * @property {string} account
 * @property {string} name
 * @property {string} reason
 * @property {number} since
 * @property {number} until
 * @property {number | null} ended_at
 * @property {string | null} acknowledged_by
 * @property {number | null} acknowledged_at
 *
 * @typedef {object} Me
 * @property {string} id
 * @property {string} login
 * @property {string} name
 * @property {string[]} roles
 * @property {Action[]} actions
 * @property {'enrol' | 'done'} stage
 * @property {number} idle_seconds
 * @property {number} expires_at
 * @property {number} confirmed_until
 * @property {Emergency | null} emergency
 * @property {number} emergencies_open
 *
 * @typedef {{login: string, name: string, expires_at: number}} Invitation
 *
 * @typedef {object} OfficeState
 * @property {'starting' | 'setup' | 'sign_in' | 'second_factor' | 'invitation' | 'enrol' | 'codes' | 'in' | 'out'
 *   | 'failed'} phase
 * @property {Gate | null} gate
 * @property {Me | null} me
 * @property {readonly Way[]} ways          with `second_factor`: what this account has
 * @property {'idle' | 'over' | 'elsewhere' | null} why  they have to sign in again
 * @property {Invitation | null} invitation
 * @property {readonly string[]} codes      recovery codes, to be kept now or never
 * @property {Refusal | null} problem       with `failed`; with `sign_in`, what single sign-on said
 */

/** @extends {Store<OfficeState>} */
export class Office extends Store {
  #setup = '';
  #token = '';

  /** @param {import('./api.js').StaffApi} api */
  constructor(api) {
    super({
      phase: 'starting',
      gate: null,
      me: null,
      ways: [],
      why: null,
      invitation: null,
      codes: [],
      problem: null,
    });
    this.api = api;
    api.ended = (code) => this.ended(code);
  }

  /** @param {Action} action */
  may(action) {
    return this.state.me?.actions.includes(action) ?? false;
  }

  /** The token of set-up that the link has brought; empty: it has to be typed. */
  get setupToken() {
    return this.#setup;
  }

  /** @param {import('./place.js').Brought} brought */
  async start({ setup = '', invitation = '', problem = '' }) {
    this.#setup = setup;
    this.#token = invitation;
    try {
      const gate = await this.api.get('/api/staff/state', { quiet: true });
      this.update({ gate });
      if (gate.needs_setup) this.update({ phase: 'setup' });
      else if (invitation !== '') await this.#invited();
      else await this.#look(problem);
    } catch (error) {
      this.update({ phase: 'failed', problem: refusal(error) });
    }
  }

  /** Who is signed in, once more: actions and emergency access may have changed. @param {{quiet?: boolean}} [how] */
  async refresh(how) {
    const me = await this.api.get('/api/staff/me', how);
    if (this.state.phase === 'in') this.update({ me });
  }

  // Coming in. All raise RefusedError ---------------------------------------------------------------------------------

  /** @param {{token: string, login: string, name: string, password: string}} asked */
  async setUp(asked) {
    await this.#go(await this.api.post('/api/staff/setup', asked));
    this.#setup = '';
  }

  /**
   * @param {string} login
   * @param {string} password
   */
  async signIn(login, password) {
    await this.#go(await this.api.post('/api/staff/sign-in', { login, password }));
  }

  /**
   * @param {'code' | 'recovery'} way
   * @param {string} code
   */
  async prove(way, code) {
    await this.#go(await this.api.post(`/api/staff/sign-in/${way}`, { code }));
  }

  /** @param {(options: object) => Promise<object>} ask  asks the authenticator */
  async signInWithPasskey(ask) {
    const { challenge, options } = await this.api.post('/api/staff/sign-in/passkey/options');
    const credential = await ask(options);
    await this.#go(await this.api.post('/api/staff/sign-in/passkey', { challenge, credential }));
  }

  /** @returns {Promise<string>} where to go to sign in there */
  async signOn() {
    return (await this.api.post('/api/staff/sign-on')).address;
  }

  /** @param {string} password */
  async accept(password) {
    await this.#go(await this.api.post('/api/staff/invitation/accept', { token: this.#token, password }));
    this.#token = '';
  }

  /** To the sign-in page: from the second factor, from a link that does not work, after signing out. */
  async again() {
    const { phase } = this.state;
    this.#token = '';
    this.update({ phase: 'sign_in', me: null, ways: [], why: null, invitation: null, problem: null });
    // The password of whoever it was before counts no longer: what comes next is about somebody else.
    if (phase === 'second_factor') await this.api.post('/api/staff/sign-out', {}, { quiet: true }).catch(refusal);
  }

  /**
   * A second factor was set up on the way in.
   * @param {readonly string[]} codes  recovery codes that came with it
   */
  async enrolled(codes) {
    if (codes.length > 0) this.update({ phase: 'codes', codes });
    else await this.codesKept();
  }

  async codesKept() {
    this.update({ codes: [] });
    await this.#arrive();
  }

  // Going out -------------------------------------------------------------------------------------------------------

  /** @returns {Promise<Refusal | null>} why they are still signed in */
  async signOut() {
    try {
      await this.api.post('/api/staff/sign-out', {}, { quiet: true });
    } catch (error) {
      return refusal(error);
    }
    this.#leave('out', null);
    return null;
  }

  /** Nobody has been there for too long. What is shown goes at once, whatever the server says. */
  async idle() {
    this.#leave('sign_in', 'idle');
    await this.api.post('/api/staff/sign-out', {}, { quiet: true }).catch((error) => refusal(error));
  }

  /** They have signed out in another tab of this browser. */
  elsewhere() {
    if (this.state.me !== null) this.#leave('sign_in', 'elsewhere');
  }

  /** @param {string} code  why an answer was refused */
  ended(code) {
    const { phase } = this.state;
    if (code === 'enrol_needed') {
      if (phase === 'in') void this.#arrive().catch(refusal);
    } else if (phase !== 'starting' && phase !== 'sign_in' && phase !== 'out') {
      this.#leave('sign_in', 'over');
    }
  }

  /**
   * @param {'sign_in' | 'out'} phase
   * @param {OfficeState['why']} why
   */
  #leave(phase, why) {
    this.update({ phase, why, me: null, ways: [], codes: [], invitation: null, problem: null });
  }

  async #invited() {
    try {
      const invitation = await this.api.post('/api/staff/invitation', { token: this.#token }, { quiet: true });
      this.update({ phase: 'invitation', invitation });
    } catch (error) {
      this.update({ phase: 'invitation', invitation: null, problem: refusal(error) });
    }
  }

  /** @param {string} problem  why single sign-on did not work */
  async #look(problem) {
    try {
      await this.#arrive();
    } catch (error) {
      if (!(error instanceof RefusedError) || error.status !== 401) throw error;
      this.update({ phase: 'sign_in', problem: problem === '' ? null : { code: problem, error: '' } });
    }
  }

  /** @param {{stage: Stage, ways: Way[]}} answer */
  async #go({ stage, ways }) {
    if (stage === 'second_factor') this.update({ phase: 'second_factor', ways, why: null, problem: null });
    else await this.#arrive();
  }

  async #arrive() {
    const me = await this.api.get('/api/staff/me');
    const phase = me.stage === 'enrol' ? 'enrol' : 'in';
    this.update({ phase, me, ways: [], why: null, invitation: null, problem: null });
  }
}
