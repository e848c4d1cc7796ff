// @ts-check
/**
 * Starts the worker. Our Content-Security-Policy lets no text become a script; the address of the worker is the one
 * that this page says to be trusted, and the policy that says so knows no other.
 */

const WORKER = new URL('worker.js', import.meta.url).href;

/** @typedef {{createScriptURL: (input: string) => string}} Policy */
/** @typedef {{createPolicy: (name: string, rules: Policy) => Policy}} TrustedTypes */

/** @type {Policy | null} a name can be used once in a page */
let policy = null;

/** @returns {Worker} */
export function startWorker() {
  /** @type {TrustedTypes | undefined} not in every browser */
  const trusted = Reflect.get(globalThis, 'trustedTypes');
  policy ??= trusted?.createPolicy('worker', { createScriptURL: () => WORKER }) ?? null;
  return new Worker(policy?.createScriptURL('') ?? WORKER, { type: 'module' });
}
