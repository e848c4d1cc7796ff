/**
 * Ctrl+D for the microphone and Ctrl+E for the camera (on a Mac with the command key). No short cut is a single letter:
 * those collide with screen readers and with speech input.
 */

import { toggleCamera, toggleMicrophone } from './control.js';
import { platform } from './platform.js';
import { openSettings } from './settings-dialog.js';

/**
 * @param {import('./element.js').Context} context
 * @returns {(event: KeyboardEvent) => void}  for `keydown` of the document
 */
export function shortcuts(context) {
  const mac = platform(navigator).system === 'mac';
  return (event) => {
    if ((mac ? event.metaKey : event.ctrlKey) === false || event.altKey || event.shiftKey || event.repeat) return;
    const key = event.key.toLowerCase();
    if (key !== 'd' && key !== 'e') return;
    const { phase, server } = context.session.state;
    if (phase === 'over' || phase === 'moving' || (phase === 'present' && !server?.may.includes('publish'))) return;
    event.preventDefault(); // else the browser makes a bookmark or goes to its search
    const failed = () => {
      if (phase === 'present') openSettings(context);
    };
    void (key === 'd' ? toggleMicrophone(context, failed) : toggleCamera(context, failed));
  };
}
