/**
 * How a file is to be downloaded: encrypted, as an age file, or decrypted, for which the session's name is typed.
 *
 * The browser's own download takes it from there: a film may be larger than what a page can hold.
 */

import { explain, field } from '../elements/field.js';
import { h, icon } from '../view.js';
import { addressOf, refusal, RefusedError } from './api.js';
import { choices } from './choices.js';
import { openForm, sessionField } from './form-dialog.js';
import { isRecipient } from './recipient.js';
import { formsOf } from './whole.js';

/**
 * @typedef {import('./element.js').Context} Context
 * @typedef {import('./api.js').Recording} Recording
 * @typedef {import('./api.js').File} File
 * @typedef {import('./whole.js').Form} Form
 */

/**
 * @param {Context} context
 * @param {Recording} recording
 * @param {File} file
 * @param {string} what  the file's title
 */
export async function openDownload(context, recording, file, what) {
  const { archive, strings, announcer } = context;
  const sealed = archive.state.me?.sealed ?? false;
  const forms = formsOf(archive);
  /** @type {Form} */
  let form = forms[0];
  const address = addressOf(recording.id, file);

  const recipient = h('input', {
    id: 'recordings-recipient',
    autocomplete: 'off',
    autocapitalize: 'off',
    spellcheck: 'false',
    placeholder: 'age1…',
    oninput: () => explain(recipient, null),
  });
  const encrypted = h(
    'div',
    { class: 'recordings-part' },
    sealed
      ? wrappedKey(strings, address)
      : field(
          recipient,
          strings.text('recordings.download.recipient'),
          strings.text('recordings.download.recipient_hint'),
        ),
    opening(strings, sealed, file.kind === 'track' ? 'track.mkv' : 'session.mp4'),
  );
  const confirm = sessionField(strings, recording.session);
  confirm.input.addEventListener('input', () => explain(confirm.input, null));
  const decrypted = h(
    'div',
    { class: 'recordings-part' },
    h('div', { class: 'note warn' }, icon('warning'), h('p', {}, strings.text('recordings.download.clear_warning'))),
    confirm.node,
  );
  const show = () => {
    encrypted.hidden = form !== 'sealed';
    decrypted.hidden = form !== 'clear';
  };
  show();

  const begun = await openForm({
    strings,
    title: strings.text('recordings.download.title', { what }),
    content: [
      forms.length > 1 &&
        choices({
          name: 'recordings-form',
          legend: strings.text('recordings.download.how'),
          options: forms.map((value) => ({
            value,
            text: strings.text(`recordings.download.${value}`),
            hint: strings.text(`recordings.download.${value}_hint`),
          })),
          chosen: form,
          change: (value) => {
            form = value;
            show();
          },
        }),
      encrypted,
      decrypted,
    ],
    submit: strings.text('recordings.download.begin'),
    check: () => {
      if (form === 'clear' && !confirm.isRight()) {
        explain(confirm.input, strings.text('recordings.confirm_wrong'));
        confirm.input.focus();
        return false;
      }
      const key = recipient.value.trim();
      if (form === 'sealed' && key !== '' && !isRecipient(key)) {
        explain(recipient, strings.text('recordings.download.recipient_wrong'));
        recipient.focus();
        return false;
      }
      return true;
    },
    send: async () => {
      const key = recipient.value.trim();
      const fields = {
        form,
        ...(form === 'sealed' && key !== '' && { recipient: key }),
        ...(form === 'clear' && { confirm: confirm.input.value.trim() }),
      };
      try {
        // an answer that is no file would take the place of this page
        await archive.api.checkDownload(recording.id, file, fields);
      } catch (error) {
        if (error instanceof RefusedError && error.status === 401) archive.over();
        return refusal(error);
      }
      submit(`${address}/download`, fields);
      return null;
    },
  });
  if (begun) announcer.say(strings.text('recordings.download.begun'));
}

/**
 * Where the server itself cannot open it, the key comes apart, wrapped to the clinic's.
 * @param {import('../strings.js').Strings} strings
 * @param {string} address
 */
function wrappedKey(strings, address) {
  return h(
    'div',
    { class: 'recordings-part' },
    h('p', {}, strings.text('recordings.download.wrapped')),
    h('a', { class: 'button compact', href: `${address}/key`, download: '' }, strings.text('recordings.download.key')),
  );
}

/**
 * @param {import('../strings.js').Strings} strings
 * @param {boolean} sealed
 * @param {string} name  of what comes out of it
 */
function opening(strings, sealed, name) {
  const key = sealed ? 'recordings.download.opening_sealed' : 'recordings.download.opening_text';
  const command = sealed
    ? `therabook recordings open ${name}.age --key ${name}.key.age --identity KEY_FILE --to ${name}`
    : `age -d -i KEY_FILE -o ${name} ${name}.age`;
  return h(
    'details',
    { class: 'recordings-opening' },
    h('summary', {}, strings.text('recordings.download.opening')),
    h('p', { class: 'small-text' }, strings.text(key)),
    h('pre', { tabindex: '0' }, h('code', {}, command)),
  );
}

/**
 * A form, so that the answer goes straight to a file.
 * @param {string} address
 * @param {Record<string, string>} fields
 */
function submit(address, fields) {
  const form = h(
    'form',
    { method: 'post', action: address, hidden: true },
    Object.entries(fields).map(([name, value]) => h('input', { type: 'hidden', name, value })),
  );
  document.body.append(form);
  form.submit();
  form.remove();
}
